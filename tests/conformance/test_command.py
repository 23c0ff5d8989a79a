"""`xenscmi conform` as its users call it."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from tests.conformance.test_transports import framed, our_firmware, server

from xenscmi.cli import main
from xenscmi.conformance.suite import all_cases

COUNT = len(all_cases())
HOST = str(Path(__file__).parents[2] / "examples" / "spider")


def conform(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["conform", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_our_firmware_passes_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = conform(capsys)

    assert (code, err) == (0, "")
    assert out.splitlines()[-1].endswith(f"of {COUNT} tests on the model, generic")
    assert "FAIL" not in out


def test_a_failure_is_shown_with_its_section_and_what_must_hold(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = conform(capsys, "--profile", "tfa-rpi5", "--test", "base.an-agent-that-does-not-exist-is-not-found")

    assert code == 1
    assert out == (
        "FAIL  base.an-agent-that-does-not-exist-is-not-found\n"
        "        BASE_DISCOVER_AGENT(agent_id=254) is INVALID_PARAMETERS (-2), must be NOT_FOUND\n"
        "        The name of an agent that does not exist is NOT_FOUND.\n"
        "        DEN0056E 4.2.2, BASE_DISCOVER_AGENT\n"
        "0 pass, 1 fail, 0 not supported, of 1 tests on the model, tfa-rpi5\n"
    )


def test_json_has_every_test(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = conform(capsys, "--format", "json", "--test", "clock.*")

    document = json.loads(out)
    assert code == 0
    assert document["platform"] == "the model, generic"
    assert sum(document["counts"].values()) == len(document["results"]) > 50
    assert {"test", "title", "section", "verdict", "words"} == set(document["results"][0])


def test_junit_is_xml_that_counts_right(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = conform(capsys, "--format", "junit", "--profile", "tfa-rpi5")

    suite = ElementTree.fromstring(out)
    assert code == 1
    assert int(suite.attrib["tests"]) == len(suite.findall("testcase")) == COUNT
    assert int(suite.attrib["failures"]) == len(suite.findall("testcase/failure")) > 0
    assert int(suite.attrib["skipped"]) == len(suite.findall("testcase/skipped")) > 0


def test_tests_are_listed_with_their_sections(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = conform(capsys, "--list", "--test", "reset-domain.resetting-none")

    assert code == 0
    assert out == (
        "reset-domain.resetting-none\n"
        "    Resetting a reset domain that does not exist is NOT_FOUND.\n"
        "    DEN0056E 4.8.2, RESET\n"
    )


def test_the_firmware_of_a_host_is_tested_as_one_of_its_agents(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = conform(capsys, "--host", HOST, "--agent", "2", "--test", "base.vendor-is-a-name", "-v")

    assert code == 0
    assert out == (
        "pass  base.vendor-is-a-name\n1 pass, 0 fail, 0 not supported, of 1 tests on the model, tfa-rcar-gen4\n"
    )


def test_a_socket_is_tested_without_changes_unless_asked_for(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "agent1"
    with server(path, framed(our_firmware())):
        code, out, _ = conform(capsys, "--socket", str(path), "--test", "clock.a-clock-is-enabled-and-disabled")

    assert code == 0
    assert "it changes the platform's state, which was not allowed" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--test", "nothing"], "no test is called nothing"),
        (["--profile", "nobody's"], "there is no firmware profile nobody's"),
        (["--agent", "77"], "the platform has no agent 77"),
        (["--socket", "/nonexistent/socket"], "cannot connect to /nonexistent/socket"),
        (["--raw", "/nonexistent"], "cannot open /nonexistent/raw/message"),
        (["--host", "/nonexistent"], "/nonexistent"),
    ],
)
def test_what_cannot_be_tested_is_said_in_words(
    capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    code, out, err = conform(capsys, *arguments)

    assert (code, out) == (2, "")
    assert words in err
    assert "Traceback" not in err
