"""XS124 page-in-reserved-memory."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.config.constants import PAGE_SIZE
from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index
from xenscmi.host.memory import MEMRESERVE
from xenscmi.rules.rule import Change, Finding, HostRule, also

RULE = HostRule(
    code="XS124",
    name="page-in-reserved-memory",
    severity=Severity.WARNING,
    summary="Agents' pages are in reserved memory.",
    then="Xen maps them to dom0",
    xen="Xen maps reserved memory to dom0, with or without `no-map`: dom0 can read and forge the messages of every "
    "agent there, including Xen's own.",
    fix="put the pages neither in /memory nor in /reserved-memory",
    bad=(
        Change(
            "host.dts",
            "\tsoc {",
            "\treserved-memory {\n\t\t#address-cells = <2>;\n\t\t#size-cells = <2>;\n\t\tranges;\n\n"
            "\t\tscmi@47ff0000 {\n\t\t\treg = <0x0 0x47ff0000 0x0 0x10000>;\n\t\t\tno-map;\n\t\t};\n\t};\n\n\tsoc {",
        ),
    ),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    for region in index.host.reserved:
        if region.path == MEMRESERVE:
            continue  # Xen uses it for nothing, and does not map it to dom0 either
        inside = [page for page in index.pages if region.overlaps(page.address, PAGE_SIZE)]
        if inside:
            yield Finding(
                message=f"{region.path} holds {len(inside)} of the agents' pages, the first at {inside[0].address:#x}: "
                "dom0 can read them",
                span=region.span,
                related=also("one of these pages", *(page.span for page in inside)),
            )
