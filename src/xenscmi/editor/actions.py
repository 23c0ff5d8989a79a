"""What the editor offers to do about findings: the fix of each, and all that are safe at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from lsprotocol import types
from pygls.workspace import PositionCodec

from xenscmi.diagnostics import Diagnostic, Fix, Safety
from xenscmi.editor.positions import to_diagnostic, to_range
from xenscmi.editor.views import View
from xenscmi.source import Span

MakeEdit = Callable[[Iterable[tuple[Span, str]]], types.WorkspaceEdit]
"""Makes the editor's form of edits, which put texts in the place of spans."""

FIX_ALL = f"{types.CodeActionKind.SourceFixAll.value}.xenscmi"
KINDS = (types.CodeActionKind.QuickFix, FIX_ALL)


def quick_fixes(
    view: View, path: Path, place: types.Range, codec: PositionCodec, edit: MakeEdit
) -> Iterator[types.CodeAction]:
    """Yield the fixes of the findings that a file has at a place, on any of its lines: each fix once."""
    solved: dict[Fix, list[Diagnostic]] = {}
    for each in view.findings:
        if each.fix and each.span and Path(each.span.source.name) == path and _meets(to_range(each.span, codec), place):
            solved.setdefault(each.fix, []).append(each)
    for fix, found in solved.items():
        is_safe = fix.safety is Safety.SAFE
        yield types.CodeAction(
            title=fix.title if is_safe else f"{fix.title} (look at what it changes)",
            kind=types.CodeActionKind.QuickFix,
            diagnostics=[to_diagnostic(each, codec) for each in found],
            edit=edit((each.span, each.text) for each in fix.edits),
            is_preferred=is_safe,
        )


def asks_for(kind: str, context: types.CodeActionContext) -> bool:
    """Return whether actions of a kind are wanted: those named, and without a name those that a person asks for."""
    if context.only:
        return any(kind == each or kind.startswith(f"{each}.") for each in map(_word, context.only))
    return kind == _word(types.CodeActionKind.QuickFix) or context.trigger_kind is types.CodeActionTriggerKind.Invoked


def has_safe_fixes(found: Iterable[Diagnostic]) -> bool:
    """Return whether a finding has a fix that may be applied unseen."""
    return any(each.fix and each.fix.safety is Safety.SAFE for each in found)


def _word(kind: types.CodeActionKind | str) -> str:
    return kind.value if isinstance(kind, types.CodeActionKind) else kind


def _meets(one: types.Range, other: types.Range) -> bool:
    return one.start.line <= other.end.line and other.start.line <= one.end.line
