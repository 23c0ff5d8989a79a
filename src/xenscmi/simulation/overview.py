"""A running host from outside: its domains as `xl list` shows them, and the firmware's agents with their owners."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from xenscmi.bindings.names import BOOTARGS, CHOSEN, XEN_BOOTARGS, XEN_DOMAIN
from xenscmi.bindings.properties import is_compatible, read_string
from xenscmi.model.channel import DOMID_INVALID, DOMID_XEN
from xenscmi.model.devices import device_paths
from xenscmi.model.state import Session

_DOM0_MEM = re.compile(r"dom0_mem=(\d+)([BKMGT]?)\b", re.IGNORECASE)
_UNITS = {"b": 1, "": 1 << 10, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
MEMKB_DEFAULT = 32 * 1024
"""KiB that libxl gives a domain whose file does not say."""
DOM0_MEM_DEFAULT = 512
"""MiB that Xen on Arm gives dom0 where its command line does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainRow:
    """A domain as `xl list` shows it: `memory` in MiB. What the model's domains do with their time is not modelled."""

    name: str
    domid: int
    memory: int
    vcpus: int
    dying: bool

    @property
    def state(self) -> str:
        """The six letters of xl's State: dom0 runs, the others wait for work."""
        return ("r-----" if self.domid == 0 else "-b----")[:5] + ("d" if self.dying else "-")


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRow:
    """An agent as the firmware has it.

    `owner` is the domain that has its channel, `owner_name` its name; "Xen" has Xen's own. `listed` says whether Xen
    knows the agent. `devices` are the SCMI devices granted to it, `paths` those of them that stand in the host's tree.
    `trusted`: it may set permissions and use everything.
    """

    agent_id: int
    name: str
    func_id: int
    page: int
    trusted: bool
    listed: bool
    owner: int | None
    owner_name: str
    devices: tuple[int, ...]
    paths: tuple[str, ...]


def domain_rows(session: Session) -> tuple[DomainRow, ...]:
    """Return all domains, by rising id."""
    return tuple(
        DomainRow(
            name=session.names.get(info.domid, "(null)"),
            domid=info.domid,
            memory=_memory(session, info.domid),
            vcpus=info.max_vcpus,
            dying=info.dying,
        )
        for info in session.xen.list()
    )


def _memory(session: Session, domid: int) -> int:
    """Return a domain's memory in MiB, from what made it."""
    configuration = session.configurations.get(domid)
    if configuration:
        build = json.loads(configuration).get("b_info", {})
        return int(build.get("target_memkb", build.get("max_memkb", MEMKB_DEFAULT))) // 1024
    chosen = session.xen.tree.node(CHOSEN)
    if chosen is None:
        return 0
    if domid == 0:
        arguments = read_string(chosen, XEN_BOOTARGS) or read_string(chosen, BOOTARGS) or ""
        stated = _DOM0_MEM.search(arguments)
        return int(stated[1]) * _UNITS[stated[2].lower()] >> 20 if stated else DOM0_MEM_DEFAULT
    nodes = [node for node in chosen.children if is_compatible(node, XEN_DOMAIN)]
    memory = nodes[domid - 1].get("memory") if domid <= len(nodes) else None
    return int.from_bytes(memory.value[:8], "big") // 1024 if memory is not None else 0


def agent_rows(session: Session) -> tuple[AgentRow, ...]:
    """Return the firmware's agents, by rising id."""
    xen = session.xen
    # Of several rows with one function id, which Xen does not notice, the one that somebody has is shown.
    rows_by_use = sorted(xen.mediator.channels, key=lambda channel: channel.owner != DOMID_INVALID)
    channels = {channel.func_id: channel for channel in rows_by_use}
    paths = device_paths(xen.tree)
    rows = []
    for agent_id, agent in sorted(xen.firmware.agents.items()):
        channel = channels.get(agent.func_id)
        owner = channel.owner if channel is not None and channel.owner not in (DOMID_INVALID, DOMID_XEN) else None
        owned_by_xen = channel is not None and channel.owner == DOMID_XEN
        devices = tuple(sorted(xen.firmware.permissions.devices_of(agent_id)))
        rows.append(
            AgentRow(
                agent_id=agent_id,
                name=agent.name or f"agent-{agent_id}",
                func_id=agent.func_id,
                page=agent.shmem,
                trusted=agent_id in xen.firmware.permissions.trusted,
                listed=channel is not None,
                owner=owner,
                owner_name="Xen" if owned_by_xen else "" if owner is None else session.names.get(owner, "(null)"),
                devices=devices,
                paths=tuple(path for device in devices for path in paths.get(device, ())),
            )
        )
    return tuple(rows)
