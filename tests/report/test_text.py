"""Findings for people, to the character."""

from __future__ import annotations

from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xenscmi.diagnostics import Annotation, Diagnostic, Severity
from xenscmi.report.text import render
from xenscmi.source import Source, Span

TEXT = 'x = 1\n\tarm_sci\t= "type=zz, agent_id=2"\ny = [ 1,\n 2 ]\n'
CFG = Source("a.cfg", TEXT)


def place(piece: str, source: Source = CFG) -> Span:
    start = source.text.index(piece)
    return Span(source, start, start + len(piece))


def shown(diagnostic: Diagnostic, name: str = "") -> str:
    return "\n" + render([diagnostic], name)


def test_place_excerpt_caret_label_second_place_and_fix() -> None:
    diagnostic = Diagnostic(
        message="Unknown ARM_SCI type: zz",
        span=place("zz"),
        label="not a type",
        related=(Annotation(span=place("x = 1"), label="first set here"),),
        help="one of: none, scmi_smc, scmi_smc_multiagent",
        code="XS201",
        name="duplicate-agent-id",
    )
    assert shown(diagnostic) == dedent(
        """
        a.cfg:2:18: error: Unknown ARM_SCI type: zz [XS201]
          2 |  arm_sci = "type=zz, agent_id=2"
            |                  ^^ not a type
        a.cfg:1:1: note: first set here
          1 | x = 1
            | ^^^^^
          = help: one of: none, scmi_smc, scmi_smc_multiagent
        """
    )


def test_a_place_of_several_lines_is_shown_by_its_first() -> None:
    diagnostic = Diagnostic(message="no list", severity=Severity.WARNING, span=place("[ 1,\n 2 ]"))
    assert shown(diagnostic) == dedent(
        """
        a.cfg:3:5: warning: no list
          3 | y = [ 1,
            |     ^^^^
        """
    )


def test_the_end_of_a_file_has_a_caret_too() -> None:
    source = Source("b.cfg", "a = [ 1")
    assert shown(Diagnostic(message="no end", span=Span(source, 7, 7))) == dedent(
        """
        b.cfg:1:8: error: no end
          1 | a = [ 1
            |        ^
        """
    )


def test_a_place_before_the_text_has_no_excerpt() -> None:
    assert render([Diagnostic(message="m", span=Span(CFG, -1, -1))]) == "a.cfg:0:1: error: m\n"


def test_the_gutter_is_as_wide_as_the_number() -> None:
    source = Source("b.cfg", "\n" * 99 + "bad\n")
    assert shown(Diagnostic(message="bad", span=place("bad", source))) == dedent(
        """
        b.cfg:100:1: error: bad
          100 | bad
              | ^^^
        """
    )


def test_without_a_place_the_name_is_shown() -> None:
    diagnostic = Diagnostic(message="nothing to read", severity=Severity.INFO, help="give it something")
    assert render([diagnostic], "guest.cfg") == "guest.cfg: info: nothing to read\n  = help: give it something\n"
    assert render([diagnostic]) == "info: nothing to read\n  = help: give it something\n"


def test_a_source_without_text_is_named_alone() -> None:
    binary = Span(Source("host.dtb", ""), 0, 0)
    diagnostic = Diagnostic(message="bad tree", span=binary, related=(Annotation(span=binary, label="and here"),))
    assert render([diagnostic], "other") == "host.dtb: error: bad tree\nhost.dtb: note: and here\n"


def test_several_come_in_order_nothing_gives_nothing() -> None:
    found = [Diagnostic(message="one", span=place("y =")), Diagnostic(message="two", span=place("x"))]
    assert [line for line in render(found).splitlines() if "error" in line] == [
        "a.cfg:3:1: error: one",
        "a.cfg:1:1: error: two",
    ]
    assert render([]) == ""


