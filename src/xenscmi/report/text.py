"""Diagnostics for people: `file:line:col: error: message [code]`, the line with a caret, the other places, the help."""

from __future__ import annotations

from xenscmi.diagnostics import Safety, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from xenscmi.diagnostics import Diagnostic
    from xenscmi.source import Span

_COLOURS = {Severity.ERROR: "31", Severity.WARNING: "33", Severity.INFO: "36"}
_BOLD, _FAINT = "1", "2"
_WIDTH = 120
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


def render(diagnostics: Iterable[Diagnostic], name: str = "", *, colour: bool = False) -> str:
    """Return the text of the first thousand diagnostics; `name` is shown for those without a place."""
    found = list(diagnostics)
    text = "".join(f"{line}\n" for one in found[:_MOST] for line in _lines(one, name, colour))
    return f"{text}and {len(found) - _MOST} more\n" if len(found) > _MOST else text


def _lines(diagnostic: Diagnostic, name: str, colour: bool) -> Iterator[str]:
    def paint(code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if colour else text

    kind = paint(_COLOURS[diagnostic.severity], f"{diagnostic.severity.value}:")
    code = f" [{visible(diagnostic.code)}]" if diagnostic.code else ""
    message = paint(_BOLD, _shortened(diagnostic.message).translate(_VISIBLE))
    yield f"{_place(diagnostic.span, name)}{kind} {message}{code}"
    yield from _excerpt(diagnostic.span, diagnostic.label, lambda carets: paint(_COLOURS[diagnostic.severity], carets))
    if _is_argument(diagnostic.span):
        yield paint(_FAINT, "  = note: this line is from the command line; xl numbers it after the file's lines")
    for related in diagnostic.related:
        yield f"{_place(related.span, name)}note: {_shortened(related.label).translate(_VISIBLE)}"
        yield from _excerpt(related.span, "", str)
    if diagnostic.help:
        yield paint(_FAINT, f"  = help: {_shortened(diagnostic.help).translate(_VISIBLE)}")
    if diagnostic.fix:
        options = "--fix" if diagnostic.fix.safety is Safety.SAFE else "--fix --unsafe-fixes"
        yield paint(_FAINT, f"  = fix: {_shortened(diagnostic.fix.title).translate(_VISIBLE)} (check {options})")


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


def _excerpt(span: Span | None, label: str, paint: Callable[[str], str]) -> Iterator[str]:
    """Yield the line of a place and the carets below it; of a very long line, the part around the place."""
    if span is None or not span.source.text:
        return
    number, column = span.source.position(span.start)
    if not number:
        return
    # Cut out only what is shown: there may be many findings on a line of megabytes.
    text, begin = span.source.text, span.start - (column - 1)
    end = text.find("\n", begin, begin + _WIDTH + 1)
    if end < 0 and len(text) - begin > _WIDTH:
        begin += max(column - 1 - _WIDTH // 2, 0)
        end = text.find("\n", begin, begin + _WIDTH)
        end = begin + _WIDTH if end < 0 else end
    shown = text[begin : end if end >= 0 else len(text)]
    before = shown[: span.start - begin].translate(_VISIBLE)
    marked = shown[span.start - begin :][: max(span.end - span.start, 1)].translate(_VISIBLE)
    gutter = " " * len(str(number))
    yield f"  {number} | {shown.translate(_VISIBLE)}".rstrip()
    carets = " " * len(before) + paint("^" * max(len(marked), 1))
    yield f"  {gutter} | {carets} {_shortened(label).translate(_VISIBLE)}".rstrip()
