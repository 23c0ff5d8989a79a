"""A domain's partial tree: below /passthrough, the SCMI node and the page of the agent that the domain has.

EPAM's Xen made these nodes itself, or took those outside /passthrough, which a current Xen and libxl do not copy. What
led to such a node then leads to its copy.
"""

from __future__ import annotations

from xenscmi.bindings.addresses import ADDRESS_CELLS, SIZE_CELLS
from xenscmi.bindings.names import (
    FIRMWARE_SCMI,
    PASSTHROUGH,
    SCMI_SHMEM,
    SCMI_SMC,
    SHMEM,
    SMC_ID,
    XEN_FORCE_ASSIGN,
    XEN_REG,
)
from xenscmi.bindings.properties import is_compatible
from xenscmi.config.constants import PAGE_SIZE
from xenscmi.conversion.additions import Additions, counts, page_properties
from xenscmi.conversion.agents import AgentChoice, note
from xenscmi.conversion.host_tree import address_of, value
from xenscmi.devicetree import Node, Property, Tree
from xenscmi.devicetree.dts import DtsNode, cells, number, raw, rows, strings
from xenscmi.diagnostics import Diagnostic, Severity
from xenscmi.host.guest_memory import mappings, maps_host
from xenscmi.host.index import guest_channel, page
from xenscmi.host.references import phandle_uses
from xenscmi.host.types import DomainKind, ScmiNode, SecondaryAgent

FIRST_PAGE = 0x22001000
"""Where a guest finds its agent's page unless its files say otherwise: behind Xen's virtual PL011."""
_TOP_LEVEL = (FIRMWARE_SCMI, "/scmi")
_UNDERSTOOD = frozenset(
    ("aliases", "chosen", "cpus", "firmware", "gic", "memory", "passthrough", "psci", "scmi", "timer", "__symbols__")
)
"""Nodes below the root that a guest gets, that Xen makes itself, or that are copied into /passthrough here."""
_WRITTEN = frozenset(("phandle", "linux,phandle", "compatible", SMC_ID, SHMEM))


