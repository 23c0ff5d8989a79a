"""Who may use what, as a host's files say it: worked out from the manifest and the trees alone.

The firmware's answers are held against this, so it shares no code with the firmware's permissions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from xenscmi.host.index import Index, wanted_agent
from xenscmi.host.platform import platform_of, profile_of
from xenscmi.host.types import Host
from xenscmi.model.devices import device_ids


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What each agent may do.

    `trusted` agents may use everything and set permissions. `devices` are the SCMI devices that the files give to an
    agent's domain, `resources` what these own: agent → protocol → resources.
    """

    trusted: frozenset[int]
    devices: Mapping[int, frozenset[int]]
    resources: Mapping[int, Mapping[int, frozenset[int]]]

    def may_use(self, agent: int, protocol: int, resource: int) -> bool:
        """Return whether the files let an agent use a resource."""
        return agent in self.trusted or resource in self.resources.get(agent, {}).get(protocol, ())


def rights_of(host: Host) -> Rights:
    """Return what the files of a host let its agents do.

    A domain's agent may use what the devices own that are assigned to the domain and that `access-controllers` puts
    under an SCMI node; whether Xen understands the entry and grants the device does not count.
    """
    devices: dict[int, set[int]] = {}
    for assignment in Index(host).assignments:
        wanted = wanted_agent(assignment.domain)
        node = host.tree.node(assignment.device.path) if host.tree is not None else None
        if wanted is not None and wanted.value is not None and node is not None:
            devices.setdefault(wanted.value, set()).update(device_ids(node))
    platform, profile = platform_of(host), profile_of(host)
    owned = {device.device_id: device.resources for device in platform.devices}
    resources: dict[int, dict[int, frozenset[int]]] = {}
    for agent, ids in devices.items():
        found = resources.setdefault(agent, {})
        for device in ids:
            for protocol, numbers in owned.get(device, {}).items():
                found[protocol] = found.get(protocol, frozenset()) | numbers
    stated = frozenset(agent.agent_id for agent in platform.agents if agent.trusted)
    return Rights(
        trusted=stated if profile.trusted_agents is None else profile.trusted_agents,
        devices={agent: frozenset(ids) for agent, ids in devices.items()},
        resources=resources,
    )
