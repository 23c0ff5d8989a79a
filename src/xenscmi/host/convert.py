"""Rewrites the container of a host tree from an older dialect to the current one (v8), and nothing else.

The pages of the agents and Xen's own scmi node move into the container, where dom0 does not see them; `/firmware/scmi`
becomes dom0's own channel; devices name Xen's node as their access controller.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field

from xenscmi.bindings.addresses import ADDRESS_CELLS, SIZE_CELLS
from xenscmi.bindings.names import (
    ACCESS_CONTROLLER_CELLS,
    ACCESS_CONTROLLERS,
    ARM_SCI_EPAM,
    BOOTARGS,
    DOM0_AGENT_ID,
    FIRMWARE_SCMI,
    SCI_AGENT_ID,
    SCI_AGENT_ID_V5,
    SCMI_DEVID,
    SCMI_SHMEM,
    SCMI_SMC,
    SECONDARY_AGENTS,
    SECONDARY_AGENTS_CELLS,
    SECONDARY_AGENTS_EPAM,
    SECONDARY_AGENTS_V4,
    SHMEM,
    SMC_ID,
    XEN_BOOTARGS,
    XEN_DOMAIN,
    XEN_SCI,
)
from xenscmi.config.constants import PAGE_SIZE
from xenscmi.devicetree import Builder, Node, Tree
from xenscmi.diagnostics import Diagnostic, Severity, XenscmiError
from xenscmi.host.types import Container, Dialect, Host, SecondaryAgent, Shmem, Stated
from xenscmi.source import Span

CONTAINER = ("chosen", "xen", "xen_scmi_config")
_OPTIONS = re.compile(r"(?:^|(?<=\s))dom0_scmi_agent_id=\w+\s*|(?:,sci-agent-id=\w+)|(?<=dom0=)sci-agent-id=\w+,?")
_EMPTY_DOM0 = re.compile(r"(?:^|(?<=\s))dom0=(?=\s|$)\s*")
_MOVES_DOM0 = (Dialect.CHOSEN_PROPERTY, Dialect.EPAM, Dialect.DEVICE_IDS)  # Xen's own channel was /firmware/scmi


@dataclass(slots=True)
class _Draft:
    """A node that may still change."""

    name: str
    labels: tuple[str, ...] = ()
    properties: dict[str, bytes] = field(default_factory=dict)
    children: list[_Draft] = field(default_factory=list)

    def child(self, name: str) -> _Draft | None:
        return next((each for each in self.children if each.name == name), None)

    def descend(self, *names: str) -> _Draft:
        """Return the node at these names below this one; missing nodes are made."""
        node = self
        for name in names:
            found = node.child(name)
            if found is None:
                found = _Draft(name)
                node.children.append(found)
            node = found
        return node

    def remove(self, path: str) -> None:
        """Remove the node at a path from here, if it is there."""
        *above, name = path.strip("/").split("/")
        node: _Draft | None = self
        for each in above:
            node = node.child(each) if node else None
        if node:
            node.children = [each for each in node.children if each.name != name]


def to_v8(host: Host) -> Tree:
    """Return the host tree with the container of v8; the same tree where it has that already.

    Raises XenscmiError where there is no container, or one that cannot be read.
    """
    container = next(iter(host.containers), None)
    if host.tree is None or container is None:
        message = "this tree has no list of SCMI agents for Xen, in any dialect"
        raise _error(message, host.tree.root.span if host.tree else None, "name the host device tree that Xen gets")
    if container.dialect is Dialect.CONTAINER:
        return host.tree
    root = _draft(host.tree.root)
    if container.dialect is Dialect.CONTAINER_V7:
        assert container.dom0_agent is not None
        root.descend(*container.path.strip("/").split("/")).properties[DOM0_AGENT_ID] = _cells(
            _value(container.dom0_agent)
        )
    else:
        _Conversion(host, host.tree, container, root).run()
    _rename(root)
    return _build(host.tree, root)


def left_to_do(host: Host) -> tuple[Diagnostic, ...]:
    """Return what `to_v8` cannot know, and a person must decide: each with its place in the old tree."""
    found = []
    for container in host.containers[:1]:
        if container.dialect is Dialect.DEVICE_IDS:
            message = f"this form has no list: {len(container.agents)} agents are taken from the pages behind Xen's own"
            advice = "compare the list with the firmware's: EPAM's TF-A counts function ids and pages from agent 0"
            found.append(_note(message, container.span, advice))
    for domain in host.domains:
        for stated in domain.outdated:
            if stated.value == ARM_SCI_EPAM and domain.agent_id is None:
                message = f"{ARM_SCI_EPAM} of {domain.title} stays: it does not say which agent the domain has"
                found.append(
                    _note(message, stated.span, 'write xen,sci_type = "scmi_smc_multiagent" and xen,sci-agent-id')
                )
    return tuple(found)


def _note(message: str, span: Span, help: str) -> Diagnostic:
    return Diagnostic(message=message, severity=Severity.WARNING, span=span, help=help)


class _Conversion:
    """The conversion of a container that is not in the form of v6 or later."""

    def __init__(self, host: Host, tree: Tree, container: Container, root: _Draft) -> None:
        self.host = host
        self.tree = tree
        self.container = container
        self.root = root
        phandles = [node.get("phandle") for node in tree.walk()]
        self.next_phandle = 1 + max((each.u32() for each in phandles if each and len(each.value) == 4), default=0)

    def run(self) -> None:
        container = self.container
        if not container.agents or not container.management:
            raise _error(f"{container.path} has no readable list of agents or no readable scmi node", container.span)
        own = container.management[0]
        self.remove_old()
        node = self.root.descend(*CONTAINER)
        self.give_ranges()
        pages = {_page(row.shmem): self.add_page(node, _page(row.shmem)) for row in container.agents}
        own_page = self.add_page(node, _page(own.shmem))
        listing = b"".join(
            _cells(_value(row.func_id), pages[_page(row.shmem)], _value(row.agent_id)) for row in container.agents
        )
        scmi_phandle = self.take_phandle()
        node.properties |= {
            "compatible": _strings(XEN_SCI),
            ADDRESS_CELLS: _cells(2),
            SIZE_CELLS: _cells(2),
            "ranges": b"",
            SECONDARY_AGENTS: listing,
            SECONDARY_AGENTS_CELLS: _cells(3),
        }
        if container.dom0_agent is not None:
            node.properties[DOM0_AGENT_ID] = _cells(_value(container.dom0_agent))
        node.descend("scmi").properties |= {
            "compatible": _strings(SCMI_SMC),
            SMC_ID: _cells(_value(own.func_id)),
            SHMEM: _cells(own_page),
            ADDRESS_CELLS: _cells(1),
            SIZE_CELLS: _cells(0),
            ACCESS_CONTROLLER_CELLS: _cells(1),
            "phandle": _cells(scmi_phandle),
        }
        self.retarget(own.path, scmi_phandle)
        self.control(scmi_phandle)

    def control(self, phandle: int) -> None:
        """Put the devices that EPAM's RFC names by `scmi_devid` under Xen's node."""
        for node in self.tree.walk():
            device_id = node.get(SCMI_DEVID)
            if device_id is not None and len(device_id.value) == 4:
                draft = self.root.descend(*node.path.strip("/").split("/"))
                del draft.properties[SCMI_DEVID]
                draft.properties.setdefault(ACCESS_CONTROLLERS, _cells(phandle, device_id.u32()))

    def remove_old(self) -> None:
        """Remove the old list, and the pages that dom0 must not see; give /firmware/scmi to dom0."""
        container = self.container
        dom0 = next((row for row in container.agents if self.is_dom0(row)), None)
        if container.dialect is Dialect.CONFIG_NODE:
            self.root.remove(container.path)
        else:
            old = self.root.descend(*container.path.strip("/").split("/"))
            old.properties.pop(SECONDARY_AGENTS_V4, None)
            old.properties.pop(SECONDARY_AGENTS_EPAM, None)
        keep = dom0.shmem.value.path if dom0 and dom0.shmem.value else None
        channels = [row.shmem for row in container.agents] + [container.management[0].shmem]
        for shmem in channels:
            if shmem and shmem.value and shmem.value.path and shmem.value.path != keep:
                self.root.remove(shmem.value.path)
        if container.dialect in _MOVES_DOM0:
            scmi = self.root.descend(*FIRMWARE_SCMI.strip("/").split("/"))
            scmi.properties.pop(ACCESS_CONTROLLER_CELLS, None)
            if dom0 and dom0.shmem.value:
                scmi.properties |= {
                    SMC_ID: _cells(_value(dom0.func_id)),
                    SHMEM: _cells(self.phandle_of(dom0.shmem.value)),
                }

    def phandle_of(self, shmem: Shmem) -> int:
        """Return the phandle of a page that stays where it is; the page gets one if it has none."""
        assert shmem.path is not None, "the page was found in the tree"
        properties = self.root.descend(*shmem.path.strip("/").split("/")).properties
        if "phandle" not in properties:
            properties["phandle"] = _cells(self.take_phandle())
        return int.from_bytes(properties["phandle"], "big")

    def is_dom0(self, row: SecondaryAgent) -> bool:
        dom0 = self.container.dom0_agent
        return dom0 is not None and row.agent_id is not None and row.agent_id.value == dom0.value

    def give_ranges(self) -> None:
        """Let addresses below /chosen translate: with `ranges` on every node of the way down."""
        node = self.root
        for name in CONTAINER[:-1]:
            node = node.descend(name)
            node.properties.setdefault("ranges", b"")
        node.properties |= {ADDRESS_CELLS: _cells(2), SIZE_CELLS: _cells(2)}

    def add_page(self, node: _Draft, address: int) -> int:
        """Add a page to the container; return its phandle."""
        page = node.descend(f"sram@{address:x}")
        if "phandle" not in page.properties:
            page.properties |= {
                "compatible": _strings(SCMI_SHMEM),
                "reg": _cells(address >> 32, address & 0xFFFFFFFF, 0, PAGE_SIZE),
                "phandle": _cells(self.take_phandle()),
            }
        return int.from_bytes(page.properties["phandle"], "big")

    def take_phandle(self) -> int:
        self.next_phandle += 1
        return self.next_phandle - 1

    def retarget(self, old: str, phandle: int) -> None:
        """Point the devices that named Xen's old node at the new one."""
        old_node = self.tree.node(old)
        own = old_node.get("phandle") if old_node else None
        for device in self.host.devices if own else ():
            node, prop = self.tree.node(device.path), None
            prop = node.get(ACCESS_CONTROLLERS) if node else None
            if prop is None or own is None:
                continue
            cells, at = list(prop.cells()), 0
            for entry in device.entries:
                if entry.target == old and cells[at] == own.u32():
                    cells[at] = phandle
                at += 1 + len(entry.arguments)
            self.root.descend(*device.path.strip("/").split("/")).properties[ACCESS_CONTROLLERS] = _cells(*cells)


