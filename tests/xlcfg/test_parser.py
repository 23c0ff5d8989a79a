"""The grammar: what is accepted with which values, and what is refused where and in which words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xenscmi.diagnostics import Diagnostic, Severity, XenscmiError
from xenscmi.source import Source
from xenscmi.xlcfg import ListValue, Settings, StringValue, Value, parse

Plain = str | list["Plain"]

STATEMENT = "expecting $end or IDENT or NEWLINE or ';'"
KEY = "expecting += or '='"
VALUE = "expecting STRING or NUMBER or '['"
LIST = "expecting ']'"
END = "expecting $end"
ESCAPE = "numerical character escape in quoted string"
PYTHON = "Config file looks like it contains Python code. Arbitrary Python is no longer supported."


def plain(value: Value) -> Plain:
    if isinstance(value, StringValue):
        return value.text
    assert isinstance(value, ListValue)
    return [plain(item) for item in value.items]


def values(text: str) -> dict[str, Plain]:
    return {setting.key: plain(setting.value) for setting in parse(Source("f", text))}


def errors(text: str) -> tuple[Diagnostic, ...]:
    with pytest.raises(XenscmiError) as caught:
        parse(Source("f", text))
    return caught.value.diagnostics


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("\n;\n ; \t;\n# nothing\n", {}),
        ("a=1", {"a": "1"}),
        ("a=1;;b=2;", {"a": "1", "b": "2"}),
        ("\t a\t=\t'1' # said\n", {"a": "1"}),
        ("a.b_9='#;=[],'", {"a.b_9": "#;=[],"}),
        ("a=010\nb=0x1f\nc=9abx", {"a": "010", "b": "0x1f", "c": "9abx"}),
        ("a=1\na='2'", {"a": "2"}),
        ("a=1\na=[2]", {"a": ["2"]}),
        ("a=[]\nb=[1,]\nc=['x',[2,[]],]", {"a": [], "b": ["1"], "c": ["x", ["2", []]]}),
        ("a=[\n1 # one\n,\n\n2,\n]\n", {"a": ["1", "2"]}),
        (r"""a='\a\b\f\n\r\t\v\\\'\"'""", {"a": "\a\b\f\n\r\t\v\\'\""}),
        (r"a='x\123y\1234'", {"a": "xy"}),
        ("a='é\udcff'", {"a": "é\udcff"}),
        ("a+=1", {"a": "1"}),
        ("a='x'\na+=1\na+='y'", {"a": "x1y"}),
        ("a=[1]\nb=2\na+=[]\na+=[3,[4]]", {"a": ["1", "3", ["4"]], "b": "2"}),
        ("a='x'\na+='y'\na='z'\na+='!'", {"a": "z!"}),
        ("a=1\na=[2]\na+=[3]", {"a": ["2", "3"]}),
        ("#", {}),
        ("\0", {}),
    ],
)
def test_values(text: str, expected: dict[str, Plain]) -> None:
    assert values(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", [(1, 2, f"`': syntax error, unexpected $end, {KEY}")]),
        ("a=", [(1, 3, f"`': syntax error, unexpected $end, {VALUE}")]),
        ("a+=\n", [(0, 1, f"<newline>: syntax error, unexpected NEWLINE, {VALUE}")]),
        ("a=x", [(1, 3, f"`x': syntax error, unexpected IDENT, {VALUE}")]),
        ("a==1", [(1, 3, f"`=': syntax error, unexpected '=', {VALUE}")]),
        ("a=]", [(1, 3, f"`]': syntax error, unexpected ']', {VALUE}")]),
        ("=1", [(1, 1, f"`=': syntax error, unexpected '=', {STATEMENT}")]),
        ("1=2", [(1, 1, f"`1': syntax error, unexpected NUMBER, {STATEMENT}")]),
        ("'x'\n", [(1, 1, f"`'x'': syntax error, unexpected STRING, {STATEMENT}")]),
        ("a=1\n\n\n  =2\n", [(4, 3, f"`=': syntax error, unexpected '=', {STATEMENT}")]),
        ("a=1 b=2", [(1, 5, f"`b': syntax error, unexpected IDENT, {END}")]),
        ('a="1""2"', [(1, 6, f'`"2"\': syntax error, unexpected STRING, {END}')]),
        ("a=1,", [(1, 4, f"`,': syntax error, unexpected ',', {END}")]),
        ("a=[1]]", [(1, 6, f"`]': syntax error, unexpected ']', {END}")]),
        ("a=[", [(1, 4, f"`': syntax error, unexpected $end, {LIST}")]),
        ("a=[1,\n", [(1, 6, f"`': syntax error, unexpected $end, {LIST}")]),
        ("a=[,1]", [(1, 4, f"`,': syntax error, unexpected ',', {LIST}")]),
        ("a=[1,,2]", [(1, 6, f"`,': syntax error, unexpected ',', {LIST}")]),
        ("a=[1 2]", [(1, 6, f"`2': syntax error, unexpected NUMBER, {LIST}")]),
        ("a=[1,\n2\n3]\n", [(3, 1, f"`3': syntax error, unexpected NUMBER, {LIST}")]),
        ("a=[[1,[2]],3;", [(1, 13, f"`;': syntax error, unexpected ';', {LIST}")]),
        ("a='x'\na+=[1]\n", [(2, 6, "`]': can't add [list] to \"string\" or vice versa")]),
        ("a=[1]\na+='x'\n", [(2, 4, "`'x'': can't add [list] to \"string\" or vice versa")]),
        ("A=1", [(1, 1, "`A=1': lexical error")]),
        ("aB=1", [(1, 2, "`B=1': lexical error")]),
        ("a=$", [(1, 3, f"`$': syntax error, unexpected $end, {VALUE}")]),
        ("a=$x y\n", [(1, 3, "`$x': lexical error")]),
        ("a=é\n", [(1, 3, "`é': lexical error")]),
        ("é", [(1, 1, "`é': lexical error")]),
        ('a="x', [(1, 3, "`\"x': lexical error")]),
        ("a='x\"\n", [(1, 3, "`'x\"': lexical error")]),
        ('a="x\ny"', [(1, 3, "`\"x': lexical error")]),
        ("a=1 # c", [(1, 5, "`#': lexical error")]),
        ("a=1\0\n", [(1, 4, "`\0': lexical error")]),
        ("a='\0'\n", [(1, 3, "`'\0'': NUL byte in quoted string")]),
        ("\va=1\n", [(1, 1, "`\va=1': lexical error")]),
        (
            r"a='\x41'",
            [(1, 3, r"`'\x41'': invalid digit after backslash hexnumerical character escape in quoted string")],
        ),
        (
            r"a='\12'",
            [(1, 3, r"`'\12'': invalid digit after backslash octalnumerical character escape in quoted string")],
        ),
        (r"a='\q'", [(1, 3, r"`'\q'': invalid character after backlash in quoted string")]),
    ],
)
def test_first_error(text: str, expected: list[tuple[int, int, str]]) -> None:
    assert located(errors(text)) == expected


def located(diagnostics: tuple[Diagnostic, ...]) -> list[tuple[int, int, str]]:
    """Return line, column and what follows libxlu's standing words, all help required."""
    prefix = "config parsing error near "
    assert all(one.help and one.message.startswith(prefix) for one in diagnostics)
    return [(one.span.line, one.span.column, one.message.removeprefix(prefix)) for one in diagnostics if one.span]


