"""What came of checking or running one host, and its form between processes and in the cache.

The form is JSON, read strictly: it may come from a damaged or a foreign file. Texts of sources are kept beside it,
named by their hashes, since many hosts share them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import msgspec

from xenscmi.diagnostics import Annotation, Diagnostic, Edit, Fix, Safety, Severity
from xenscmi.source import Source, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class HostOutcome:
    """What came of one host.

    `findings` are those of the rules, or of a simulation why something was refused; for a host that is not `usable`,
    why that is so. `notes` say how its files were taken. `run` is the JSON document of a simulation, and `matrix` its
    text.
    """

    findings: tuple[Diagnostic, ...] = ()
    notes: tuple[Diagnostic, ...] = ()
    usable: bool = True
    run: Mapping[str, Any] = field(default_factory=dict)
    matrix: str = ""


class OutcomeError(ValueError):
    """Bytes are not an outcome."""


class _Text(msgspec.Struct, array_like=True):
    name: str
    digest: str  # empty for a source without text
    appended: int


class _Place(msgspec.Struct, array_like=True):
    source: int
    start: int
    end: int


class _Related(msgspec.Struct, array_like=True):
    place: _Place
    label: str


class _Edit(msgspec.Struct, array_like=True):
    place: _Place
    text: str


class _Fix(msgspec.Struct, array_like=True):
    title: str
    edits: list[_Edit]
    safety: Safety


class _Said(msgspec.Struct, array_like=True):
    message: str
    severity: Severity
    place: _Place | None
    label: str
    related: list[_Related]
    help: str
    code: str
    name: str
    fix: _Fix | None = None


class _Form(msgspec.Struct, forbid_unknown_fields=True):
    sources: list[_Text]
    findings: list[_Said]
    notes: list[_Said]
    usable: bool
    run: dict[str, Any]
    matrix: str


def encode(outcome: HostOutcome) -> tuple[Any, dict[str, bytes]]:
    """Return an outcome as a value for JSON, and the texts of its sources by their digests."""
    writer = _Writer()
    form = _Form(
        findings=[writer.said(each) for each in outcome.findings],
        notes=[writer.said(each) for each in outcome.notes],
        sources=list(writer.sources.values()),
        usable=outcome.usable,
        run=dict(outcome.run),
        matrix=outcome.matrix,
    )
    return msgspec.to_builtins(form), writer.texts


def decode(value: object, text: Callable[[str], bytes]) -> HostOutcome:
    """Return the outcome that `encode` made a value of; `text` returns a text by its digest, or raises KeyError.

    Raises OutcomeError for anything else.
    """
    try:
        form = msgspec.convert(value, _Form)
        reader = _Reader(form.sources, text)
        return HostOutcome(
            findings=tuple(map(reader.diagnostic, form.findings)),
            notes=tuple(map(reader.diagnostic, form.notes)),
            usable=form.usable,
            run=form.run,
            matrix=form.matrix,
        )
    except (msgspec.ValidationError, KeyError, IndexError, UnicodeDecodeError) as error:
        raise OutcomeError(str(error)) from None


def to_json(value: object) -> bytes:
    """Return a value as JSON. Bytes of paths and texts that were not UTF-8 are kept, as escapes."""
    return json.dumps(value, separators=(",", ":")).encode()


def text_digest(text: bytes) -> str:
    """Return the name of a text."""
    return sha256(text).hexdigest()


class _Writer:
    """Numbers the sources of diagnostics."""

    def __init__(self) -> None:
        self.sources: dict[int, _Text] = {}
        self.texts: dict[str, bytes] = {}
        self._numbers: dict[int, int] = {}

    def said(self, diagnostic: Diagnostic) -> _Said:
        return _Said(
            message=diagnostic.message,
            severity=diagnostic.severity,
            place=self._place(diagnostic.span) if diagnostic.span else None,
            label=diagnostic.label,
            related=[_Related(self._place(each.span), each.label) for each in diagnostic.related],
            help=diagnostic.help,
            code=diagnostic.code,
            name=diagnostic.name,
            fix=self._fix(diagnostic.fix) if diagnostic.fix else None,
        )

    def _fix(self, fix: Fix) -> _Fix:
        return _Fix(fix.title, [_Edit(self._place(each.span), each.text) for each in fix.edits], fix.safety)

    def _place(self, span: Span) -> _Place:
        source = span.source
        if id(source) not in self.sources:
            text = source.text.encode("utf-8", "surrogatepass")
            digest = text_digest(text) if text else ""
            if text:
                self.texts[digest] = text
            self._numbers[id(source)] = len(self.sources)
            self.sources[id(source)] = _Text(source.name, digest, source.appended)
        return _Place(self._numbers[id(source)], span.start, span.end)


class _Reader:
    """Makes diagnostics again."""

    def __init__(self, sources: Sequence[_Text], text: Callable[[str], bytes]) -> None:
        self._sources = [
            Source(each.name, text(each.digest).decode("utf-8", "surrogatepass") if each.digest else "", each.appended)
            for each in sources
        ]

    def diagnostic(self, said: _Said) -> Diagnostic:
        return Diagnostic(
            message=said.message,
            severity=said.severity,
            span=self._span(said.place) if said.place else None,
            label=said.label,
            related=tuple(Annotation(span=self._span(each.place), label=each.label) for each in said.related),
            help=said.help,
            code=said.code,
            name=said.name,
            fix=self._fix(said.fix) if said.fix else None,
        )

    def _fix(self, fix: _Fix) -> Fix:
        edits = tuple(Edit(span=self._span(each.place), text=each.text) for each in fix.edits)
        return Fix(title=fix.title, edits=edits, safety=fix.safety)

    def _span(self, place: _Place) -> Span:
        source = self._sources[place.source]
        if place.source < 0 or not -1 <= place.start <= place.end <= len(source.text):
            raise IndexError("a place outside of its source")
        return Span(source, place.start, place.end)