def test_a_very_long_line_is_cut_around_the_place() -> None:
    source = Source("l.cfg", f"a = '{'x' * 300}bad{'y' * 300}'\n")
    first, excerpt, carets = render([Diagnostic(message="m", span=place("bad", source))]).splitlines()
    assert first == "l.cfg:1:306: error: m"
    assert excerpt == f"  1 | {'x' * 60}bad{'y' * 57}"
    assert carets == f"    | {' ' * 60}^^^"
    whole = render([Diagnostic(message="m", span=Span(source, 0, len(source.text)))]).splitlines()
    assert {len(line) for line in whole[1:]} == {6 + 120}


def test_very_long_messages_are_cut() -> None:
    first, *_ = render([Diagnostic(message="m" * 5000, label="l" * 5000, span=place("zz"))]).splitlines()
    assert first == f"a.cfg:2:18: error: {'m' * 1000}…"
    assert max(map(len, render([Diagnostic(message="m", label="l" * 5000, span=place("zz"))]).splitlines())) < 1100


def test_colour() -> None:
    diagnostic = Diagnostic(message="m", severity=Severity.WARNING, span=place("zz"), help="h", label="here")
    assert render([diagnostic], colour=True) == (
        "a.cfg:2:18: \x1b[33mwarning:\x1b[0m \x1b[1mm\x1b[0m\n"
        '  2 |  arm_sci = "type=zz, agent_id=2"\n'
        "    |                  \x1b[33m^^\x1b[0m here\n"
        "\x1b[2m  = help: h\x1b[0m\n"
    )
    assert "\x1b" not in render([diagnostic])


@pytest.mark.parametrize(
    ("raw", "visible"),
    [
        ("\x1b[2J", r"\x1b[2J"),
        ("\r\n", r"\x0d\x0a"),
        ("\0\x7f\x9b", r"\x00\x7f\x9b"),
        ("\t", " "),
        ("\udcff", r"\xff"),
        ("\u202eevil\u2066", r"\u202eevil\u2066"),
        ("é漢", "é漢"),
    ],
)
def test_terminal_control_characters_become_visible(raw: str, visible: str) -> None:
    line = raw.replace("\n", "")
    source = Source(f"f{raw}", f"a{line}bad\n")
    span = place("bad", source)
    diagnostic = Diagnostic(message=raw, label=raw, span=span, help=raw, related=(Annotation(span=span, label=raw),))
    first, excerpt, carets, note, _, _, fix = render([diagnostic]).split("\n")[:7]
    assert first == f"f{visible}:1:{span.column}: error: {visible}"
    assert excerpt.startswith("  1 | a") and excerpt.endswith("bad")  # noqa: PT018
    assert excerpt.index("bad") == carets.index("^^^")
    assert carets.endswith(f"^^^ {visible}".rstrip())
    assert note.endswith(f"note: {visible}")
    assert fix == f"  = help: {visible}"


@given(st.text(), st.text(), st.integers(0, 50), st.integers(0, 50), st.booleans())
def test_any_text_stays_on_its_lines(text: str, message: str, start: int, length: int, colour: bool) -> None:
    source = Source("f", text)
    start = min(start, len(text))
    found = render([Diagnostic(message=message, span=Span(source, start, start + length))], colour=colour)
    assert found.endswith("\n")
    assert found.count("\n") == (3 if text else 1)
    controls = {character for character in found if not character.isprintable()} - {"\n", "\x1b"}
    assert not controls & {*map(chr, (*range(0x20), 0x7F, *range(0x80, 0xA0)))}
    assert colour or "\x1b" not in found


def test_a_line_from_the_command_line_says_so() -> None:
    source = Source("guest.cfg", 'name = "a"\n\nmemory = x\n', 11)
    [first, *rest] = render([Diagnostic(message="no", span=Span(source, 21, 22))]).splitlines()
    assert first == "guest.cfg:3:10: error: no"
    assert rest[-1] == "  = note: this line is from the command line; xl numbers it after the file's lines"
    assert "note" not in render([Diagnostic(message="no", span=Span(source, 0, 4))])
