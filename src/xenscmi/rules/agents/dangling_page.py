"""XS108 dangling-page."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index
from xenscmi.host.types import Stated
from xenscmi.rules.phrases import FIRST_FUNC_ID, NO_SCMI, PROBE_FAILS
from xenscmi.rules.rule import Change, Finding, HostRule, also

RULE = HostRule(
    code="XS108",
    name="dangling-page",
    severity=Severity.ERROR,
    summary="The shared memory of an agent or of Xen's own channel is a phandle that no node has.",
    then=PROBE_FAILS,
    xen=f'{NO_SCMI} Log: "scmi: Could not find shmem node for agent …".',
    fix="refer to the page's node by its label (&label), and give every row as many cells as declared",
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
            span=cells.span if cells and _has_rows_of(index, 5 - width) else row.shmem.span,
            related=(
                *also(f"a row has {width} cells", cells.span if cells else None),
                *also("Xen reads a phandle here", row.shmem.span),
            ),
        )


def _has_rows_of(index: Index, width: int) -> bool:
    """Return whether the list of agents has rows of a width: each begins with a function id."""
    listing: Stated[tuple[int, ...]] | None = index.container.listing if index.container else None
    found = (listing.value if listing else None) or ()
    return len(found) % width == 0 and all(cell >= FIRST_FUNC_ID for cell in found[::width])
