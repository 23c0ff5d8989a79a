"""A plan of a host that exists: from its tree, the partial trees, the xl.cfg files and what is known of the firmware.

The plan insists on the numbers that the host has, so that rendering it gives an equivalent host. The board's tree comes
out without what Xen was told in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import get_args

from xenscmi.bindings import names
from xenscmi.bindings.addresses import translate
from xenscmi.bindings.errors import BindingError
from xenscmi.bindings.phandles import phandle_entries
from xenscmi.bindings.properties import find_by_path, find_compatible, is_compatible, read_string, read_u32
from xenscmi.config.constants import INVALID_AGENT_ID
from xenscmi.config.parsed import Parsed
from xenscmi.devicetree import Builder, Node, ShapeError, Tree
from xenscmi.diagnostics import Diagnostic, Severity
from xenscmi.plan import terms
from xenscmi.plan.reading import WORKED_OUT, failure
from xenscmi.plan.references import CELLS, PROTOCOLS, entries, scmi_protocol
from xenscmi.plan.rendering.quoting import quoted
from xenscmi.plan.schema import DomainPlan, Profile
from xenscmi.plan.writing import bare_number, further_ids, xl_value
from xenscmi.source import Span
from xenscmi.xlcfg import StringValue

BOARD = "board.dtb"
_FIRST_FUNC_ID = 0x82000002
_MODULES = (names.MULTIBOOT_MODULE, names.XEN_MULTIBOOT_MODULE)
_OWN_KEYS = frozenset(DomainPlan.__struct_fields__) - {"name", "kind", "agent", "devices", "xl", "fragments"}
_CONSUMED = {"clocks": "clocks", "resets": "resets", "power-domains": "power_domains"}


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAgent:
    """An agent of the firmware."""

    agent_id: int
    func_id: int
    page: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFirmware:
    """What is known of the firmware besides the host's trees: nothing, or its tables."""

    profile: str = "generic"
    trusted_agent: int | None = None
    agents: tuple[KnownAgent, ...] = ()
    devices: Mapping[int, Mapping[str, tuple[int, ...]]] = field(default_factory=dict)
    unsupported: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExistingHost:
    """A host's files, read: `partial` by the names of dom0less domains, toolstack domains with their partial trees."""

    tree: Tree
    partial: Mapping[str, Tree]
    toolstack: tuple[tuple[Parsed, Tree | None], ...] = ()
    firmware: KnownFirmware = field(default_factory=KnownFirmware)
    xen_profile: str | None = None


@dataclass(frozen=True, slots=True)
class Imported:
    """A plan's text, the board's tree for it, and what could not be carried over."""

    plan: str
    board: Tree
    notes: tuple[Diagnostic, ...]


def import_host(host: ExistingHost) -> Imported:
    """Return the plan of a host. Raises XenscmiError for one without a container that Xen would read."""
    return _Importer(host).run()


