"""Xen's SCI mediator for SCMI over SMC with many agents: who owns which channel, and which calls pass.

It follows the series' driver (xen/arch/arm/firmware/scmi-smc-multiagent.c, v10) in the order of its steps, its log
lines and its mistakes; nothing here is better than the original. In particular - a second SCMI node under a container
is probed too, and its failure throws away the channels that the first one found; - a probe that fails is not fatal:
without `initialized`, every domain starts without SCMI; - two channels with one function id or one page are never
noticed, nor are duplicate ids in a list of two cells.
"""

from __future__ import annotations

import errno
from threading import Lock

from xenscmi.bindings.addresses import translate
from xenscmi.bindings.errors import BindingError
from xenscmi.bindings.names import (
    ACCESS_CONTROLLER_CELLS,
    ACCESS_CONTROLLERS,
    FIRMWARE_SCMI,
    SCMI_SHMEM,
    SCMI_SMC,
    SECONDARY_AGENTS,
    SECONDARY_AGENTS_CELLS,
    SECONDARY_AGENTS_CELLS_DEFAULT,
    SHMEM,
    SMC_ID,
    XEN_SCI,
)
from xenscmi.bindings.phandles import PhandleError, phandle_entries
from xenscmi.bindings.properties import (
    find_by_phandle,
    find_compatible,
    has_path,
    is_available,
    is_compatible,
    is_for_passthrough,
    read_u32,
)
from xenscmi.config.constants import PAGE_MASK, PAGE_SHIFT
from xenscmi.devicetree import Node, Tree
from xenscmi.model.channel import DOMID_INVALID, DOMID_XEN, Channel, Link, Registers, SecureMonitor
from xenscmi.model.console import Console
from xenscmi.model.domain import Domain
from xenscmi.model.memory import PhysicalMemory
from xenscmi.model.sci import SCI_NONE, SCI_SCMI_SMC_MA, SciDriver
from xenscmi.scmi.protocols.base import (
    OWN_AGENT_ID,
    AccessFlags,
    BaseDiscoverAgentRequest,
    BaseResetAgentConfigurationRequest,
    BaseSetDevicePermissionsRequest,
    ResetAgentFlags,
)
from xenscmi.scmi.protocols.common import NAME_SIZE, ProtocolAttributesRequest
from xenscmi.toolstack.backend import XenError

STALE_ARGUMENT = 0xA00
"""What Xen takes for an argument that `#access-controller-cells = <0>` does not provide: what lay on its stack. Real
Xen (4.23-unstable, arm64) was seen to read this."""