PYTHONS = ["a=-1\n", "a=1.5\n", "a=(1)\n", "a+1\n", "a=1 .\n", "a=1 :2\n", "f(x)\nimport os\n", "a=+"]


@pytest.mark.parametrize("text", PYTHONS)
def test_python_is_recognised_and_not_accepted(text: str) -> None:
    first, *others, warning = errors(text)
    assert first.severity is Severity.ERROR
    assert (warning.severity, warning.message, others) == (Severity.WARNING, PYTHON, [])


@pytest.mark.parametrize("text", ["a=$1\n", "a=1}\n", "A=1\n"])
def test_other_bad_characters_are_no_python(text: str) -> None:
    assert PYTHON not in [one.message for one in errors(text)]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("$x=1\n@y=2\nz=3\n", [1, 2]),
        ("a=[1,,2]\nb=1\nc=[1,,2]\n", [1, 3]),
        ("x y z w\nq r\n", [1]),  # quiet until three tokens went well
        ("a=1\nB\nc=\nd=[1,,\ne f\n", [2, 4]),
        ("a=[1}\n]\nb=2 3\n", [1, 3]),
        ("a=[}\nb=1\nc=[}\n", [1, 3]),
        ("a=1 b\nc=,\n", [1]),  # behind a complete setting, the parse ends
        ("a=1\r\nb=2\r\n", [1, 2]),
        ("$x y $z\n@\n", [1, 2]),  # one lexical error a line
        ("=\na='\\q'\n", [1]),  # strings behind an error are not looked into
        ("é\n=]", [1, 2]),
        ("$\n=]", [1]),  # the bad piece takes the newline with it
    ],
)
def test_one_run_shows_several_errors(text: str, lines: list[int]) -> None:
    assert [line for line, _, _ in located(errors(text))] == lines


@pytest.mark.parametrize(("before", "line"), [("", 0), ("a=1\n", 1), ("\n#\n", 2)])
def test_a_missing_value_is_reported_a_line_early_with_the_real_place_beside_it(before: str, line: int) -> None:
    (error,) = errors(f"{before}b= # none\nc=1\n")
    assert error.span
    assert (error.span.line, error.span.text) == (line, "")
    (note,) = error.related
    assert (note.span.line, note.span.column) == (line + 1, 4)
    assert note.label == "the line ends here; libxlu reports the line before"


