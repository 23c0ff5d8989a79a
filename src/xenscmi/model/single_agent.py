"""Xen's SCI driver for one agent (xen/arch/arm/firmware/scmi-smc.c): it forwards one domain's calls, unchanged.

That domain is dom0, or with `scmi-smc-passthrough` on Xen's command line the first one that asks for it. The driver
knows neither agents nor containers: any `arm,scmi-smc` node is its own. Nothing here is better than the original: of
several nodes the first registers the driver, but the last one's function id is forwarded. Xen 4.20 has only dom0 for
it, and the first node.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping

from xenscmi.bindings.addresses import translate
from xenscmi.bindings.errors import BindingError
from xenscmi.bindings.names import FIRMWARE_SCMI, SCMI_SHMEM, SCMI_SMC, SHMEM, SMC_ID
from xenscmi.bindings.properties import (
    find_by_phandle,
    has_path,
    is_available,
    is_compatible,
    is_for_passthrough,
    read_u32,
)
from xenscmi.devicetree import Node, Tree
from xenscmi.host.command_line import smc_passthrough
from xenscmi.model.channel import DOMID_INVALID, Channel, Registers, SecureMonitor
from xenscmi.model.console import Console
from xenscmi.model.domain import Domain
from xenscmi.model.memory import frames_of
from xenscmi.model.sci import SCI_NONE, SCI_SCMI_SMC, SciDriver
from xenscmi.toolstack.backend import XenError


class SingleAgent(SciDriver):
    """The driver's state; `agent_ids` says which agent the firmware has for a function id, as Xen never learns it.

    `for_guests`: it is that of Xen 4.21 or later.
    """

    def __init__(
        self, smc: SecureMonitor, console: Console, agent_ids: Mapping[int, int], *, for_guests: bool = True
    ) -> None:
        super().__init__()
        self._for_guests = for_guests
        self._smc = smc
        self._console = console
        self._agent_ids = agent_ids
        self._passthrough = False
        self._channel: Channel | None = None

    def probe(self, tree: Tree) -> None:
        self._passthrough = self._for_guests and smc_passthrough(tree)
        for node in tree.walk():
            if not is_compatible(node, SCMI_SMC) or not is_available(node) or is_for_passthrough(node):
                continue
            func_id = read_u32(node, SMC_ID)
            if func_id is None:
                self._console.print(f'SCMI: No valid "{SMC_ID}" property in "{node.path}" DT node')
                return
            self._channel = Channel(self._agent_ids.get(func_id, 0), func_id, _page(node) or 0)
            self.channels = (self._channel,)
            if self.registered:
                self._console.print(f"SCMI: mediator already registered (ret = {-errno.EEXIST})")
                return
            self.registered = self.initialized = True
            self._console.print(f"Using SCMI with SMC ID: {func_id:#x}")
            if not self._for_guests:
                return

    def sanitise(self, sci_type: int) -> None:
        if self.registered and sci_type not in (SCI_NONE, SCI_SCMI_SMC):
            raise XenError(errno.EINVAL)

    def domain_init(self, domain: Domain, sci_type: int, agent_id: int, hardware_domain: Domain | None) -> None:
        if not self.registered or self._channel is None:
            return
        if not self._passthrough and not domain.hardware:
            if sci_type == SCI_SCMI_SMC:
                raise XenError(errno.EINVAL)
            return
        if self._passthrough and (sci_type == SCI_NONE or domain.hardware):
            return
        if self._channel.owner != DOMID_INVALID:
            raise XenError(errno.EEXIST)
        self._give(domain, self._channel)
        self._console.print(f"SCMI: d{domain.domid} init")

    def _give(self, domain: Domain, channel: Channel) -> None:
        channel.owner = domain.domid
        domain.channel = channel

    def domain_destroy(self, domain: Domain) -> None:
        if domain.channel is not None:
            self.release_all()
            domain.channel = None
            self._console.print(f"SCMI: d{domain.domid} destroy")

    def release_all(self) -> None:
        if self._channel is not None:
            self._channel.owner = DOMID_INVALID

    def hand_over(self, domain: Domain, agent_id: int) -> None:
        if self._channel is None or self._channel.agent_id != agent_id:
            raise XenError(errno.ENOENT)
        self._give(domain, self._channel)

    def hides_from_dom0(self, domain: Domain, node: Node) -> bool:
        """As the driver does, let a dom0 without SCMI map the page of `/firmware/scmi`, so that it may pass it on."""
        if not self.registered or domain.channel is not None:
            return False
        if has_path(node, FIRMWARE_SCMI):
            page = _page(node)
            if page is not None:
                domain.iomem.add(*frames_of(page, 1))
            return True
        return is_compatible(node, SCMI_SHMEM)

    def handle_call(self, domain: Domain, registers: Registers) -> Registers | None:
        channel = self._channel
        if channel is None or channel.func_id != registers[0] & 0xFFFF_FFFF:
            return None
        if domain.channel is not channel:
            self._console.print("SCMI: Unprivileged access attempt")
            return None
        with channel.lock:
            return self._smc(registers)


def _page(node: Node) -> int | None:
    """Return the address of an SCMI node's page; None where that cannot be read."""
    phandle = read_u32(node, SHMEM)
    shmem = None if phandle is None else find_by_phandle(node.tree, phandle)
    try:
        return None if shmem is None else translate(shmem).address
    except BindingError:
        return None
