"""Outcomes survive the way to another process and to the cache, and nothing else is taken for one."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xenscmi.diagnostics import Annotation, Diagnostic, Edit, Fix, Safety, Severity
from xenscmi.fleet.outcome import HostOutcome, OutcomeError, decode, encode, to_json
from xenscmi.source import Source, Span

TEXTS = st.text(st.characters(exclude_categories=())) | st.text("a\n\t\udc80\u2028", max_size=8)
SOURCES = st.lists(st.builds(Source, TEXTS, TEXTS), min_size=1, max_size=3)


@st.composite
def outcomes(draw: st.DrawFn) -> HostOutcome:
    sources = draw(SOURCES)

    def span() -> Span:
        source = draw(st.sampled_from(sources))
        start = draw(st.integers(-1, len(source.text)))
        return Span(source, start, draw(st.integers(start, len(source.text))))

    def fix() -> Fix:
        edits = tuple(Edit(span=span(), text=draw(TEXTS)) for _ in range(draw(st.integers(0, 2))))
        return Fix(title=draw(TEXTS), edits=edits, safety=draw(st.sampled_from(Safety)))

    def diagnostic() -> Diagnostic:
        values = Diagnostic(
            message=draw(TEXTS),
            severity=draw(st.sampled_from(Severity)),
            span=span() if draw(st.booleans()) else None,
            label=draw(TEXTS),
            related=tuple(Annotation(span=span(), label=draw(TEXTS)) for _ in range(draw(st.integers(0, 2)))),
            help=draw(TEXTS),
            code=draw(TEXTS),
            name=draw(TEXTS),
            fix=fix() if draw(st.booleans()) else None,
        )
        assert values.__dict__.keys() == set(Diagnostic.fields)  # a new field must survive, too
        return values

    found = [diagnostic() for _ in range(draw(st.integers(0, 3)))]
    run = draw(st.dictionaries(TEXTS, st.none() | st.booleans() | TEXTS | st.lists(st.integers()), max_size=2))
    return HostOutcome(findings=tuple(found), notes=tuple(found[:1]), usable=draw(st.booleans()), run=run, matrix="m")


@given(outcomes())
def test_an_outcome_survives(outcome: HostOutcome) -> None:
    value, texts = encode(outcome)
    again = decode(json.loads(to_json(value)), texts.__getitem__)
    assert again == outcome
    for one, other in zip(outcome.findings, again.findings, strict=True):
        assert (one.span is None) == (other.span is None)
        if one.span and other.span:
            assert one.span.source.text == other.span.source.text


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
GOOD, _ = encode(HostOutcome(findings=(Diagnostic(message="m", span=Span(Source("s", "text"), 1, 2)),)))


@given(VALUES)
def test_nothing_else_is_an_outcome(value: object) -> None:
    with pytest.raises(OutcomeError):
        decode(value, lambda digest: b"")


@given(st.sampled_from(sorted(GOOD)), VALUES)
def test_a_changed_outcome_is_one_or_none(key: str, value: object) -> None:
    """A wrong number of a source or a place beyond its text is refused, not followed."""
    try:
        outcome = decode({**GOOD, key: value}, lambda digest: b"text")
    except OutcomeError:
        return
    for each in outcome.findings:
        assert each.span is None or -1 <= each.span.start <= each.span.end <= len(each.span.source.text)


@pytest.mark.parametrize("place", [[-1, 0, 1], [1, 0, 1], [0, 3, 2], [0, 0, 5], [0, -2, 0], [0, 0], "x"])
def test_a_place_is_within_its_source(place: object) -> None:
    said = list(GOOD["findings"][0])
    said[2] = place
    with pytest.raises(OutcomeError):
        decode({**GOOD, "findings": [said]}, lambda digest: b"text")
