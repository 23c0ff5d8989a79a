"""XS301 unknown-device-path."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.names import XEN_PATH
from xenscmi.bindings.properties import compatible
from xenscmi.devicetree.once import once
from xenscmi.devicetree.tree import Node, Tree
from xenscmi.diagnostics import Fix, Safety, Severity
from xenscmi.host.index import Index
from xenscmi.host.passthrough import guest_registers
from xenscmi.host.types import GuestNode, HostDomain, Stated
from xenscmi.rules.editing import dts, xlcfg
from xenscmi.rules.editing.agents import settings_of
from xenscmi.rules.rule import Change, Finding, HostRule, safe_fix

RULE = HostRule(
    code="XS301",
    name="unknown-device-path",
    severity=Severity.ERROR,
    summary="A device to be given to a domain is not in the host tree.",
    then="Xen refuses to create the domain",
    xen='Xen refuses: "Couldn\'t find node … in host_dt!". For a dom0less domain Xen panics at boot; `xl create` '
    "fails.",
    fix="write the full path of the device in the host device tree, including the unit address",
    fixable=(Safety.SAFE,),
    bad=(Change("panel.dts", 'xen,path = "/soc/display@e0001000";', 'xen,path = "/soc/display@e0002000";'),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    for domain in index.host.domains if index.host.tree else ():
        nodes = domain.tree.nodes if domain.tree else ()
        named: list[tuple[str, Stated[str], GuestNode | None]] = [("dtdev", path, None) for path in domain.dtdevs]
        named += [(XEN_PATH, node.host_path, node) for node in nodes if node.host_path]
        for setting, path, guest in named:
            if index.passthrough.node(path.value) is None:
                yield Finding(
                    message=f"{setting} of {domain.title}: couldn't find node {path.value} in the host tree",
                    span=path.span,
                    fix=_fix(index, domain, path, guest),
                )


def _fix(index: Index, domain: HostDomain, path: Stated[str], guest: GuestNode | None) -> Fix | None:
    """Return the path that was meant, of the one device that it can be."""
    meant = _meant(index, domain, path.value or "", guest)
    if meant is None or any(each.node is meant for each in index.passthrough.given if each.domain is domain):
        return None
    if guest is not None and domain.tree is not None:
        prop = dts.property_of(domain.tree.tree, guest.path, XEN_PATH)
        return safe_fix(f"Name {meant.path}", dts.string(prop, path.value or "", meant.path))
    edit = xlcfg.replace_item(settings_of(domain), "dtdev", path.span, meant.path)
    return safe_fix(f"Name {meant.path}", edit)


def _meant(index: Index, domain: HostDomain, path: str, guest: GuestNode | None) -> Node | None:
    """Return the device: what the guest's node is mapped to and like, or what has the name on another bus.

    Or it is the only one that the domain reaches without being given it.
    """
    node = domain.tree.tree.node(guest.path) if domain.tree and guest else None
    for entry in guest_registers(node)[:1] if node else ():
        at = index.passthrough.memory(domain).host_address(entry.address)
        uses = index.passthrough.registers_of_dom0.within(at, at + 1)
        fitting = [use.node for use in uses if use.region.start == at]
        if node and len(fitting) == 1 and set(compatible(node)) & set(compatible(fitting[0])):
            return fitting[0]
    unassigned = _reached(index, domain) if guest is None and len(_unknown(index, domain)) == 1 else []
    if len(unassigned) == 1:
        return unassigned[0]
    name = path.rstrip("/").rpartition("/")[2].lower()
    found = _by_name(index.host.tree).get(name, []) if index.host.tree and "@" in name else []
    return found[0] if len(found) == 1 else None


@once
def _by_name(tree: Tree) -> dict[str, list[Node]]:
    found: dict[str, list[Node]] = {}
    for node in tree.walk():
        found.setdefault(node.name.lower(), []).append(node)
    return found


def _unknown(index: Index, domain: HostDomain) -> list[Stated[str]]:
    return [path for path in domain.dtdevs if index.passthrough.node(path.value) is None]


def _reached(index: Index, domain: HostDomain) -> list[Node]:
    """Return the devices under SCMI control whose registers a domain maps although it is not given them."""
    given = {each.node for each in index.passthrough.given if each.domain is domain}
    uses = (
        use
        for each in domain.iomem
        for use in index.passthrough.registers_of_dom0.within(each.host, each.host + each.size)
    )
    found = dict.fromkeys(use.node for use in uses if index.device(use.node.path))
    return [node for node in found if node not in given]
