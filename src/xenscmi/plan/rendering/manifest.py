"""`host.toml`: the manifest that `check` and `simulate` read."""

from __future__ import annotations

from xenscmi.plan.allocation import Allocation
from xenscmi.plan.references import CELLS
from xenscmi.plan.rendering import domains_overlay, host_overlay
from xenscmi.plan.rendering.devices import controlled
from xenscmi.plan.rendering.header import hashes
from xenscmi.plan.rendering.quoting import quoted

NAME = "host.toml"
BOARD = "board.dtb"


def render(allocation: Allocation) -> str:
    """Return the manifest."""
    plan = allocation.resolved.read.plan
    lines = [
        f"device_tree = {quoted(BOARD)}",
        f"overlays = [{quoted(host_overlay.NAME)}, {quoted(domains_overlay.NAME)}]",
        "",
        "[xen]",
        f"profile = {quoted(plan.xen.profile)}",
    ]
    for allotment in allocation.guests:
        domain = allotment.domain
        lines += ["", "[[domain]]"]
        lines.append(f"name = {quoted(domain.name)}" if domain.dom0less else f"config = {quoted(domain.name + '.cfg')}")
        if allotment.channel is not None or domain.devices:
            lines.append(f"device_tree = {quoted(domain.name + '.dts')}")
    lines += ["", "[firmware]", f"profile = {quoted(plan.firmware.profile)}"]
    lines.append(f"trusted_agent = {allocation.management.agent_id}")
    if plan.firmware.unsupported:
        lines.append(f"unsupported = [{', '.join(map(quoted, plan.firmware.unsupported))}]")
    lines.append("agents = [")
    for channel in allocation.channels:
        row = f"{{ id = {channel.agent_id}, func_id = {channel.func_id:#x}, page = {channel.page:#x} }}"
        lines.append(f"    {row},  # {allocation.owners[channel.agent_id]}")
    lines += ["]", "devices = ["]
    for device, number, scmi, _ in controlled(allocation):
        parts = [f"id = {number}"]
        parts += [f"{kind} = {sorted(scmi.resources[kind])}" for kind in CELLS if scmi.resources[kind]]
        lines.append(f"    {{ {', '.join(parts)} }},  # {device.path}")
    lines.append("]")
    return hashes() + "\n".join(lines) + "\n"
