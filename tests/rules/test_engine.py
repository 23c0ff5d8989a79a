"""Selecting rules, overriding severities, silencing findings, and the order of what is shown."""

from __future__ import annotations

from collections.abc import Callable

from xenscmi.diagnostics import Severity
from xenscmi.host.types import Host
from xenscmi.rules.engine import Selection, check, find
from xenscmi.rules.rule import Change

Read = Callable[..., Host]

DUPLICATE = Change("host.dts", "0x82000007 &page_5 5", "0x82000007 &page_5 3")
NO_ID = Change("host.dts", "\t\t\txen,sci-agent-id = <3>;\n", "")


def _codes(host: Host, selection: Selection | None = None) -> list[str]:
    return [each.code for each in check(host, selection)]


def test_findings_are_sorted_by_place(read_example: Read) -> None:
    assert _codes(read_example((NO_ID, DUPLICATE))) == ["XS112", "XS401"]


def test_rules_are_selected_and_ignored_by_code_family_and_name(read_example: Read) -> None:
    host = read_example((NO_ID, DUPLICATE))
    assert _codes(host, Selection(select=("XS1",))) == ["XS112"]
    assert _codes(host, Selection(ignore=("XS112",))) == ["XS401"]
    assert _codes(host, Selection(select=("XS4", "duplicate-listed-agent"), ignore=("missing-agent-id",))) == ["XS112"]


def test_a_severity_is_overridden(read_example: Read) -> None:
    (found,) = check(read_example((NO_ID,)), Selection(severities={"missing-agent-id": Severity.INFO}))
    assert found.severity is Severity.INFO


def test_a_severity_may_be_given_by_the_start_of_a_code(read_example: Read) -> None:
    """The name of a rule says most, then the longest start of its code."""
    given = {"XS": Severity.ERROR, "XS4": Severity.WARNING}
    (found,) = check(read_example((NO_ID,)), Selection(severities=given))
    assert found.severity is Severity.WARNING
    (found,) = check(read_example((NO_ID,)), Selection(severities={**given, "missing-agent-id": Severity.INFO}))
    assert found.severity is Severity.INFO


def test_a_comment_with_a_mistyped_rule_says_which_was_meant(read_example: Read) -> None:
    mistyped = Change("guest.cfg", "vcpus = 1\n", "vcpus = 1  # xenscmi: ignore[shared-pge]\n")
    (found,) = check(read_example((mistyped,)))
    assert found.code == "XS901"
    assert found.help == "did you mean `shared-page'?"


def test_a_comment_beside_or_above_silences_a_rule(read_example: Read) -> None:
    for comment in ("3 /* xenscmi: ignore[XS112] */", "\n// xenscmi: ignore[duplicate-listed-agent]\n3"):
        change = Change("host.dts", "0x82000007 &page_5 5", f"0x82000007 &page_5 {comment}")
        assert _codes(read_example((change,))) == []


def test_a_comment_for_the_file_silences_a_rule(read_example: Read) -> None:
    header = Change("host.dts", "/dts-v1/;", "/dts-v1/; /* xenscmi: ignore-file[XS112] */")
    assert _codes(read_example((DUPLICATE, header))) == []


def test_a_comment_in_an_xl_cfg_silences_a_rule(read_example: Read) -> None:
    added = Change("guest.cfg", "vcpus = 1\n", "vcpus = 1\nmaxmemory = 1 # xenscmi: ignore[XS004]\n")
    assert _codes(read_example((added,))) == []


def test_unused_suppressions_are_reported(read_example: Read) -> None:
    header = Change("panel.dts", "/dts-v1/;", "/dts-v1/; /* xenscmi: ignore[XS112, no-such-rule] */")
    found = check(read_example((header,)))
    assert [(each.code, each.message) for each in found] == [
        ("XS901", "unused suppression of XS112"),
        ("XS901", "there is no rule no-such-rule to suppress"),
    ]
    assert [each.code for each in check(read_example((header,)), Selection(select=("XS4",)))] == []
    assert [each.span.text for each in found if each.span] == ["XS112", "no-such-rule"]


def test_a_suppression_of_a_rule_that_did_not_run_is_spared(read_example: Read) -> None:
    header = Change("panel.dts", "/dts-v1/;", "/dts-v1/; /* xenscmi: ignore[XS112] */")
    assert check(read_example((header,)), Selection(ignore=("XS112",))) == ()


def test_rules_are_found_by_code_and_name() -> None:
    assert find("XS112") is find("duplicate-listed-agent") is not None
    assert find("XS999") is None
