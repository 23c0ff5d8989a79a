"""Applies the fixes of findings to texts, a few at a time: what is found must then be looked for again.

The fixes of one pass are those of one rule that do not overlap. Fixes of two rules may be two ways out of one mistake,
of which each takes the other for done; so whoever applies fixes checks after every pass, until no fix is left.
"""

from __future__ import annotations

from xenscmi.diagnostics import Safety, XenscmiError
from xenscmi.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from xenscmi.diagnostics import Diagnostic, Edit
    from xenscmi.host.files import Read
    from xenscmi.rules.drafts import Drafts
    from xenscmi.source import Source

    Found = tuple[Sequence[Diagnostic], Sequence[Diagnostic]]

_MOST_PASSES = 100


class FixResult(Record):
    """What fixing came to: the fixed findings in their order, those that are left, and what there is to say of both."""

    fixed: tuple[Diagnostic, ...]
    left: Sequence[Diagnostic]
    notes: Sequence[Diagnostic]


class Pass(Record):
    """One pass: the findings that it fixes, and the new text of each source that it changes."""

    fixed: tuple[Diagnostic, ...]
    texts: tuple[tuple[Source, str], ...]


def fix(drafts: Drafts, check: Callable[[Read], Found], safeties: Sequence[Safety]) -> FixResult:
    """Apply fixes until none is left; `check` returns findings and notes about files as it reads them.

    Raises XenscmiError where the files cannot be used. Fixes that would make them unusable, that change nothing about
    their finding, or that undo an earlier one, are taken back.
    """
    found, notes = check(drafts.read)
    fixed: list[Diagnostic] = []
    without: set[str] = set()  # rules whose fixes do not help
    states = [drafts.changed()]
    for _ in range(_MOST_PASSES):
        step = next_pass([each for each in found if each.code not in without and drafts.can_change(each)], safeties)
        if step is None:
            break
        before = drafts.snapshot()
        for source, text in step.texts:
            drafts.change(source, text)
        try:
            after, notes_after = check(drafts.read)
        except XenscmiError:
            after, notes_after = found, notes
        if _count(after, step.fixed) >= _count(found, step.fixed) or drafts.changed() in states:
            drafts.restore(before)
            without.add(step.fixed[0].code)
            continue
        states.append(drafts.changed())
        fixed += step.fixed
        found, notes = after, notes_after
    return FixResult(fixed=tuple(fixed), left=found, notes=notes)


def _count(found: Sequence[Diagnostic], fixed: Sequence[Diagnostic]) -> int:
    """Return how many findings are those of a pass, wherever they stand by now."""
    same = {(each.code, each.message) for each in fixed}
    return sum((each.code, each.message) in same for each in found)


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
