"""XS130 page-given-to-dom0."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.names import RESERVED_MEMORY, SCMI_SHMEM, XEN_PASSTHROUGH
from xenscmi.bindings.properties import is_compatible
from xenscmi.config.constants import PAGE_SIZE
from xenscmi.devicetree.tree import Node
from xenscmi.diagnostics import Fix, Safety, Severity
from xenscmi.host.address_map import AddressMap
from xenscmi.host.index import Index, Page, wanted_agent
from xenscmi.host.registers import RegisterUse, registers
from xenscmi.rules.editing import dts
from xenscmi.rules.rule import Change, Finding, HostRule, also, unsafe_fix

RULE = HostRule(
    code="XS130",
    name="page-given-to-dom0",
    severity=Severity.ERROR,
    summary="A node that dom0 gets covers the page of another agent.",
    then="dom0 can read and forge its messages",
    xen="Xen maps to dom0 the registers of every node outside the container, including disabled nodes, unless the "
    "node is marked xen,passthrough. An mmio-sram that covers all pages gives dom0 every agent's page, including "
    "Xen's own.",
    fix="move the page's node into Xen's container, or mark the node that covers it with xen,passthrough;",
    fixable=(Safety.UNSAFE,),
    bad=(
        Change(
            "host.dts",
            "\tdom0_page: sram@47ff2000 {\n",
            '\tsram@47ff3000 {\n\t\tcompatible = "mmio-sram";\n\t\treg = <0x0 0x47ff3000 0x0 0x2000>;\n\t};\n\n'
            "\tdom0_page: sram@47ff2000 {\n",
        ),
    ),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    dom0 = index.dom0
    if dom0 is None or not index.owners:
        return
    own = index.channel(dom0)
    # Without an agent of its own, dom0 does not get the nodes of shared memory (sci_domain_…, handle_node).
    hidden = wanted_agent(dom0) is None
    own_page = index.row_page(own) if own else None
    pages = [page for page in index.owners.values() if page.row is not own and page.address != own_page]
    pages += [page for page in index.notification_pages.values() if page.row is None or page.row is not own]
    found = _covered(index.passthrough.registers_kept_by_dom0, pages)
    for node in index.passthrough.kept_by_dom0 if found else ():
        if node.path.lower().startswith(f"{RESERVED_MEMORY}/") or (hidden and is_compatible(node, SCMI_SHMEM)):
            continue
        covered = sorted(found.get(node, ()), key=lambda each: registers(node).index(each[0].region))
        if covered:
            use, page = covered[0]
            yield Finding(
                message=f"{node.path} gives dom0 the page {page.address:#x} of {page.owner}"
                + (f" and {len(covered) - 1} more" if len(covered) > 1 else ""),
                span=use.region.span,
                related=also("such a page", *(page.span for _, page in covered)),
                fix=_mark(index, node),
            )


def _mark(index: Index, node: Node) -> Fix | None:
    """Return the mark by which dom0 does not get a node, unless it is the page of dom0's own channel."""
    shmem = index.dom0_channel.shmem.value if index.dom0_channel and index.dom0_channel.shmem else None
    if shmem is not None and shmem.path == node.path:
        return None  # wrong-dom0-channel
    return unsafe_fix(f"Add {XEN_PASSTHROUGH};", dts.insert(node, f"{XEN_PASSTHROUGH};"))


def _covered(kept: AddressMap[RegisterUse], pages: list[Page]) -> dict[Node, list[tuple[RegisterUse, Page]]]:
    """Return which registers reach into which pages, by their nodes."""
    found: dict[Node, list[tuple[RegisterUse, Page]]] = {}
    for page in pages:
        for use in kept.within(page.address, page.address + PAGE_SIZE):
            found.setdefault(use.node, []).append((use, page))
    return found
