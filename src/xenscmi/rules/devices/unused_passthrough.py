"""XS331 unused-passthrough."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.names import SCI_AGENT_ID, XEN_PASSTHROUGH
from xenscmi.devicetree.once import once
from xenscmi.devicetree.tree import Property, Tree
from xenscmi.diagnostics import Safety, Severity
from xenscmi.host.address_map import AddressMap
from xenscmi.host.index import Index
from xenscmi.host.types import DomainKind, HostDomain
from xenscmi.rules.editing import dts
from xenscmi.rules.rule import Change, Finding, HostRule, unsafe_fix

RULE = HostRule(
    code="XS331",
    name="unused-passthrough",
    severity=Severity.INFO,
    summary="A device under SCMI control is set aside for a guest, but no domain gets it.",
    xen="Xen keeps the device from dom0. Without a domain that gets it, nobody has it.",
    fix="name the device in dtdev or xen,path of its domain, or remove xen,passthrough to leave it to dom0",
    fixable=(Safety.UNSAFE,),
    bad=(
        Change(
            "host.dts",
            "access-controllers = <&scmi_xen 0>;",
            "access-controllers = <&scmi_xen 0>;\n\t\t\txen,passthrough;",
        ),
    ),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    guests = [domain for domain in index.host.domains if domain.kind is not DomainKind.DOM0]
    if index.dom0 is None or index.host.tree is None or not index.host.configurations or index.host.unlisted:
        return
    if _lacks_domains(index) or any(_is_unclear(index, domain) for domain in guests):
        return
    given = {each.node.path for each in index.passthrough.given}
    mapped = AddressMap(
        (each.host, each.size, each) for domain in guests for each in index.passthrough.memory(domain).mappings
    )
    for device in index.host.devices:
        node = index.host.tree.node(device.path)
        mark = node.get(XEN_PASSTHROUGH) if node else None
        if mark is None or device.path in given or not index.scmi_entries(device):
            continue
        if not any(any(mapped.within(each.start, each.end)) for each in device.regions):  # unassigned-device
            yield Finding(
                message=f"{device.path} is marked xen,passthrough, but no domain gets it",
                span=mark.span,
                fix=unsafe_fix("Leave the device to dom0", dts.remove(mark)),
            )


def _lacks_domains(index: Index) -> bool:
    """Return whether a domain is missing by another mistake: its file is refused, or Xen overlooks its node."""
    refused = len(index.host.configurations) > sum(d.kind is DomainKind.TOOLSTACK for d in index.host.domains)
    known = {domain.agent_id.span for domain in index.host.domains if domain.agent_id}
    stated = _stated_agents(index.host.tree) if index.host.tree else ()
    return refused or any(prop.span not in known for prop in stated)


@once
def _stated_agents(tree: Tree) -> tuple[Property, ...]:
    return tuple(prop for node in tree.walk() if (prop := node.get(SCI_AGENT_ID)) is not None)


def _is_unclear(index: Index, domain: HostDomain) -> bool:
    """Return whether a domain may lack devices by another mistake: no tree, no dtdev, or a path that leads nowhere."""
    paths = [*domain.dtdevs, *(node.host_path for node in (domain.tree.nodes if domain.tree else ()) if node.host_path)]
    missing = domain.tree is None if domain.kind is DomainKind.DOM0LESS else not domain.dtdevs
    return missing or any(index.passthrough.node(path.value) is None for path in paths)