@dataclass(slots=True)
class _Importer:
    host: ExistingHost
    notes: list[Diagnostic] = field(default_factory=list)

    @property
    def tree(self) -> Tree:
        return self.host.tree

    def run(self) -> Imported:
        container = find_compatible(self.tree, names.XEN_SCI)
        scmi = next((n for n in container.walk() if is_compatible(n, names.SCMI_SMC)), None) if container else None
        if container is None or scmi is None:
            span = Span(self.tree.source, 0, 0)
            help = "convert an older host first: xenscmi convert"
            raise failure("the host tree has no container of agents (xen,sci)", span, help)
        channels = self._channels(container)
        management = self._management(scmi, channels)
        channels[management.agent_id] = management
        guests = [*self._dom0less(scmi), *self._toolstack(scmi)]
        lines = ["# Made by `xenscmi plan import' of a host that exists; it insists on the numbers of that host.", ""]
        lines += [] if self._boots_dom0() else ["dom0 = false", ""]
        lines += ["[board]", f"device_tree = {quoted(BOARD)}", 'pins = "boot-loader"', "", "[xen]"]
        lines += [f"profile = {quoted(self.host.xen_profile)}"] if self.host.xen_profile else []
        chosen = self.tree.node(names.CHOSEN)
        bootargs = read_string(chosen, names.XEN_BOOTARGS) if chosen else None
        lines += [f"bootargs = {quoted(bootargs)}"] if bootargs else []
        lines += ["", *self._firmware(channels, management)]
        lines += ["", *self._dom0(container, scmi, bootargs or "")]
        lines += guests
        return Imported("\n".join(lines) + "\n", self._board(container), tuple(self.notes))

    # firmware

    def _channels(self, container: Node) -> dict[int, KnownAgent]:
        listing = container.get(names.SECONDARY_AGENTS)
        width = read_u32(container, names.SECONDARY_AGENTS_CELLS) or names.SECONDARY_AGENTS_CELLS_DEFAULT
        cells = listing.cells() if listing is not None else ()
        if width not in (2, 3) or len(cells) % width:
            raise failure(f"{container.path}: the list of agents is not of {width} cells a row", container.span)
        found: dict[int, KnownAgent] = {}
        for at in range(0, len(cells), width):
            page = self._page(cells[at + 1], container)
            number = cells[at + 2] if width == 3 else self._agent_id(cells[at], found)
            if number >= INVALID_AGENT_ID or number in found:
                self._say(f"agent {number} of the list is left out: no domain can have it", container.span)
                continue
            found[number] = KnownAgent(agent_id=number, func_id=cells[at], page=page)
        return found

    def _agent_id(self, func_id: int, taken: Mapping[int, KnownAgent]) -> int:
        """Return the agent id of a function id: the firmware's, or counted from EPAM's first function id."""
        for agent in self.host.firmware.agents:
            if agent.func_id == func_id:
                return agent.agent_id
        guess = func_id - _FIRST_FUNC_ID
        free = (number for number in range(INVALID_AGENT_ID) if number not in taken)
        return guess if 0 <= guess < INVALID_AGENT_ID and guess not in taken else next(free, 0)

    def _page(self, phandle: int, container: Node) -> int:
        node = self.tree.by_phandle(phandle)
        if node is None:
            raise failure(f"{container.path}: no node has phandle {phandle:#x}", container.span)
        try:
            return translate(node).address
        except BindingError as error:
            raise failure(error.diagnostic.message, node.span, error.diagnostic.help) from None

    def _management(self, scmi: Node, taken: Mapping[int, KnownAgent]) -> KnownAgent:
        func_id, shmem = read_u32(scmi, names.SMC_ID), read_u32(scmi, names.SHMEM)
        if func_id is None or shmem is None:
            raise failure(f"{scmi.path} has no {names.SMC_ID} or no {names.SHMEM}", scmi.span)
        page = self._page(shmem, scmi)
        for agent in taken.values():
            if agent.func_id == func_id:
                return agent
        return KnownAgent(agent_id=self._agent_id(func_id, taken), func_id=func_id, page=page)

    def _firmware(self, channels: Mapping[int, KnownAgent], management: KnownAgent) -> Iterator[str]:
        firmware = self.host.firmware
        profile = firmware.profile
        if profile not in get_args(Profile):
            known = ", ".join(get_args(Profile))
            self._say(f"a plan cannot have the firmware profile {profile}: it says generic; known are {known}", None)
            profile = "generic"
        yield "[firmware]"
        yield f"profile = {quoted(profile)}"
        yield f"management_agent = {management.agent_id}"
        if firmware.unsupported:
            yield f"unsupported = [{', '.join(map(quoted, firmware.unsupported))}]"
        yield "channels = ["
        for number, agent in sorted(channels.items()):
            yield f"    {{ agent = {number}, func_id = {agent.func_id:#x}, page = {agent.page:#x} }},"
        yield "]"

    # domains

    def _dom0(self, container: Node, scmi: Node, bootargs: str) -> Iterator[str]:
        if not self._boots_dom0():
            return
        agent = read_u32(container, names.DOM0_AGENT_ID)
        has_agent = agent is not None and agent < INVALID_AGENT_ID
        yield "[dom0]"
        yield f"agent = {agent if has_agent else 'false'}"
        memory = re.search(r"\bdom0_mem=(\d+)([MG]?)", bootargs)
        if memory:
            yield f"memory = {max(8, int(memory[1]) * (1024 if memory[2] == 'G' else 1))}"
        devices = [
            self._device(node, scmi, None)
            for node in self.tree.walk()
            if names.ACCESS_CONTROLLERS in node and names.XEN_PASSTHROUGH not in node and self._ids(node, scmi)
        ]
        if has_agent and devices:
            yield "devices = ["
            yield from (f"    {device}," for device in devices)
            yield "]"

    def _boots_dom0(self) -> bool:
        chosen = self.tree.node(names.CHOSEN)
        kernels = [
            node
            for node in (chosen.walk() if chosen else ())
            if is_compatible(node, names.MULTIBOOT_KERNEL, names.XEN_LINUX_ZIMAGE)
        ]
        guests = [node for node in kernels if node.parent is not None and is_compatible(node.parent, names.XEN_DOMAIN)]
        return len(kernels) > len(guests) or not guests

    def _dom0less(self, scmi: Node) -> Iterator[str]:
        chosen = self.tree.node(names.CHOSEN)
        for node in chosen.children if chosen else ():
            if not is_compatible(node, names.XEN_DOMAIN):
                continue
            agent = read_u32(node, names.SCI_AGENT_ID)
            multi = read_string(node, names.SCI_TYPE) == terms.MULTI_AGENT and agent is not None
            yield from ("", "[[domain]]", f"name = {quoted(node.name)}", 'kind = "dom0less"')
            yield f"agent = {agent if multi else 'false'}"
            memory = node.get("memory")
            if memory is not None and len(memory.value) in (4, 8):
                yield f"memory = {max(8, int.from_bytes(memory.value, 'big') >> 10)}"
            yield f"vcpus = {max(1, read_u32(node, 'cpus') or 1)}"
            yield f"vpl011 = {'true' if 'vpl011' in node else 'false'}"
            yield 'kernel = "Image"'
            partial = self.host.partial.get(node.name)
            yield from self._devices(list(self._passed(partial)) if partial else [], scmi)

    def _passed(self, partial: Tree) -> Iterator[tuple[Node, Node | None]]:
        """Yield the host's devices that a partial tree of a dom0less domain names, with the node that names each."""
        for node in partial.walk():
            path = read_string(node, names.XEN_PATH)
            device = find_by_path(self.tree, path) if path else None  # in whatever case, as Xen compares
            if device is not None:
                yield device, node
            elif path:
                self._say(f"{node.path} names {path}, which the host does not have", node.span)

    def _toolstack(self, scmi: Node) -> Iterator[str]:
        for parsed, partial in self.host.toolstack:
            config = parsed.config
            sci = config.b_info.arch_arm.arm_sci
            yield from ("", "[[domain]]", f"name = {quoted(config.c_info.name or '')}")
            yield f"agent = {sci.agent_id if sci.type.text == terms.MULTI_AGENT else 'false'}"
            for setting in parsed.settings:
                key = setting.key
                if key in WORKED_OUT or key == "name":
                    continue
                if key in _OWN_KEYS and isinstance(setting.value, StringValue) and not setting.value.quoted:
                    yield f"{key} = {bare_number(setting.value.text)}"
                else:
                    yield f"{key} = {xl_value(setting.value)}"
            guests = {read_string(n, "compatible"): n for n in partial.walk()} if partial else {}
            found = [self.tree.node(device.path or "") for device in config.dtdevs]
            given = [(node, guests.get(read_string(node, "compatible"))) for node in found if node is not None]
            yield from self._devices(given, scmi)

    def _devices(self, given: list[tuple[Node, Node | None]], scmi: Node) -> Iterator[str]:
        if given:
            yield "devices = ["
            yield from (f"    {self._device(node, scmi, guest)}," for node, guest in given)
            yield "]"

    def _device(self, node: Node, scmi: Node, guest: Node | None) -> str:
        """Return a device of the plan: its path, and its SCMI id and resources where the tree does not say them."""
        parts = [f"device = {quoted(node.path)}"]
        ids = self._ids(node, scmi)
        for number in ids[:1]:
            known = self.host.firmware.devices.get(number, {})
            parts.append(f"id = {number}")
            for prop, kind in _CONSUMED.items():
                numbers = known.get(kind, ()) or _used(guest, prop)
                if prop not in node and numbers:
                    parts.append(f"{kind} = {list(numbers)}")
        if len(ids) > 1:
            parts.append(further_ids({number: self.host.firmware.devices.get(number, {}) for number in ids[1:]}))
        return quoted(node.path) if len(parts) == 1 else f"{{ {', '.join(parts)} }}"

    def _ids(self, node: Node, scmi: Node) -> list[int]:
        """Return the SCMI ids for which Xen would ask the firmware, each once: up to the first bad entry."""
        found: dict[int, None] = {}
        try:
            for entry in phandle_entries(node, names.ACCESS_CONTROLLERS, names.ACCESS_CONTROLLER_CELLS):
                if entry.target is scmi and entry.arguments:
                    found[entry.arguments[0]] = None
        except BindingError:
            pass
        return list(found)

    # the board

    def _board(self, container: Node) -> Tree:
        """Return the host's tree without what Xen was told in it."""
        gone = {container}
        for above in container.ancestors():  # what only holds the container
            if above.parent is None or above.path == names.CHOSEN or len(above.children) > 1:
                break
            gone.add(above)
        builder = Builder(self.tree.source)
        builder.reserve(*self.tree.reservations)
        _copy(self.tree, builder, lambda node: node in gone or _is_xens(node))
        return builder.finish()

    def _say(self, message: str, span: Span | None) -> None:
        self.notes.append(Diagnostic(message=message, severity=Severity.WARNING, span=span))