class PartialTreeConversion:
    """The conversion of a partial tree: what an overlay adds, and what a person must know.

    `guest_page` is where the guest sees the page of its agent, in bytes.
    """

    def __init__(self, choice: AgentChoice, row: SecondaryAgent, tree: Tree) -> None:
        self.domain = choice.domain
        self.row = row
        self.tree = tree
        self.additions = Additions(tree)
        self.notes: list[Diagnostic] = []
        self._channel = guest_channel(self.domain)
        self._outside = None if self._channel else self._find_outside()
        self._labels: dict[Node, str] = {}  # of the copies, by the nodes that were copied
        self.guest_page = self._find_guest_page()

    def convert(self) -> None:
        """Fill in the additions and notes. Raises XenscmiError where the agent's values cannot be read."""
        if self._channel is not None:
            self._correct(self._channel)
        else:
            top = self._top()
            self._add_node(top, self._add_page(top))
            self._lead_to_copies()
        self._name_what_stays_behind()

    def _find_outside(self) -> Node | None:
        """Return the SCMI node outside /passthrough, which may lack what EPAM's Xen added to it; None without one."""
        known = [self.tree.node(each.path) for each in (self.domain.tree.scmi_nodes if self.domain.tree else ())]
        return next((node for node in (*known, *map(self.tree.node, _TOP_LEVEL)) if node is not None), None)

    def _find_guest_page(self) -> int:
        host, given = address_of(self.row.shmem), mappings(self.domain)
        mapped = next((each for each in given if maps_host(each, host)), None)
        if mapped is not None:
            return mapped.guest + host - mapped.host
        shmem = page(self._channel.shmem) if self._channel else None
        if shmem is not None:
            return shmem
        if self.domain.direct_map:
            return host  # its RAM is anywhere
        at = FIRST_PAGE
        for each in sorted(given, key=lambda each: each.guest):
            if each.guest < at + PAGE_SIZE and at < each.guest + each.size:
                at = -(-(each.guest + each.size) // PAGE_SIZE) * PAGE_SIZE
        return at

    # what is added

    def _top(self) -> DtsNode:
        node = self.tree.node(PASSTHROUGH)
        if node is not None:
            return self.additions.bus(node)
        top = self.additions.bus(self.tree.root).add(PASSTHROUGH.strip("/"))
        top.properties = {"compatible": strings("simple-mfd"), ADDRESS_CELLS: cells(2), SIZE_CELLS: cells(2)}
        top.properties["ranges"] = ""
        return top

    def _add_page(self, top: DtsNode) -> str:
        """Add the page's node; return its label."""
        node = self.tree.node(PASSTHROUGH)
        name = f"sram@{self.guest_page:x}"
        if node is not None and node.child(name) is not None:
            name = f"scmi-shmem@{self.guest_page:x}"
        label = self.additions.label("scmi_shmem")
        bus = counts(node) if node is not None else (2, 2)
        top.add(name, label=label).properties = page_properties(self.guest_page, bus) | self._mapping(bus)
        return label

    def _mapping(self, bus: tuple[int, int]) -> dict[str, str]:
        """Return the properties by which Xen maps the page; xl does it by `iomem`."""
        if self.domain.kind is not DomainKind.DOM0LESS:
            return {}
        address, size = bus
        host = number(address_of(self.row.shmem), address)
        mapping = cells(*host, *number(PAGE_SIZE, size), *number(self.guest_page, address))
        return {XEN_REG: mapping, XEN_FORCE_ASSIGN: ""}

    def _add_node(self, top: DtsNode, shmem: str) -> None:
        """Add the SCMI node, with what the one outside /passthrough has."""
        there, outside = self.tree.node(PASSTHROUGH), self._outside
        name = "scmi" if there is None or there.child("scmi") is None else "scmi-1"
        made = top.add(name)
        made.properties = {
            "compatible": strings(SCMI_SMC),
            SMC_ID: cells(value(self.row.func_id)),
            SHMEM: cells(f"&{shmem}"),
            ADDRESS_CELLS: cells(1),
            SIZE_CELLS: cells(0),
        }
        if outside is None:
            message = f"{self.domain.title} gets an scmi node without protocols: its partial tree has none"
            self._say(message, self.tree.root, "add the protocols that its devices use, and let the devices use them")
            return
        for node in (each for child in outside.children for each in child.walk()):
            wanted = self.additions.symbol(node)
            if wanted or "phandle" in node:
                self._labels[node] = wanted or self.additions.label(node.base_name)
        for prop in outside.properties:
            if prop.name not in _WRITTEN:
                made.properties[prop.name] = self._text(prop)
        made.children += [self._copy(child) for child in outside.children]

    def _copy(self, node: Node) -> DtsNode:
        made = DtsNode(node.name, self._labels.get(node, ""))
        made.properties = {each.name: self._text(each) for each in node.properties if "phandle" not in each.name}
        made.children = [self._copy(child) for child in node.children]
        return made

    def _correct(self, channel: ScmiNode) -> None:
        """Give an SCMI node that the guest gets the function id and the page of the guest's agent."""
        node, func_id = self.tree.node(channel.path), value(self.row.func_id)
        assert node is not None, "the path was read from the tree"
        if channel.func_id is None or channel.func_id.value != func_id:
            self.additions.at(node).properties[SMC_ID] = cells(func_id)
        shmem = channel.shmem.value if channel.shmem else None
        there = self.tree.node(shmem.path) if shmem and shmem.path else None
        if there is None or not there.path.startswith(f"{PASSTHROUGH}/") or page(channel.shmem) != self.guest_page:
            label = self._add_page(self._top())
            self.additions.at(node).properties[SHMEM] = cells(f"&{label}")
        elif not any(maps_host(each, address_of(self.row.shmem)) for each in mappings(self.domain)):
            assert there.parent is not None, "it stands below /passthrough"
            self.additions.at(there).properties |= self._mapping(counts(there.parent))

    # what led to the nodes that were copied

    def _lead_to_copies(self) -> None:
        top = self.tree.node(PASSTHROUGH)
        for node in top.walk() if top else ():
            targets = {use.prop.name: use.prop for use in phandle_uses(node) if use.target in self._labels}
            for name, prop in targets.items():
                self.additions.at(node).properties[name] = self._text(prop)

    def _text(self, prop: Property) -> str:
        """Return a value as text, in which references to what was copied lead to the copies."""
        uses = {use.offset: use for use in phandle_uses(prop.node) if use.prop is prop}
        if not uses or len(prop.value) % 4:
            return raw(prop.value)
        groups: list[list[int | str]] = []
        for at, cell in enumerate(prop.cells()):
            use = uses.get(4 * at)
            if use is None and groups:
                groups[-1].append(cell)
            elif use is None or use.target is None:
                groups.append([cell])
            else:
                copy = self._labels.get(use.target)
                groups.append([f"&{copy}" if copy else self.additions.reference(use.target)])
        return rows(groups)

    def _name_what_stays_behind(self) -> None:
        """Say which nodes a guest does not get any more, if EPAM's xl copied them."""
        behind = left_behind(self.tree)
        if behind:
            names = ", ".join(node.path for node in behind)
            message = f"{self.domain.title} does not get {names}: only {PASSTHROUGH} and /aliases are copied"
            self._say(message, behind[0], f"move what its devices need below {PASSTHROUGH}")

    def _say(self, message: str, node: Node, help: str) -> None:
        self.notes.append(note(message, node.span, Severity.WARNING, help))


def left_behind(tree: Tree) -> list[Node]:
    """Return the nodes of a partial tree that a guest does not get, and that EPAM's xl copied if it was told to."""
    return [
        node
        for node in tree.root.children
        if node.base_name not in _UNDERSTOOD and not is_compatible(node, SCMI_SHMEM, SCMI_SMC)
    ]
