"""The domain to create: the one verdict from which `check`, `simulate` and `create` start."""

from __future__ import annotations

from xenscmi.config.types.enums import ArmSciType
from xenscmi.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from xenscmi.config.types.build import IomemRange
    from xenscmi.config.types.domain import DomainConfig
    from xenscmi.diagnostics import Diagnostic
    from xenscmi.domctl.createdomain import CreateDomain
    from xenscmi.domctl.profiles import Profile
    from xenscmi.source import Span
    from xenscmi.toolstack.offer import Offer


class DomainSpec(Record):
    """A domain that libxl would go on to create.

    `config` is libxl's configuration with its defaults applied; `given` is its JSON without them, as `xl list -l`
    prints it; `warnings` are libxl's. `createdomain` is what Xen sees: what the bytes in the layout of `profile` hold.
    `offer` is the SCMI channel that the domain's partial device tree offers; None if it offers none, or if the tree is
    not known (`tree_known`). `place` returns the span that set a field of the configuration, by libxl's field path.
    """

    config: DomainConfig
    given: str
    warnings: tuple[Diagnostic, ...]
    profile: Profile
    createdomain: CreateDomain
    createdomain_bytes: bytes
    offer: Offer | None
    tree_known: bool
    place: Callable[[str], Span | None]

    @property
    def name(self) -> str:
        return self.config.c_info.name or ""

    @property
    def irqs(self) -> tuple[int, ...]:
        """The interrupts that the domain gets, by the GIC's numbers: SPI n is n + 32."""
        return self.config.b_info.irqs

    @property
    def iomem(self) -> tuple[IomemRange, ...]:
        """The machine frames to map for the domain, in frames of 4 KiB."""
        return self.config.b_info.iomem

    @property
    def dtdevs(self) -> tuple[str, ...]:
        """The devices that the domain gets: their paths in the host's device tree."""
        return tuple(each.path or "" for each in self.config.dtdevs)

    @property
    def agent_id(self) -> int | None:
        """The SCMI agent that the domain asks for; None if it asks for none."""
        multi_agent = self.config.b_info.arch_arm.arm_sci.type is ArmSciType.SCMI_SMC_MULTIAGENT
        return self.createdomain.arch_arm_sci_agent_id if multi_agent else None