def _rename(root: _Draft) -> None:
    """Bring the domains' properties and Xen's command line to the current form."""
    chosen = root.descend("chosen")
    for name in (XEN_BOOTARGS, BOOTARGS):
        if name in chosen.properties:
            text = chosen.properties[name].rstrip(b"\0").decode("utf-8", "surrogateescape")
            text = _EMPTY_DOM0.sub("", _OPTIONS.sub("", text)).rstrip()
            chosen.properties[name] = text.encode("utf-8", "surrogateescape") + b"\0"
    for node in chosen.children:
        if (
            XEN_DOMAIN.encode() in node.properties.get("compatible", b"").split(b"\0")
            and SCI_AGENT_ID_V5 in node.properties
        ):
            node.properties = {
                SCI_AGENT_ID if name == SCI_AGENT_ID_V5 else name: value for name, value in node.properties.items()
            }


def _draft(root: Node) -> _Draft:
    drafts: dict[str, _Draft] = {}
    for node in root.walk():
        draft = _Draft(node.name, node.labels, {each.name: each.value for each in node.properties})
        drafts[node.path] = draft
        if node.parent is not None:
            drafts[node.parent.path].children.append(draft)
    # Symbols are dtc's to make again (`dtc -@`), from the labels: as they stand they would name nodes that are gone.
    top = drafts[root.path]
    symbols = root.child("__symbols__")
    for prop in symbols.properties if symbols else ():
        named = drafts.get(prop.value.rstrip(b"\0").decode("utf-8", "surrogateescape"))
        if named is not None and prop.name not in named.labels:
            named.labels = (*named.labels, prop.name)
    top.children = [each for each in top.children if each.name != "__symbols__"]
    return top


