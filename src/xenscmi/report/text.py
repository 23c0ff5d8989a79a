"""Diagnostics for people: `file:line:col: error: message [code]`, the line with a caret, the other places, the help."""

from __future__ import annotations

from xenscmi.diagnostics import Safety, Severity
from xenscmi.report.wrapping import fold

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from xenscmi.diagnostics import Diagnostic
    from xenscmi.source import Span

_COLOURS = {Severity.ERROR: "31", Severity.WARNING: "33", Severity.INFO: "36"}
_BOLD, _FAINT = "1", "2"
_MORE = "    "  # what a line's continuation is indented by
_WIDTH = 120
_LEAST_EXCERPT = 20
_LONGEST = 1000
_MOST = 1000

# Characters with which a hostile file could control a terminal or reorder text are shown as escapes; bytes that are not
# UTF-8 (U+DC80 and up) are shown as bytes.
_VISIBLE = {code: f"\\x{code & 0xFF:02x}" for code in (*range(0x20), 0x7F, *range(0x80, 0xA0), *range(0xDC80, 0xDD00))}
_VISIBLE |= {
    code: f"\\u{code:04x}"
    for code in (0xAD, 0x061C, *range(0x200B, 0x2010), 0xFEFF, *range(0x2028, 0x202F), *range(0x2066, 0x206A))
}
_VISIBLE[ord("\t")] = " "


def visible(text: str) -> str:
    """Return text that is safe to show on a terminal as one line: control characters become escapes."""
    return text.translate(_VISIBLE)


def visible_lines(text: str) -> str:
    """Return text that is safe to show on a terminal, and keeps its lines."""
    return "\n".join(map(visible, text.split("\n")))


def counted(number: int, what: str) -> str:
    """Return a number of things, in words: `1 host`, `2 hosts`."""
    return f"{number} {what}{'s' if number != 1 else ''}"


def tally(diagnostics: Collection[Diagnostic]) -> str:
    """Return how many diagnostics there are of each severity, in words."""
    numbers = {severity: sum(each.severity is severity for each in diagnostics) for severity in Severity}
    return ", ".join(counted(number, each.value) for each, number in numbers.items() if number) or "nothing found"


def render(diagnostics: Iterable[Diagnostic], name: str = "", *, colour: bool = False, width: int | None = None) -> str:
    """Return the text of the first thousand diagnostics; `name` is shown for those without a place.

    With a width, lines are folded at spaces, and excerpts of files cut.
    """
    found = list(diagnostics)
    text = "".join(f"{line}\n" for one in found[:_MOST] for line in _lines(one, name, colour, width))
    return f"{text}and {len(found) - _MOST} more\n" if len(found) > _MOST else text


def _lines(diagnostic: Diagnostic, name: str, colour: bool, width: int | None) -> Iterator[str]:
    def paint(code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if colour else text

    place, kind = _place(diagnostic.span, name), f"{diagnostic.severity.value}:"
    code = f" [{visible(diagnostic.code)}]" if diagnostic.code else ""
    message = _shortened(diagnostic.message).translate(_VISIBLE)
    first, *others = fold(f"{place}{kind} {message}{code}", width, _MORE)
    start = f"{place}{kind} "
    if first.startswith(start):
        words = first.removeprefix(start)
        code = code if words.endswith(code) else ""
        first = f"{place}{paint(_COLOURS[diagnostic.severity], kind)} {paint(_BOLD, words.removesuffix(code))}{code}"
    yield from (first, *(paint(_BOLD, line) for line in others))
    yield from _excerpt(
        diagnostic.span, diagnostic.label, lambda carets: paint(_COLOURS[diagnostic.severity], carets), width
    )
    notes = ["  = note: this line is from the command line; xl numbers it after the file's lines"]
    for line in notes if _is_argument(diagnostic.span) else ():
        yield from (paint(_FAINT, each) for each in fold(line, width, _MORE))
    for related in diagnostic.related:
        label = _shortened(related.label).translate(_VISIBLE)
        yield from fold(f"{_place(related.span, name)}note: {label}", width, _MORE)
        yield from _excerpt(related.span, "", str, width)
    for line in _remedies(diagnostic):
        yield from (paint(_FAINT, each) for each in fold(line, width, _MORE))


def _remedies(diagnostic: Diagnostic) -> Iterator[str]:
    """Yield the lines that say what to do, by hand and by a fix."""
    if diagnostic.help:
        yield f"  = help: {_shortened(diagnostic.help).translate(_VISIBLE)}"
    if diagnostic.fix:
        options = "--fix" if diagnostic.fix.safety is Safety.SAFE else "--fix --unsafe-fixes"
        yield f"  = fix: {_shortened(diagnostic.fix.title).translate(_VISIBLE)} (check {options})"


def _is_argument(span: Span | None) -> bool:
    return span is not None and span.source.appended <= span.start and span.source.appended < len(span.source.text)


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _place(span: Span | None, name: str) -> str:
    if span is None:
        return f"{name.translate(_VISIBLE)}: " if name else ""
    shown = span.source.name.translate(_VISIBLE)
    if not span.source.text:
        return f"{shown}: "
    line, column = span.source.position(span.start)
    return f"{shown}:{line}:{column}: "


def _excerpt(span: Span | None, label: str, paint: Callable[[str], str], width: int | None) -> Iterator[str]:
    """Yield the line of a place and the carets below it; of a very long line, the part around the place."""
    if span is None or not span.source.text:
        return
    number, column = span.source.position(span.start)
    if not number:
        return
    gutter = " " * len(str(number))
    room = _WIDTH if width is None else max(min(_WIDTH, width - len(f"  {gutter} | ")), _LEAST_EXCERPT)
    # Cut out only what is shown: there may be many findings on a line of megabytes.
    text, begin = span.source.text, span.start - (column - 1)
    end = text.find("\n", begin, begin + room + 1)
    if end < 0 and len(text) - begin > room:
        begin += max(column - 1 - room // 2, 0)
        end = text.find("\n", begin, begin + room)
        end = begin + room if end < 0 else end
    shown = text[begin : end if end >= 0 else len(text)]
    # Bytes that are not text are four characters each: a line of these is cut once more.
    before = min(len(shown[: span.start - begin].translate(_VISIBLE)), room - 1)
    marked = shown[span.start - begin :][: max(span.end - span.start, 1)].translate(_VISIBLE)
    yield f"  {number} | {shown.translate(_VISIBLE)[:room]}".rstrip()
    count = max(min(len(marked), room - before), 1)
    carets = " " * before + paint("^" * count)
    words = _shortened(label).translate(_VISIBLE)
    if width is None or len(f"  {gutter} | ") + before + count + 1 + len(words) <= width:
        yield f"  {gutter} | {carets} {words}".rstrip()
        return
    yield f"  {gutter} | {carets}".rstrip()
    yield from fold(f"  {gutter} |   {words}", width, f"  {gutter} |   ") if words else ()
