"""The grammar of xl.cfg (tools/libs/util/libxlu_cfg_y.y) as a state machine over tokens.

Each state accepts the tokens that bison's parser accepts there. Two more properties of bison's parser are kept because
users see them. One is which tokens its messages name as expected: inside a list it has already reduced so far that
only `]` is left. The other is its recovery: after an error it drops everything up to the next newline, and reports
nothing until three tokens were accepted. An error after a complete assignment ends the parse because bison has reduced
the whole file by then. Nested lists are kept on an explicit stack with bison's limit (YYMAXDEPTH).
"""

from __future__ import annotations

from xenscmi.diagnostics import Annotation, Diagnostic, Severity, XenscmiError
from xenscmi.source import Source, Span
from xenscmi.xlcfg import advice
from xenscmi.xlcfg.scanner import END, IDENT, NEWLINE, NUMBER, STRING, Scanner, Token
from xenscmi.xlcfg.values import ListValue, Setting, Settings, StringValue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from xenscmi.xlcfg.values import Value

_COMMA, _SEMICOLON, _ASSIGN, _ADD, _OPEN, _CLOSE = "','", "';'", "'='", "+=", "'['", "']'"

# State -> the tokens that bison names as expected.
_STATEMENT, _KEY, _VALUE, _DONE, _LIST = "statement", "key", "value", "done", "list"
_EXPECTED = {
    _STATEMENT: "$end or IDENT or NEWLINE or ';'",
    _KEY: "+= or '='",
    _VALUE: "STRING or NUMBER or '['",
    _DONE: "$end",
    _LIST: "']'",
}
_HELP = {
    _STATEMENT: "write KEY = VALUE, with the key in lower case",
    _KEY: "write KEY = VALUE, or KEY += VALUE",
    _VALUE: 'write a "string", a number or a [list]',
    _DONE: "end the setting with a newline or `;' before the next one",
    _LIST: "separate the items of a list with commas, and close it with `]'",
}

_MAX_SYMBOLS = 10_000
_MAX_ERRORS = 1000
_QUIET = 3


def parse(source: Source) -> Settings:
    """Return the settings of an xl.cfg file.

    Accepts what libxlu accepts. Raises XenscmiError with the errors that libxlu reports, at its line numbers; the parse
    ends after a thousand errors.
    """
    parser = _Parser(source)
    for token in parser.scanner.tokens():
        if not parser.feed(token) or len(parser.scanner.diagnostics) >= _MAX_ERRORS:
            break
    diagnostics = parser.scanner.diagnostics
    binary = advice.for_binary(source.text) if diagnostics else ""
    if binary:  # xl prints an error for each of its lines, with all bytes
        whole = Span(Source(source.name, ""), 0, 0)
        raise XenscmiError(Diagnostic(message="config parsing error in a binary file", span=whole, help=binary))
    if diagnostics:
        raise XenscmiError(*diagnostics, *_python_warning(parser.scanner))
    return parser.finish()


