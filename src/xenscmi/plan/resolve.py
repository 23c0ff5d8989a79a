"""A plan's names to the board's nodes: which devices each domain is given, and whether they can be parted at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from xenscmi.bindings import names
from xenscmi.bindings.properties import compatible, is_available, read_string, read_u32
from xenscmi.devicetree import Node, ShapeError
from xenscmi.diagnostics import Annotation, Diagnostic, XenscmiError
from xenscmi.plan import guest_layout, terms
from xenscmi.plan.board import Board, Hardware
from xenscmi.plan.reading import ReadPlan
from xenscmi.plan.references import CONSUMERS, STATED, scmi_protocol, used_ids, uses
from xenscmi.plan.resource_map import KINDS, ResourceMap
from xenscmi.plan.schema import Device, DeviceSection, Dom0Section, DomainSection
from xenscmi.source import Span

DOM0 = "dom0"
XEN = "Xen"


@dataclass(frozen=True, slots=True, eq=False)
class PlannedDevice:
    """A device of the board that a domain is given, with all that is below it in the tree.

    `id` is insisted on; `resources` are what the device uses, `owned` what the firmware counts to it, by kind.
    """

    node: Node
    nodes: tuple[Node, ...]
    hardware: tuple[Hardware, ...]
    section: DeviceSection
    id: int | None
    resources: dict[str, frozenset[int]]
    owned: dict[str, frozenset[int]]
    span: Span

    @property
    def path(self) -> str:
        return self.node.path

    @property
    def irqs(self) -> tuple[int, ...]:
        """Its interrupts as Xen counts them, each once, in the order of the tree."""
        numbers = (each.number for hardware in self.hardware for each in hardware.interrupts if each.shared)
        return tuple(dict.fromkeys(numbers))

    @property
    def controlled(self) -> bool:
        """Whether the firmware knows it: it uses something of the firmware, or has an id there."""
        return self.id is not None or any(self.owned.values())


@dataclass(frozen=True, slots=True, eq=False)
class PlannedDomain:
    """A domain of the plan with its devices; `section` is None for dom0."""

    name: str
    section: DomainSection | None
    devices: tuple[PlannedDevice, ...]
    agent: bool
    insisted: int | None
    span: Span

    @property
    def dom0less(self) -> bool:
        return self.section is not None and self.section.kind == "dom0less"


@dataclass(frozen=True, slots=True, eq=False)
class ResolvedPlan:
    """A plan on its board. `domains` start with dom0, where there is one; `notes` are worth saying."""

    read: ReadPlan
    board: Board
    map: ResourceMap
    domains: tuple[PlannedDomain, ...]
    notes: tuple[Diagnostic, ...]

    @property
    def dom0(self) -> PlannedDomain | None:
        return next((domain for domain in self.domains if domain.section is None), None)

    @property
    def dom0_section(self) -> Dom0Section:
        found = self.read.plan.dom0
        return found if isinstance(found, Dom0Section) else Dom0Section()

    @property
    def guests(self) -> tuple[PlannedDomain, ...]:
        return tuple(domain for domain in self.domains if domain.section is not None)


def resolve(read: ReadPlan, board: Board, known: ResourceMap) -> ResolvedPlan:
    """Return the plan on its board. Raises XenscmiError with everything that does not fit the board."""
    return _Resolver(read, board, known).run()


@dataclass(slots=True)
class _Resolver:
    read: ReadPlan
    board: Board
    known: ResourceMap
    errors: list[Diagnostic] = field(default_factory=list)
    notes: list[Diagnostic] = field(default_factory=list)
    owners: dict[Node, tuple[str, Span]] = field(default_factory=dict)
    groups: dict[Node, tuple[Node, ...]] = field(default_factory=dict)
    console: Node | None = None

    def run(self) -> ResolvedPlan:
        self._check_board()
        self.console = _console(self.board, self.read.plan.xen.bootargs)
        self._read_groups()
        guests = tuple(self._domain(number, each) for number, each in enumerate(self.read.plan.domain))
        dom0 = self._dom0()
        domains = (dom0, *guests) if dom0 else guests
        for domain in guests:
            for device in domain.devices:
                self._check_parted(domain, device)
                self._check_irqs(domain, device)
                self._check_pins(domain, device)
        self._check_iommu(guests)
        self._check_shared_resources(domains)
        if self.errors:
            raise XenscmiError(*self.errors)
        return ResolvedPlan(self.read, self.board, self.known, domains, tuple(self.notes))

    def _error(self, message: str, span: Span, help: str = "", *related: Annotation) -> None:
        self.errors.append(Diagnostic(message=message, span=span, help=help, related=related))

    def _check_board(self) -> None:
        tree, place = self.board.tree, self.read.at("$.board.device_tree")
        for node in tree.walk():
            if names.XEN_SCI in compatible(node):
                help = "plan from the board's own tree, without Xen's container"
                self._error(f"the board's tree has a container already: {node.path}", place, help)
        if self.known.compatible and not set(self.known.compatible) & set(compatible(tree.root)):
            root = ", ".join(compatible(tree.root)) or "nothing"
            message = f"the map {self.known.name} is for {', '.join(self.known.compatible)}; the board is {root}"
            self._error(message, self.read.at("$.firmware.map"), "choose the map of the board's SoC")

    def _read_groups(self) -> None:
        for number, group in enumerate(self.read.plan.board.groups):
            nodes = []
            for index, name in enumerate(group):
                place = self.read.at(f"$.board.groups[{number}][{index}]")
                node = self._find(name, place)
                if node is not None and node in self.groups:
                    self._error(f"{node.path} is in two groups", place, "make one group of both")
                elif node is not None:
                    nodes.append(node)
            self.groups |= dict.fromkeys(nodes, tuple(nodes))

    def _find(self, name: str | int, place: Span) -> Node | None:
        """Return the node of a name, or None after saying that there is none."""
        if isinstance(name, int):
            return self._find_by_id(name, place)
        node = self.board.find(name)
        if node is None or node.parent is None:
            self._error(f"the board has no device {name}", place, _nearest(self.board, name))
            return None
        return node

    def _find_by_id(self, number: int, place: Span) -> Node | None:
        for path, row in self.known.devices.items():
            if row.id == number and (node := self.board.tree.node(path)):
                return node
        for node in self.board.tree.walk():
            if read_u32(node, terms.SCMI_DEVID) == number:
                return node
        where = f"the map {self.known.name}" if self.known.name else "the tree (there is no map)"
        self._error(f"no device has the SCMI id {number} in {where}", place, "name the device by its path")
        return None

    def _domain(self, number: int, section: DomainSection) -> PlannedDomain:
        path = f"$.domain[{number}]"
        insisted = None if isinstance(section.agent, bool) else section.agent
        devices = tuple(self._devices(section.devices, f"{path}.devices", section.name))
        if section.agent is False and any(device.controlled for device in devices):
            help = "remove agent = false: without an agent it cannot switch its devices on"
            self._error(f"{section.name} has no agent, but devices under SCMI control", self.read.at(path), help)
        return PlannedDomain(
            section.name, section, devices, section.agent is not False, insisted, self.read.at(f"{path}.name")
        )

    def _devices(self, listed: Iterable[Device], path: str, owner: str) -> Iterator[PlannedDevice]:
        for index, each in enumerate(listed):
            place = self.read.at(f"{path}[{index}]")
            section = each if isinstance(each, DeviceSection) else DeviceSection(device=each)
            node = self._find(section.device, place)
            if node is None or not self._claim(node, owner, place):
                continue
            yield self._device(node, section, place)
            for other in self.groups.get(node, ()):
                if other is not node and self._claim(other, owner, place):
                    yield self._device(other, DeviceSection(device=other.path, allow=section.allow), place)

    def _claim(self, node: Node, owner: str, place: Span) -> bool:
        """Note that a node and all below it are a domain's; return False where that is so already, or cannot be."""
        for below in node.walk():
            if below is self.console:
                help = "name another device, or give Xen another console"
                self._error(f"{below.path} is Xen's console", place, help)
                return False
            if kept_by_xen(below):
                self._error(f"Xen keeps {below.path} to itself", place, "name another device")
                return False
        for below in node.walk():
            taken = self.owners.get(below)
            if taken is None:
                continue
            other, where = taken
            if other == owner:
                return False  # a group's, or below one that it has
            related = Annotation(span=where, label=f"given to {other} here")
            self._error(f"{below.path} is given to {owner} and to {other}", place, "give it to one of them", related)
            return False
        self.owners |= dict.fromkeys(node.walk(), (owner, place))
        return True

    def _device(self, node: Node, section: DeviceSection, place: Span) -> PlannedDevice:
        nodes = tuple(node.walk())
        resources = self._stated(node, section, self._resources(nodes, section, place), place)
        row = self.known.devices.get(node.path)
        owned = dict(resources)
        for kind in KINDS if row else ():
            counted = getattr(row, kind)
            if counted is None:
                continue
            owned[kind] = frozenset(counted)
            for number in sorted(resources[kind] - owned[kind]):
                word = kind.replace("_", " ")[:-1]
                help = "correct the map, or drop the property"
                self._error(f"{node.path} uses {word} {number}, which the firmware does not count to it", place, help)
        known_id = row.id if row else read_u32(node, terms.SCMI_DEVID)
        if section.id is not None and known_id is not None and section.id != known_id:
            self._error(f"{node.path} is device {known_id} in the firmware, not {section.id}", place, "remove `id'")
        return PlannedDevice(
            node=node,
            nodes=nodes,
            hardware=tuple(found for each in nodes if (found := self.board.hardware.get(each))),
            section=section,
            id=section.id if section.id is not None else known_id,
            resources=resources,
            owned=owned,
            span=place,
        )

    def _stated(
        self, node: Node, section: DeviceSection, found: dict[str, frozenset[int]], place: Span
    ) -> dict[str, frozenset[int]]:
        """Return what a device uses and what the plan says that it uses, where the tree does not."""
        for kind, prop in STATED.items():
            stated = getattr(section, kind)
            if stated and prop in node and prop not in (*section.allow, *section.drop):
                help = f"remove `{kind}', or drop the property"
                self._error(f"{node.path} has {prop} in the board's tree already", place, help)
        return {kind: numbers | frozenset(getattr(section, kind)) for kind, numbers in found.items()}

    def _resources(self, nodes: tuple[Node, ...], section: DeviceSection, place: Span) -> dict[str, frozenset[int]]:
        """Return what a device uses; a cell that the map lacks is an error that names it."""
        kept = tuple(each for each in nodes)
        for node in nodes:
            for name in CONSUMERS:
                prop = node.get(name)
                if prop is None or name in (*section.allow, *section.drop):
                    continue
                try:
                    for use in uses(prop, self.known):
                        inside = use.target is None or use.fixed or use.target in nodes
                        if use.scmi_id is None and not inside:
                            self._unmapped(node, name, use.target, use.cells, place)
                except ShapeError as error:
                    self.errors += error.diagnostics
        return used_ids(kept, self.known)

    def _unmapped(self, node: Node, name: str, target: Node | None, cells: tuple[int, ...], place: Span) -> None:
        provider = target.path if target else "?"
        numbers = " ".join(map(str, cells))
        message = f"{node.path}: {name} leads to {provider} <{numbers}>, which has no SCMI id"
        if self.known.name:
            help = f'add "{numbers}" under provider {provider} to the map {self.known.name}, or allow = ["{name}"]'
        else:
            help = f'name the resource map of the SoC ($.firmware.map), or allow = ["{name}"]'
        self._error(message, place, help)

    def _dom0(self) -> PlannedDomain | None:
        section = self.read.plan.dom0
        if section is False:
            return None
        section = section if isinstance(section, Dom0Section) else Dom0Section()
        path = "$.dom0.devices"
        if section.devices == "rest":
            devices = tuple(self._rest(self.read.at(path)))
        else:
            assert not isinstance(section.devices, str)
            devices = tuple(self._devices(section.devices, path, DOM0))
        if section.agent is False and any(device.controlled for device in devices):
            help = "remove agent = false, or devices"
            self._error("dom0 has no agent, but devices under SCMI control", self.read.at("$.dom0.agent"), help)
        insisted = None if isinstance(section.agent, bool) else section.agent
        return PlannedDomain(DOM0, None, devices, section.agent is not False, insisted, self.read.at("$.dom0"))

    def _rest(self, place: Span) -> Iterator[PlannedDevice]:
        """Yield the devices that dom0 keeps and that use the firmware."""
        providers = self.known.providers()
        pending = [self.board.tree.root]
        while pending:
            node = pending.pop()
            if (
                node in self.owners
                or node is self.console
                or kept_by_xen(node)
                or not is_available(node)
                or node.path in providers
            ):
                continue
            if node.parent is not None and scmi_protocol(node) is None and any(name in node for name in CONSUMERS):
                found = used_ids((node,), self.known)
                if any(found.values()):
                    own = (node,)
                    self.owners[node] = (DOM0, place)
                    row = self.known.devices.get(node.path)
                    owned = {
                        kind: frozenset(counted) if row and (counted := getattr(row, kind)) is not None else found[kind]
                        for kind in KINDS
                    }
                    number = row.id if row else read_u32(node, terms.SCMI_DEVID)
                    hardware = tuple(each for each in (self.board.hardware.get(node),) if each)
                    yield PlannedDevice(
                        node, own, hardware, DeviceSection(device=node.path), number, found, owned, place
                    )
            pending.extend(reversed(list(node.children)))

    def _owner(self, node: Node) -> str | None:
        """Return whose a node is: a domain's, Xen's, or dom0's where there is one."""
        if node in self.owners:
            return self.owners[node][0]
        if node is self.console or kept_by_xen(node):
            return XEN
        return DOM0 if self.read.plan.dom0 is not False else None

    def _check_parted(self, domain: PlannedDomain, device: PlannedDevice) -> None:
        """Refuse a device that shares a page of registers or an interrupt with another domain's."""
        for hardware in device.hardware:
            for region in hardware.regions:
                others = (node for node in self.board.in_pages(region) if node is not hardware.node)
                self._refuse_shared(domain, device, others, f"the page at {region.pages().start:#x}", "registers")
            for interrupt in hardware.interrupts:
                others = (node for node in self.board.on_line[interrupt.number] if node is not hardware.node)
                self._refuse_shared(domain, device, others, f"interrupt {interrupt.number}", "an interrupt")

    def _refuse_shared(
        self, domain: PlannedDomain, device: PlannedDevice, others: Iterable[Node], what: str, word: str
    ) -> None:
        for other in dict.fromkeys(others):
            owner = self._owner(other)
            if owner in (None, domain.name):
                continue
            message = f"{device.path} of {domain.name} shares {what} with {other.path}, which is {owner}'s"
            group = f'groups = [["{device.path}", "{other.path}"]]'
            help = f"{word} cannot be parted: give both to one domain ({group} in [board] does)"
            self._error(message, device.span, help)

    def _check_irqs(self, domain: PlannedDomain, device: PlannedDevice) -> None:
        section = domain.section
        assert section is not None
        allowed = device.section.allow
        for hardware in device.hardware:
            for interrupt in hardware.interrupts:
                if not interrupt.shared and "interrupts" not in allowed:
                    message = f"{hardware.node.path} has a private interrupt ({interrupt.number}) of each CPU"
                    self._error(message, device.span, 'no guest can be given it; allow = ["interrupts"] goes without')
        console = section.vpl011 if domain.dom0less else section.xl.get("vuart") == "sbsa_uart"
        if console and guest_layout.VPL011_IRQ in device.irqs:
            help = "give the domain no virtual PL011"
            self._error(f"{device.path} has interrupt 32, which the virtual PL011 has", device.span, help)

    def _check_pins(self, domain: PlannedDomain, device: PlannedDevice) -> None:
        if self.read.plan.board.pins is None and any("pinctrl-0" in node for node in device.nodes):
            help = 'guests cannot: write pins = "boot-loader", "firmware" or "dom0" into [board]'
            self._error(f"nothing says who sets the pins of {device.path} of {domain.name}", device.span, help)

    def _check_iommu(self, guests: tuple[PlannedDomain, ...]) -> None:
        """Refuse devices of toolstack domains where Xen uses no IOMMU: libxl assigns none there (`dtdev`)."""
        devices = [device for domain in guests for device in domain.devices]
        # The overlay switches those on that stand before a guest's device.
        if self.board.has_iommu or any(self.board.protected(node) for device in devices for node in device.nodes):
            return
        for domain in guests:
            for device in domain.devices if not domain.dom0less else ():
                if device.controlled:
                    message = f"xl cannot assign {device.path} to {domain.name}: Xen uses no IOMMU on this board"
                    self._error(message, device.span, 'write kind = "dom0less": Xen itself can assign it at boot')

    def _check_shared_resources(self, domains: tuple[PlannedDomain, ...]) -> None:
        """Refuse a clock, reset or power domain that the devices of two domains use."""
        users: dict[tuple[str, int], tuple[str, PlannedDevice]] = {}
        for domain in domains:
            for device in domain.devices:
                for kind in KINDS:
                    for number in sorted(device.owned[kind] - self.known.shared[kind]):
                        name, other = users.setdefault((kind, number), (domain.name, device))
                        if name == domain.name:
                            continue
                        word = kind.replace("_", " ")[:-1]
                        message = (
                            f"{word} {number} is used by {device.path} of {domain.name} and by {other.path} of {name}"
                        )
                        help = "the firmware cannot part it: give both devices to one domain (groups in [board])"
                        related = Annotation(span=other.span, label=f"{name} is given it here")
                        self._error(message, device.span, help, related)


