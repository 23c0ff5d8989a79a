"""A hypervisor of no use but to record what it is asked: the toolstack's tests need no other."""

from __future__ import annotations

import errno
from collections.abc import Mapping

from xenscmi.config.capabilities import DEFAULT_HOST, HostCapabilities
from xenscmi.domctl.createdomain import CreateDomain
from xenscmi.domctl.profiles import DEFAULT_PROFILE, PROFILES
from xenscmi.toolstack.backend import AgentInfo, Backend, DomainInfo, Owner, RunState, XenError
from xenscmi.toolstack.spec import DomainSpec


class FakeBackend(Backend):
    """Does what it is asked and writes it down in `calls`; `failing` has the errno of calls that it refuses.

    It has the agents 2 and 3, and Xen's own, 1.
    """

    profile = PROFILES[DEFAULT_PROFILE]

    def __init__(self, failing: Mapping[str, int] | None = None) -> None:
        self.calls: list[tuple[object, ...]] = []
        self.failing = dict(failing or {})
        self.domains: dict[int, CreateDomain] = {}
        self.named: dict[int, str] = {0: "Domain-0"}
        self.lines: list[str] = []
        self.last_domid = 0

    def _find(self, domid: int) -> None:
        if domid not in self.domains:
            raise XenError(errno.ESRCH)

    def _call(self, name: str, *arguments: object) -> None:
        self.calls.append((name, *arguments))
        self.lines.append(f"{name}{arguments}")
        if name in self.failing:
            raise XenError(self.failing[name])

    def getdomaininfolist(self) -> tuple[DomainInfo, ...]:
        states = frozenset({RunState.BLOCKED})
        return tuple(
            DomainInfo(domid=domid, vcpus=config.max_vcpus, memory=0, states=states)
            for domid, config in self.domains.items()
        )

    def names(self) -> Mapping[int, str]:
        return self.named

    def configurations(self) -> Mapping[int, str]:
        return {}

    def agents(self) -> tuple[AgentInfo, ...]:
        owners = {config.arch_arm_sci_agent_id: domid for domid, config in self.domains.items()}
        rows = [AgentInfo(agent_id=1, owner=Owner.XEN, page=0x47FF1000)]
        for agent_id in (2, 3):
            page = 0x47FF0000 + agent_id * 0x1000
            rows.append(AgentInfo(agent_id=agent_id, owner=owners.get(agent_id, Owner.NOBODY), page=page))
        return tuple(rows)

    def scmi_works(self) -> bool:
        return True

    def capabilities(self) -> HostCapabilities:
        return DEFAULT_HOST

    def device_paths(self) -> tuple[str, ...]:
        return ("/soc/ethernet@1000", "/soc/mmc@2000")

    def log_mark(self) -> int:
        return len(self.lines)

    def log(self, since: int = 0) -> list[str]:
        return self.lines[since:]

    def createdomain(self, config: CreateDomain) -> int:
        self._call("createdomain", config.arch_arm_sci_agent_id)
        taken = {(other.arch_arm_sci_type, other.arch_arm_sci_agent_id) for other in self.domains.values()}
        if config.arch_arm_sci_type and (config.arch_arm_sci_type, config.arch_arm_sci_agent_id) in taken:
            raise XenError(errno.EEXIST)
        self.last_domid += 1
        self.domains[self.last_domid] = config
        return self.last_domid

    def set_name(self, domid: int, name: str) -> None:
        self.named[domid] = name

    def build(self, domid: int, spec: DomainSpec) -> None:
        self._call("build", domid, spec.name)

    def unpausedomain(self, domid: int) -> None:
        self._call("unpausedomain", domid)
        self._find(domid)

    def pausedomain(self, domid: int) -> None:
        self._call("pausedomain", domid)
        self._find(domid)

    def destroydomain(self, domid: int) -> None:
        self._call("destroydomain", domid)
        self._find(domid)
        del self.domains[domid]
        self.named.pop(domid, None)

    def bind_pt_spi_irq(self, domid: int, irq: int) -> None:
        self._call("bind_pt_spi_irq", domid, irq)

    def iomem_permission(self, domid: int, first_mfn: int, nr_mfns: int, *, allow: bool) -> None:
        self._call("iomem_permission", domid, first_mfn, nr_mfns, allow)

    def memory_mapping(self, domid: int, first_gfn: int, first_mfn: int, nr_mfns: int, *, add: bool) -> None:
        self._call("memory_mapping", domid, first_gfn, first_mfn, nr_mfns, add)

    def assign_device(self, domid: int, path: str) -> None:
        self._call("assign_device", domid, path)

    def deassign_device(self, domid: int, path: str) -> None:
        self._call("deassign_device", domid, path)
