"""List the firmware's SCMI agents: channel, owner, and the devices granted to each.

A domain reaches an agent by its SMC function id and its page of shared memory. OWNER is the domain that has the agent,
Xen itself, `-` if it is free, or `not listed` if the host's device tree does not tell Xen about it. A trusted agent (*)
may set permissions and use everything. DEVICES are SCMI device ids, with the names that
host.toml gives.

In dom0 of a real Xen, only the agents of the domains that xenscmi created are known.

exit codes: 0; 2 if the host or its state cannot be used

examples:
  xenscmi agents --host board/
  xenscmi agents --json
"""

from __future__ import annotations

import sys

from xenscmi.cli.files import put, write_json
from xenscmi.cli.running import configure as configure_host
from xenscmi.cli.running import guarded, open_host
from xenscmi.cli.terminal import width_of
from xenscmi.report.table import table
from xenscmi.toolstack.backend import AgentInfo, Owner

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Mapping, Sequence


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--json", action="store_true", help="print a JSON array, with the devices' paths")
    configure_host(parser)


@guarded
def run(arguments: Namespace) -> int:
    """Run the command."""
    xen = open_host(arguments).look()
    agents = xen.agents()
    names = xen.names()
    if arguments.json:
        write_json([_document(agent, names) for agent in agents])
        return 0
    put(_table(agents, names, width_of(sys.stdout)))
    if not xen.scmi_works():
        print("Xen's SCMI mediator does not run, so no domain has SCMI; `xenscmi dmesg` may say why", file=sys.stderr)
    return 0


def _document(agent: AgentInfo, names: Mapping[int, str]) -> dict[str, object]:
    return {
        "agent_id": agent.agent_id,
        "name": agent.name,
        "func_id": agent.func_id,
        "page": agent.page,
        "trusted": agent.trusted,
        "listed": agent.owner is not Owner.NOT_LISTED,
        "owner": agent.owner if isinstance(agent.owner, int) else None,
        "owner_name": _owner_name(agent, names),
        "devices": agent.devices,
        "device_names": {str(device): name for device, name in agent.device_names.items()},
        "paths": agent.paths,
    }


def _table(agents: Sequence[AgentInfo], names: Mapping[int, str], width: int | None) -> str:
    joint = "," if width is None else ", "  # a list that may have to be folded has spaces
    return table(
        ("ID", "NAME", "FUNC_ID", "PAGE", "OWNER", "DEVICES"),
        [
            (
                f"{agent.agent_id}{'*' if agent.trusted else ''}",
                agent.name,
                "?" if agent.func_id is None else f"{agent.func_id:#x}",
                "?" if agent.page is None else f"{agent.page:#x}",
                _owner(agent, names),
                joint.join(_device(agent, device) for device in agent.devices) or "-",
            )
            for agent in agents
        ],
        width,
    )


def _device(agent: AgentInfo, device: int) -> str:
    name = agent.device_names.get(device)
    return f"{device} ({name})" if name else str(device)


def _owner(agent: AgentInfo, names: Mapping[int, str]) -> str:
    if isinstance(agent.owner, int):
        return f"{_owner_name(agent, names)} ({agent.owner})"
    return {Owner.NOBODY: "-"}.get(agent.owner, agent.owner.value)


def _owner_name(agent: AgentInfo, names: Mapping[int, str]) -> str:
    if isinstance(agent.owner, int):
        return names.get(agent.owner, "(null)")
    return agent.owner.value if agent.owner is Owner.XEN else ""
