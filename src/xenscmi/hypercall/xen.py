"""The real Xen as the toolstack's backend: what it is asked goes to the hypervisor and to xenstore."""

from __future__ import annotations

import errno
import json
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from types import TracebackType
from typing import Self

from xenscmi.config.capabilities import HostCapabilities
from xenscmi.config.types.enums import ArmSciType
from xenscmi.domctl.createdomain import CreateDomain, DomctlError, decode, encode
from xenscmi.domctl.profiles import Profile
from xenscmi.hypercall import userdata, xenstore_entries
from xenscmi.hypercall.build import GuestBuilder, read_guest_files
from xenscmi.hypercall.domctls import DomainRecord
from xenscmi.hypercall.errors import HypercallError
from xenscmi.hypercall.libraries import ForeignMemory, Hypercalls
from xenscmi.hypercall.probe import UnknownXenError, connect, probe_profile
from xenscmi.hypercall.xenstore import Xenstore
from xenscmi.toolstack.backend import AgentInfo, Backend, DomainInfo, RunState
from xenscmi.toolstack.spec import DomainSpec

_KIB_PER_PAGE = 4
# XEN_DOMINF_*
_DYING, _SHUTDOWN, _PAUSED, _BLOCKED, _RUNNING = (1 << bit for bit in (0, 2, 3, 4, 5))
_SHUTDOWN_REASON_SHIFT, _CRASH = 16, 3
# XEN_SYSCTL_PHYSCAP_*
_CAP_HVM, _CAP_DIRECTIO, _CAP_HAP, _CAP_SHADOW, _CAP_VPMU, _CAP_GNTTAB_V1, _CAP_GNTTAB_V2 = (
    1 << bit for bit in (0, 2, 3, 4, 7, 8, 9)
)
_SVE_MASK, _SVE_GRANULE = 0x1F, 128
_MOST_NODES = 64
_LARGEST_LOG = 1 << 20
_GONE_LIMIT, _LOOK_AGAIN = 2.0, 0.01


