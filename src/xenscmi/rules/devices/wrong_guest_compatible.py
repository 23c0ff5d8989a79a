"""XS324 wrong-guest-compatible."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.names import XEN_PATH
from xenscmi.bindings.properties import compatible
from xenscmi.devicetree.tree import Node, Property
from xenscmi.diagnostics import Fix, Safety, Severity
from xenscmi.host.index import Index
from xenscmi.host.passthrough import GivenDevice, guest_registers
from xenscmi.rules.editing import dts, xlcfg
from xenscmi.rules.editing.agents import settings_of
from xenscmi.rules.misspelling import strings_of
from xenscmi.rules.rule import Change, Finding, HostRule, also, safe_fix
from xenscmi.spelling import only_like

RULE = HostRule(
    code="XS324",
    name="wrong-guest-compatible",
    severity=Severity.WARNING,
    summary="The partial tree's node of a device is compatible with nothing that the host's node is compatible with.",
    then="another driver probes in the guest, or none",
    xen="Xen and libxl copy the guest's node without comparing it with the host's.",
    fix="copy compatible from the device's node in the host tree",
    fixable=(Safety.SAFE,),
    bad=(Change("panel.dts", 'compatible = "lab,display";', 'compatible = "lab,dispaly";'),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    for given in index.passthrough.given:
        theirs, own = given.guest.get("compatible") if given.guest else None, given.node.get("compatible")
        if theirs is None or own is None or given.is_alike:
            continue
        meant = _meant(index, given, theirs.node)
        yield Finding(
            message=f"{theirs.node.path} of {given.domain.title} is {', '.join(compatible(theirs.node))}, "
            f"but {given.node.path} is {', '.join(compatible(own.node))}",
            span=given.span if meant else theirs.span,
            related=(
                *also("the host's node", own.span),
                *also("this one fits", meant.span if meant else None),
                *also("the guest's node", theirs.span if meant else None),
            ),
            severity=Severity.ERROR if meant else None,
            then=None if meant is None else "the guest drives another device than it is given",
            help=f"name {meant.path}" if meant else None,
            fix=_name(given, meant) if meant else _spell(theirs, own),
        )


def _name(given: GivenDevice, meant: Node) -> Fix | None:
    """Return the path of the device that the guest's node describes."""
    if given.setting == XEN_PATH:
        prop = given.guest.get(XEN_PATH) if given.guest else None
        edit = dts.string(prop, prop.strings()[0], meant.path) if prop else None
    else:
        edit = xlcfg.replace_item(settings_of(given.domain), "dtdev", given.span, meant.path)
    return safe_fix(f"Name {meant.path}", edit)


def _spell(theirs: Property, own: Property) -> Fix | None:
    """Return the string of the host's node that one of the guest's is spelled like."""
    for written in strings_of(theirs):
        meant = only_like(written, strings_of(own))
        if meant is not None:
            return safe_fix(f'Write "{meant}"', dts.string(theirs, written, meant))
    return None


def _meant(index: Index, given: GivenDevice, guest: Node) -> Node | None:
    """Return the host's device that a guest's node describes, where its path names another one."""
    names = set(compatible(guest))
    memory = index.passthrough.memory(given.domain)
    for entry in guest_registers(guest)[:1]:
        at = memory.host_address(entry.address)
        for use in index.passthrough.registers_of_dom0.within(at, at + 1):
            if use.region.start == at and names & set(compatible(use.node)):
                return use.node
    return None
