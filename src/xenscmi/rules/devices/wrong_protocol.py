"""XS328 wrong-protocol."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from xenscmi.bindings.properties import read_u32
from xenscmi.devicetree.tree import Node, Property
from xenscmi.diagnostics import Fix, Safety, Severity
from xenscmi.host.index import Index
from xenscmi.host.passthrough import guest_nodes, unit_address
from xenscmi.host.references import phandle_uses
from xenscmi.host.types import ResourceUse
from xenscmi.rules.editing import dts
from xenscmi.rules.rule import Change, Finding, HostRule, also, fix_if, safe_fix, unsafe_fix
from xenscmi.scmi.header import ProtocolId
from xenscmi.source import Span

_PROTOCOLS = {
    "clocks": (ProtocolId.CLOCK,),
    "resets": (ProtocolId.RESET,),
    "power-domains": (ProtocolId.POWER_DOMAIN, ProtocolId.PERFORMANCE),
}
_PROVIDERS = {
    "#clock-cells": (ProtocolId.CLOCK, ProtocolId.PERFORMANCE),
    "#reset-cells": (ProtocolId.RESET,),
    "#power-domain-cells": (ProtocolId.POWER_DOMAIN, ProtocolId.PERFORMANCE),
}
_FIRST_VENDOR_PROTOCOL = 0x80

RULE = HostRule(
    code="XS328",
    name="wrong-protocol",
    severity=Severity.ERROR,
    summary="reg of an SCMI protocol's node does not fit its #…-cells, or the clocks, resets or power domains that "
    "lead to it.",
    then="the driver finds no provider",
    xen="Xen does not look at protocols. Linux takes the protocol's id from reg: 0x11 is power domains, 0x13 "
    "performance, 0x14 clocks, 0x16 resets. It does not take a node without reg for a protocol.",
    fix="correct reg of the protocol's node, its #…-cells = <1>, or refer to the right node",
    fixable=(Safety.SAFE, Safety.UNSAFE),
    bad=(Change("panel.dts", "reg = <0x14>;", "reg = <0x15>;"),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    told: set[Span] = set()
    regs: dict[Span, Property] = {}
    for user, use in _uses(index):
        protocol = use.protocol
        if protocol is None or protocol.value in _PROTOCOLS[use.kind] or protocol.span in told:
            continue
        told.add(protocol.span)
        regs = regs or _regs(index)
        has = "unreadable" if protocol.value is None else f"{protocol.value:#x}"
        yield Finding(
            message=f"{use.kind} of {user} lead to an SCMI protocol whose reg is {has}, "
            f"not {_PROTOCOLS[use.kind][0]:#x}",
            span=protocol.span,
            related=also("used here", use.span),
            fix=_write(regs[protocol.span].node, _PROTOCOLS[use.kind]) if protocol.span in regs else None,
        )
    for title, scmi, users in _scmi_nodes(index):
        for node in scmi.children:
            found = _misfit(node, title)
            reg = node.get("reg")
            if found is None or (reg is not None and reg.span in told):
                continue
            if any(use.target is node for user in users for use in phandle_uses(user)):
                yield found
            else:
                yield found.replace(severity=Severity.WARNING, then="no device uses it")


def _uses(index: Index) -> Iterator[tuple[str, ResourceUse]]:
    """Yield the uses of SCMI resources, and what to call their users."""
    if index.container is not None:
        for node, uses in index.resources_of_dom0:
            yield from ((f"{node.path} of dom0", use) for use in uses)
    for domain in index.host.domains:
        for guest in domain.tree.nodes if domain.tree else ():
            yield from ((f"{guest.path} of {domain.title}", use) for use in guest.resources)


def _scmi_nodes(index: Index) -> Iterator[tuple[str, Node, Collection[Node]]]:
    """Yield the SCMI nodes that dom0 and the guests use, their owners' names, and the nodes that may refer to them."""
    own = index.dom0_channel if index.container is not None and index.dom0 is not None else None
    node = index.host.tree.node(own.path) if own is not None and index.host.tree is not None else None
    if node is not None:
        yield "dom0", node, index.passthrough.kept_by_dom0
    for domain in index.host.domains:
        for scmi in domain.tree.scmi_nodes if domain.tree else ():
            node = domain.tree.tree.node(scmi.path) if scmi.kept and domain.tree is not None else None
            if node is not None:
                yield domain.title, node, [*guest_nodes(domain)]


def _misfit(node: Node, title: str) -> Finding | None:
    """Return what is wrong with a protocol's node by itself."""
    providers = [prop for prop in node.properties if prop.name in _PROVIDERS]
    protocol, reg = read_u32(node, "reg"), node.get("reg")
    name = f"{node.path} of {title}"
    if protocol is None or reg is None:
        if not providers:
            return None
        fix = None if reg else _add(node, providers[0])
        return Finding(message=f"{name} has no readable reg", span=reg.span if reg else node.span, fix=fix)
    for prop in providers if protocol < _FIRST_VENDOR_PROTOCOL else ():
        if protocol not in _PROVIDERS[prop.name]:
            # A node whose name has the protocol's id has the wrong #…-cells; else reg is the more likely mistake.
            wrong_cells = unit_address(node) == protocol
            wanted = _PROVIDERS[prop.name][0]
            return Finding(
                message=f"{name} has {prop.name}, which is for protocol {wanted:#x}, but reg {protocol:#x}",
                span=prop.span if wrong_cells else reg.span,
                related=also("the protocol's id", reg.span) if wrong_cells else also("the provider", prop.span),
                fix=_provide(prop, protocol) if wrong_cells else _write(node, _PROVIDERS[prop.name]),
            )
        if read_u32(node, prop.name) != 1:
            return Finding(
                message=f"{prop.name} of {name} is not 1: SCMI numbers its resources by one cell",
                span=prop.span,
                fix=unsafe_fix("Write 1", dts.cells(prop, [1])),
            )
    if providers and unit_address(node) not in (None, protocol):
        return Finding(
            message=f"{name} is named for protocol {node.unit_address}, but its reg is {protocol:#x}",
            span=reg.span,
            severity=Severity.WARNING,
            then="the driver takes reg",
        )
    return None


def _write(node: Node, fitting: Sequence[ProtocolId]) -> Fix | None:
    """Return the protocol that fits: safe if the node's name has it."""
    protocol = next((each for each in fitting if each == unit_address(node)), fitting[0])
    edit = dts.cells(node.get("reg"), [protocol])
    return fix_if(protocol == unit_address(node), f"Write protocol {protocol:#x}", edit)


def _regs(index: Index) -> dict[Span, Property]:
    """Return every `reg` of the host's trees by its place."""
    trees = [index.host.tree, *(each.tree.tree for each in index.host.domains if each.tree)]
    return {reg.span: reg for tree in trees if tree for node in tree.walk() if (reg := node.get("reg"))}


def _add(node: Node, provider: Property) -> Fix | None:
    """Return the reg that a node lacks: its name has the protocol that its #…-cells are for."""
    protocol = unit_address(node)
    if protocol not in _PROVIDERS[provider.name]:
        return None
    return safe_fix(f"Add reg = <{protocol:#x}>;", dts.insert(node, f"reg = <{protocol:#x}>;"))


def _provide(prop: Property, protocol: int) -> Fix | None:
    """Return the #…-cells of the protocol that reg and the node's name have."""
    name = next((name for name, protocols in _PROVIDERS.items() if protocols[0] == protocol), None)
    if name is None or name in prop.node:
        return None
    return safe_fix(f"Rename {prop.name} to {name}", dts.rename(prop, name))
