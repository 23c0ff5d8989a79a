"""XS207 wrong-guest-address."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.addresses import written_reg
from xenscmi.devicetree.tree import Node
from xenscmi.diagnostics import Fix, Safety, Severity
from xenscmi.host.index import Index, guest_channel
from xenscmi.host.page_use import PageUse, page_uses
from xenscmi.host.passthrough import unit_address
from xenscmi.host.types import GuestMapping
from xenscmi.rules.cells import is_misread
from xenscmi.rules.editing import dts
from xenscmi.rules.editing.mappings import change
from xenscmi.rules.rule import Change, Finding, HostRule, also, fix_if, safe_fix

RULE = HostRule(
    code="XS207",
    name="wrong-guest-address",
    severity=Severity.ERROR,
    summary="The agent's page is mapped at another guest address than the partial tree says.",
    then="its first SCMI message faults",
    xen="Xen does not compare the two. The guest faults at its first SCMI message.",
    fix="use the same guest address in the mapping and in reg of the page's node",
    fixable=(Safety.SAFE, Safety.UNSAFE),
    bad=(
        Change(
            "panel.dts",
            "xen,reg = <0x0 0x47ff3000 0x0 0x1000 0x0 0x22001000>;",
            "xen,reg = <0x0 0x47ff3000 0x0 0x1000 0x0 0x22005000>;",
        ),
    ),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    for use in page_uses(index):
        mapping = use.elsewhere()
        channel = guest_channel(use.domain)
        target = channel.shmem.value if channel and channel.shmem else None
        if target and target.problem and not target.compatible:
            continue  # unusable-guest-shmem
        if use.behind is None and mapping and use.guest is not None and channel and channel.shmem:
            shmem = channel.shmem.value
            mapped = mapping.guest + use.host - mapping.host
            places = [("the guest looks for it here", shmem.span if shmem else None), ("mapped here", mapping.span)]
            # A node whose name has the mapped address has a wrong reg; else the mapping is the more likely mistake.
            named = use.domain.tree.tree.node(shmem.path) if shmem and shmem.path and use.domain.tree else None
            if unit_address(named) != mapped:
                places.reverse()
            (_, place), (label, other) = places
            yield Finding(
                message=f"{use.domain.title} looks for its page at {use.guest:#x}, "
                f"but {use.setting} maps it at {mapped:#x}",
                span=place,
                related=also(label, other),
                fix=_fix(use, mapping, mapped, named),
            )


def _fix(use: PageUse, mapping: GuestMapping, mapped: int, node: Node | None) -> Fix | None:
    """Return one address for both: safe if the name of the page's node says which one is right."""
    if use.guest is None or node is None or is_misread(node):
        return None
    if unit_address(node) == mapped:
        written = written_reg(node)[0].address  # which `ranges` may translate
        return safe_fix(f"Write {mapped:#x} as the page's address", dts.address(node, written + mapped - use.guest))
    certain = unit_address(node) == use.guest
    moved = change(use.domain, mapping, guest=use.guest + mapping.host - use.host)
    return fix_if(certain, f"Map the page at {use.guest:#x}", moved)
