from hypothesis import given
from hypothesis import strategies as st

from xenscmi.source import Source, Span, join


@given(st.text(alphabet="ab\n\r", max_size=40), st.integers(0, 40))
def test_position_and_offset_are_inverse(text: str, offset: int) -> None:
    source = Source("f", text)
    offset = min(offset, len(text))
    line, column = source.position(offset)
    assert source.offset(line, column) == offset
    assert text.split("\n")[line - 1] == source.line(line)
    assert line == text.count("\n", 0, offset) + 1


def test_places_outside_the_text_are_clamped() -> None:
    source = Source("f", "ab\ncd")
    assert source.offset(1, 99) == 2
    assert source.offset(99) == 3
    assert source.line(0) == source.line(3) == ""
    assert source.position(-1) == (0, 1)


def test_span_knows_its_place_and_text() -> None:
    span = Span(Source("f", "ab\ncd"), 3, 5)
    assert (span.line, span.column, span.text, repr(span)) == (2, 1, "cd", "Span(f:2:1)")
    assert span == Span(Source("f", "ab\ncd"), 3, 5)


def test_a_span_in_a_joined_text_is_one_in_the_part_to_edit() -> None:
    parts = [Source("a", "ab"), Source("empty", ""), Source("b", "c\nde\n")]
    whole = join(parts)
    assert (whole.name, whole.text, whole.files) == ("a + empty + b", "abc\nde\n", tuple(parts))
    for start, text in enumerate(whole.text):
        span = Span(whole, start, start + 1)
        assert (span.source.name, span.text) == ("a" if start < 2 else "b", text)
    across = Span(whole, 1, 5)
    assert (across.source.name, across.text) == ("a", "b"), "it ends with the file in which it begins"
    assert Span(whole, 4, 6) == Span(parts[2], 2, 4)
    assert (Span(whole, 7, 7).source.name, Span(whole, 7, 7).line) == ("b", 3)


def test_one_text_alone_stays_itself() -> None:
    source = Source("a", "ab")
    assert join([source]) is source
    assert source.files == (source,)
