"""XS108 dangling-page."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.names import SECONDARY_AGENTS_CELLS
from xenscmi.diagnostics import Fix, Safety, Severity
from xenscmi.host.index import Index
from xenscmi.rules.editing import dts
from xenscmi.rules.phrases import NO_SCMI, PROBE_FAILS, has_rows_of
from xenscmi.rules.rule import Change, Finding, HostRule, also, safe_fix

RULE = HostRule(
    code="XS108",
    name="dangling-page",
    severity=Severity.ERROR,
    summary="The shared memory of an agent or of Xen's own channel is a phandle that no node has.",
    then=PROBE_FAILS,
    xen=f'{NO_SCMI} Log: "scmi: Could not find shmem node for agent …".',
    fix="refer to the page's node by its label (&label), and give every row as many cells as declared",
    fixable=(Safety.SAFE,),
    bad=(Change("host.dts", "0x82000007 &page_5 5", "0x82000007 0x7777 5"),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    own, row = index.management, index.broken_row
    if own and own.shmem and own.shmem.value and own.shmem.value.path is None:
        yield Finding(message=f"shmem of {own.path} does not point to a node", span=own.shmem.span)
    if row and row.shmem.value and row.shmem.value.path is None:
        cells = index.container.cells if index.container else None
        width = 2 if row.agent_id is None else 3
        yield Finding(
            message=f"Could not find shmem node for {index.row_name(row)}: "
            f"no node has phandle {row.shmem.value.phandle:#x}",
            span=cells.span if cells and has_rows_of(_listing(index), 5 - width) else row.shmem.span,
            related=(
                *also(f"a row has {width} cells", cells.span if cells else None),
                *also("Xen reads a phandle here", row.shmem.span),
            ),
            fix=_cells(index, 5 - width) if cells else None,
        )


def _listing(index: Index) -> tuple[int, ...]:
    container = index.container
    return (container.listing.value if container and container.listing else None) or ()


def _cells(index: Index, width: int) -> Fix | None:
    """Return the number of cells that the rows of the list have."""
    container = index.container
    node = index.host.tree.node(container.path) if index.host.tree and container else None
    if node is None or not has_rows_of(_listing(index), width):
        return None
    return safe_fix(f"Write {width} cells", dts.cells(node.get(SECONDARY_AGENTS_CELLS), [width]))
