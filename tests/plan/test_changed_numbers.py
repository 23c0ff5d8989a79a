"""One bit changed in a rendered number that must agree with another: `check`, which knows no plan, finds it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from tests.plan.boards import Workplace

from xenscmi.cli.files import load_host
from xenscmi.diagnostics import XenscmiError
from xenscmi.rules.engine import Selection, check

EXAMPLE = Path(__file__).parents[2] / "examples" / "plan"
# File → the lines whose numbers must agree with others, and what in them is such a number.
NUMBERS = {
    "domd.cfg": (r"arm_sci|iomem|irqs", r"(?<=agent_id=)\d+|[0-9a-f]{4,}|\b\d{3}\b"),
    "domd.dts": (
        r"arm,smc-id|clocks = <&scmi|resets = <&scmi|power-domains = <&scmi|reg = <0 0x22",
        r"0x\w{7,}|\b\d{2,}\b",
    ),
    "domu.dts": (r"arm,smc-id|clocks = <&scmi|resets = <&scmi|power-domains = <&scmi|xen,reg", r"0x\w{7,}|\b\d{2,}\b"),
    "xen.dtso": (
        r"scmi-secondary-agents =|sci-agent-id|arm,smc-id|access-controllers =|reg = <0 0x47",
        r"0x\w{7,}|\b\d+\b(?=>)",
    ),
    "domains.dtso": (r"sci-agent-id", r"\d+"),
    "host.toml": (r"func_id = ", r"(?<=id = )\w+|(?<=page = )\w+"),
}


@pytest.fixture
def rendered(place: Workplace) -> Workplace:
    shutil.copytree(EXAMPLE, place.folder, dirs_exist_ok=True)
    assert place.plan("render") == 0
    assert findings(place.host) == []
    return place


def findings(folder: Path) -> list[str]:
    try:
        return [each.code for each in check(load_host([str(folder)]).host, Selection())]
    except XenscmiError:
        return ["unreadable"]


def numbers(text: str, lines: str, pattern: str) -> Iterator[re.Match[str]]:
    for line in re.finditer(rf"^.*(?:{lines}).*$", text, re.MULTILINE):
        if not line[0].startswith(("/*", " *", "# ")):
            yield from re.compile(pattern).finditer(text, line.start(), line.end())


@pytest.mark.parametrize("name", NUMBERS)
def test_a_changed_number_is_found(rendered: Workplace, name: str) -> None:
    chosen = Random(name)
    text = rendered.read(name)
    found = list(numbers(text, *NUMBERS[name]))
    assert found
    missed = []
    for number in found:
        line = text[text.rfind("\n", 0, number.start()) + 1 : text.find("\n", number.end())]
        hexadecimal = number[0].startswith("0x") or "iomem" in line
        bit = 1 << chosen.randrange(7)
        value = int(number[0], 16 if hexadecimal else 10) ^ bit
        written = f"{value:#x}" if number[0].startswith("0x") else f"{value:x}" if hexadecimal else str(value)
        (rendered.host / name).write_text(text[: number.start()] + written + text[number.end() :])
        if not findings(rendered.host):
            missed.append((line.strip(), number[0], written))
    assert missed == []
