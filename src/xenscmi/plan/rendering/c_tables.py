"""What the C tables of different firmware have in common: the owner of each agent, and the resources of each device."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from xenscmi.plan.allocation import Allocation
from xenscmi.plan.rendering.devices import controlled
from xenscmi.plan.rendering.header import slashes
from xenscmi.plan.rendering.quoting import quoted

KINDS = ("clocks", "resets", "power_domains")
_NAME_LENGTH = 15
"""Characters of an agent's name that SCMI's base protocol has room for."""


@dataclass(frozen=True, slots=True)
class DeviceEntry:
    """A device: its SCMI id, its path, the agent that it is planned for, and its resources by kind."""

    device_id: int
    path: str
    agent: int
    resources: dict[str, list[int]]


def device_rows(allocation: Allocation) -> list[DeviceEntry]:
    """Return the devices under SCMI control, by id."""
    agents = {name: number for number, name in allocation.owners.items()}
    return [
        DeviceEntry(number, device.path, agents[name], {kind: sorted(scmi.resources[kind]) for kind in KINDS})
        for device, number, scmi, name in controlled(allocation)
    ]


def agent_name(name: str) -> str:
    """Return an agent's name as C, no longer than SCMI allows."""
    return quoted(name[:_NAME_LENGTH])


def header(allocation: Allocation, include: str) -> str:
    """Return the header that declares the tables of `source`."""
    top = max(allocation.owners)
    return (
        slashes("The tables are in plan_scmi_tables.c.")
        + f"""
#ifndef PLAN_SCMI_TABLES_H
#define PLAN_SCMI_TABLES_H

#include <stddef.h>
#include <stdint.h>

#include <{include}>

/* Agents are numbered from 0; a row without a function id is of no agent. */
#define PLAN_SCMI_AGENT_COUNT {top + 1}U
#define PLAN_SCMI_MANAGEMENT_AGENT {allocation.management.agent_id}U
#define PLAN_SCMI_DEVICE_COUNT {len(device_rows(allocation))}U

/* A device, the agent that is to have it, and the resources that are granted with it. */
struct plan_scmi_device {{
	uint32_t id;
	uint32_t agent;
	const uint32_t *clocks;
	size_t clocks_count;
	const uint32_t *resets;
	size_t resets_count;
	const uint32_t *power_domains;
	size_t power_domains_count;
}};

extern struct scmi_msg_channel plan_scmi_channels[PLAN_SCMI_AGENT_COUNT];
extern const uint32_t plan_scmi_func_ids[PLAN_SCMI_AGENT_COUNT];
extern const struct plan_scmi_device plan_scmi_devices[];

#endif /* PLAN_SCMI_TABLES_H */
"""
    )


def source(allocation: Allocation, shm_addr: str) -> str:
    """Return the tables; `shm_addr` is how this firmware writes a page's address, with `{}` for the number."""
    lines = [slashes(), '#include "plan_scmi_tables.h"', ""]
    lines.append("struct scmi_msg_channel plan_scmi_channels[PLAN_SCMI_AGENT_COUNT] = {")
    for channel in allocation.channels:
        lines += [
            f"\t[{channel.agent_id}] = {{",
            f"\t\t.shm_addr = {shm_addr.format(f'{channel.page:#x}')},",
            "\t\t.shm_size = SMT_BUF_SLOT_SIZE,",
            f"\t\t.agent_name = {agent_name(allocation.owners[channel.agent_id])},",
            "\t},",
        ]
    lines += ["};", "", "const uint32_t plan_scmi_func_ids[PLAN_SCMI_AGENT_COUNT] = {"]
    lines += [f"\t[{channel.agent_id}] = {channel.func_id:#x}U," for channel in allocation.channels]
    lines += ["};", ""]
    rows = device_rows(allocation)
    for row in rows:
        for kind in KINDS:
            if row.resources[kind]:
                numbers = ", ".join(f"{number}U" for number in row.resources[kind])
                lines.append(f"static const uint32_t device_{row.device_id}_{kind}[] = {{ {numbers} }};")
    lines += ["", "const struct plan_scmi_device plan_scmi_devices[] = {"]
    for row in rows:
        lines += [f"\t{{ /* {row.path} */", f"\t\t.id = {row.device_id}U,", f"\t\t.agent = {row.agent}U,"]
        lines += [f"\t\t{text}" for kind in KINDS for text in _list(row, kind)]
        lines.append("\t},")
    if not rows:  # C knows no empty arrays
        lines.append("\t{ .id = 0xffffffffU },")
    lines.append("};")
    return "\n".join(lines) + "\n"


def _list(row: DeviceEntry, kind: str) -> Iterator[str]:
    if row.resources[kind]:
        yield f".{kind} = device_{row.device_id}_{kind},"
        yield f".{kind}_count = {len(row.resources[kind])}U,"


def bits(numbers: Iterable[int], width: int) -> dict[int, int]:
    """Return numbers as bits of words of `width` bits: index of the word → its value."""
    words: dict[int, int] = {}
    for number in numbers:
        words[number // width] = words.get(number // width, 0) | 1 << number % width
    return dict(sorted(words.items()))
