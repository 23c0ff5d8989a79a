"""A Xen in this process: memory, domains, the mediator, and the firmware behind it.

`Model` is the machine with Xen running on it; `boot` (in `boot`) makes its domains. Many threads may use it at once:
the table of domains has a lock, each channel has its own, and a domain's vCPUs meet nothing else on their way.
"""

from __future__ import annotations

import errno
from itertools import chain
from threading import RLock

from xenscmi.bindings.names import PAGE_SHIFT
from xenscmi.devicetree import Tree
from xenscmi.domctl.createdomain import CreateDomain
from xenscmi.firmware import Firmware
from xenscmi.model.console import Console
from xenscmi.model.domain import Domain
from xenscmi.model.mediator import Mediator
from xenscmi.model.memory import AddressSpace, PhysicalMemory
from xenscmi.model.sanitise import GIC_V2, GIC_V3, read_abilities, sanitise
from xenscmi.scmi import shmem
from xenscmi.toolstack.backend import DomainInfo, Hypervisor, Registers, XenError

DOMID_FIRST_RESERVED = 0x7FF0
SMCCC_UNKNOWN = (1 << 64) - 1
SMCCC_OWNER_SIP = 2
EXISTING_APIS_END = 0x0100_FFFF
MAX_FRAME = 1 << (52 - PAGE_SHIFT)


class Model(Hypervisor):
    """A machine that runs Xen: `tree` is its device tree, `firmware` what answers at EL3.

    `console` is Xen's log; `domains` are all domains, dom0 included, by id.
    """

    def __init__(self, tree: Tree, firmware: Firmware) -> None:
        self.tree = tree
        self.firmware = firmware
        self.abilities = read_abilities(tree)
        self.console = Console()
        self.memory = PhysicalMemory()
        self.mediator = Mediator(self.memory, self._el3, self.console)
        self.domains: dict[int, Domain] = {}
        self.last_domid = 0
        self._lock = RLock()
        self._channels = {
            agent.func_id: (agent.agent_id, self.memory.window(agent.shmem)) for agent in firmware.agents.values()
        }
        for _, area in self._channels.values():
            shmem.reset(area)

    def _el3(self, registers: Registers) -> Registers:
        """What EL3 does with an SMC: the firmware's doorbells, and nothing else."""
        channel = self._channels.get(registers[0] & 0xFFFF_FFFF)
        if channel is None:
            return (SMCCC_UNKNOWN, *registers[1:4])
        self.firmware.serve(*channel)
        return (0, *registers[1:4])

    # Domains

    @property
    def hardware_domain(self) -> Domain | None:
        """dom0; None where the host runs without one."""
        return next((domain for domain in self.domains.values() if domain.hardware), None)

    def new_domain(self, config: CreateDomain, domid: int | None = None) -> Domain:
        """Make a domain, dom0 if `domid` is 0. Ids go up with every attempt, failed ones too."""
        with self._lock:
            number = self._next_domid() if domid is None else domid
            sanitise(config, self.abilities)
            self.mediator.sanitise(config.arch_arm_sci_type)
            domain = Domain(
                domid=number, memory=AddressSpace(self.memory), max_vcpus=config.max_vcpus, hardware=number == 0
            )
            if config.arch_gic_version == GIC_V2 and self.abilities.gic_version == GIC_V3:
                self.console.print(f"d{number}: vGICv2 is not supported on this platform.")
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

    def create(self, config: CreateDomain) -> int:
        return self.new_domain(config).domid

    def destroy(self, domid: int) -> None:
        """As in Xen, a firmware that refuses to reset the agent leaves the domain dying, with its channel."""
        with self._lock:
            domain = self.domain(domid)
            if domain.hardware:
                raise XenError(errno.EINVAL)
            domain.dying = True
            self.mediator.relinquish(domain)
            self.mediator.domain_destroy(domain)
            del self.domains[domid]

    def list(self) -> tuple[DomainInfo, ...]:
        with self._lock:
            return tuple(_info(domain) for _, domain in sorted(self.domains.items()))

    def get_info(self, domid: int) -> DomainInfo:
        return _info(self.domain(domid))

    # Devices and memory

    def assign_device(self, domid: int, path: str) -> None:
        """SCI first: what the firmware refuses is not given. Then the IOMMU, which has nothing to say here."""
        with self._lock:
            domain = self.domain(domid)
            node = self.tree.node(path)
            if node is None:
                raise XenError(errno.ENODEV)
            self.mediator.assign_device(domain, node)
            if path not in domain.devices:
                domain.devices.append(path)

    def deassign_device(self, domid: int, path: str) -> None:
        """Xen tells the firmware nothing: the agent keeps its permission until the domain is destroyed."""
        with self._lock:
            domain = self.domain(domid)
            if self.tree.node(path) is None:
                raise XenError(errno.ENODEV)
            if path in domain.devices:
                domain.devices.remove(path)

    def permit_iomem(self, domid: int, frame: int, count: int, *, allow: bool) -> None:
        with self._lock:
            domain, end = self.domain(domid), frame + count
            if count < 1 or end > MAX_FRAME:
                raise XenError(errno.EINVAL)
            if self.hardware_domain is None or not self.hardware_domain.iomem.covers(frame, end):
                raise XenError(errno.EPERM)
            if allow:
                domain.iomem.add(frame, end)
            else:
                domain.iomem.remove(frame, end)

    def map_iomem(self, domid: int, guest_frame: int, frame: int, count: int, *, add: bool) -> None:
        with self._lock:
            domain, end = self.domain(domid), frame + count
            if count < 1 or max(end, guest_frame + count) > MAX_FRAME:
                raise XenError(errno.EINVAL)
            if self.hardware_domain is None or not self.hardware_domain.iomem.covers(frame, end):
                raise XenError(errno.EPERM)
            if not domain.iomem.covers(frame, end):
                raise XenError(errno.EPERM)
            if add:
                domain.memory.map(guest_frame, frame, count)
            else:
                domain.memory.unmap(guest_frame, count)

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
    agent_id = domain.channel.agent_id if domain.channel else None
    return DomainInfo(domid=domain.domid, max_vcpus=domain.max_vcpus, dying=domain.dying, agent_id=agent_id)
