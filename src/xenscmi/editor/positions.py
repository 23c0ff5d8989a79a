"""Places of sources as the editor's ranges, and findings as its diagnostics."""

from __future__ import annotations

from pathlib import Path

from lsprotocol import types
from pygls import uris
from pygls.workspace import PositionCodec

from xenscmi.diagnostics import Diagnostic, Severity
from xenscmi.source import Source, Span

_SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.INFO: types.DiagnosticSeverity.Information,
}


def to_range(span: Span, codec: PositionCodec) -> types.Range:
    """Return the range of a span, in the units that the client counts columns in."""
    return types.Range(start=_position(span.source, span.start, codec), end=_position(span.source, span.end, codec))


def _position(source: Source, offset: int, codec: PositionCodec) -> types.Position:
    line, column = source.position(offset)
    if line == 0:
        return types.Position(line=0, character=0)
    before = source.line(line)[: column - 1]
    return types.Position(line=line - 1, character=codec.client_num_units(before))


def to_offset(source: Source, position: types.Position, codec: PositionCodec) -> int:
    """Return the offset of a position; past the end of a line or text, the nearest place there is."""
    text = source.line(position.line + 1)
    units = 0
    for column, character in enumerate(text):
        if units >= position.character:
            return source.offset(position.line + 1, column + 1)
        units += codec.client_num_units(character)
    return source.offset(position.line + 1, len(text) + 1)


def to_location(span: Span, codec: PositionCodec) -> types.Location:
    """Return the place of a span in its file."""
    return types.Location(uri=to_uri(Path(span.source.name)), range=to_range(span, codec))


def to_diagnostic(diagnostic: Diagnostic, codec: PositionCodec) -> types.Diagnostic:
    """Return a finding as the editor shows it, with its other places."""
    fix = f"\nfix: {diagnostic.help}" if diagnostic.help else ""
    start = types.Position(line=0, character=0)
    return types.Diagnostic(
        range=to_range(diagnostic.span, codec) if diagnostic.span else types.Range(start=start, end=start),
        message=f"{diagnostic.message}{fix}",
        severity=_SEVERITIES[diagnostic.severity],
        code=diagnostic.code or None,
        source="xenscmi",
        related_information=[
            types.DiagnosticRelatedInformation(location=to_location(each.span, codec), message=each.label)
            for each in diagnostic.related
        ],
    )


def to_uri(path: Path) -> str:
    """Return the address of a file."""
    return uris.from_fs_path(str(path)) or path.as_uri()


def to_path(uri: str) -> Path | None:
    """Return the file of an address; None where it is not that of a file."""
    found = uris.to_fs_path(uri) if uri.startswith("file:") else None
    return Path(found) if found else None
