"""`xenscmi scmi`: one message as a domain, and what it teaches."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from xenscmi.cli import main

if TYPE_CHECKING:
    from tests.cli.conftest import Lab

TRANSCRIPT = (Path(__file__).parents[1] / "vectors" / "xl-create" / "transcript.txt").read_text()
DEVICE = 'dtdev = [ "/soc/fakedev@a003000" ]\n'
ON = {
    "clock-enable": ("clock", "config_set", "clock_id={}", "attributes.state=enable"),
    "reset": ("reset", "reset", "domain_id={}", "flags.autonomous=yes"),
    "power-on": ("power_domain", "state_set", "domain_id={}", "power_state=0"),
}


def test_request_and_response_in_words_and_in_hex(lab: Lab) -> None:
    lab.create("good", 2, DEVICE)
    code, out, err = lab.run("scmi", "good", "clock", "config_set", "clock_id=3", "attributes.state=enable")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "CLOCK_CONFIG_SET request (protocol 0x14 clock, token 1)",
        "  clock_id             3           The clock",
        "  attributes           0x1         What to set",
        "    state              0x1 enable  Enable, disable, or leave unchanged",
        "  extended_config_val  0           Value of the extended setting",
        "  resource: clock-3",
        "  bytes: 07500400 03000000 01000000 00000000",
        "",
        "CLOCK_CONFIG_SET response (protocol 0x14 clock, token 1)",
        "  status  SUCCESS (0)  The clock is configured as requested.",
        "  bytes: 07500400 00000000",
    ]
    # What it changed stays changed, and the bytes can be decoded again.
    config = lab.json("scmi", "good", "0x14", "0xb", "clock_id=3")["response"]
    assert config["fields"]["config"] == {"value": 1, "enabled": True}
    (lab.folder / "dump").write_text("07500400 03000000 01000000 00000000\n")
    assert main(["decode", str(lab.folder / "dump")]) == 0
    assert lab.capsys.readouterr().out.splitlines()[1:] == out.splitlines()[1:5]


@pytest.mark.parametrize("step", ["00-good", "14-nosci"])
def test_the_view_of_the_real_test_guest(lab: Lab, step: str) -> None:
    """What the guest of the transcript saw by its channel, of each device and of what it may not do."""
    section = re.search(rf"^=== {step}\.cfg\n(.*?)(?=^===|\Z)", TRANSCRIPT, re.MULTILINE | re.DOTALL)
    assert section
    text = section[1]
    if step == "00-good":
        lab.create("guest", 2)
    else:
        lab.create("first", 2)
        lab.create("guest", 2, 'arm_sci = "type=none"\n')

    def status(*arguments: str) -> int | None:
        code, out, _ = lab.run("scmi", "guest", "--json", *arguments)
        assert code == 1
        response = json.loads(out)["response"]
        return None if response is None else int(response["status"])

    for device, line in re.findall(r"guest: device (\d): (.*)", text):
        expected = dict(zip(line.split()[::2], map(int, line.split()[1::2]), strict=True))
        for name, (protocol, message, *fields) in ON.items():
            assert status(protocol, message, *(field.format(device) for field in fields)) == expected[name]
    for name, expected in re.findall(r"guest: (\w+) by this agent: x0=\S+ chan=(?:free status=(-\d+))?", text):
        message = f"base_{name.lower()}"
        fields = ["agent_id=2", "device_id=3", "flags.allow=1"] if name.startswith("SET") else ["agent_id=2"]
        assert status("base", message, *fields) == (int(expected) if expected else None)
    for func_id in re.findall(r"guest: foreign smc-id (\S+): x0=-1", text):
        code, out, err = lab.run("scmi", "guest", "base", "protocol_version", "--smc-id", func_id)
        assert code == 1
        assert "no answer: the SMC returned -1" in out
        assert re.fullmatch(rf"\(XEN\) d\dv0 Unhandled SMC/HVC: {func_id}\n", err)


def test_it_teaches_what_there_is(lab: Lab) -> None:
    lab.create("good", 2)
    _, out, _ = lab.run("scmi", "good")
    assert re.search(r"^0x14 +clock +version 3\.0$", out, re.MULTILINE)
    _, out, _ = lab.run("scmi", "good", "clock")
    assert re.search(r"^0x6 +CLOCK_RATE_GET +clock_id$", out, re.MULTILINE)
    assert {"id": 0x14, "protocol": "clock", "version": 0x30000} in lab.json("scmi", "good")
    assert {"id": 6, "message": "CLOCK_RATE_GET", "fields": ["clock_id"]} in lab.json("scmi", "good", "clock")
    assert lab.run("scmi", "none")[:2] == (1, "")
    code, out, err = lab.run("scmi", "good", "clock", "rate_set")
    assert (code, out) == (2, "")
    assert re.search(r"^flags.round_up +Round up .* +yes, no$", err, re.MULTILINE)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("clok", "rate_get"), "there is no protocol `clok'; did you mean `clock'?"),
        (("clock", "rate_ge", "clock_id=1"), "has no message `rate_ge'; did you mean `rate_get', `rate_set'"),
        (("clock", "rate_get", "clok=1"), "CLOCK_RATE_GET has no field `clok'; did you mean `clock_id'?"),
        (("clock", "rate_get", "clock_id"), "`clock_id' is not of the form field=value"),
        (("clock", "rate_get", "clock_id=one"), "clock_id: `one' is not a number"),
        (("clock", "rate_get", "clock_id=-1"), "clock_id cannot be -1"),
        (("clock", "config_set", "attributes.state=enabled"), "there is no `enabled'; did you mean `enable'"),
        (("clock", "config_set", "attributes.state=9"), "attributes.state is 9, but must be 0 to 3"),
    ],
)
def test_names_that_do_not_exist_are_refused_with_the_nearest(
    lab: Lab, arguments: tuple[str, ...], message: str
) -> None:
    lab.create("good", 2)
    code, out, err = lab.run("scmi", "good", *arguments)
    assert (code, out) == (2, "")
    assert message in err


def test_domains_and_channels_that_are_not_there(lab: Lab) -> None:
    lab.create("bare", 2, 'arm_sci = "type=none"\niomem = []\ndevice_tree = ""\n')
    assert lab.run("scmi", "none", "base", "protocol_version")[0] == 1
    assert lab.run("scmi", "9", "base", "protocol_version")[2] == "Error: Domain '9' does not exist.\n"
    code, _, err = lab.run("scmi", "bare", "base", "protocol_version")
    assert (code, "has no SCMI channel" in err) == (2, True)
    code, out, _ = lab.run("scmi", "bare", "base", "protocol_version", "--smc-id", "0x82000004", "--page", "0x22001000")
    assert (code, "no answer: data abort at 0x22001000" in out) == (1, True)


def test_without_a_tree_the_agents_channel_is_taken(lab: Lab) -> None:
    lab.create("good", 2, 'device_tree = ""\niomem = [ "47ff2,1@33003" ]\n')
    assert lab.json("scmi", "good", "base", "discover_agent", "agent_id=0xffffffff")["page"] == 0x33003000
