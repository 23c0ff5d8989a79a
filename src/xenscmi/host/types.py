"""What the files of a host say, as values: broken things too, for nothing here judges.

Conventions:
- Where a file does not say something, the field is None; where it says something unreadable, it is a `Stated` without a
  value and with a problem. A value is read as Xen reads it: a property of two cells where Xen takes the first has that
  cell as its value, and a problem.
- Spans, problems and trees do not count in comparisons: hosts are equal when they say the same.
- Addresses are bytes. "host" addresses are physical, "guest" addresses are the domain's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Generic, TypeVar

from xenscmi.devicetree.tree import Tree
from xenscmi.diagnostics import Diagnostic
from xenscmi.host.configuration import Configuration
from xenscmi.source import Source, Span

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated(Generic[T]):
    """What a file says at a place: the value, None where it cannot be read; `problem` says what is wrong with it."""

    value: T | None
    span: Span = field(compare=False)
    problem: Diagnostic | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shmem:
    """The shared memory that a phandle leads to, by its first `reg` entry.

    `path` is None where no node has the phandle; `address` and `size` are None where Xen cannot get or translate them,
    `problem` then says why. `phandle` is None for a node that nothing was asked to lead to. In a partial tree the
    address is the guest's, as written where it does not translate.
    """

    phandle: int | None
    path: str | None
    address: int | None
    size: int | None
    span: Span = field(compare=False)
    compatible: bool = True
    problem: Diagnostic | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScmiNode:
    """An SCMI agent's node: `arm,scmi-smc`, or `arm,scmi-smc-param` which Xen's mediator cannot serve.

    `available` is what `status` says; `passthrough` that it is marked `xen,passthrough`: Xen binds to neither. `kept`
    is False in a partial tree where the node stands outside of what Xen or libxl copies to the guest.
    """

    path: str
    compatible: str
    func_id: Stated[int] | None
    shmem: Stated[Shmem] | None
    access_controller_cells: Stated[int] | None
    span: Span = field(compare=False)
    available: bool = True
    passthrough: bool = False
    kept: bool = True


class Dialect(Enum):
    """How the agents are told to Xen: the version of the series that reads it so."""

    CONTAINER = "v8"
    """A node compatible with `xen,sci` under `/chosen`, dom0's agent in it (v8 to v11)."""
    CONTAINER_V7 = "v7"
    """The same, dom0's agent by `dom0=sci-agent-id=N` on Xen's command line (v6, v7)."""
    CONFIG_NODE = "v5"
    """`/chosen/xen,config`, dom0's agent by `dom0_scmi_agent_id=N` on Xen's command line."""
    CHOSEN_PROPERTY = "v4"
    """`/chosen` property `xen,scmi-secondary-agents`, the agent id first in a row."""
    EPAM = "epam"
    """`epam,secondary-agents` in `/firmware/scmi`, the agent id first; agent 0 is Xen's, 1 dom0's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondaryAgent:
    """A row of the list of agents. `agent_id` is None in a list of two cells a row: Xen asks the firmware then."""

    func_id: Stated[int]
    shmem: Stated[Shmem]
    agent_id: Stated[int] | None
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """The node that tells Xen about the agents.

    `cells` is how many cells a row has, as stated; `listing` the list's cells as they stand and `agents` its rows,
    none where Xen cannot cut it into rows. `management` are the SCMI nodes below it, in the order of the tree: Xen
    binds to the first that is available. `dom0_agent` is dom0's agent.
    """

    path: str
    dialect: Dialect
    cells: Stated[int] | None
    listing: Stated[tuple[int, ...]] | None
    agents: tuple[SecondaryAgent, ...]
    management: tuple[ScmiNode, ...]
    dom0_agent: Stated[int] | None
    span: Span = field(compare=False)
    available: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A stretch of physical memory: `size` bytes from `start`, in the node `path`."""

    path: str
    start: int
    size: int
    span: Span = field(compare=False)

    @property
    def end(self) -> int:
        """The first byte behind it."""
        return self.start + self.size

    def overlaps(self, start: int, size: int) -> bool:
        return start < self.end and self.start < start + size


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessController:
    """An entry of `access-controllers`: its target's path, and its arguments, of which the first is the device id.

    A broken entry ends Xen's walk: `problem` says why, there are no arguments, and `target` is None where its phandle
    leads nowhere.
    """

    target: str | None
    arguments: tuple[int, ...]
    span: Span = field(compare=False)
    problem: Diagnostic | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A node of the host tree with `access-controllers`.

    `entries` are those that Xen's walk reaches, the last one perhaps broken. `for_dom0` says that Xen gives the device
    to dom0, if there is one: it is not marked `xen,passthrough` and not below a node that Xen keeps to itself.
    `regions` are its registers.
    """

    path: str
    entries: tuple[AccessController, ...]
    passthrough: bool
    for_dom0: bool
    regions: tuple[Region, ...] = ()
    span: Span = field(compare=False)
    available: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestMapping:
    """`size` bytes of the host from `host`, seen by the guest from `guest`."""

    host: int
    size: int
    guest: int
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceUse:
    """A use of an SCMI resource in a partial tree: `kind` is the property (`clocks`, `resets`, `power-domains`)."""

    kind: str
    resource_id: int
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestNode:
    """A node below `/passthrough` of a partial tree that asks Xen for something or uses SCMI resources.

    `host_path` is `xen,path`, `mappings` what `xen,reg` maps (None: it has none; a problem where it has no whole rows),
    `forced` whether `xen,force-assign-without-iommu` stands there. `address` is the first address of its own `reg`.
    """

    path: str
    host_path: Stated[str] | None
    mappings: Stated[tuple[GuestMapping, ...]] | None
    forced: bool
    address: int | None
    resources: tuple[ResourceUse, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialTree:
    """A domain's partial device tree: its SCMI nodes, its shared-memory nodes, and the nodes of `/passthrough`.

    `tree` is the whole of it.
    """

    scmi_nodes: tuple[ScmiNode, ...]
    nodes: tuple[GuestNode, ...]
    has_passthrough: bool
    tree: Tree = field(compare=False)
    span: Span = field(compare=False)


class DomainKind(Enum):
    """Who makes a domain."""

    DOM0 = "dom0"
    DOM0LESS = "dom0less"
    TOOLSTACK = "toolstack"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostDomain:
    """A domain of the host, by any of the ways in which one is made.

    `sci_type` and `agent_id` are what `xen,sci_type` and `xen,sci-agent-id`, or `arm_sci`, say; dom0's agent comes from
    the container; `agent_property` is what said it, or would have. `tree` is the partial tree; `tree_file` what names
    it (`device_tree`, or the boot module's node, whose file need not be known). `iomem`, `irqs` (GIC numbers, SPI + 32)
    and `dtdevs` are a toolstack domain's; a dom0less domain has them in its tree. `iomem_span` and `irqs_span` are the
    settings as a whole. `memory` is in KiB. `direct_map` says that guest addresses are the host's. `outdated` names
    properties of older dialects. `configuration` is the xl.cfg file of a toolstack domain.
    """

    name: str
    kind: DomainKind
    sci_type: Stated[str] | None
    agent_id: Stated[int] | None
    agent_property: str
    span: Span = field(compare=False)
    tree: PartialTree | None = None
    tree_file: Stated[str] | None = None
    iomem: tuple[GuestMapping, ...] = ()
    iomem_span: Span | None = field(default=None, compare=False)
    irqs: tuple[Stated[int], ...] = ()
    irqs_span: Span | None = field(default=None, compare=False)
    dtdevs: tuple[Stated[str], ...] = ()
    memory: Stated[int] | None = None
    vcpus: Stated[int] | None = None
    direct_map: bool = False
    outdated: tuple[Stated[str], ...] = ()
    configuration: Configuration | None = field(default=None, compare=False)

    @property
    def title(self) -> str:
        """What to call the domain in a sentence."""
        return "dom0" if self.kind is DomainKind.DOM0 else f"domain {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmwareAgent:
    """An agent as the EL3 firmware has it."""

    agent_id: int
    func_id: int
    shmem: int
    span: Span | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmwareDevice:
    """A device as the firmware knows it, by its SCMI device id, and the resources that it owns."""

    device_id: int
    clocks: frozenset[int] = frozenset()
    resets: frozenset[int] = frozenset()
    power_domains: frozenset[int] = frozenset()
    span: Span | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFirmware:
    """The EL3 firmware as far as it is known.

    `profile` names its kind. None for `agents`, `devices` or `trusted_agent` (who may set permissions): not known.
    `unsupported` names base messages that it lacks (`BASE_DISCOVER_AGENT`).
    """

    profile: str = "generic"
    agents: tuple[FirmwareAgent, ...] | None = None
    devices: tuple[FirmwareDevice, ...] | None = None
    trusted_agent: int | None = None
    unsupported: frozenset[str] = frozenset()
    span: Span | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A whole host: one host device tree and everything that must agree with it.

    `containers` are those of the tree in its order (Xen takes the first), `scmi_nodes` every SCMI node of the tree,
    `dom0_node` the one at `/firmware/scmi`. `devices` are in the order in which Xen walks them for dom0. `domains` has
    dom0 first where the host boots one, then the dom0less domains in the order of their ids (1, 2, …), then the
    toolstack's. `configurations` are the xl.cfg files that the toolstack's domains come from, refused ones too;
    `unlisted` are those beside the manifest that it does not name.
    `xen_profile` names the layout of createdomain that its Xen has. `notes` say what the reader assumed. `sources` are
    all texts that were read.
    """

    tree: Tree | None = field(default=None, compare=False)
    containers: tuple[Container, ...] = ()
    scmi_nodes: tuple[ScmiNode, ...] = ()
    dom0_node: ScmiNode | None = None
    memory: tuple[Region, ...] = ()
    reserved: tuple[Region, ...] = ()
    devices: tuple[Device, ...] = ()
    domains: tuple[HostDomain, ...] = ()
    configurations: tuple[Configuration, ...] = field(default=(), compare=False)
    unlisted: tuple[Configuration, ...] = field(default=(), compare=False)
    firmware: HostFirmware = HostFirmware()
    xen_profile: str | None = None
    command_line: Stated[str] | None = None
    notes: tuple[Diagnostic, ...] = field(default=(), compare=False)
    sources: tuple[Source, ...] = field(default=(), compare=False)