def _console(board: Board, bootargs: str | None) -> Node | None:
    """Return the UART that Xen keeps for its console: `dtuart=` of its command line, or `stdout-path`."""
    named = [word.removeprefix("dtuart=") for word in (bootargs or "").split() if word.startswith("dtuart=")]
    chosen = board.tree.node(names.CHOSEN)
    path = named[-1] if named else (read_string(chosen, names.STDOUT_PATH) if chosen else None)
    return board.tree.resolve(path) if path else None


def kept_by_xen(node: Node) -> bool:
    """Return whether Xen keeps a node to itself: interrupt controllers, timers, IOMMUs, CPUs, the RAM."""
    kinds = compatible(node)
    return (
        not terms.XEN_KEEPS.isdisjoint(kinds)
        or read_string(node, "device_type") == "memory"
        or (node.name == "cpus" and node.parent is node.tree.root)
        or any(each.name == "cpus" and each.parent is node.tree.root for each in node.ancestors())
    )


def _nearest(board: Board, name: str) -> str:
    from difflib import get_close_matches

    known = [node.path for node in board.hardware]
    aliases = board.tree.node("/aliases")
    known += [each.name for each in aliases.properties] if aliases else []
    symbols = board.tree.node("/__symbols__")
    known += [each.name for each in symbols.properties] if symbols else []
    base = name.rpartition("/")[2]
    near = get_close_matches(name, known, 1) or [path for path in known if path.rpartition("/")[2] == base][:1]
    return f"did you mean `{near[0]}'?" if near else "`xenscmi plan init BOARD' lists them"