def _build(tree: Tree, root: _Draft) -> Tree:
    builder = Builder(tree.source, labels=root.labels)
    builder.reserve(*tree.reservations)
    pending: list[_Draft | None] = [root]  # None ends the open node
    while pending:
        draft = pending.pop()
        if draft is None:
            builder.end()
            continue
        if draft is not root:
            builder.begin(draft.name, labels=draft.labels)
            pending.append(None)
        for name, value in draft.properties.items():
            builder.add(name, value)
        pending += reversed(draft.children)
    return builder.finish()


def _cells(*values: int) -> bytes:
    return struct.pack(f">{len(values)}I", *values)


def _strings(*values: str) -> bytes:
    return b"".join(value.encode() + b"\0" for value in values)


def _value(stated: Stated[int] | None) -> int:
    """Return a value that the conversion cannot do without. Raises XenscmiError where it is not there."""
    if stated is None or stated.value is None:
        raise _error("a value that the conversion needs is missing or unreadable", stated.span if stated else None)
    return stated.value


def _page(shmem: Stated[Shmem] | None) -> int:
    """Return a page's address. Raises XenscmiError where there is none."""
    if shmem is None or shmem.value is None or shmem.value.address is None:
        raise _error("a page of shared memory has no readable address", shmem.span if shmem else None)
    return shmem.value.address


def _error(
    message: str, span: Span | None, help: str = "run `xenscmi check`, and fix what it finds first"
) -> XenscmiError:
    return XenscmiError(Diagnostic(message=message, span=span, help=help))
