"""`firmware/imx-sm/plan.cfg`: the agents and their resources for NXP's System Manager, to be included from a board's
file.

The System Manager names resources by its own names, which no device tree has: those of devices whose names the map
does not say are comments. Its channels are mailboxes, which Xen cannot forward: the file is for a System Manager
behind a monitor that rings them for Xen's SMC calls.
"""

from __future__ import annotations

from xenscmi.plan.allocation import Allocation
from xenscmi.plan.rendering.c_tables import agent_name, device_rows
from xenscmi.plan.rendering.header import hashes

_LINE = 76


def render(allocation: Allocation) -> dict[str, str]:
    """Return the file."""
    lines = [hashes()]
    rows = device_rows(allocation)
    for channel in allocation.channels:
        owner = allocation.owners[channel.agent_id]
        lines += ["#" + "=" * _LINE + "#", f"# {owner:<{_LINE - 2}} #", "#" + "=" * _LINE + "#", ""]
        lines.append(f"SCMI_AGENT{channel.agent_id:<10}name={agent_name(owner)}")
        lines.append(f"# function id {channel.func_id:#x}, page {channel.page:#x}")
        lines.append("CHANNEL             db=0, xport=smt, rpc=scmi, type=a2p")
        lines += ["", "# Resources", ""]
        for row in rows:
            if row.agent == channel.agent_id:
                known = allocation.resolved.map.devices.get(row.path, ())
                names = [name for each in known if each.id == row.device_id for name in each.sm]
                lines += [f"{name:<19} OWNER  # {row.path}" for name in names]
                lines += [] if names else [f"# {row.path}: its names are not in the resource map (sm)"]
        lines.append("")
    return {"firmware/imx-sm/plan.cfg": "\n".join(lines)}
