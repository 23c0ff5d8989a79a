"""XS124 page-in-reserved-memory."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.names import SCMI_SHMEM
from xenscmi.bindings.properties import is_compatible
from xenscmi.config.constants import PAGE_SIZE
from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index
from xenscmi.host.memory import MEMRESERVE
from xenscmi.host.scmi_nodes import read_shmem
from xenscmi.rules.rule import Change, Finding, HostRule, also
from xenscmi.source import Span

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
        inside = {page.address: page.span for page in index.pages if region.overlaps(page.address, PAGE_SIZE)}
        if inside:
            inside |= {at: span for at, span in _unlisted(index) if region.overlaps(at, PAGE_SIZE) and at not in inside}
            yield Finding(
                message=f"{region.path} holds {len(inside)} of the agents' pages, the first at {min(inside):#x}: "
                "dom0 can read them",
                span=region.span,
                related=also("one of these pages", *inside.values()),
            )


def _unlisted(index: Index) -> Iterator[tuple[int, Span]]:
    """Yield the pages that no list names: EPAM's driver finds the agents' pages behind that of its own channel."""
    for node in index.host.tree.walk() if index.host.tree and not index.rows else ():
        if is_compatible(node, SCMI_SHMEM) and (shmem := read_shmem(node)).address is not None:
            yield shmem.address, node.span
