"""XS207 wrong-guest-address."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index, guest_channel
from xenscmi.host.page_use import page_uses
from xenscmi.host.passthrough import unit_address
from xenscmi.rules.rule import Change, Finding, HostRule, also

RULE = HostRule(
    code="XS207",
    name="wrong-guest-address",
    severity=Severity.ERROR,
    summary="The agent's page is mapped at another guest address than the partial tree says.",
    then="its first SCMI message faults",
    xen="Xen does not compare the two. The guest faults at its first SCMI message.",
    fix="use the same guest address in the mapping and in reg of the page's node",
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
            if not (shmem and use.domain.tree and unit_address(use.domain.tree.tree.node(shmem.path or "")) == mapped):
                places.reverse()
            (_, place), (label, other) = places
            yield Finding(
                message=f"{use.domain.title} looks for its page at {use.guest:#x}, "
                f"but {use.setting} maps it at {mapped:#x}",
                span=place,
                related=also(label, other),
            )