class _Parser:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.scanner = Scanner(source)
        self.settings: list[Setting] = []
        self.newest: dict[str, Setting] = {}
        self.sums: dict[str, list[Value]] = {}  # by key, the pieces that `+=` adds up; joined once at the end
        self.accept = {
            _STATEMENT: self._statement,
            _KEY: self._key,
            _VALUE: self._value,
            _DONE: self._done,
            _LIST: self._list,
        }
        self.state = _STATEMENT
        self.skipping = False  # recovery is looking for the next newline
        self.quiet = 0  # how many more tokens must be accepted before errors are reported again
        self.key: Token | None = None
        self.adding = False
        self.lists: list[ListValue] = []
        self.need_item = True  # in a list: an item may come next (after `[` or a comma)
        self.symbols = 0  # roughly how many symbols bison has on its stack
        self.last: Token | None = None

    def feed(self, token: Token) -> bool:
        """Take one token; return whether to continue."""
        if self.skipping:
            if token.kind != NEWLINE:
                return token.kind != END
            self.skipping = False
        elif not self.accept[self.state](token):
            return self._recover(token)
        self.quiet = max(self.quiet - 1, 0)
        self.last = token
        return True

    def _recover(self, token: Token) -> bool:
        if token.kind == END and self.state in (_STATEMENT, _DONE):
            return False
        if not self.quiet:
            self._syntax_error(token, f"syntax error, unexpected {token.kind}, expecting {_EXPECTED[self.state]}")
        if self.state == _DONE or token.kind == END:
            return False
        self.state, self.quiet, self.skipping = _STATEMENT, _QUIET, True
        self.lists.clear()
        return self.feed(token) if token.kind == NEWLINE else True

    def _statement(self, token: Token) -> bool:
        if token.kind == IDENT:
            self.key, self.state = token, _KEY
            return True
        return token.kind in (NEWLINE, _SEMICOLON)

    def _key(self, token: Token) -> bool:
        if token.kind not in (_ASSIGN, _ADD):
            return False
        self.adding = token.kind == _ADD
        self.state, self.symbols = _VALUE, 4
        return True

    def _value(self, token: Token) -> bool:
        if token.kind == _OPEN:
            return self._open(token)
        if token.kind not in (STRING, NUMBER):
            return False
        self._store(StringValue(self.source, token.start, token.end, token.text), token)
        return True

    def _done(self, token: Token) -> bool:
        if token.kind not in (NEWLINE, _SEMICOLON):
            return False
        self.state = _STATEMENT
        return True

    def _list(self, token: Token) -> bool:
        kind = token.kind
        if kind == NEWLINE:
            return True
        if kind == _CLOSE:
            self._close(token)
            return True
        if kind == _COMMA:
            behind_item, self.need_item = not self.need_item, True
            return behind_item
        if not self.need_item:
            return False
        if kind == _OPEN:
            return self._open(token)
        if kind not in (STRING, NUMBER):
            return False
        self.lists[-1].items.append(StringValue(self.source, token.start, token.end, token.text))
        self.need_item = False
        return True

    def _open(self, token: Token) -> bool:
        # For each level, bison's stack has `[' nlok; for an item that is not the first, also values `,' nlok.
        self.symbols += 5 if self.lists and self.lists[-1].items else 2
        if self.symbols >= _MAX_SYMBOLS:
            self._syntax_error(token, "memory exhausted")
            self.state, self.quiet = _DONE, 1  # which ends the parse without another error
            return False
        self.lists.append(ListValue(self.source, token.start, token.end, []))
        self.state, self.need_item = _LIST, True
        return True

    def _close(self, token: Token) -> None:
        closed = self.lists.pop()
        closed.end = token.end
        if not self.lists:
            self._store(closed, token)
            return
        self.symbols -= 5 if self.lists[-1].items else 2
        self.lists[-1].items.append(closed)
        self.need_item = False

    def _store(self, value: Value, token: Token) -> None:
        assert self.key is not None
        self.state = _DONE
        key = self.key.text
        earlier = self.newest.get(key)
        if not self.adding or earlier is None:
            self.sums.pop(key, None)
        elif type(earlier.value) is type(value):
            self.sums.setdefault(key, [earlier.value]).append(value)
        elif not self.scanner.diagnostics:
            message = 'can\'t add [list] to "string" or vice versa'
            self.scanner.error(message, token.start, token.end, advice.SUM)
        setting = Setting(key, self.key.start, value, self.adding)
        self.settings.append(setting)
        self.newest[key] = setting

    def finish(self) -> Settings:
        """Return the settings; the last `+=` to a key gets the whole sum."""
        for key, pieces in self.sums.items():
            self.newest[key].value = _sum(pieces)
        return Settings(self.source, self.settings)

    def _syntax_error(self, token: Token, message: str) -> None:
        line, span, related = self._place(token)
        if line <= self.scanner.error_line:
            return
        near = f"`{self.source.text[token.start : token.end]}'"
        if token.kind == NEWLINE:
            comment = token.text[:-1].rstrip(" \t")
            near = f"`{comment}'" if comment else "<newline>"
        text = f"config parsing error near {near}: {message}"
        if self.state == _LIST and self.lists:
            opening = self.lists[-1].start
            begins = Span(self.source, opening, opening + 1)
            related = (*related, Annotation(span=begins, label="the list begins here"))
        help_text = _HELP[self.state]
        if self.state == _VALUE and token.kind == IDENT:
            help_text = advice.quoted(self.source.text, token.start)
        self.scanner.diagnostics.append(Diagnostic(message=text, span=span, related=related, help=help_text))

    def _place(self, token: Token) -> tuple[int, Span, tuple[Annotation, ...]]:
        """Return the line for which libxlu looks up earlier errors, the place to report, and notes on it.

        libxlu's line for an unexpected newline is one too small, and for the end of the file it is that of the last
        token. The report keeps libxlu's line, so that a search finds it, and a note shows the real place.
        """
        span = Span(self.source, token.start, token.start if token.kind == NEWLINE else token.end)
        line = self.source.position(token.start)[0]
        if token.kind == END and self.last is not None:
            place = Span(self.source, self.last.end - (self.last.kind == NEWLINE), self.last.end)
            return self.source.position(self.last.start)[0], place, ()
        if token.kind == NEWLINE and not self.source.parts:  # of a joined text, nobody sees libxlu's lines
            end_before = self.source.offset(line) - 1  # on line 1, this is before the text: libxlu reports line 0
            note = Annotation(span=span, label="the line ends here; libxlu reports the line before")
            return line, Span(self.source, end_before, end_before), (note,)
        return line, span, self._unended(token, span)

    def _unended(self, token: Token, span: Span) -> tuple[Annotation, ...]:
        """Return a note if a token is the first of a file whose line the file before, in a joined text, has begun."""
        if span.start or not token.start or self.source.text[token.start - 1] == "\n":
            return ()
        before = Span(self.source, token.start - 1, token.start)
        return (Annotation(span=before, label="this file ends without a newline: the next one goes on in its line"),)


def _sum(pieces: list[Value]) -> Value:
    newest = pieces[-1]
    source, start, end = newest.source, newest.start, newest.end
    if isinstance(newest, StringValue):
        return StringValue(source, start, end, "".join(p.text for p in pieces if isinstance(p, StringValue)))
    return ListValue(source, start, end, [item for p in pieces if isinstance(p, ListValue) for item in p.items])


def _python_warning(scanner: Scanner) -> tuple[Diagnostic, ...]:
    if scanner.likely_python is None:
        return ()
    text = "Config file looks like it contains Python code. Arbitrary Python is no longer supported."
    return (
        Diagnostic(
            message=text,
            severity=Severity.WARNING,
            span=scanner.likely_python,
            help="See https://wiki.xen.org/wiki/PythonInXlConfig",
        ),
    )
