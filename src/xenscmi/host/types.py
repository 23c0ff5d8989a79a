"""What the files of a host say, as values. Broken things are values too: nothing here judges.

Conventions:
- Where a file does not say something, the field is None. Where it says something unreadable, the field is a `Stated`
  with a problem and without a value. Values are read as Xen reads them: where Xen takes the first of two cells, that
  cell is the value, and there is a problem.
- Spans, problems and trees do not count in comparisons: hosts are equal when they say the same.
- Addresses are bytes. "host" addresses are physical, "guest" addresses are the domain's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Generic, TypeVar

from xenscmi.config.types.enums import ArmSciType
from xenscmi.devicetree.tree import Tree
from xenscmi.diagnostics import Diagnostic
from xenscmi.domctl.profiles import DEFAULT_PROFILE, PROFILES, Profile, find_profile
from xenscmi.domctl.releases import ARM_SCI_KEY, SCI_WITHOUT_DRIVER
from xenscmi.host.configuration import Configuration
from xenscmi.source import Source, Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from xenscmi.firmware.resources import Platform

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
    and `problem` says why. `phandle` is None where the node was not found by its phandle. In a partial tree the
    address is the guest's; one that does not translate is taken as written.
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
    """How a host tells Xen about the agents: the forms are named for the version of the series that reads them."""

    CONTAINER = "v8"
    """A node compatible with `xen,sci` under `/chosen`, dom0's agent in it (v8 to v11)."""
    CONTAINER_V7 = "v7"
    """The same, dom0's agent by `dom0=sci-agent-id=N` on Xen's command line (v6, v7)."""
    CONFIG_NODE = "v5"
    """`/chosen/xen,config`, dom0's agent by `dom0_scmi_agent_id=N` on Xen's command line."""
    CHOSEN_PROPERTY = "v4"
    """`/chosen` property `xen,scmi-secondary-agents`, the agent id first in a row."""
    EPAM = "epam"
    """`epam,secondary-agents` in `/firmware/scmi`, the agent id first; agent 0 is Xen's, the first listed dom0's."""
    DEVICE_IDS = "devid"
    """`scmi_devid` on devices and no list (EPAM's RFC, R-Car): agent n has the n-th page and function id from Xen's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondaryAgent:
    """A row of the list of agents. In a list of two cells per row, `agent_id` is None: Xen asks the firmware for it."""

    func_id: Stated[int]
    shmem: Stated[Shmem]
    agent_id: Stated[int] | None
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """The node that tells Xen about the agents.

    `cells` is the stated number of cells per row, `listing` holds all cells of the list, and `agents` its rows: none
    where Xen cannot divide the list into rows. `management` are the SCMI nodes below it, in the order of the tree: Xen
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
    """A range of physical memory: `size` bytes from `start`, which the node at `path` declares."""

    path: str
    start: int
    size: int
    span: Span = field(compare=False)

    @property
    def end(self) -> int:
        """The address after its last byte."""
        return self.start + self.size

    def overlaps(self, start: int, size: int) -> bool:
        return start < self.end and self.start < start + size


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessController:
    """An entry of `access-controllers`: the path of its target, and its arguments. The first is the SCMI device id.

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
    """`size` bytes of host memory from `host` on, which the guest sees from `guest` on."""

    host: int
    size: int
    guest: int
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceUse:
    """A use of an SCMI resource by a node: `kind` is the property (`clocks`, `resets`, `power-domains`).

    `scmi` is the path of the SCMI node below which the resource's protocol stands, `protocol` the protocol's `reg`.
    """

    kind: str
    resource_id: int
    scmi: str
    protocol: Stated[int] | None
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestNode:
    """A node below `/passthrough` of a partial tree that asks Xen for something or uses SCMI resources.

    `host_path` is `xen,path`. `mappings` is what `xen,reg` maps: None without that property, and with a problem where
    it does not divide into rows. `forced` is whether the node has `xen,force-assign-without-iommu`. `address` is the
    first address of its own `reg`.
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

    `tree` is the tree itself.
    """

    scmi_nodes: tuple[ScmiNode, ...]
    nodes: tuple[GuestNode, ...]
    has_passthrough: bool
    tree: Tree = field(compare=False)
    span: Span = field(compare=False)


class DomainKind(Enum):
    """Who makes a domain.

    DOM0 is the hardware domain: what Xen makes unasked, or of a node with that capability in its place.
    """

    DOM0 = "dom0"
    DOM0LESS = "dom0less"
    TOOLSTACK = "toolstack"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostDomain:
    """A domain of the host, whoever makes it.

    `sci_type` and `agent_id` are what `xen,sci_type` and `xen,sci-agent-id`, or `arm_sci`, say; dom0's agent comes from
    the container. `agent_property` names the property or setting that holds the id, or should. `tree` is the partial
    tree, `tree_file` the file that should hold it: from `device_tree`, or from the boot module's node, which does not
    name the file; `tree_given` is where a manifest gives the domain its tree. `iomem`, `irqs` (GIC numbers, SPI + 32)
    and `dtdevs` are a toolstack domain's; a dom0less domain has them in its tree. `iomem_span` and `irqs_span` are the
    whole settings. `memory` is in KiB. `direct_map` says that guest addresses are the host's. `capabilities` are those
    of its node, where its Xen knows them. `outdated` names
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
    tree_given: Span | None = field(default=None, compare=False)
    iomem: tuple[GuestMapping, ...] = ()
    iomem_span: Span | None = field(default=None, compare=False)
    irqs: tuple[Stated[int], ...] = ()
    irqs_span: Span | None = field(default=None, compare=False)
    dtdevs: tuple[Stated[str], ...] = ()
    memory: Stated[int] | None = None
    vcpus: Stated[int] | None = None
    direct_map: bool = False
    capabilities: Stated[int] | None = None
    outdated: tuple[Stated[str], ...] = ()
    configuration: Configuration | None = field(default=None, compare=False)

    @property
    def title(self) -> str:
        """What to call the domain in a sentence."""
        if self.is_dom0:
            return "dom0"
        return f"{'hardware domain' if self.kind is DomainKind.DOM0 else 'domain'} {self.name}"

    @property
    def is_dom0(self) -> bool:
        """Whether it is the domain that Xen makes unasked, with id 0; not a node with capabilities in its place."""
        return self.kind is DomainKind.DOM0 and self.capabilities is None

    @property
    def has_node(self) -> bool:
        """Whether Xen makes it of a node below /chosen."""
        return self.kind is not DomainKind.TOOLSTACK and not self.is_dom0


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmwareAgent:
    """An agent as the EL3 firmware has it; `p2a_shmem` is the page of its notifications."""

    agent_id: int
    func_id: int
    shmem: int
    p2a_shmem: int | None = None
    name: str = ""
    span: Span | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmwareDevice:
    """A device as the firmware knows it, by its SCMI device id, and the resources that it owns."""

    device_id: int
    name: str = ""
    clocks: frozenset[int] = frozenset()
    resets: frozenset[int] = frozenset()
    power_domains: frozenset[int] = frozenset()
    performance: frozenset[int] = frozenset()
    sensors: frozenset[int] = frozenset()
    voltages: frozenset[int] = frozenset()
    power_caps: frozenset[int] = frozenset()
    pins: frozenset[int] = frozenset()
    pin_groups: frozenset[int] = frozenset()
    system_power: bool = False
    span: Span | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFirmware:
    """The EL3 firmware as far as it is known.

    `profile` names its kind. `agents`, `devices` and `trusted_agent` (which may set permissions) are None if unknown.
    `profile_source` is the text of a profile that the user brings. `unsupported` names the base messages that it lacks
    (`BASE_DISCOVER_AGENT`). `resources` are the clocks, resets, sensors, … that are declared: a platform without agents
    and devices. `place` returns the place of what is declared, by its path in the platform (`clocks[3].rates`), and
    None for a resource that is not.
    """

    profile: str = "generic"
    profile_source: Source | None = field(default=None, compare=False)
    agents: tuple[FirmwareAgent, ...] | None = None
    devices: tuple[FirmwareDevice, ...] | None = None
    trusted_agent: int | None = None
    unsupported: frozenset[str] = frozenset()
    resources: Platform | None = None
    place: Callable[[str], Span | None] | None = field(default=None, compare=False)
    span: Span | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A whole host: one host device tree and everything that must agree with it.

    `containers` are those of the tree in its order (Xen takes the first), `scmi_nodes` every SCMI node of the tree,
    `dom0_node` the one at `/firmware/scmi`. `devices` are in the order in which Xen walks them for dom0. `domains` has
    dom0 first where the host boots one, then the dom0less domains in the order of their ids (1, 2, …), then the
    toolstack's. `configurations` are the xl.cfg files that the toolstack's domains come from, refused ones too;
    `unlisted` are those beside the manifest that it does not name.
    `xen_profile` names its Xen, and with it the layout of createdomain; `sci_driver` is the SCI driver that it is built
    with (None: the files do not say). `notes` say what the reader assumed. `sources` are all texts that were read.
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
    sci_driver: ArmSciType | None = None
    command_line: Stated[str] | None = None
    notes: tuple[Diagnostic, ...] = field(default=(), compare=False)
    sources: tuple[Source, ...] = field(default=(), compare=False)

    @property
    def xen(self) -> Profile:
        """The Xen that boots the host: the default where no file says which."""
        return (self.xen_profile and find_profile(self.xen_profile)) or PROFILES[DEFAULT_PROFILE]

    @property
    def driver(self) -> ArmSciType:
        """The SCI driver of that Xen: the one that it is built with unless a file says otherwise."""
        return self.xen.sci_driver if self.sci_driver is None else self.sci_driver

    @property
    def reads_sci_type(self) -> bool:
        """Whether that Xen looks at `xen,sci_type` of a domain's node; without a driver, only later releases do."""
        release, driver = self.xen.release, self.driver
        return ARM_SCI_KEY.is_in(release) and (driver is not ArmSciType.NONE or SCI_WITHOUT_DRIVER.is_in(release))
