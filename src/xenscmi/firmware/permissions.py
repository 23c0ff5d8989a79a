"""Who may use what.

A device is granted to an agent as a whole, and one protocol of it can be denied again (DEN0056 4.2.2.10, 4.2.2.11).
An agent may use a resource if one of the devices that own it is granted to it, and its protocol not denied; a pin or
group can also be allowed or denied by itself (4.11.2.11). Trusted agents may use everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from xenscmi.firmware.resources import PlatformDevice


class Permissions:
    """The permissions of every agent, and what follows from them for every resource.

    `boot` says which devices each agent may use from the start. With `regrant_reopens`, granting a device again allows
    the protocols of it that were denied. Agents and devices must exist; the caller checks.
    """

    def __init__(
        self,
        devices: Iterable[PlatformDevice],
        boot: Mapping[int, frozenset[int]],
        trusted: frozenset[int],
        *,
        regrant_reopens: bool = False,
    ) -> None:
        self.trusted = trusted
        self._regrant_reopens = regrant_reopens
        self._resources = {device.device_id: device.resources for device in devices}
        self._boot = boot
        self._granted: dict[int, set[int]] = {agent: set(granted) for agent, granted in boot.items()}
        self._denied: dict[int, set[tuple[int, int]]] = {agent: set() for agent in boot}
        self._single: dict[int, dict[tuple[int, int], bool]] = {agent: {} for agent in boot}
        self._usable: dict[int, dict[int, set[int]]] = {}
        for agent in boot:
            self._refresh(agent)

    def may_use(self, agent: int, protocol: int, resource: int) -> bool:
        """Whether the agent may use a resource of the protocol."""
        return agent in self.trusted or resource in self._usable[agent].get(protocol, ())

    def may_use_any(self, agent: int, protocol: int) -> bool:
        """Whether the agent may use any resource of the protocol."""
        return agent in self.trusted or bool(self._usable[agent].get(protocol))

    def devices_of(self, agent: int) -> frozenset[int]:
        """Return the devices granted to the agent."""
        return frozenset(self._granted[agent])

    def holders_of(self, device: int) -> frozenset[int]:
        """Return the untrusted agents to which the device is granted."""
        return frozenset(agent for agent, granted in self._granted.items() if device in granted) - self.trusted

    def resources_of(self, agent: int) -> Mapping[int, frozenset[int]]:
        """Return protocol → resources that the agent may use by what was granted to it."""
        return {protocol: frozenset(resources) for protocol, resources in self._usable[agent].items()}

    def denied_of(self, agent: int) -> frozenset[tuple[int, int]]:
        """Return the (device, protocol) pairs that are denied to the agent although the device may be granted."""
        return frozenset(self._denied[agent])

    def single_of(self, agent: int) -> Mapping[tuple[int, int], bool]:
        """Return what was allowed or denied by itself: (protocol, resource) → whether it is allowed."""
        return dict(self._single[agent])

    def set_device(self, agent: int, device: int, *, allow: bool) -> None:
        """Grant the device to the agent, or take it away."""
        if allow:
            self._granted[agent].add(device)
            if self._regrant_reopens:
                self._denied[agent] = {pair for pair in self._denied[agent] if pair[0] != device}
        else:
            self._granted[agent].discard(device)
        if allow and not self._single[agent]:
            self._add(agent, device)
        else:
            self._refresh(agent)

    def set_protocol(self, agent: int, device: int, protocol: int, *, allow: bool) -> None:
        """Allow or deny the agent what the device owns of one protocol."""
        change = set.discard if allow else set.add
        change(self._denied[agent], (device, protocol))
        self._refresh(agent)

    def set_resource(self, agent: int, protocol: int, resource: int, *, allow: bool) -> None:
        """Allow or deny the agent one resource, whatever its devices say."""
        self._single[agent][protocol, resource] = allow
        self._refresh(agent)

    def revoke(self, agent: int) -> None:
        """Take everything from the agent."""
        self.restore(agent, frozenset(), frozenset())

    def reset(self, agent: int) -> None:
        """Give the agent what it had at boot, and nothing else."""
        self.restore(agent, self._boot[agent], frozenset())

    def restore(self, agent: int, granted: Iterable[int], denied: Iterable[tuple[int, int]]) -> None:
        """Set an agent's device permissions; what was allowed or denied by itself is forgotten."""
        self._single[agent].clear()
        self._granted[agent] = set(granted)
        self._denied[agent] = set(denied)
        self._refresh(agent)

    def _add(self, agent: int, device: int) -> None:
        """Add what a device owns to what the agent may use: a boot grants one device after another."""
        usable = self._usable[agent]
        for protocol, resources in self._resources[device].items():
            if (device, protocol) not in self._denied[agent]:
                if protocol not in usable:
                    usable = {**usable, protocol: set()}
                usable[protocol].update(resources)
        self._usable[agent] = usable

    def _refresh(self, agent: int) -> None:
        """Compute what the agent may use. The result replaces the old one as a whole: others read it meanwhile."""
        usable: dict[int, set[int]] = {}
        for device in self._granted[agent]:
            for protocol, resources in self._resources[device].items():
                if (device, protocol) not in self._denied[agent]:
                    usable.setdefault(protocol, set()).update(resources)
        for (protocol, resource), allowed in self._single[agent].items():
            change = set.add if allowed else set.discard
            change(usable.setdefault(protocol, set()), resource)
        self._usable[agent] = usable
