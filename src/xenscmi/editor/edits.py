"""Changes of files as the editor's edits: it applies them, in all files at once, and can undo them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from lsprotocol import types
from pygls.workspace import PositionCodec

from xenscmi.editor.positions import to_range, to_uri
from xenscmi.source import Source, Span


def workspace_edit(
    edits: Iterable[tuple[Span, str]], codec: PositionCodec, version_of: Callable[[str], int | None], *, versioned: bool
) -> types.WorkspaceEdit:
    """Return the edits that put texts in the place of spans.

    `version_of` returns the version of a document that is open: an editor refuses edits of an older text. Editors that
    do not know versions (`versioned`) get the edits alone.
    """
    by_uri: dict[str, list[types.TextEdit]] = {}
    for span, text in edits:
        by_uri.setdefault(to_uri(Path(span.source.name)), []).append(types.TextEdit(to_range(span, codec), text))
    if not versioned:
        return types.WorkspaceEdit(changes=by_uri)
    return types.WorkspaceEdit(
        document_changes=[
            types.TextDocumentEdit(types.OptionalVersionedTextDocumentIdentifier(uri, version_of(uri)), [*each])
            for uri, each in by_uri.items()
        ]
    )


def difference(source: Source, text: str) -> tuple[Span, str]:
    """Return the one edit that makes a new text of a source: what is alike at both ends stays."""
    start = _alike(source.text, text)
    end = min(_alike(source.text[::-1], text[::-1]), len(source.text) - start, len(text) - start)
    return Span(source, start, len(source.text) - end), text[start : len(text) - end]


def _alike(one: str, other: str) -> int:
    """Return how many characters two texts begin with in common."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((number for number, (a, b) in pairs if a != b), min(len(one), len(other)))