class Xen(Backend):
    """The Xen under this dom0; use it in a `with`, or close it.

    Opening it raises NoXenError if there is none, and UnknownXenError if its interface is not known.
    """

    def __init__(self) -> None:
        self._hypercalls = Hypercalls()
        self._memory = ForeignMemory()
        self._store = Xenstore()
        self._domctls = connect(self._hypercalls)
        self._made: dict[int, CreateDomain] = {}

    def close(self) -> None:
        self._store.close()
        self._memory.close()
        self._hypercalls.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @cached_property
    def profile(self) -> Profile:  # type: ignore[override]
        """The layout of createdomain: probed when it is first needed, since some Xens must be asked by a domain."""
        return probe_profile(self._domctls)

    # What there is

    def getdomaininfolist(self) -> tuple[DomainInfo, ...]:
        return tuple(_domain_info(record) for record in self._domctls.getdomaininfolist())

    def names(self) -> Mapping[int, str]:
        return xenstore_entries.names(self._store)

    def configurations(self) -> Mapping[int, str]:
        """As xl prints them: a name that the file lacks, such as dom0's, is the one in xenstore."""
        names = self.names()
        found = {}
        for domid, text in userdata.read_all().items():
            config = json.loads(text)
            config.setdefault("c_info", {}).setdefault("name", names.get(domid, "(null)"))
            found[domid] = json.dumps(config)
        return found

    def agents(self) -> tuple[AgentInfo, ...]:
        """Return the agents of the domains that xenscmi created: Xen does not say which domain has which agent."""
        alive = {record.domid for record in self._domctls.getdomaininfolist()}
        owners = {agent: domid for domid, agent in xenstore_entries.agents(self._store).items() if domid in alive}
        return tuple(AgentInfo(agent_id=agent_id, owner=domid) for agent_id, domid in sorted(owners.items()))

    def scmi_works(self) -> bool:
        return True

    def capabilities(self) -> HostCapabilities:
        info = self._domctls.physinfo()
        nodes = [0] * min(max(info.nr_nodes, 1), _MOST_NODES)
        for cpu, node in enumerate(self._domctls.cpu_nodes()):
            if node < len(nodes):
                nodes[node] |= 1 << cpu
        pools = self._store.directory("/local/pool")
        pool_names = {number: self._store.read(f"/local/pool/{number}/name") for number in pools if number.isdecimal()}
        return HostCapabilities(
            nodes=tuple(nodes),
            sve_vl=(info.arch_capabilities & _SVE_MASK) * _SVE_GRANULE,
            cap_hap=bool(info.capabilities & _CAP_HAP),
            cap_shadow=bool(info.capabilities & _CAP_SHADOW),
            cap_hvm_directio=info.capabilities & (_CAP_HVM | _CAP_DIRECTIO) == _CAP_HVM | _CAP_DIRECTIO,
            cap_vpmu=bool(info.capabilities & _CAP_VPMU),
            cap_gnttab_v1=bool(info.capabilities & _CAP_GNTTAB_V1),
            cap_gnttab_v2=bool(info.capabilities & _CAP_GNTTAB_V2),
            pools=tuple((int(number), name) for number, name in pool_names.items() if name is not None),
            domains=tuple(sorted(self.names().items())),
        )

    def device_paths(self) -> Collection[str]:
        """Nothing: dom0's own device tree lacks the very devices that are for guests."""
        return ()

    def log_mark(self) -> int:
        return self._read_log(0)[0]

    def log(self, since: int = 0) -> Sequence[str]:
        lines = self._read_log(since)[1].decode("utf-8", "backslashreplace").splitlines()
        return [line.removeprefix("(XEN) ") for line in lines]

    def _read_log(self, since: int) -> tuple[int, bytes]:
        """Return where Xen's log ends, and its bytes from there on; nothing where Xen does not show it.

        What went wrong matters more than that the log cannot be read.
        """
        try:
            return self._domctls.readconsole(since, _LARGEST_LOG)
        except HypercallError:
            return since, b""

    def console_tty(self, domid: int, kind: str) -> str | None:
        """Return the path of the terminal at which xenconsoled serves a console, "pv" or "vuart"; None without one."""
        return xenstore_entries.console_tty(self._store, domid, kind)

    # Domains

    def createdomain(self, config: CreateDomain) -> int:
        """As the domctl; EEXIST too where a domain that runs has the SCMI agent.

        Raises UnknownXenError if what Xen wrote back does not look like this profile's layout; the domain is then
        gone again.
        """
        if config.arch_arm_sci_type == ArmSciType.SCMI_SMC_MULTIAGENT.value and any(
            each.agent_id == config.arch_arm_sci_agent_id for each in self.agents()
        ):
            raise HypercallError(errno.EEXIST, "createdomain")
        domid, answer = self._domctls.createdomain(encode(config, self.profile))
        try:
            self._made[domid] = self._as_made(config, answer)
        except BaseException:
            with suppress(HypercallError):
                self._domctls.destroydomain(domid)
            raise
        return domid

    def _as_made(self, config: CreateDomain, answer: bytes) -> CreateDomain:
        """Return what Xen made of a configuration: what it says beyond the GIC and the timer must be what was said."""
        try:
            made = decode(answer, self.profile)
        except DomctlError:
            raise self._other_layout() from None
        gic_version, clock = made.arch_gic_version, made.arch_clock_frequency
        expected = config.replace(arch_gic_version=gic_version, arch_clock_frequency=clock)
        if made != expected or gic_version not in (1, 2) or config.arch_gic_version not in (0, gic_version):
            raise self._other_layout()
        return made

    def _other_layout(self) -> UnknownXenError:
        return UnknownXenError(
            f"this Xen does not have the createdomain of profile {self.profile.name}: its answer differs"
        )

    def set_name(self, domid: int, name: str) -> None:
        made = self._made[domid]
        multi_agent = made.arch_arm_sci_type == ArmSciType.SCMI_SMC_MULTIAGENT.value
        agent_id = made.arch_arm_sci_agent_id if multi_agent else None
        xenstore_entries.write_domain(self._store, domid, name, made.handle, agent_id)

    def build(self, domid: int, spec: DomainSpec) -> None:
        made, store = self._made[domid], self._store
        files = read_guest_files(spec)
        console_domid = xenstore_entries.service_domid(store, "xenconsoled")
        builder = GuestBuilder(
            *(self._hypercalls, self._domctls, self._memory, spec.config, domid),
            gic_version=made.arch_gic_version + 1,
            clock_frequency=made.arch_clock_frequency,
        )
        guest = builder.build(files, xenstore_entries.service_domid(store, "xenstored"), console_domid)
        xenstore_entries.write_guest(store, domid, spec.config, guest, console_domid)
        userdata.write(domid, made.handle, spec.given)

    def unpausedomain(self, domid: int) -> None:
        self._domctls.unpausedomain(domid)

    def pausedomain(self, domid: int) -> None:
        self._domctls.pausedomain(domid)

    def destroydomain(self, domid: int) -> None:
        """As libxl: what xenstore and the files say of it goes first, then the domain; both even if one fails.

        xenconsoled may just be writing where it serves the console of a young domain, and would leave that behind: so
        the entries are removed again once it has let go of the domain.
        """
        self._domctls.getdomaininfo(domid)
        if domid == 0:
            raise HypercallError(errno.EINVAL, "destroydomain")
        with suppress(HypercallError):
            self._domctls.pausedomain(domid)
        try:
            xenstore_entries.remove_domain(self._store, domid)
            userdata.remove(domid)
        finally:
            self._domctls.destroydomain(domid)
            self._made.pop(domid, None)
        self._wait_until_gone(domid)
        xenstore_entries.remove_domain(self._store, domid)

    def _wait_until_gone(self, domid: int) -> None:
        """Wait, for a limited time, until no page of a destroyed domain is mapped."""
        end = time.monotonic() + _GONE_LIMIT
        with suppress(HypercallError):
            while self._domctls.getdomaininfo(domid) and time.monotonic() < end:
                time.sleep(_LOOK_AGAIN)

    # Devices and memory

    def bind_pt_spi_irq(self, domid: int, irq: int) -> None:
        self._domctls.bind_pt_irq(domid, irq)

    def iomem_permission(self, domid: int, first_mfn: int, nr_mfns: int, *, allow: bool) -> None:
        self._domctls.iomem_permission(domid, first_mfn, nr_mfns, allow=allow)

    def memory_mapping(self, domid: int, first_gfn: int, first_mfn: int, nr_mfns: int, *, add: bool) -> None:
        self._domctls.memory_mapping(domid, first_gfn, first_mfn, nr_mfns, add=add)

    def assign_device(self, domid: int, path: str) -> None:
        self._domctls.assign_device(domid, path)

    def deassign_device(self, domid: int, path: str) -> None:
        self._domctls.deassign_device(domid, path)


def _domain_info(record: DomainRecord) -> DomainInfo:
    """Return what `xl list` shows of a domain: memory as libxl counts it, and the flags' letters."""
    flags = {
        RunState.RUNNING: _RUNNING,
        RunState.BLOCKED: _BLOCKED,
        RunState.PAUSED: _PAUSED,
        RunState.SHUTDOWN: _SHUTDOWN,
        RunState.DYING: _DYING,
    }
    states = {state for state, flag in flags.items() if record.flags & flag}
    if RunState.SHUTDOWN in states and record.flags >> _SHUTDOWN_REASON_SHIFT & 0xFF == _CRASH:
        states.add(RunState.CRASHED)
    return DomainInfo(
        domid=record.domid,
        vcpus=record.nr_online_vcpus,
        memory=(record.tot_pages + record.outstanding_pages) * _KIB_PER_PAGE,
        states=frozenset(states),
        cpu_time=record.cpu_time,
    )
