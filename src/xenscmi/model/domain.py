"""A domain as Xen keeps it, as far as SCMI and its devices are concerned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from xenscmi.devicetree import Node
from xenscmi.model.channel import Channel
from xenscmi.model.memory import AddressSpace, FrameRanges
from xenscmi.toolstack.backend import RunState
from xenscmi.toolstack.offer import Offer


@dataclass(slots=True, eq=False, kw_only=True)
class Domain:
    """A domain: what it may map (`iomem`), what it sees (`memory`), its channel, and the devices assigned to it.

    `irqs` are the interrupts routed to it, `irq_access` those that it may give away, as the GIC numbers them; its
    virtual GIC has `nr_spis` SPIs. `iommu`: it was created to use an IOMMU. `tree` are the nodes of its own device
    tree, as far as they come from the host's or a partial tree. `dying`: it was destroyed, but Xen could not yet take
    everything back. `name`, `memory_kb` and, of a toolstack's domain, `configuration` (libxl's JSON) and `offer` (the
    channel in its partial tree) are what the toolstack says of it.
    """

    domid: int
    memory: AddressSpace
    max_vcpus: int = 1
    hardware: bool = False
    iomem: FrameRanges = field(default_factory=FrameRanges)
    irqs: set[int] = field(default_factory=set)
    irq_access: set[int] = field(default_factory=set)
    nr_spis: int = 0
    iommu: bool = False
    channel: Channel | None = None
    devices: list[str] = field(default_factory=list)
    tree: Sequence[Node] = ()
    dying: bool = False
    paused: bool = False
    name: str = ""
    memory_kb: int = 0
    configuration: str | None = None
    offer: Offer | None = None

    @property
    def states(self) -> frozenset[RunState]:
        """What it does, as getdomaininfo has it: dom0 runs, the others wait for work."""
        state = RunState.RUNNING if self.hardware else RunState.PAUSED if self.paused else RunState.BLOCKED
        return frozenset((state, RunState.DYING) if self.dying else (state,))
