"""Edits keep the style of a file's author, and change nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xenscmi.devicetree import Tree, parse_dts, read_dtb, write_dtb
from xenscmi.devicetree.tree import Node
from xenscmi.diagnostics import Diagnostic, Edit, Fix, Safety
from xenscmi.rules.editing import dts, xlcfg
from xenscmi.rules.fixing import apply, next_pass
from xenscmi.rules.suppression import removal, suppressions
from xenscmi.source import Source, Span
from xenscmi.xlcfg import ListValue, Settings, StringValue, parse

# xl.cfg


def settings(text: str) -> Settings:
    return parse(Source("guest.cfg", text))


def made(text: str, edit: Edit | tuple[Edit, ...] | None) -> str:
    assert edit is not None
    return apply(text, (edit,) if isinstance(edit, Edit) else edit)


def items(text: str, key: str) -> list[str]:
    setting = settings(text).get(key)
    assert setting is not None
    assert isinstance(setting.value, ListValue)
    return [each.text for each in setting.value.items if isinstance(each, StringValue)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("l = [ 'a', 'b' ]\n", "l = [ 'a', 'b', 'c' ]\n"),
        ('l=["a","b"]', 'l=["a","b","c"]'),
        ('l = [ "a" ]\n', 'l = [ "a", "c" ]\n'),
        ('l = [\n    "a",\n    "b",\n]\n', 'l = [\n    "a",\n    "b",\n    "c",\n]\n'),
        ('l = [ # a\r\n\t"a" # b\r\n]\n', 'l = [ # a\r\n\t"a", # b\r\n\t"c"\n]\n'),
        ("k = 'v' # xl takes a CR in a comment only\r\n", "k = 'v' # xl takes a CR in a comment only\r\nl = [ 'c' ]\n"),
        ('l = [ "a",  # the first\n      "b" ]\n', 'l = [ "a",  # the first\n      "b",\n      "c" ]\n'),
        ('l = [\n  "a", # one\n  "b" # two\n]\n', 'l = [\n  "a", # one\n  "b", # two\n  "c"\n]\n'),
        ('l = [\n  "a", # one\n  "b", # two\n]\n', 'l = [\n  "a", # one\n  "b", # two\n  "c",\n]\n'),
        ("k = 'v'\nl = []\n", "k = 'v'\nl = [ 'c' ]\n"),
        ("k = 'v' # said\nz = 1\n", "k = 'v' # said\nl = [ 'c' ]\nz = 1\n"),
        ('k="v"', 'k="v"\nl=[ "c" ]'),
        ('k = "v"; # all\n', 'k = "v"; # all\nl = [ "c" ]\n'),
        ('l = [ "a" ]\nl += [ "b" ]\n', 'l = [ "a" ]\nl += [ "b", "c" ]\n'),
    ],
)
def test_an_item_is_added_as_its_neighbours_are_written(before: str, after: str) -> None:
    assert made(before, xlcfg.append(settings(before), "l", "c", behind="k")) == after


BLANKS = st.sampled_from(["", " ", "  ", "\n", "\n    ", "\t", " # said\n", " # said\r\n  "])
ITEMS = st.lists(st.tuples(BLANKS, st.sampled_from(["'x'", '"y"', "7", '"#"']), BLANKS), max_size=4)


@given(ITEMS, st.booleans(), BLANKS)
def test_only_the_list_changes(parts: list[tuple[str, str, str]], comma: bool, last: str) -> None:
    inside = ",".join(before + item + after for before, item, after in parts) + ("," if comma and parts else "")
    text = f"a = 1\nl = [{inside}{last}]\nz = 'end'\n"
    known = items(text, "l")
    changed = made(text, xlcfg.append(settings(text), "l", "c"))
    assert items(changed, "l") == [*known, "c"]
    assert sorted(line for line in changed if line in "#") == sorted(line for line in text if line in "#")
    assert changed.startswith("a = 1\nl = [")
    assert changed.endswith("]\nz = 'end'\n")
    for number, setting in enumerate(known):
        value = settings(text).get("l")
        assert value is not None
        assert isinstance(value.value, ListValue)
        edit = xlcfg.remove_item(settings(text), "l", value.value.items[number].span)
        if edit is not None:
            assert items(made(text, edit), "l") == [*known[:number], *known[number + 1 :]], setting


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a = 1\nk = [\n 2,\n] # gone\nz = 3\n", "a = 1\nz = 3\n"),
        ("a = 1; k = 2\n", "a = 1;\n"),
        ("a = 1\n\tk = 2", "a = 1\n"),
    ],
)
def test_a_setting_is_removed_with_its_line(before: str, after: str) -> None:
    setting = settings(before).get("k")
    assert setting is not None
    assert made(before, xlcfg.remove(setting)) == after


def test_a_setting_before_others_on_its_line_stays() -> None:
    setting = settings("k = 2; a = 1\n").get("k")
    assert setting is not None
    assert xlcfg.remove(setting) is None


# DTS


def tree(text: str) -> Tree:
    return parse_dts(text.encode(), name="host.dts", directory=Path())


def node(text: str, path: str = "/n") -> Node:
    found = tree(text).node(path)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("written", "old", "new", "wanted"),
    [
        ("0x82000006", 0x82000006, 5, "0x5"),
        ("0x0000000a", 10, 0x1F, "0x0000001f"),
        ("0XAB", 0xAB, 0xCD, "0XCD"),
        ("0xab", 0xAB, 0x1234, "0x1234"),
        ("10", 10, 300, "300"),
        ("0x10UL", 16, 32, "0x20UL"),
        ("0", 0, 7, "7"),
    ],
)
def test_a_number_keeps_its_base_width_and_case(written: str, old: int, new: int, wanted: str) -> None:
    source = Source("host.dts", written)
    edit = dts.number(Span(source, 0, len(written)), old, new)
    assert edit is not None
    assert edit.text == wanted


@pytest.mark.parametrize("written", ["(1 << 4)", "PAGE", "&label", "010", "16", "0x1f", ""])
def test_what_is_no_plain_number_of_this_value_has_no_edit(written: str) -> None:
    assert dts.number(Span(Source("host.dts", written), 0, len(written)), 16 if written != "16" else 17, 2) is None


def test_a_number_that_is_right_already_has_no_edit() -> None:
    assert dts.number(Span(Source("host.dts", "0x10"), 0, 4), 16, 16) is None


HEAD = "/dts-v1/;\n/ {\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "\tn {\n\t\ta = <1>;\n\t\tb = <2>; /* two */\n\n\t\tm { };\n\t};\n",
            "\tn {\n\t\ta = <1>;\n\t\tb = <2>; /* two */\n\t\tp;\n\n\t\tm { };\n\t};\n",
        ),
        ("    n {\n        m { a; };\n    };\n", "    n {\n        p;\n        m { a; };\n    };\n"),
        ("\tn { a = <1>; };\n", "\tn { a = <1>; p; };\n"),
        ("\tn { };\n", "\tn { p; };\n"),
        ("\tn {\n\t};\n", "\tn {\n\t\tp;\n\t};\n"),
        ("\tn /* { */ {\r\n\t\ta;\r\n\t};\r\n", "\tn /* { */ {\r\n\t\ta;\r\n\t\tp;\r\n\t};\r\n"),
        (
            '\tn {\n\t\ta = "{", "}"; // }\n\t\tb = &{/n};\n\t};\n',
            '\tn {\n\t\ta = "{", "}"; // }\n\t\tb = &{/n};\n\t\tp;\n\t};\n',
        ),
        ("\tn {\n\t\ta = <1\n\t\t     2>;\n\t};\n", "\tn {\n\t\ta = <1\n\t\t     2>;\n\t\tp;\n\t};\n"),
        ("\tn {\n\t\ta; /* one\n\t\ttwo */\n\t};\n", "\tn {\n\t\ta; p; /* one\n\t\ttwo */\n\t};\n"),
    ],
)
def test_a_property_is_added_where_its_author_would(before: str, after: str) -> None:
    whole = f"{HEAD}{before}}};\n"
    assert made(whole, dts.insert(node(whole), "p;")) == f"{HEAD}{after}}};\n"
    assert "p" in node(made(whole, dts.insert(node(whole), "p;")))
    first = made(whole, dts.insert(node(whole), "p;", first=True))
    assert next(iter(node(first).properties)).name == "p"


def test_a_property_is_not_added_behind_what_the_preprocessor_may_drop() -> None:
    text = f"#define YES 1\n{HEAD}\tn {{\n\t\ta;\n#if YES\n\t\tb;\n#endif\n\t}};\n}};\n"
    changed = made(text, dts.insert(node(text), "p;"))
    assert "\t\ta;\n\t\tp;\n#if" in changed


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("\tn {\n\t\ta;\n\t\tb; // gone\n\t};\n", "\tn {\n\t\ta;\n\t};\n"),
        ("\tn { a; b; };\n", "\tn { a; };\n"),
        ("\tn {\n\t\ta; b = <1\n\t\t2>;\n\t};\n", "\tn {\n\t\ta;\n\t};\n"),
    ],
)
def test_a_property_is_removed_with_its_line(before: str, after: str) -> None:
    whole = f"{HEAD}{before}}};\n"
    assert made(whole, dts.remove(node(whole).get("b"))) == f"{HEAD}{after}}};\n"


def test_a_blob_and_what_dtc_made_have_no_edit() -> None:
    text = f"{HEAD}\tn: n {{ a = <0x10>; }};\n\tm {{ b = <&n>; }};\n}};\n"
    made_by_dtc = node(text).get("phandle")
    assert made_by_dtc is not None
    assert dts.remove(made_by_dtc) is None
    assert dts.rename(made_by_dtc, "x") is None
    assert dts.cells(made_by_dtc, [7]) is None
    blob = read_dtb(write_dtb(tree(text)), "host.dtb").node("/n")
    assert blob is not None
    assert dts.insert(blob, "p;") is None
    assert dts.cells(blob.get("a"), [7]) is None
    assert dts.remove(blob.get("a")) is None


def test_no_property_is_written_twice() -> None:
    text = f"{HEAD}\tn {{ a; b; }};\n}};\n"
    assert dts.insert(node(text), "a;") is None
    assert dts.insert(node(text), "c;", "b = <1>;") is None
    assert dts.rename(node(text).get("a"), "b") is None


def test_of_a_list_of_strings_one_is_replaced() -> None:
    text = f'{HEAD}\tn {{ compatible = "one", /* and */ "two"; }};\n}};\n'
    assert made(text, dts.string(node(text).get("compatible"), "two", "three")) == text.replace("two", "three")
    assert dts.string(node(text).get("compatible"), "three", "two") is None


@pytest.mark.parametrize("hostile", ['"', "'", "\\", "a\nb", "\x00", "ä", "\u202e"])
def test_a_strangers_text_does_not_end_a_string(hostile: str) -> None:
    """Names and strings of a blob may become part of a text."""
    text = f'{HEAD}\tn {{ compatible = "one"; }};\n}};\n'
    assert dts.string(node(text).get("compatible"), "one", f"on{hostile}e") is None
    assert xlcfg.append(settings("l = [ 'a' ]\n"), "l", hostile) is None
    assert xlcfg.string(settings("s = 'a'\n"), "s", "a", hostile) is None


# Comments


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a = 1  # xenscmi: ignore[XS004]\nb = 2\n", "a = 1\nb = 2\n"),
        ("a = 1\r\n  # xenscmi: ignore[XS004]\r\nb = 2\r\n", "a = 1\r\nb = 2\r\n"),
        ("# xenscmi: ignore-file[ XS004 ]", ""),
        ("a = 1 # xenscmi: ignore[XS004, XS005]\n", "a = 1 # xenscmi: ignore[XS005]\n"),
        ("a = 1 # xenscmi: ignore[XS001 , XS004]\n", "a = 1 # xenscmi: ignore[XS001]\n"),
        ("a = 1 # xenscmi: ignore[XS001,XS004,XS005]\n", "a = 1 # xenscmi: ignore[XS001,XS005]\n"),
        ("\ta; /* xenscmi: ignore[XS004] */\n", "\ta;\n"),
        ("\t/* xenscmi: ignore[XS004] */\n\ta;\n", "\ta;\n"),
        ("/* xenscmi: ignore[XS004] */ a;\n", " a;\n"),
        ("a; // xenscmi: ignore[XS004]\n", "a;\n"),
        ("a = 1 # xenscmi: ignore[XS004] as the board has it\n", None),
        ("a; /* xenscmi: ignore[XS004], see the board's manual */\n", None),
    ],
)
def test_a_rule_is_removed_from_a_comment(before: str, after: str | None) -> None:
    (found,) = (each for each in suppressions([Source("a.cfg", before)]) if each.rule == "XS004")
    edit = removal(found)
    assert (edit and made(before, edit)) == after


# Passes


def finding(code: str, *edits: Edit, safety: Safety = Safety.SAFE) -> Diagnostic:
    return Diagnostic(message="wrong", code=code, fix=Fix(title="Write it", edits=edits, safety=safety))


def test_a_pass_has_the_fixes_of_one_rule_that_do_not_overlap() -> None:
    source, other = Source("a.cfg", "0123456789"), Source("b.cfg", "x")

    def edit(start: int, end: int, text: str, of: Source = source) -> Edit:
        return Edit(span=Span(of, start, end), text=text)

    both = finding("XS002", edit(0, 1, "A"), edit(0, 0, "Y", other))
    found = [
        finding("XS003", edit(8, 9, "never")),
        both,
        finding("XS002", edit(0, 2, "overlaps")),
        finding("XS002", edit(1, 3, "B")),
        finding("XS002", edit(5, 5, "C")),
        finding("XS002", edit(5, 5, "the same place")),
        finding("XS002", edit(5, 5, "C")),
        finding("XS001", edit(9, 10, "later"), safety=Safety.UNSAFE),
        Diagnostic(message="without", code="XS000"),
    ]
    step = next_pass(found, Safety)
    assert step is not None
    assert [found.index(each) for each in step.fixed] == [1, 3, 4, 4]
    assert dict(step.texts) == {source: "AB34C56789", other: "Yx"}
    assert next_pass(found[7:], [Safety.SAFE]) is None
    unsafe = next_pass(found[7:], Safety)
    assert unsafe is not None
    assert [text for _, text in unsafe.texts] == ["012345678later"]
