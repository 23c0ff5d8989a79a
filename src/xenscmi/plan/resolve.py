"""Resolves a plan's names to nodes of the board: which devices each domain is given, and which resources they use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from xenscmi.bindings import names
from xenscmi.bindings.properties import compatible, is_available, read_string, read_u32
from xenscmi.devicetree import Node, ShapeError
from xenscmi.diagnostics import Annotation, Diagnostic, XenscmiError
from xenscmi.plan import terms
from xenscmi.plan.board import Board
from xenscmi.plan.conflicts import conflicts
from xenscmi.plan.planned import DOM0, PlannedDevice, PlannedDomain, ResolvedPlan, ScmiDevice, kept_by_xen
from xenscmi.plan.reading import ReadPlan
from xenscmi.plan.references import CONSUMERS, STATED, scmi_protocol, used_ids, uses
from xenscmi.plan.resource_map import KINDS, ResourceMap
from xenscmi.plan.schema import Device, DevicePlan, Dom0Plan, DomainPlan
from xenscmi.source import Span
from xenscmi.spelling import nearest


def resolve(read: ReadPlan, board: Board, known: ResourceMap) -> ResolvedPlan:
    """Return the plan on its board. Raises XenscmiError with everything that does not fit the board."""
    return _Resolver(read, board, known).run()


@dataclass(slots=True)
class _Resolver:
    read: ReadPlan
    board: Board
    known: ResourceMap
    errors: list[Diagnostic] = field(default_factory=list)
    owners: dict[Node, tuple[str, Span]] = field(default_factory=dict)
    named: set[Node] = field(default_factory=set)
    groups: dict[Node, tuple[Node, ...]] = field(default_factory=dict)
    console: Node | None = None

    def run(self) -> ResolvedPlan:
        self._check_board()
        self.console = _console(self.board, self.read.plan.xen.bootargs)
        self._read_groups()
        guests = tuple(self._domain(number, each) for number, each in enumerate(self.read.plan.domain))
        dom0 = self._dom0()
        domains = (dom0, *guests) if dom0 else guests
        resolved = ResolvedPlan(self.read, self.board, self.known, domains, self.owners, self.console)
        self.errors += conflicts(resolved)
        if self.errors:
            raise XenscmiError(*self.errors)
        return resolved

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
        for path, rows in self.known.devices.items():
            if any(row.id == number for row in rows) and (node := self.board.tree.node(path)):
                return node
        for node in self.board.tree.walk():
            if read_u32(node, terms.SCMI_DEVID) == number:
                return node
        where = f"the map {self.known.name}" if self.known.name else "the tree (there is no map)"
        self._error(f"no device has the SCMI id {number} in {where}", place, "name the device by its path")
        return None

    def _domain(self, number: int, section: DomainPlan) -> PlannedDomain:
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
            section = each if isinstance(each, DevicePlan) else DevicePlan(device=each)
            node = self._find(section.device, place)
            if node is None or not self._claim(node, owner, place):
                continue
            yield self._device(node, section, place)
            for other in self.groups.get(node, ()):
                if other is not node and self._claim(other, owner, place):
                    yield self._device(other, DevicePlan(device=other.path, allow=section.allow), place)

    def _claim(self, node: Node, owner: str, place: Span) -> bool:
        """Give a node and all below it to a domain; return False if the domain has it already, or cannot have it."""
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
            if taken is None or (owner == DOM0 and below is not node):
                continue  # dom0 keeps what is left of a device
            other, where = taken
            if other == owner:
                # A group's, or below one that it has; dom0's may have an id of its own all the same.
                return owner == DOM0 and where != place and node not in self.named
            related = Annotation(span=where, label=f"given to {other} here")
            self._error(f"{below.path} is given to {owner} and to {other}", place, "give it to one of them", related)
            return False
        self.owners = dict.fromkeys(node.walk(), (owner, place)) | self.owners
        self.named.add(node)
        return True

    def _device(self, node: Node, section: DevicePlan, place: Span) -> PlannedDevice:
        owner = self.owners[node][0]
        nodes = tuple(each for each in node.walk() if self.owners[each][0] == owner)
        resources = self._stated(node, section, self._resources(nodes, section, place), place)
        self._check_ids(node, section, place)
        device = PlannedDevice(
            node=node,
            nodes=nodes,
            hardware=tuple(found for each in nodes if (found := self.board.hardware.get(each))),
            section=section,
            scmi=_scmi_devices(node, section, self.known, resources),
            resources=resources,
            span=place,
        )
        for kind in KINDS:
            for number in sorted(resources[kind] - device.owned(kind)):
                word = kind.replace("_", " ")[:-1]
                help = "correct the map, or drop the property"
                self._error(f"{node.path} uses {word} {number}, which the firmware does not count to it", place, help)
        return device

    def _check_ids(self, node: Node, section: DevicePlan, place: Span) -> None:
        """Refuse SCMI device ids of the plan that stand there twice, or that the map or the tree contradicts."""
        rows = self.known.devices.get(node.path, ())
        known = [row.id for row in rows] or _devid(node)
        own = [] if section.id is None else [section.id]
        further = [each.id for each in section.further]
        ids = [*(own or ([] if rows else known)), *further]
        if len(set(ids)) < len(ids):
            self._error(f"{node.path} has an SCMI device id twice", place, "name each id once")
        wrong = [("id", number) for number in own if known and number not in known]
        wrong += [("further_ids", number) for number in further if rows and number not in known]
        for key, number in wrong:
            numbers = " and ".join(map(str, known))
            self._error(f"{node.path} is device {numbers} in the firmware, not {number}", place, f"remove `{key}'")

    def _stated(
        self, node: Node, section: DevicePlan, found: dict[str, frozenset[int]], place: Span
    ) -> dict[str, frozenset[int]]:
        """Return what a device uses and what the plan says that it uses, where the tree does not."""
        for kind, prop in STATED.items():
            if getattr(section, kind) and prop in node and prop not in (*section.allow, *section.drop):
                help = f"remove `{kind}', or drop the property"
                self._error(f"{node.path} has {prop} in the board's tree already", place, help)
        return {kind: numbers | frozenset(section.stated(kind)) for kind, numbers in found.items()}

    def _resources(self, nodes: tuple[Node, ...], section: DevicePlan, place: Span) -> dict[str, frozenset[int]]:
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
        section = section if isinstance(section, Dom0Plan) else Dom0Plan()
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
                    section = DevicePlan(device=node.path)
                    scmi = _scmi_devices(node, section, self.known, found)
                    hardware = tuple(each for each in (self.board.hardware.get(node),) if each)
                    yield PlannedDevice(node, own, hardware, section, scmi, found, place)
            pending.extend(reversed(list(node.children)))


def _devid(node: Node) -> list[int]:
    """Return the SCMI device id that the board's tree has for a node, if any."""
    devid = read_u32(node, terms.SCMI_DEVID)
    return [] if devid is None else [devid]


