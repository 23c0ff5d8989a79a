"""The host tree: the container, dom0's SCMI node, the devices and the domains."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from xenscmi.bindings.addresses import ADDRESS_CELLS, SIZE_CELLS, written_reg
from xenscmi.bindings.names import (
    ACCESS_CONTROLLER_CELLS,
    ACCESS_CONTROLLERS,
    ARM_SCI_EPAM,
    BOOTARGS,
    CHOSEN,
    DOM0_AGENT_ID,
    FIRMWARE_SCMI,
    SCI_AGENT_ID,
    SCI_AGENT_ID_V5,
    SCI_TYPE,
    SCMI_DEVID,
    SCMI_SMC,
    SECONDARY_AGENTS,
    SECONDARY_AGENTS_CELLS,
    SECONDARY_AGENTS_EPAM,
    SECONDARY_AGENTS_V4,
    SHMEM,
    SMC_ID,
    SMC_PASSTHROUGH,
    XEN_BOOTARGS,
    XEN_SCI,
)
from xenscmi.bindings.properties import read_string
from xenscmi.conversion.additions import Additions, counts, page_properties
from xenscmi.conversion.agents import UNNAMED, AgentChoice, note
from xenscmi.conversion.removals import Removal
from xenscmi.devicetree import Node, Tree
from xenscmi.devicetree.dts import DtsNode, cells, decimal, raw, rows, strings
from xenscmi.diagnostics import Diagnostic, Severity, XenscmiError
from xenscmi.host.configuration import MULTI_AGENT
from xenscmi.host.index import page
from xenscmi.host.types import Container, Device, Dialect, DomainKind, Host, ScmiNode, SecondaryAgent, Shmem, Stated
from xenscmi.source import Span

PLACE = ("xen", "xen_scmi_config")
_MOVES_DOM0 = (Dialect.CHOSEN_PROPERTY, *UNNAMED)
"""The dialects in which /firmware/scmi was Xen's own channel, and where dom0's is now."""
_OPTIONS = re.compile(
    r"(?:^|(?<=\s))dom0_scmi_agent_id=\w+\s*|(?:,sci-agent-id=\w+)|(?<=dom0=)sci-agent-id=\w+,?"
    rf"|(?:^|(?<=\s))(?:no-)?{SMC_PASSTHROUGH}(?:=\S*)?(?:\s+|$)"
)
_EMPTY_DOM0 = re.compile(r"(?:^|(?<=\s))dom0=(?=\s|$)\s*")


class HostTreeConversion:
    """The conversion of a host tree: what an overlay adds, what has to go, and what a person must know."""

    def __init__(self, host: Host, tree: Tree, container: Container, choices: Iterable[AgentChoice]) -> None:
        self.host = host
        self.tree = tree
        self.container = container
        self.choices = tuple(choices)
        self.additions = Additions(tree)
        self.removals: list[Removal] = []
        self.notes: list[Diagnostic] = []

    def convert(self) -> None:
        """Fill in the additions, removals and notes. Raises XenscmiError where the old form cannot be read."""
        dialect = self.container.dialect
        if dialect is Dialect.CONTAINER_V7:
            self._at(self.container.path).properties.update(self._dom0_agent())
        elif dialect is Dialect.CONFIG_NODE:
            self._promote()
        elif dialect is not Dialect.CONTAINER:
            self._build()
            if dialect is Dialect.DEVICE_IDS:
                self._doubt_list()
        for old in self.host.containers:
            for name in (SECONDARY_AGENTS_V4, SECONDARY_AGENTS_EPAM):
                self._remove(self._node(old.path), name, "Xen reads the list of its container instead")
        self._clean_command_line()
        self._convert_domains()

    def _doubt_list(self) -> None:
        count, base = len(self.container.agents), value(self._own().func_id)
        message = f"this form has no list: {count} agents are taken from the pages behind Xen's own, "
        message += f"and their function ids are counted from {base:#x}"
        help = "compare both with the firmware's: if it has one function id for all agents, "
        help += "as TF-A of EPAM's R-Car Gen3 products has, no current Xen can use it"
        self._say(message, self.container.span, help)

    def _promote(self) -> None:
        """Make the node of v5 the container that it nearly is."""
        own = self._own()
        node = self._node(self.container.path)
        self.additions.bus(node).properties.update(
            {"compatible": strings(XEN_SCI), SECONDARY_AGENTS_CELLS: cells(3), **self._dom0_agent()}
        )
        for each in (node, *node.ancestors()):
            if each is not self.tree.root and "ranges" not in each:
                self.additions.bus(each).properties["ranges"] = ""
        if own.access_controller_cells is None:
            self._at(own.path).properties[ACCESS_CONTROLLER_CELLS] = cells(1)

    def _build(self) -> None:
        """Write a container for a list that stood elsewhere, and give dom0 what was Xen's node."""
        own, listed = self._own(), self.container.agents
        if not listed:
            raise error(f"{self.container.path} has no readable list of agents", self.container.span)
        node = self._new_container()
        own_page = self._add_page(node, own.shmem, "xen")
        labels = [self._add_page(node, row.shmem, str(value(row.agent_id))) for row in listed]
        node.properties[SECONDARY_AGENTS] = rows(
            (value(row.func_id), f"&{label}", decimal(value(row.agent_id)))
            for row, label in zip(listed, labels, strict=True)
        )
        node.properties |= {SECONDARY_AGENTS_CELLS: cells(3), **self._dom0_agent()}
        label = self.additions.label("scmi_xen")
        node.add("scmi", label=label).properties = {
            "compatible": strings(SCMI_SMC),
            SMC_ID: cells(value(own.func_id)),
            SHMEM: cells(f"&{own_page}"),
            ADDRESS_CELLS: cells(1),
            SIZE_CELLS: cells(0),
            ACCESS_CONTROLLER_CELLS: cells(1),
        }
        self._give_node_to_dom0()
        self._control(own.path, label)

    def _new_container(self) -> DtsNode:
        """Return a container in which addresses translate: every node on the way down to it has `ranges`."""
        bus = {ADDRESS_CELLS: cells(2), SIZE_CELLS: cells(2), "ranges": ""}
        chosen = self.tree.node(CHOSEN)
        above = chosen.child(PLACE[0]) if chosen else None
        if chosen is None:
            content = self.additions.bus(self.tree.root).add(CHOSEN.strip("/"))
            content.properties.update(bus)
        else:
            content = self.additions.bus(chosen)
            content.properties["ranges"] = ""
        if above is None:
            content = content.add(PLACE[0])
            content.properties.update(bus)
        else:
            content = self.additions.bus(above)
            content.properties["ranges"] = ""
        node = content.add(PLACE[1])
        node.properties = {"compatible": strings(XEN_SCI), **bus}
        return node

    def _add_page(self, container: DtsNode, shmem: Stated[Shmem] | None, owner: str) -> str:
        """Add a page to the container; return its label. A page that is listed twice is there once."""
        address = address_of(shmem)
        name = f"sram@{address:x}"
        there = next((each for each in container.children if each.name == name), None)
        if there is None:
            chosen = self.tree.node(CHOSEN)
            page_properties(address, counts(chosen) if chosen else (2, 2))  # its address must pass through there
            there = container.add(name, label=self.additions.label(f"scmi_page_{owner}"))
            there.properties = page_properties(address, (2, 2))
        return there.label

    def _dom0_agent(self) -> dict[str, str]:
        agent = self.container.dom0_agent
        return {DOM0_AGENT_ID: cells(decimal(value(agent)))} if agent is not None and self._dom0_boots() else {}

    def _dom0_boots(self) -> bool:
        return any(domain.kind is DomainKind.DOM0 for domain in self.host.domains)

    def _dom0_row(self) -> SecondaryAgent | None:
        agent = self.container.dom0_agent
        if agent is None or not self._dom0_boots():
            return None
        return next((row for row in self.container.agents if row.agent_id and row.agent_id.value == agent.value), None)

    def pages(self, *, dom0: bool = True) -> set[int]:
        """Return the addresses of the agents' pages, Xen's own among them; without that of `dom0` if so asked."""
        row = None if dom0 else self._dom0_row()
        listed = [each.shmem for each in self.container.agents if each is not row]
        return {self._address(each) for each in (self._own().shmem, *listed)}

    def _address(self, shmem: Stated[Shmem] | None) -> int:
        """Return a page's address, as written where it translates only once the container is one."""
        path = shmem.value.path if shmem and shmem.value else None
        node = self.tree.node(path) if path and path.startswith(f"{self.container.path}/") else None
        written = written_reg(node) if node is not None and page(shmem) is None else ()
        return written[0].address if written else address_of(shmem)

    # dom0 and the devices

    def _give_node_to_dom0(self) -> None:
        """Make /firmware/scmi, which was Xen's, the channel of dom0's agent."""
        node, row = self.tree.node(FIRMWARE_SCMI), self._dom0_row()
        if node is None or row is None or self.container.dialect not in _MOVES_DOM0:
            return
        self.additions.at(node).properties.update(
            {SMC_ID: cells(value(row.func_id)), SHMEM: cells(self._dom0_page(row))}
        )
        self._remove(node, ACCESS_CONTROLLER_CELLS, "it is not an access controller any more")

    def _dom0_page(self, row: SecondaryAgent) -> str:
        """Return a reference to dom0's page: where it stands if that is below the root, else to a new node there."""
        address = address_of(row.shmem)
        there = self.tree.node(row.shmem.value.path) if row.shmem.value and row.shmem.value.path else None
        if there is not None and there.parent is self.tree.root:
            return self.additions.reference(there)
        label = self.additions.label("scmi_dom0_page")
        name = f"sram@{address:x}" if self.tree.root.child(f"sram@{address:x}") is None else f"scmi-shmem@{address:x}"
        root = self.tree.root
        self.additions.bus(root).add(name, label=label).properties = page_properties(address, counts(root))
        return f"&{label}"

    def _control(self, old: str, label: str) -> None:
        """Let the devices name Xen's new node, of this label, as their access controller."""
        devices = {device.path: device for device in self.host.devices}
        for node in self.tree.walk():
            device, device_id = devices.get(node.path), node.get(SCMI_DEVID)
            entries = list(self._entries(device, old, label)) if device else []
            if device_id is not None and len(device_id.value) == 4:
                entries.insert(0, (f"&{label}", decimal(device_id.u32())))
                self._remove(node, SCMI_DEVID, f"{ACCESS_CONTROLLERS} has it")
            elif device_id is not None:
                message = f"{SCMI_DEVID} of {node.path} is not one id"
                self._say(message, device_id.span, "write access-controllers by hand")
            if any(entry[0] == f"&{label}" for entry in entries):
                self.additions.at(node).properties[ACCESS_CONTROLLERS] = rows(entries)

    def _entries(self, device: Device, old: str, label: str) -> Iterator[tuple[int | str, ...]]:
        """Yield the entries of a device's `access-controllers`, those that named the old node with the new one."""
        for entry in device.entries:
            target = self.tree.node(entry.target) if entry.target else None
            reference = f"&{label}" if entry.target == old else self.additions.reference(target) if target else "0"
            yield (reference, *map(decimal, entry.arguments))

    # the rest of the tree

    def _clean_command_line(self) -> None:
        """Take dom0's agent off Xen's command line, and the option of the driver for one agent, which Xen ignores."""
        chosen = self.tree.node(CHOSEN)
        for name in (XEN_BOOTARGS, BOOTARGS):
            prop = chosen.get(name) if chosen else None
            if chosen is None or prop is None:
                continue
            text = prop.value.rstrip(b"\0").decode("latin-1")
            kept = _EMPTY_DOM0.sub("", _OPTIONS.sub("", text)).rstrip()
            if kept != text.rstrip():
                self.additions.at(chosen).properties[name] = raw(kept.encode("latin-1") + b"\0")

    def _convert_domains(self) -> None:
        """Write the agents of the dom0less domains in the current properties."""
        rows_of = {id(each.domain): each.row for each in self.choices}
        for domain in self.host.domains:
            node = self.tree.node(f"{CHOSEN}/{domain.name}") if domain.kind is DomainKind.DOM0LESS else None
            if node is None or not domain.outdated:
                continue
            row, properties = rows_of.get(id(domain)), self.additions.at(node).properties
            if row is not None and SCI_AGENT_ID not in node:
                properties |= {SCI_TYPE: strings(MULTI_AGENT), SCI_AGENT_ID: cells(decimal(value(row.agent_id)))}
            elif SCI_AGENT_ID_V5 in node and SCI_AGENT_ID not in node:
                properties[SCI_AGENT_ID] = cells(decimal(value(domain.agent_id)))
            if properties or SCI_AGENT_ID in node:
                for name in (SCI_AGENT_ID_V5, ARM_SCI_EPAM):
                    self._remove(node, name, f"{SCI_AGENT_ID} has it")
            elif read_string(node, ARM_SCI_EPAM) == "none":
                self._remove(node, ARM_SCI_EPAM, "no domain has SCMI unasked")

    def _own(self) -> ScmiNode:
        if not self.container.management:
            raise error(f"{self.container.path} has no readable scmi node", self.container.span)
        return self.container.management[0]

    def _node(self, path: str) -> Node:
        node = self.tree.node(path)
        assert node is not None, "the path was read from the tree"
        return node

    def _at(self, path: str) -> DtsNode:
        return self.additions.at(self._node(path))

    def _remove(self, node: Node, name: str, why: str) -> None:
        prop = node.get(name)
        if prop is not None:
            self.removals.append(Removal(node.path, name, why, prop.span))

    def _say(self, message: str, span: Span, help: str) -> None:
        self.notes.append(note(message, span, Severity.WARNING, help))


def value(stated: Stated[int] | None) -> int:
    """Return a value that the conversion cannot do without. Raises XenscmiError where it is not there."""
    if stated is None or stated.value is None:
        raise error("a value that the conversion needs is missing or unreadable", stated.span if stated else None)
    return stated.value


def address_of(shmem: Stated[Shmem] | None) -> int:
    """Return a page's address. Raises XenscmiError where there is none."""
    address = page(shmem)
    if address is None:
        raise error("a page of shared memory has no readable address", shmem.span if shmem else None)
    return address


def error(
    message: str, span: Span | None, help: str = "run `xenscmi check', and fix what it finds first"
) -> XenscmiError:
    """Return the error that an old form cannot be converted as it is."""
    return XenscmiError(Diagnostic(message=message, span=span, help=help))
