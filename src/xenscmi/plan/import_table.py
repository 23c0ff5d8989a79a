"""A plan from the firmware's C tables, as `plan render` writes them for TF-A and OP-TEE (rendering/c_tables.py)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from xenscmi.plan.planned import DOM0, XEN
from xenscmi.plan.reading import failure
from xenscmi.plan.rendering.quoting import quoted
from xenscmi.plan.writing import further_ids
from xenscmi.source import Source, Span

_CHANNEL = re.compile(
    r"\[(?P<agent>\d+)\] = \{\s*\.shm_addr = (?:\{ \.pa = )?(?P<page>0x[0-9a-f]+)U(?: \})?,"
    r'\s*\.shm_size = SMT_BUF_SLOT_SIZE,\s*\.agent_name = "(?P<name>[^"]*)",'
)
_FUNC_ID = re.compile(r"^\t\[(\d+)\] = (0x[0-9a-f]+)U,$", re.MULTILINE)
_LIST = re.compile(r"device_(\d+)_(clocks|resets|power_domains)\[\] = \{ ([0-9U, ]+) \};")
_DEVICE = re.compile(r"\{ /\* (?P<path>/\S+) \*/\s*\.id = (?P<id>\d+)U,\s*\.agent = (?P<agent>\d+)U,")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*")


@dataclass(frozen=True, slots=True)
class FirmwareTable:
    """What the tables say: agents with name, function id and page; devices with path, agent and resources."""

    agents: dict[int, tuple[str, int, int]]
    devices: dict[int, tuple[str, int, dict[str, list[int]]]]


def read_table(source: Source) -> FirmwareTable:
    """Return the tables in a C file. Raises XenscmiError if it has none of this form."""
    func_ids = {int(number): int(func_id, 16) for number, func_id in _FUNC_ID.findall(source.text)}
    agents = {
        int(each["agent"]): (each["name"], func_ids[int(each["agent"])], int(each["page"], 16))
        for each in _CHANNEL.finditer(source.text)
        if int(each["agent"]) in func_ids
    }
    if not agents:
        help = "import plan_scmi_tables.c, as `xenscmi plan render' writes it"
        raise failure(f"{source.name} has no tables of agents that a plan could be made of", Span(source, 0, 0), help)
    lists: dict[int, dict[str, list[int]]] = {}
    for number, kind, values in _LIST.findall(source.text):
        lists.setdefault(int(number), {})[kind] = [int(value.rstrip("U")) for value in values.split(", ")]
    devices = {
        int(each["id"]): (each["path"], int(each["agent"]), lists.get(int(each["id"]), {}))
        for each in _DEVICE.finditer(source.text)
    }
    return FirmwareTable(agents, devices)


def plan_of_table(table: FirmwareTable, board: str) -> str:
    """Return a plan for a board: the agents become domains of their names, of the toolstack until you say otherwise."""
    own = next((number for number, (name, _, _) in table.agents.items() if name == XEN), min(table.agents))
    lines = ["# Made by `xenscmi plan import' of a firmware's tables.", ""]
    lines += ["[board]", f"device_tree = {quoted(board)}", 'pins = "boot-loader"', "", "[firmware]"]
    lines += [f"management_agent = {own}", "channels = ["]
    for number, (_, func_id, page) in sorted(table.agents.items()):
        lines.append(f"    {{ agent = {number}, func_id = {func_id:#x}, page = {page:#x} }},")
    lines.append("]")
    owners = {number: name for number, (name, _, _) in sorted(table.agents.items()) if number != own}
    has_dom0 = DOM0 in owners.values()
    if not has_dom0:
        lines += ["", "[dom0]", "agent = false"]
    for number, name in owners.items():
        lines += ["", "[dom0]"] if name == DOM0 else ["", "[[domain]]", f"name = {quoted(_name(name, number))}"]
        lines += [f"agent = {number}", "devices = ["]
        lines += [*_devices(table, number), "]"]
    return "\n".join(lines) + "\n"


def _devices(table: FirmwareTable, agent: int) -> Iterator[str]:
    """Yield the devices of an agent; rows of one path are one device with several ids."""
    found: dict[str, dict[int, dict[str, list[int]]]] = {}
    for number, (path, owner, resources) in sorted(table.devices.items()):
        if owner == agent:
            found.setdefault(path, {})[number] = resources
    for path, ids in found.items():
        first, *others = ids
        parts = [f"device = {quoted(path)}", f"id = {first}"]
        parts += [further_ids({number: ids[number] for number in others})] if others else []
        yield f"    {{ {', '.join(parts)} }},"


def _name(name: str, number: int) -> str:
    return name if _NAME.fullmatch(name) else f"agent{number}"
