"""Applies the fixes of findings to texts, a few at a time: what is found must then be looked for again.

The fixes of one pass are those of one rule that do not overlap. Fixes of two rules may be two ways out of one mistake,
of which each takes the other for done; so whoever applies fixes checks after every pass, until no fix is left.
"""

from __future__ import annotations

from xenscmi.diagnostics import Safety
from xenscmi.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xenscmi.diagnostics import Diagnostic, Edit
    from xenscmi.source import Source


class Pass(Record):
    """One pass: the findings that it fixes, and the new text of each source that it changes."""

    fixed: tuple[Diagnostic, ...]
    texts: tuple[tuple[Source, str], ...]


def next_pass(found: Sequence[Diagnostic], safeties: Iterable[Safety]) -> Pass | None:
    """Return the next pass over what was found, with fixes of these safeties, the safe ones first; None without any."""
    allowed = set(safeties)
    for safety in Safety:
        fixable = [each for each in found if each.fix and each.fix.safety is safety and safety in allowed]
        if fixable:
            code = min(each.code for each in fixable)
            return _pass([each for each in fixable if each.code == code])
    return None


def _pass(candidates: list[Diagnostic]) -> Pass:
    fixed: list[Diagnostic] = []
    taken: dict[str, list[Edit]] = {}
    sources: dict[str, Source] = {}
    seen: set[tuple[Edit, ...]] = set()
    for each in candidates:
        edits = each.fix.edits if each.fix else ()
        if edits not in seen:
            if any(_overlap(edit, other) for edit in edits for other in taken.get(edit.span.source.name, ())):
                continue
            for edit in edits:
                taken.setdefault(edit.span.source.name, []).append(edit)
                sources[edit.span.source.name] = edit.span.source
            seen.add(edits)
        fixed.append(each)
    texts = tuple((source, apply(source.text, taken[name])) for name, source in sources.items())
    return Pass(fixed=tuple(fixed), texts=texts)


def _overlap(one: Edit, other: Edit) -> bool:
    """Return whether two edits touch the same text, or insert at the same place, where their order would be a guess."""
    a, b = one.span, other.span
    return (a.start < b.end and b.start < a.end) or a.start == b.start


def apply(text: str, edits: Iterable[Edit]) -> str:
    """Return a text with edits made, none of which overlap."""
    parts, at = [], 0
    for edit in sorted(edits, key=lambda each: (each.span.start, each.span.end)):
        parts += [text[at : edit.span.start], edit.text]
        at = edit.span.end
    return "".join([*parts, text[at:]])
