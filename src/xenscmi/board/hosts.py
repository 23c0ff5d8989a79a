"""Boards from the files of a host: its firmware with what its domains are given, its agents, and its device tree.

The board has another machine's addresses than most hosts: each agent keeps its id and function id, and gets a page
that the board has room for. A host whose tree is for this very machine (`linux,dummy-virt`) is taken as it stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from xenscmi.bindings.addresses import address_cells, size_cells, written_reg
from xenscmi.bindings.properties import is_compatible
from xenscmi.board.board import Software, chosen_of
from xenscmi.board.channels import on_the_board
from xenscmi.board.showcase import showcase
from xenscmi.board.tree import AgentNode, ChannelRow, Consumer, XenContainer, chosen_dts
from xenscmi.devicetree import Tree, parse_dts, write_dts
from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.firmware import Firmware, FirmwareProfile, Platform, PlatformAgent, PlatformDevice
from xenscmi.host.firmware import read_profile
from xenscmi.host.platform import platform_of, profile_of
from xenscmi.host.types import DomainKind, Host
from xenscmi.scmi.header import ProtocolId
from xenscmi.simulation.simulate import simulate

BOARD = "linux,dummy-virt"
_MODULE = "multiboot,module"


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardHost:
    """What a board takes from a host.

    `platform` has the agents with the devices that Xen gives to their domains; `dom0_agent` is dom0's. `tree` is the
    host's own where it is for this machine; pages are then where it has them.
    """

    platform: Platform
    profile: FirmwareProfile
    dom0_agent: int | None = None
    tree: Tree | None = None

    def firmware(self) -> Firmware:
        """Return new firmware. Raises PlatformError for a platform that cannot be."""
        return Firmware(self.platform, self.profile)

    def agents(self, wanted: Sequence[int] = ()) -> list[AgentNode]:
        """Return the agents that an operating system is to have: those wanted, or all but the trusted ones.

        Raises XenscmiError for an id that no agent has.
        """
        known = {agent.agent_id: agent for agent in self.platform.agents}
        for agent_id in wanted:
            if agent_id not in known:
                ids = ", ".join(map(str, known))
                raise XenscmiError(Diagnostic(message=f"there is no agent {agent_id}", help=f"agents are {ids}"))
        chosen = [known[agent_id] for agent_id in wanted] or [
            agent for agent in known.values() if not self._is_trusted(agent)
        ]
        return [self._node(agent) for agent in chosen]

    def container(self) -> XenContainer | None:
        """Return what a multi-agent Xen is told; None if there is no trusted agent for Xen to be."""
        channels = [
            (self._is_trusted(agent), ChannelRow(agent.func_id, agent.shmem, agent.agent_id))
            for agent in self.platform.agents
        ]
        management = next((channel for trusted, channel in channels if trusted), None)
        if management is None:
            return None
        others = [channel for _, channel in channels if channel is not management]
        return XenContainer(agents=others, management=management, dom0_agent=self.dom0_agent)

    def _is_trusted(self, agent: PlatformAgent) -> bool:
        trusted = self.profile.trusted_agents
        return agent.trusted if trusted is None else agent.agent_id in trusted

    def _node(self, agent: PlatformAgent) -> AgentNode:
        devices = [device for device in self.platform.devices if device.device_id in agent.devices]
        consumers = [
            Consumer(
                clock=_first(device, ProtocolId.CLOCK),
                reset=_first(device, ProtocolId.RESET),
                power=_first(device, ProtocolId.POWER_DOMAIN),
                device_id=device.device_id,
            )
            for device in devices
        ]
        return AgentNode(
            func_id=agent.func_id,
            page=agent.shmem,
            protocols=sorted(_protocols(self.platform)),
            consumers=consumers,
        )


def _first(device: PlatformDevice, protocol: ProtocolId) -> int | None:
    """Return the first resource of a protocol that a device owns; None if it owns none."""
    return min(device.resources.get(protocol, ()), default=None)


def _protocols(platform: Platform) -> set[int]:
    """Return the protocols of which the devices have resources."""
    return {protocol for device in platform.devices for protocol, owned in device.resources.items() if owned}


def showcase_host(profile: str | None = None) -> BoardHost:
    """Return a host without files: the showcase platform, whose first agent is dom0's."""
    platform = showcase()
    return BoardHost(
        platform=platform, profile=read_profile(profile or "generic"), dom0_agent=platform.agents[0].agent_id
    )


def board_host(host: Host, profile: str | None = None) -> BoardHost:
    """Return what a board takes from a host; `profile` is another firmware profile than the host's.

    Raises XenscmiError for a host that cannot be booted, and for an unknown profile.
    """
    behaviour = read_profile(profile) if profile else profile_of(host)
    platform = platform_of(host)
    given = dict(_given(host))
    agents = tuple(replace(agent, devices=given.get(agent.agent_id, frozenset())) for agent in platform.agents)
    platform = replace(platform, agents=agents)
    tree = host.tree if host.tree is not None and is_compatible(host.tree.root, BOARD) else None
    dom0 = next((domain.agent_id for domain in host.domains if domain.kind is DomainKind.DOM0), None)
    return BoardHost(
        platform=platform if tree else on_the_board(platform),
        profile=behaviour,
        dom0_agent=dom0.value if dom0 else None,
        tree=tree,
    )


def _given(host: Host) -> Iterator[tuple[int, frozenset[int]]]:
    """Yield each domain's agent, and the devices that it is given."""
    simulation = simulate(host)
    if simulation.panic is not None:
        help = "`xenscmi check` says why; nothing is given to any domain"
        raise XenscmiError(Diagnostic(message=f"Xen panics at boot: {simulation.panic}", help=help))
    for view in simulation.domains:
        if view.wanted is not None:
            yield view.wanted, view.given


def with_software(tree: Tree, software: Software) -> Tree:
    """Return a host's own tree with what the board's boot loader has loaded, in place of what it said of that.

    Modules of dom0less domains that are among the `loads`, by their address, get the size of what was loaded.
    """
    old = tree.node("/chosen")
    dropped = [child.name for child in (old.children if old else ()) if is_compatible(child, _MODULE)]
    deletions = "".join(f"\t\t/delete-node/ {name};\n" for name in dropped)
    cleared = f"/ {{\n\tchosen {{\n{deletions}\t}};\n}};\n"
    sizes = "".join(_sizes(tree, {address: len(data) for address, data in software.loads}))
    text = f"{write_dts(tree)}\n{cleared}\n/ {{\n{chosen_dts(chosen_of(software))}}};\n\n{sizes}"
    return parse_dts(text.encode(), name="board.dts", directory=Path())


def _sizes(tree: Tree, loads: Mapping[int, int]) -> Iterator[str]:
    """Yield, for each module whose address is one of the `loads`, what sets its size."""
    for node in tree.walk():
        entry = next(iter(written_reg(node)), None)
        if entry is None or entry.address not in loads or not is_compatible(node, _MODULE):
            continue
        if node.parent is None or node.parent.path == "/chosen":
            continue
        cells = [*_cells(entry.address, address_cells(node)), *_cells(loads[entry.address], size_cells(node))]
        yield f"&{{{node.path}}} {{\n\treg = <{' '.join(map(hex, cells))}>;\n}};\n"


def _cells(number: int, count: int) -> list[int]:
    """Return a number as cells, the highest first."""
    return [number >> 32 * place & 0xFFFF_FFFF for place in reversed(range(count))]
