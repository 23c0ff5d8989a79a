"""What Xen asks of its SCI driver (xen/arch/arm/firmware/sci.c), and what it does where none is built in.

A Xen is built with one driver at most: that of many agents (`mediator`), that of one (`single_agent`), or none.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence

from xenscmi.devicetree import Node, Tree
from xenscmi.model.channel import Channel, Registers
from xenscmi.model.domain import Domain
from xenscmi.toolstack.backend import XenError

SCI_NONE = 0
SCI_SCMI_SMC = 1
SCI_SCMI_SMC_MA = 2


class SciDriver:
    """Xen without a driver: nobody has SCMI. Drivers override what they do.

    `refuses`: Xen refuses domains that ask for SCI, instead of ignoring that. `registered`: Xen asks the driver at all;
    `initialized`: it serves. `channels` are those that domains can have. Methods that refuse raise XenError.
    """

    def __init__(self, *, refuses: bool = False) -> None:
        self._refuses = refuses
        self.channels: Sequence[Channel] = ()
        self.registered = False
        self.initialized = False

    @property
    def management_page(self) -> int | None:
        """The page of Xen's own channel, by its physical address; None if there is no channel."""
        return None

    def probe(self, tree: Tree) -> None:
        """Look for what the driver drives, once, while Xen boots."""

    def sanitise(self, sci_type: int) -> None:
        """Refuse a type that no domain can have."""
        if self._refuses and sci_type != SCI_NONE:
            raise XenError(errno.EINVAL)

    def domain_init(self, domain: Domain, sci_type: int, agent_id: int, hardware_domain: Domain | None) -> None:
        """Give a new domain its channel."""

    def relinquish(self, domain: Domain) -> None:
        """Undo at the firmware what was done for a domain that goes."""

    def domain_destroy(self, domain: Domain) -> None:
        """Take the channel back."""

    def release_all(self) -> None:
        """Take all channels back from domains that no longer exist, without a word: state was thrown away."""

    def hand_over(self, domain: Domain, agent_id: int) -> None:
        """Give a domain the channel that it already had, without a word: state was restored."""
        raise XenError(errno.ENOENT)

    def hides_from_dom0(self, domain: Domain, node: Node) -> bool:
        """Whether a node, and all below it, is kept out of dom0's device tree."""
        return False

    def assign_device(self, domain: Domain, node: Node) -> None:
        """Have the firmware let a domain use a device."""

    def handle_call(self, domain: Domain, registers: Registers) -> Registers | None:
        """Answer a domain's SMC; None: not handled."""
        return None
