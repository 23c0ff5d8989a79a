"""XS329 empty-iomem."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Safety, Severity
from xenscmi.host.index import Index
from xenscmi.rules.editing import xlcfg
from xenscmi.rules.editing.agents import settings_of
from xenscmi.rules.rule import Change, Finding, HostRule, unsafe_fix

RULE = HostRule(
    code="XS329",
    name="empty-iomem",
    severity=Severity.ERROR,
    summary="iomem names no page: its count is 0.",
    then='`xl create` fails: "failed give domain access to iomem range" (Invalid argument)',
    xen="Xen takes a count of 0 for a range that wraps around, and refuses it (-EINVAL).",
    fix='write how many pages of 4 KiB the registers have, in hexadecimal: iomem = [ "MFN,COUNT@GFN" ]',
    fixable=(Safety.UNSAFE,),
    bad=(Change("guest.cfg", '"e0002,1"', '"e0002,1", "e0003,0"'),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    for domain in index.host.domains:
        for mapping in domain.iomem:
            if not mapping.size:
                yield Finding(
                    message=f"iomem of {domain.title} maps 0 pages from {mapping.host:#x}",
                    span=mapping.span,
                    fix=unsafe_fix("Remove it", xlcfg.remove_item(settings_of(domain), "iomem", mapping.span)),
                )