def test_dos_line_ends_are_refused_with_the_cure() -> None:
    for error in errors("a=1\r\nb=2\r\n"):
        assert error.help == "the file has DOS line endings: convert it with dos2unix"


@pytest.mark.parametrize("opening", ["[", "[1,"])
def test_nesting_ends_where_bison_runs_out_of_stack(opening: str) -> None:
    most = {"[": 4_990, "[1,": 1_990}[opening]

    def nested(depth: int) -> str:
        return f"a={opening * depth}{']' * depth}\n"

    value = parse(Source("f", nested(most))).get("a")
    depth, inner = 0, value.value if value else None
    while isinstance(inner, ListValue):
        depth, inner = depth + 1, inner.items[-1] if inner.items else None
    assert depth == most
    for depth in (most + 20, 100_000):
        (error,) = errors(nested(depth))
        assert error.message == "config parsing error near `[': memory exhausted"


def test_large_files_and_lists() -> None:
    lines = [f'key{number} = "value {number}"' for number in range(150_000)]
    comment = "# " + "x" * 98
    text = "\n".join(f"{line}\n{comment}" for line in lines) + "\n"
    settings = parse(Source("f", text))
    assert len(text) > 15_000_000
    assert len(settings.all) == len(lines)
    last = settings.get("key149999")
    assert last
    assert (plain(last.value), last.key_span.line) == ("value 149999", 299_999)
    items = values(f"a = [ {', '.join(map(str, range(100_000)))} ]")["a"]
    assert items == [str(number) for number in range(100_000)]
    sums = values("a=[]\n" + "a+=[1]\n" * 20_000 + "b=''\n" + "b+='x'\n" * 20_000)
    assert sums == {"a": ["1"] * 20_000, "b": "x" * 20_000}


def test_every_value_knows_its_place() -> None:
    text = "a = 'x\\ty' ; bc += [ 12,\n  [ 'é' ] ]\n"
    settings = parse(Source("f", text))
    a, bc = settings.all
    assert (a.key_span.text, bc.key_span.text, a.added, bc.added) == ("a", "bc", False, True)
    assert (a.value.span.text, a.value.line) == ("'x\\ty'", 1)
    assert bc.value.span.text == "[ 12,\n  [ 'é' ] ]"
    assert isinstance(bc.value, ListValue)
    number, inner = bc.value.items
    assert (number.span.text, number.span.column) == ("12", 22)
    assert (inner.span.text, inner.line, inner.span.column) == ("[ 'é' ]", 2, 3)


def test_an_addition_stands_for_the_sum_and_keeps_its_place() -> None:
    settings = parse(Source("f", "a=[1]\na+=[2]\na += [3]\n"))
    assert [plain(setting.value) for setting in settings.all] == [["1"], ["2"], ["1", "2", "3"]]
    last = settings.get("a")
    assert last
    assert (last.value.span.text, last.value.line, last.added) == ("[3]", 3, True)


def test_parts_of_strings_have_places_where_the_text_is_as_written() -> None:
    settings = parse(Source("f", "a='abcdef'\nb='a\\tbc'\nc=12\nd='x'\nd+='yz'\n"))
    pieces = {s.key: s.value.part(1, 3).text for s in settings if isinstance(s.value, StringValue)}
    assert pieces == {"a": "bc", "b": "'a\\tbc'", "c": "12", "d": "'yz'"}


FRAGMENTS = ["a", "b.c", "=", "+=", "1", "0x1f", "'s'", '"t"', "[", "]", ",", ";", "\n", " ", "#c", "\\", "'", "A", "-"]


def outcome(source: Source) -> Settings | tuple[Diagnostic, ...]:
    try:
        return parse(source)
    except XenscmiError as error:
        return error.diagnostics


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=30).map("".join) | st.text(max_size=60))
def test_any_text_gives_settings_or_our_own_error(text: str) -> None:
    result = outcome(Source("f", text))
    if isinstance(result, Settings):
        assert all(one.key_span.text == one.key for one in result.all)
        assert all(one.value.start < one.value.end <= len(text) for one in result.all)
        return
    assert result
    for one in result:
        assert one.span
        assert -1 <= one.span.start <= len(text)
        assert one.span.start <= one.span.end


@given(st.binary(max_size=200))
def test_any_bytes_give_settings_or_our_own_error(data: bytes) -> None:
    assert outcome(Source("f", data.decode("utf-8", "surrogateescape"))) != ()


def test_an_unclosed_list_shows_where_it_begins() -> None:
    with pytest.raises(XenscmiError) as raised:
        parse(Source("f", 'irqs = [1,\n2\nname = "x"\n'))
    [related] = raised.value.diagnostics[0].related
    assert (related.label, related.span.line, related.span.column) == ("the list begins here", 1, 8)


@pytest.mark.parametrize(("lines", "found"), [(900, 900), (1000, 1000), (1500, 1000)])
def test_up_to_a_thousand_errors_are_found_in_one_run(lines: int, found: int) -> None:
    assert len(errors("x = ?\n" * lines)) == found