class Mediator(SciDriver):
    """The mediator's state. `probe` finds the channels; the rest is what Xen asks of it for each domain."""

    def __init__(self, memory: PhysicalMemory, smc: SecureMonitor, console: Console) -> None:
        super().__init__()
        self._smc = smc
        self._console = console
        self._link = Link(memory, smc, console)
        self._lock = Lock()
        self._node: Node | None = None
        self._management_id = 0
        self.channels: list[Channel] = []

    # Probe, once, while Xen boots

    def probe(self, tree: Tree) -> None:
        """Look for SCMI nodes below a container, in the order of the tree, until one fails (sci_init)."""
        for node in tree.walk():
            if not is_compatible(node, SCMI_SMC) or not is_available(node) or is_for_passthrough(node):
                continue
            if not any(is_compatible(above, XEN_SCI) for above in node.ancestors()):
                continue
            try:
                self._probe_node(node)
            except XenError:
                return

    def _probe_node(self, node: Node) -> None:
        func_id, address = self._read_management(node)
        self._node = node
        self.channels = []
        management = self._add_channel(OWN_AGENT_ID, func_id, address)
        management.owner = DOMID_XEN
        try:
            self._discover(management)
            self._management_id = management.agent_id
            attributes = self._link.transfer(management, ProtocolAttributesRequest(), 4)
            self._console.print(f"scmi: Got agent count {attributes[1]}")
            self._collect_agents(node.tree)
            self._register()
        except XenError:
            self.channels = []
            raise
        self.initialized = True

    def _read_management(self, node: Node) -> tuple[int, int]:
        """Return function id and page of Xen's own channel."""
        func_id = read_u32(node, SMC_ID)
        if func_id is None:
            self._console.print("scmi: unable to read smc-id from DT")
            raise XenError(errno.ENOENT)
        shmem = read_u32(node, SHMEM)
        if shmem is None:
            raise XenError(errno.ENOENT)
        page = find_by_phandle(node.tree, shmem)
        if page is None:
            # Xen takes this for success, and then looks at a size that nobody has set.
            self._console.print("scmi: Device tree error, can't parse reserved memory 0")
            self._console.print("scmi: shmem memory is not aligned")
            raise XenError(errno.EINVAL)
        try:
            region = translate(page)
        except BindingError as error:
            self._console.print_failure(error)
            raise XenError(errno.ENOENT) from None
        if region.size & PAGE_MASK:
            self._console.print("scmi: shmem memory is not aligned")
            raise XenError(errno.EINVAL)
        return func_id, region.address

    def _register(self) -> None:
        if self.registered:
            self._console.print(f"SCMI: mediator already registered (ret = {-errno.EEXIST})")
            raise XenError(errno.EEXIST)
        self.registered = True

    def _collect_agents(self, tree: Tree) -> None:
        """Build the channels from the rows of the first container of the tree, whichever node is being probed."""
        container = find_compatible(tree, XEN_SCI)
        assert container is not None, "the node that is probed stands below one"
        stated = read_u32(container, SECONDARY_AGENTS_CELLS)
        cells = SECONDARY_AGENTS_CELLS_DEFAULT if stated is None else stated
        if cells not in (2, 3):
            self._console.print(f"scmi: Invalid {SECONDARY_AGENTS_CELLS} value: {cells}")
            raise XenError(errno.EINVAL)
        rows = container.get(SECONDARY_AGENTS)
        if rows is None:
            self._console.print(f"scmi: No {SECONDARY_AGENTS} property found, no agents to collect.")
            raise XenError(errno.EINVAL)
        if not rows.value or len(rows.value) % (cells * 4):
            self._console.print(
                f"scmi: Invalid length of {SECONDARY_AGENTS} property: {len(rows.value)} for {cells} cells per entry"
            )
            raise XenError(errno.EINVAL)
        words = rows.cells()
        for at in range(0, len(words), cells):
            self._collect_agent(tree, words[at], words[at + 1], words[at + 2] if cells == 3 else None)

    def _collect_agent(self, tree: Tree, func_id: int, shmem: int, stated_id: int | None) -> None:
        """Add the channel of one row; without an id in the row, ask the firmware for it."""
        agent_id = OWN_AGENT_ID if stated_id is None else stated_id
        page = find_by_phandle(tree, shmem)
        if page is None:
            self._console.print(f"scmi: Could not find shmem node for agent {agent_id}")
            raise XenError(errno.EINVAL)
        try:
            region = translate(page)
        except BindingError as error:
            self._console.print_failure(error)
            self._console.print(f"scmi: Could not read shmem address for agent {agent_id}: {-error.errno}")
            raise XenError(error.errno) from None
        if (region.size | region.address) & PAGE_MASK:
            self._console.print("scmi: shmem memory is not aligned")
            raise XenError(errno.EINVAL)
        try:
            channel = self._add_channel(agent_id, func_id, region.address)
        except XenError as error:
            self._console.print(f"scmi: Could not create channel for agent {agent_id}: {-error.errno}")
            raise
        if stated_id is None:
            self._discover(channel)
        self._console.print(f"scmi: Agent {channel.agent_id} SMC {func_id:X} addr {region.address:x}")

    def _add_channel(self, agent_id: int, func_id: int, address: int) -> Channel:
        if self._channel(agent_id) is not None:
            raise XenError(errno.EEXIST)
        channel = Channel(agent_id, func_id, address)
        self.channels.append(channel)
        return channel

    def _discover(self, channel: Channel) -> None:
        """Ask the firmware, on the channel itself, which agent it belongs to."""
        self._link.open(channel)
        answer = self._link.transfer(channel, BaseDiscoverAgentRequest(channel.agent_id), 4 + NAME_SIZE)
        agent_id, name = int.from_bytes(answer[:4], "little"), answer[4:].partition(b"\0")[0]
        self._console.print(f"id={agent_id:#x} name={name.decode('ascii', 'backslashreplace')}")
        channel.agent_id = agent_id

    @property
    def management_page(self) -> int | None:
        """The page of Xen's own channel, by its physical address; None if there is no channel."""
        return next((channel.address for channel in self.channels if channel.owner == DOMID_XEN), None)

    def _channel(self, agent_id: int) -> Channel | None:
        return next((channel for channel in self.channels if channel.agent_id == agent_id), None)

    # Domains

    def sanitise(self, sci_type: int) -> None:
        """Refuse what no domain can have. Without a registered mediator Xen refuses nothing."""
        if self.registered and sci_type not in (SCI_NONE, SCI_SCMI_SMC_MA):
            raise XenError(errno.EINVAL)

    def domain_init(self, domain: Domain, sci_type: int, agent_id: int, hardware_domain: Domain | None) -> None:
        """Give a new domain its channel, and let the hardware domain map its page, so that it may pass it on."""
        if not self.registered or not self.initialized or sci_type == SCI_NONE:
            return
        try:
            channel = self._acquire(domain, agent_id)
        except XenError as error:
            self._console.print(f"scmi: Failed to acquire SCMI channel for agent_id {agent_id}: {-error.errno}")
            raise
        self._console.print(
            f"scmi: Acquire channel id = {channel.agent_id:#x}, domain_id = {domain.domid} paddr = {channel.address:#x}"
        )
        if hardware_domain is not None and not domain.hardware:
            frame = channel.address >> PAGE_SHIFT
            hardware_domain.iomem.add(frame, frame + 1)
        domain.channel = channel

    def _acquire(self, domain: Domain, agent_id: int) -> Channel:
        with self._lock:
            channel = self._channel(agent_id)
            if channel is None:
                raise XenError(errno.ENOENT)
            if channel.owner != DOMID_INVALID:
                raise XenError(errno.EEXIST)
            channel.owner = domain.domid
            return channel

    def relinquish(self, domain: Domain) -> None:
        """Have the firmware reset the agent of a domain that goes; firmware without that message is fine."""
        if not self.registered or domain.channel is None:
            return
        management = self._channel(self._management_id)
        if management is None:
            self._console.print(f"scmi: Unable to get Hypervisor scmi channel for domain {domain.domid}")
            raise XenError(errno.EINVAL)
        request = BaseResetAgentConfigurationRequest(
            domain.channel.agent_id, ResetAgentFlags.of(reset_permissions=True)
        )
        try:
            self._link.transfer(management, request, 0)
        except XenError as error:
            if error.errno != errno.EOPNOTSUPP:
                raise

    def domain_destroy(self, domain: Domain) -> None:
        """Take the channel back."""
        channel = domain.channel
        if not self.registered or channel is None:
            return
        with channel.lock:
            with self._lock:
                channel.owner = DOMID_INVALID
            self._console.print(f"scmi: Free domain {domain.domid}")
            domain.channel = None

    def release_all(self) -> None:
        """Take all channels back from domains that no longer exist, without a word: state was thrown away."""
        for channel in self.channels:
            if channel.owner != DOMID_XEN:
                channel.owner = DOMID_INVALID

    def hand_over(self, domain: Domain, agent_id: int) -> None:
        """Give a domain the channel that it already had, without a word: state was restored."""
        domain.channel = self._acquire(domain, agent_id)

    def hides_from_dom0(self, domain: Domain, node: Node) -> bool:
        """Whether a node, and all below it, is kept out of dom0's device tree."""
        if not self.registered or not self.initialized or domain.channel is not None:
            return False
        return is_compatible(node, SCMI_SHMEM) or has_path(node, FIRMWARE_SCMI)

    def assign_device(self, domain: Domain, node: Node) -> None:
        """Have the firmware grant the device's SCMI device ids to the domain's agent.

        Entries that lead elsewhere than to the SCMI node that Xen probed last are none of its business.
        """
        if not self.registered:
            return
        try:
            for entry in phandle_entries(node, ACCESS_CONTROLLERS, ACCESS_CONTROLLER_CELLS):
                self._console.print(f"sci: assign device {node.path} to d{domain.domid}")
                if domain.channel is not None and self._node is not None and entry.target.path == self._node.path:
                    device_id = entry.arguments[0] if entry.arguments else STALE_ARGUMENT
                    self._grant(domain, domain.channel, device_id)
        except PhandleError as error:
            self._console.print_failure(error)

    def _grant(self, domain: Domain, channel: Channel, device_id: int) -> None:
        try:
            management = self._channel(self._management_id)
            if management is None:
                raise XenError(errno.EINVAL)
            request = BaseSetDevicePermissionsRequest(channel.agent_id, device_id, AccessFlags.of(allow=True))
            self._link.transfer(management, request, 0)
        except XenError as error:
            self._console.print(
                f"scmi: could not assign dev for d{domain.domid} agent:{channel.agent_id} "
                f"dev_id:{device_id} ({-error.errno})",
                end="",
            )
            raise

    def handle_call(self, domain: Domain, registers: Registers) -> Registers | None:
        """Forward a domain's SMC to the firmware if it is the domain's own; None: not handled."""
        channel = domain.channel
        if channel is None or not self.registered:
            return None
        with channel.lock:
            # A destroyed domain's vCPUs no longer run on a real Xen; here one may still be on its way.
            if domain.channel is not channel or channel.func_id != registers[0] & 0xFFFF_FFFF:
                return None
            return self._smc(registers)
