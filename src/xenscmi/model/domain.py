"""A domain as Xen keeps it, as far as SCMI and its devices are concerned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from xenscmi.devicetree import Node
from xenscmi.model.channel import Channel
from xenscmi.model.memory import AddressSpace, FrameRanges


@dataclass(slots=True, eq=False, kw_only=True)
class Domain:
    """A domain: what it may map (`iomem`), what it sees (`memory`), its channel, and the devices assigned to it.

    `tree` are the nodes of its own device tree, as far as they come from the host's or a partial tree. `dying`: it was
    destroyed, but Xen could not yet take everything back.
    """

    domid: int
    memory: AddressSpace
    max_vcpus: int = 1
    hardware: bool = False
    iomem: FrameRanges = field(default_factory=FrameRanges)
    channel: Channel | None = None
    devices: list[str] = field(default_factory=list)
    tree: Sequence[Node] = ()
    dying: bool = False
