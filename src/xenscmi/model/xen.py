"""A Xen in this process: memory, domains, the mediator, and the firmware behind it.

`Model` is the machine with Xen running on it; `boot` (in `boot`) makes its domains. Many threads may use it at once:
the table of domains has a lock, each channel has its own, and a domain's vCPUs meet nothing else on their way.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping
from itertools import chain
from threading import RLock

from xenscmi.bindings.properties import PathFinder
from xenscmi.config.capabilities import HostCapabilities
from xenscmi.config.constants import PAGE_SHIFT
from xenscmi.config.types.enums import ArmSciType
from xenscmi.devicetree import Node, Tree
from xenscmi.domctl.createdomain import CreateDomain
from xenscmi.domctl.profiles import DEFAULT_PROFILE, PROFILES, Profile
from xenscmi.domctl.releases import ARM_SCI_KEY, SCI_WITHOUT_DRIVER, BehaviourChange
from xenscmi.firmware import Firmware
from xenscmi.model.channel import DOMID_INVALID, DOMID_XEN, Registers
from xenscmi.model.console import Console, telling_lines
from xenscmi.model.devices import device_paths
from xenscmi.model.domain import Domain
from xenscmi.model.interrupts import RANK, Interrupts
from xenscmi.model.iommu import Iommus, is_protected
from xenscmi.model.mediator import Mediator
from xenscmi.model.memory import AddressSpace, PhysicalMemory
from xenscmi.model.sanitise import GIC_NATIVE, IOMMU, read_abilities, sanitise
from xenscmi.model.sci import SciDriver
from xenscmi.model.single_agent import SingleAgent
from xenscmi.scmi import shmem
from xenscmi.toolstack.backend import AgentInfo, Backend, DomainInfo, Owner, XenError
from xenscmi.toolstack.spec import DomainSpec

DOMID_FIRST_RESERVED = 0x7FF0
SMCCC_UNKNOWN = (1 << 64) - 1
SMCCC_OWNER_SIP = 2
EXISTING_APIS_END = 0x0100_FFFF
_OWNERS: Mapping[int, int | Owner] = {DOMID_INVALID: Owner.NOBODY, DOMID_XEN: Owner.XEN}
MAX_FRAME = 1 << (52 - PAGE_SHIFT)


class Model(Backend):
    """A machine that runs Xen: `tree` is its device tree, `firmware` what answers at EL3.

    `loader_adds_modules`: kernels and partial trees are there although the tree does not have them as boot modules.
    `profile` is its Xen, with the layout of createdomain, `driver` the SCI driver that it is built with (by default the
    profile's), `console` Xen's log; `domains` are all domains, dom0 included, by id.
    """

    def __init__(
        self,
        tree: Tree,
        firmware: Firmware,
        profile: Profile = PROFILES[DEFAULT_PROFILE],
        *,
        driver: ArmSciType | None = None,
        loader_adds_modules: bool = False,
    ) -> None:
        self.tree = tree
        self._paths = PathFinder(tree)
        self.firmware = firmware
        self.abilities = read_abilities(tree)
        self.console = Console()
        self.memory = PhysicalMemory()
        self.interrupts = Interrupts(tree, self.console)
        self.iommus = Iommus()
        self.domains: dict[int, Domain] = {}
        self.profile = profile
        self.driver = profile.sci_driver if driver is None else driver
        self.mediator = self._make_driver()
        self.loader_adds_modules = loader_adds_modules
        self.last_domid = 0
        self._lock = RLock()
        self._channels = {
            agent.func_id: (agent.agent_id, self.memory.window(agent.shmem)) for agent in firmware.agents.values()
        }
        self._notified = {
            agent.agent_id: self.memory.window(agent.p2a_shmem)
            for agent in firmware.agents.values()
            if agent.p2a_shmem is not None
        }
        for area in (*(area for _, area in self._channels.values()), *self._notified.values()):
            shmem.reset(area)

    def _el3(self, registers: Registers) -> Registers:
        """What EL3 does with an SMC: it serves the channel that was rung, and posts what agents are to be told.

        An agent hears of more only after it has acknowledged; the next SMC, whoever makes it, then brings that.
        """
        channel = self._channels.get(registers[0] & 0xFFFF_FFFF)
        if channel is None:
            return (SMCCC_UNKNOWN, *registers[1:4])
        self.firmware.serve(*channel)
        for agent in self.firmware.outbox.agents_waiting() if self._notified else ():
            self.firmware.deliver(agent, self._notified[agent])
        return (0, *registers[1:4])

    def _make_driver(self) -> SciDriver:
        if self.driver is ArmSciType.SCMI_SMC_MULTIAGENT:
            return Mediator(self.memory, self._el3, self.console)
        if self.driver is ArmSciType.SCMI_SMC:
            agent_ids = {func_id: agent.agent_id for func_id, agent in self.firmware.channels.items()}
            return SingleAgent(self._el3, self.console, agent_ids, for_guests=self.has(ARM_SCI_KEY))
        return SciDriver(refuses=self.has(SCI_WITHOUT_DRIVER))

    def has(self, change: BehaviourChange) -> bool:
        """Return whether the Xen that runs has a change of behaviour."""
        return change.is_in(self.profile.release)

    # Domains

    @property
    def hardware_domain(self) -> Domain | None:
        """dom0, or the domain that takes its place; None if the host runs without one."""
        return next((domain for domain in self.domains.values() if domain.hardware), None)

    def new_domain(self, config: CreateDomain, domid: int | None = None, *, hardware: bool = False) -> Domain:
        """Make a domain, with the next id unless one is given. Ids go up with every attempt, failed ones too."""
        with self._lock:
            number = self._next_domid() if domid is None else domid
            sanitise(config, self.abilities)
            self.mediator.sanitise(config.arch_arm_sci_type)
            domain = Domain(
                domid=number,
                memory=AddressSpace(self.memory),
                max_vcpus=config.max_vcpus,
                hardware=hardware,
                nr_spis=-(-config.arch_nr_spis // RANK) * RANK,
                iommu=bool(config.flags & IOMMU),
            )
            if config.arch_gic_version not in (GIC_NATIVE, self.abilities.gic_version):
                self.console.print(f"d{number}: vGICv{config.arch_gic_version + 1} is not supported on this platform.")
                raise XenError(errno.ENODEV)
            self.mediator.domain_init(
                domain, config.arch_arm_sci_type, config.arch_arm_sci_agent_id, self.hardware_domain
            )
            self.domains[number] = domain
            return domain

    def _next_domid(self) -> int:
        """Return the next free id, starting over at 1 when all were used once."""
        for number in chain(range(self.last_domid + 1, DOMID_FIRST_RESERVED), range(1, self.last_domid + 1)):
            if number not in self.domains:
                self.last_domid = number
                return number
        raise XenError(errno.EEXIST)

    def domain(self, domid: int) -> Domain:
        """Return a domain. Raises XenError(ESRCH) where there is none."""
        domain = self.domains.get(domid)
        if domain is None:
            raise XenError(errno.ESRCH)
        return domain

    def createdomain(self, config: CreateDomain) -> int:
        return self.new_domain(config).domid

    def set_name(self, domid: int, name: str) -> None:
        self.domain(domid).name = name

    def build(self, domid: int, spec: DomainSpec) -> None:
        """Only remember what the domain would run with: the model's domains run no code."""
        domain = self.domain(domid)
        domain.memory_kb = spec.config.b_info.target_memkb
        domain.configuration = spec.given
        domain.offer = spec.offer

    def unpausedomain(self, domid: int) -> None:
        self.domain(domid).paused = False

    def pausedomain(self, domid: int) -> None:
        self.domain(domid).paused = True

    def destroydomain(self, domid: int) -> None:
        """As in Xen, a firmware that refuses to reset the agent leaves the domain dying, with its channel."""
        with self._lock:
            domain = self.domain(domid)
            if domain.hardware:
                raise XenError(errno.EINVAL)
            domain.dying = True
            self.mediator.relinquish(domain)
            self.mediator.domain_destroy(domain)
            self.interrupts.release(domain)
            self.iommus.release(domid)
            del self.domains[domid]

    # What there is

    def getdomaininfolist(self) -> tuple[DomainInfo, ...]:
        with self._lock:
            return tuple(_info(domain) for _, domain in sorted(self.domains.items()))

    def names(self) -> dict[int, str]:
        return {domid: domain.name for domid, domain in self.domains.items() if domain.name}

    def configurations(self) -> dict[int, str]:
        return {
            domid: domain.configuration for domid, domain in self.domains.items() if domain.configuration is not None
        }

    def agents(self) -> tuple[AgentInfo, ...]:
        # Of several rows with one function id, which Xen does not notice, the one that somebody has is shown.
        rows = sorted(self.mediator.channels, key=lambda channel: channel.owner != DOMID_INVALID)
        owners = {channel.func_id: _OWNERS.get(channel.owner, channel.owner) for channel in rows}
        paths = device_paths(self.tree)
        permissions = self.firmware.permissions
        names = {device.device_id: device.name for device in self.firmware.platform.devices if device.name}
        found = []
        for agent_id, agent in sorted(self.firmware.agents.items()):
            devices = tuple(sorted(permissions.devices_of(agent_id)))
            found.append(
                AgentInfo(
                    agent_id=agent_id,
                    owner=owners.get(agent.func_id, Owner.NOT_LISTED),
                    name=agent.name or f"agent-{agent_id}",
                    func_id=agent.func_id,
                    page=agent.shmem,
                    trusted=agent_id in permissions.trusted,
                    devices=devices,
                    device_names={device: names[device] for device in devices if device in names},
                    paths=tuple(path for device in devices for path in paths.get(device, ())),
                )
            )
        return tuple(found)

    def scmi_works(self) -> bool:
        return self.mediator.initialized

    def capabilities(self) -> HostCapabilities:
        return HostCapabilities(
            cap_hvm_directio=self.abilities.iommu,
            domains=tuple((domid, name) for domid, name in sorted(self.names().items())),
        )

    def device_paths(self) -> tuple[str, ...]:
        return tuple(node.path for node in self.tree.walk())

    def log_mark(self) -> int:
        return self.console.printed

    def log(self, since: int = 0) -> list[str]:
        return telling_lines(self.console.lines_since(since))

    # Devices and memory

    def assign_device(self, domid: int, path: str) -> None:
        """SCI first: what the firmware refuses is not given. What it takes need not be behind an IOMMU.

        Without a mediator the IOMMU alone decides (iommu_do_domctl).
        """
        with self._lock:
            domain = self.domain(domid)
            if not self.mediator.registered and not domain.iommu:
                raise XenError(errno.EOPNOTSUPP)
            node = self._device(path)
            self.mediator.assign_device(domain, node)
            if not self.mediator.registered or is_protected(node):
                self.iommus.assign(domid, node)
            if node.path not in domain.devices:
                domain.devices.append(node.path)

    def deassign_device(self, domid: int, path: str) -> None:
        """Xen tells the firmware nothing: the agent keeps its permission until the domain is destroyed."""
        with self._lock:
            domain = self.domain(domid)
            node = self._device(path)
            if is_protected(node):
                self.iommus.deassign(domid, node)
            if node.path in domain.devices:
                domain.devices.remove(node.path)

    def _device(self, path: str) -> Node:
        """Return the node of the host's tree at a path (dt_find_node_by_gpath)."""
        node = self._paths.find(path)
        if node is None:
            raise XenError(errno.ESRCH)
        return node

    def bind_pt_spi_irq(self, domid: int, irq: int) -> None:
        with self._lock:
            self.interrupts.bind(self.domain(domid), irq, self.hardware_domain)

    def iomem_permission(self, domid: int, first_mfn: int, nr_mfns: int, *, allow: bool) -> None:
        with self._lock:
            domain, end = self.domain(domid), first_mfn + nr_mfns
            if nr_mfns < 1 or end > MAX_FRAME:
                raise XenError(errno.EINVAL)
            if self.hardware_domain is None or not self.hardware_domain.iomem.covers(first_mfn, end):
                raise XenError(errno.EPERM)
            if allow:
                domain.iomem.add(first_mfn, end)
            else:
                domain.iomem.remove(first_mfn, end)

    def memory_mapping(self, domid: int, first_gfn: int, first_mfn: int, nr_mfns: int, *, add: bool) -> None:
        with self._lock:
            domain, end = self.domain(domid), first_mfn + nr_mfns
            if nr_mfns < 1 or max(end, first_gfn + nr_mfns) > MAX_FRAME:
                raise XenError(errno.EINVAL)
            if self.hardware_domain is None or not self.hardware_domain.iomem.covers(first_mfn, end):
                raise XenError(errno.EPERM)
            if not domain.iomem.covers(first_mfn, end):
                raise XenError(errno.EPERM)
            if add:
                domain.memory.map(first_gfn, first_mfn, nr_mfns)
            else:
                domain.memory.unmap(first_gfn, nr_mfns)

    # What domains do

    def smc(self, domid: int, registers: Registers) -> Registers:
        """Route a domain's SMC (xen/arch/arm/vsmc.c): only the SiP range reaches the mediator."""
        domain = self.domains.get(domid)
        if domain is None:
            raise XenError(errno.ESRCH)
        func_id = registers[0] & 0xFFFF_FFFF
        if func_id >> 24 & 0x3F == SMCCC_OWNER_SIP and func_id > EXISTING_APIS_END:
            result = self.mediator.handle_call(domain, registers)
            if result is not None:
                return result
        self.console.print(f"d{domid}v0 Unhandled SMC/HVC: {func_id:#x}")
        return (SMCCC_UNKNOWN, *registers[1:4])


def _info(domain: Domain) -> DomainInfo:
    return DomainInfo(domid=domain.domid, vcpus=domain.max_vcpus, memory=domain.memory_kb, states=domain.states)
