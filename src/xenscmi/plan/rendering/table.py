"""`HOST.md`: who has what, for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from xenscmi.plan.allocation import Allocation, Allotment
from xenscmi.plan.planned import PlannedDevice
from xenscmi.plan.references import CELLS
from xenscmi.plan.rendering.devices import controlled
from xenscmi.plan.rendering.header import angles

NAME = "HOST.md"


def render(allocation: Allocation) -> str:
    """Return the tables: agents, devices, interrupts and registers of guests."""
    pages = {each.channel.agent_id: each.page for each in allocation.guests if each.channel and each.page is not None}
    agents = [
        (
            allocation.owners[each.agent_id],
            str(each.agent_id),
            f"{each.func_id:#x}",
            f"{each.page:#x}",
            f"{pages[each.agent_id]:#x}" if each.agent_id in pages else "",
        )
        for each in allocation.channels
    ]
    devices = [
        (f"`{device.path}`", name, str(number), *(_numbers(scmi.resources[kind]) for kind in CELLS))
        for device, number, scmi, name in controlled(allocation)
    ]
    given = [
        (allotment.domain.name, f"`{device.path}`", _numbers(device.irqs), ", ".join(_registers(allotment, device)))
        for allotment in allocation.guests
        for device in allotment.domain.devices
    ]
    parts = [
        angles().rstrip("\n"),
        "",
        "# Who has what",
        "",
        *_table(("owner", "agent", "function id", "page", "guest finds it at"), agents),
        "",
        "## Devices under SCMI control",
        "",
        *_table(("device", "domain", "SCMI id", *(kind.replace("_", " ") for kind in CELLS)), devices),
        "",
        "## What guests are given",
        "",
        *_table(("domain", "device", "interrupts", "registers"), given),
    ]
    pins = allocation.resolved.read.plan.board.pins
    if pins:
        parts += ["", f"The pins of these devices are set by: {pins}."]
    return "\n".join(parts) + "\n"


def _registers(allotment: Allotment, device: PlannedDevice) -> Iterator[str]:
    for hardware in device.hardware:
        for region in hardware.regions:
            guest = allotment.guest_address(region.start)
            yield f"{region.start:#x}" + (f" → {guest:#x}" if guest != region.start else "")


def _numbers(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, sorted(numbers)))


def _table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    yield from (f"| {' | '.join(line)} |" for line in lines)
