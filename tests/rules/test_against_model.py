"""The rules against the model of Xen, on hosts that nobody booted: the good boot vector, changed in one or two places.

Where the model says that something went wrong, there must be an error or a warning; where all went as the files mean,
there must be no error. The model itself is held to what a real Xen did with the boot vectors.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from boot_vector import boot_vector, read_firmware
from tests.rules.judge import went_wrong

from xenscmi.devicetree import parse_dts
from xenscmi.diagnostics import Severity
from xenscmi.host.reader import read_host
from xenscmi.rules.engine import check
from xenscmi.source import Source

GOOD = Path(__file__).parents[1] / "vectors" / "boot" / "good-default"


CASES: list[dict[str, Any]] = tomllib.loads((Path(__file__).parent / "changes.toml").read_text())["case"]
# What the test guest cannot notice.
EXCEPTIONS = {
    "path-missing": "the guest uses the device's clock, but as nothing assigns the device, nothing counts as denied",
    "page-two": "all works, and the guest reads another agent's page: a breach that no test guest notices",
}

FIRMWARE: dict[str, dict[str, Any]] = {
    "no-permissions": {"unsupported": ["BASE_SET_DEVICE_PERMISSIONS"]},
    "no-discovery": {"unsupported": ["BASE_DISCOVER_AGENT"]},
    "no-reset": {"unsupported": ["BASE_RESET_AGENT_CONFIGURATION"]},
    "trusts-a-domain": {"trusted_agent": 2},
    "few-devices": {"device_count": 3},
    "without-agents": {"agents": []},
}


def _judge(files: dict[str, str], expected: dict[str, Any]) -> None:
    trees = {name: parse_dts(text.encode(), name=name, directory=Path()) for name, text in files.items()}
    firmware = read_firmware(Source("expected.json", json.dumps(expected)))
    found_host = read_host(trees["host.dts"], partial={"domU1": trees["domU1.dts"]}, firmware=firmware)
    wrong = went_wrong(found_host, dict(boot_vector(found_host)))
    found = check(found_host)
    severities = {each.severity for each in found}
    if wrong:
        assert severities & {Severity.ERROR, Severity.WARNING}, wrong
    else:
        assert Severity.ERROR not in severities, [each for each in found if each.severity is Severity.ERROR]


def _good() -> tuple[dict[str, str], dict[str, Any]]:
    files = {name: (GOOD / name).read_text() for name in ("host.dts", "domU1.dts")}
    return files, json.loads((GOOD / "expected.json").read_text())


@pytest.mark.parametrize(
    "case", [each for each in CASES if each["name"] not in EXCEPTIONS], ids=lambda each: each["name"]
)
def test_a_changed_tree(case: dict[str, Any]) -> None:
    files, expected = _good()
    assert {"host", "guest"} & case.keys()
    for key, name in (("host", "host.dts"), ("guest", "domU1.dts")):
        for old, new in case.get(key, ()):
            assert old in files[name]
            files[name] = files[name].replace(old, new)
    _judge(files, expected)


@pytest.mark.parametrize("name", FIRMWARE)
def test_another_firmware(name: str) -> None:
    files, expected = _good()
    expected["firmware"] |= FIRMWARE[name]
    _judge(files, expected)
