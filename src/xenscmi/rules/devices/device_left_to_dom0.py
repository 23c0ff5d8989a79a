"""XS307 device-left-to-dom0."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.names import XEN_PASSTHROUGH
from xenscmi.diagnostics import Fix, Safety, Severity
from xenscmi.host.index import Index
from xenscmi.host.passthrough import GivenDevice
from xenscmi.rules.editing import dts
from xenscmi.rules.editing.meaning import rename_like
from xenscmi.rules.misspelling import place_of_missing
from xenscmi.rules.ownership import one_owner
from xenscmi.rules.rule import Change, Finding, HostRule, also, fix_if

RULE = HostRule(
    code="XS307",
    name="device-left-to-dom0",
    severity=Severity.WARNING,
    summary="A device is given to a domain and left to dom0.",
    then="Xen lets both have it",
    xen="Xen gives dom0 every device that is not marked, including disabled ones. An interrupt has one owner: for a "
    "device with interrupts Xen panics at boot (-16), or `xl create` fails. Without interrupts both domains get the "
    "registers, and the firmware lets both switch the clocks, resets and power domains.",
    fix="mark the device's node in the host tree with xen,passthrough;",
    fixable=(Safety.SAFE, Safety.UNSAFE),
    bad=(
        Change(
            "host.dts",
            "access-controllers = <&scmi_xen 1>;\n\t\t\txen,passthrough;",
            "access-controllers = <&scmi_xen 1>;",
        ),
    ),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    for each in index.passthrough.given:
        if each.node in index.passthrough.kept_by_dom0:
            reason = one_owner(index, each.node)
            yield Finding(
                message=f"{each.node.path} is given to {each.domain.title}, and dom0 has it too: "
                "its node has no xen,passthrough",
                span=place_of_missing(each.node, XEN_PASSTHROUGH, each.node.span),
                related=also("given here", each.span),
                severity=Severity.ERROR if reason else None,
                then=reason,
                fix=_mark(each),
            )


def _mark(given: GivenDevice) -> Fix | None:
    """Return the mark: safe if the domain's own tree describes the device, too."""
    if given.guest is None and given.domain.tree is not None:
        return None  # missing-guest-node
    added = dts.insert(given.node, f"{XEN_PASSTHROUGH};")
    return rename_like(given.node, XEN_PASSTHROUGH) or fix_if(given.guest is not None, f"Add {XEN_PASSTHROUGH};", added)