def _is_xens(node: Node) -> bool:
    """Return whether a node below /chosen is for Xen: a boot module or a dom0less domain."""
    return node.path.startswith(names.CHOSEN + "/") and is_compatible(node, names.XEN_DOMAIN, *_MODULES)


_XENS_PROPERTIES = frozenset((names.XEN_PASSTHROUGH, names.XEN_BOOTARGS))


def _copy(tree: Tree, builder: Builder, left_out: Callable[[Node], bool]) -> None:
    """Copy a tree without some nodes, without Xen's properties, and without labels and access controllers in what is
    gone."""

    def is_gone(node: Node | None) -> bool:
        return node is None or left_out(node) or any(map(left_out, node.ancestors()))

    gone: set[Node] = set()
    open_nodes: list[Node] = []
    for node in tree.walk():
        if node.parent in gone or left_out(node):
            gone.add(node)
            continue
        while open_nodes and open_nodes[-1] is not node.parent:
            open_nodes.pop()
            builder.end()
        if node.parent is not None:
            builder.begin(node.name)
        open_nodes.append(node)
        for prop in node.properties:
            if prop.name in _XENS_PROPERTIES:
                continue
            if node.path == "/__symbols__" and (path := read_string(node, prop.name)) and is_gone(tree.node(path)):
                continue
            if prop.name == names.ACCESS_CONTROLLERS:
                others = _access_controllers(node, is_gone)
                if others:
                    builder.add(prop.name, others)
                continue
            builder.add(prop.name, prop.value)


def _access_controllers(node: Node, is_gone: Callable[[Node], bool]) -> bytes:
    """Return the access controllers of a node that stay in the board's tree: a bus firewall, for example."""
    stay = b""
    listed = node.get(names.ACCESS_CONTROLLERS)
    try:
        for entry in phandle_entries(node, names.ACCESS_CONTROLLERS, names.ACCESS_CONTROLLER_CELLS):
            if listed is not None and not is_gone(entry.target):
                stay += listed.value[entry.offset :][: 4 * (1 + len(entry.arguments))]
    except BindingError:
        pass
    return stay


def _used(node: Node | None, prop: str) -> tuple[int, ...]:
    """Return the SCMI ids that a property of a guest's node refers to."""
    found = node.get(prop) if node is not None else None
    kind = _CONSUMED[prop]
    if found is None:
        return ()
    try:
        return tuple(
            cells[0]
            for target, cells, _ in entries(found, CELLS[kind])
            if target is not None and cells and scmi_protocol(target) == PROTOCOLS[kind]
        )
    except ShapeError:
        return ()
