"""An xl.cfg that several files make together: xl reads one text, a person edits one file."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xenscmi.diagnostics import XenscmiError
from xenscmi.source import Source, join
from xenscmi.xlcfg import ListValue, StringValue
from xenscmi.xlcfg.parser import parse


def _joined(*texts: str) -> Source:
    return join([Source(f"{number}.cfg", text) for number, text in enumerate(texts)])


def test_settings_of_all_files_count_and_the_last_one_wins() -> None:
    settings = parse(_joined('name = "a"\nmemory = 1\n', "memory = 2\nirqs = [ 1 ]\n", "irqs += [ 2 ]\n"))
    assert [setting.key for setting in settings.all] == ["name", "memory", "memory", "irqs", "irqs"]
    memory, irqs = settings.get("memory"), settings.get("irqs")
    assert memory is not None
    assert irqs is not None
    assert isinstance(memory.value, StringValue)
    assert (memory.value.text, memory.value.span.source.name, memory.value.span.line) == ("2", "1.cfg", 1)
    assert isinstance(irqs.value, ListValue)
    assert [(item.span.source.name, item.span.text) for item in irqs.value.items] == [("1.cfg", "1"), ("2.cfg", "2")]


def test_a_statement_may_be_split_over_files() -> None:
    settings = parse(_joined("irqs = [ 1,\n", "2 ]\n"))
    irqs = settings.get("irqs")
    assert irqs is not None
    assert (irqs.key_span.source.name, irqs.value.span.text) == ("0.cfg", "[ 1,\n")


@pytest.mark.parametrize(
    ("texts", "place"),
    [
        (("memory = 1\n", "vcpus = \n"), ("1.cfg", 1, 9)),
        (("memory = 1\n", "vcpus = x\n"), ("1.cfg", 1, 9)),
        (("memory = 1\n", "\n", "\n  Vcpus = 1\n"), ("2.cfg", 2, 3)),
        (("memory = 1", "vcpus = 1\n"), ("1.cfg", 1, 1)),  # cat adds no newline
        (("memory = \n", "vcpus = 1\n"), ("0.cfg", 1, 10)),
        (("memory = [ 1\n", "vcpus = 1\n"), ("1.cfg", 1, 1)),
    ],
)
def test_an_error_is_in_the_file_to_edit(texts: tuple[str, ...], place: tuple[str, int, int]) -> None:
    with pytest.raises(XenscmiError) as caught:
        parse(_joined(*texts))
    span = caught.value.diagnostics[0].span
    assert span is not None
    assert (span.source.name, span.line, span.column) == place


def test_a_file_without_a_newline_at_its_end_is_told_as_the_cause() -> None:
    with pytest.raises(XenscmiError) as caught:
        parse(_joined("memory = 1", "vcpus = 1\n"))
    (note,) = caught.value.diagnostics[0].related
    assert (note.span.source.name, note.span.text) == ("0.cfg", "1")
    assert "ends without a newline" in note.label


@given(st.lists(st.text(alphabet="a=1[],'\"\n# +;", max_size=12), min_size=1, max_size=4))
def test_joined_files_say_what_their_text_says(texts: list[str]) -> None:
    def said(source: Source) -> list[str]:
        try:
            return [repr(setting) for setting in parse(source).all]
        except XenscmiError as error:
            for each in error.diagnostics:
                assert each.span is None or each.span.source.parts == ()
            return [each.message for each in error.diagnostics]

    assert said(_joined(*texts)) == said(Source("whole.cfg", "".join(texts)))
