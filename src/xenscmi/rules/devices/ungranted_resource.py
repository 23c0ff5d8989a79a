"""XS311 ungranted-resource."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from xenscmi.bindings.names import ACCESS_CONTROLLERS
from xenscmi.devicetree.tree import Node
from xenscmi.diagnostics import Fix, Safety, Severity
from xenscmi.host.index import Index
from xenscmi.host.types import GuestNode, HostDomain, ResourceUse
from xenscmi.rules.editing import dts
from xenscmi.rules.editing.device_ids import owner_of
from xenscmi.rules.editing.meaning import rename_like
from xenscmi.rules.misspelling import place_of_missing
from xenscmi.rules.rule import Change, Finding, HostRule, also, unsafe_fix

RULE = HostRule(
    code="XS311",
    name="ungranted-resource",
    severity=Severity.ERROR,
    summary="A device that uses SCMI resources has no access-controllers in the host tree.",
    then="Xen asks the firmware for nothing, and the firmware answers DENIED",
    xen="Xen reads access-controllers from the host's node, not from the partial tree. Without it Xen grants nothing, "
    "and a firmware that protects resources by device answers DENIED.",
    fix="add access-controllers = <&scmi_xen DEVICE_ID>; to the device's node in the host tree",
    fixable=(Safety.SAFE, Safety.UNSAFE),
    bad=(Change("host.dts", "\t\t\taccess-controllers = <&scmi_xen 1>;\n", ""),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    if index.management is None:
        return
    if index.dom0 is not None and index.channel(index.dom0) is not None:
        for kept, uses in index.resources_of_dom0:
            own = index.device(kept.path)
            if not (own and own.entries):
                yield Finding(
                    message=f"{kept.path} of dom0 uses SCMI resources, but has no access-controllers",
                    span=place_of_missing(kept, ACCESS_CONTROLLERS, kept.span),
                    related=also("used here", uses[0].span),
                    severity=Severity.WARNING,
                    then="Xen asks the firmware for nothing",
                    fix=_add(index, kept, uses),
                )
    for domain in index.host.domains:
        for node in domain.tree.nodes if domain.tree and index.channel(domain) else ():
            device = _device(index, domain, node) if node.resources else None
            known = index.device(device.path) if device else None
            if device and not (known and known.entries):
                yield Finding(
                    message=f"{device.path} has no access-controllers, "
                    f"but {node.path} of {domain.title} uses SCMI resources with it",
                    span=place_of_missing(device, ACCESS_CONTROLLERS, device.span),
                    related=also("used here", *(each.span for each in node.resources[:1])),
                    fix=_add(index, device, node.resources),
                )


def _device(index: Index, domain: HostDomain, guest: GuestNode) -> Node | None:
    """Return the host's device for which a guest's node stands: given, or only mapped."""
    given = index.passthrough.given_as(domain, guest.path)
    if given is not None:
        # Another device than the guest's: XS324 says it, and its entries are not the guest's to ask for.
        return given.node if given.is_alike else None
    if guest.host_path is not None or guest.address is None:
        return None
    at = index.passthrough.memory(domain).host_address(guest.address)
    uses = index.passthrough.registers_of_dom0.within(at, at + 1)
    return next((use.node for use in uses if use.region.start == at), None)


def _add(index: Index, device: Node, uses: Sequence[ResourceUse]) -> Fix | None:
    """Return the property: it is there under another spelling, or one free device of the firmware has the resources."""
    own = index.host.tree.node(index.management.path) if index.host.tree and index.management else None
    device_id = owner_of(index, uses)
    statement = f"{ACCESS_CONTROLLERS} = <{dts.name_of(own)} {device_id}>;" if own else ""
    added = dts.insert(device, statement) if own and device_id is not None else None
    return rename_like(device, ACCESS_CONTROLLERS) or unsafe_fix(f"Add {statement}", added)