def _scmi_devices(
    node: Node, section: DevicePlan, known: ResourceMap, resources: dict[str, frozenset[int]]
) -> tuple[ScmiDevice, ...]:
    """Return what a device is in the firmware: as the map says, else as the plan or the tree do.

    A resource that no row names is counted to the first row that leaves its kind open.
    """
    rows: list[tuple[int | None, dict[str, frozenset[int] | None]]] = [
        (row.id, {kind: None if (named := getattr(row, kind)) is None else frozenset(named) for kind in KINDS})
        for row in known.devices.get(node.path, ())
    ]
    if not rows:
        first = section.id if section.id is not None else next(iter(_devid(node)), None)
        rows = [(first, dict.fromkeys(KINDS))]
        rows += [(each.id, {kind: frozenset(getattr(each, kind)) for kind in KINDS}) for each in section.further]
    counted: list[dict[str, frozenset[int]]] = [{} for _ in rows]
    for kind in KINDS:
        rest = resources[kind].difference(*(named[kind] or () for _, named in rows))
        for (_, named), own in zip(rows, counted, strict=True):
            stated = named[kind]
            own[kind] = rest if stated is None else stated
            rest = frozenset() if stated is None else rest
    return tuple(ScmiDevice(number, own) for (number, _), own in zip(rows, counted, strict=True))


def _console(board: Board, bootargs: str | None) -> Node | None:
    """Return the UART that Xen keeps for its console: `dtuart=` of its command line, or `stdout-path`."""
    named = [word.removeprefix("dtuart=") for word in (bootargs or "").split() if word.startswith("dtuart=")]
    chosen = board.tree.node(names.CHOSEN)
    path = named[-1] if named else (read_string(chosen, names.STDOUT_PATH) if chosen else None)
    return board.tree.resolve(path) if path else None


def _nearest(board: Board, name: str) -> str:
    known = [node.path for node in board.hardware]
    aliases = board.tree.node("/aliases")
    known += [each.name for each in aliases.properties] if aliases else []
    symbols = board.tree.node("/__symbols__")
    known += [each.name for each in symbols.properties] if symbols else []
    base = name.rpartition("/")[2]
    near = nearest(name, known) or next((path for path in known if path.rpartition("/")[2] == base), None)
    return f"did you mean `{near}'?" if near else "`xenscmi plan init BOARD' lists them"
