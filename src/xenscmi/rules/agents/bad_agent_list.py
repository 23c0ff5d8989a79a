"""XS106 bad-agent-list."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.names import SECONDARY_AGENTS, SECONDARY_AGENTS_CELLS_DEFAULT
from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index
from xenscmi.rules.phrases import FIRST_FUNC_ID, NO_SCMI, PROBE_FAILS
from xenscmi.rules.rule import Change, Finding, HostRule, also
from xenscmi.source import Span

RULE = HostRule(
    code="XS106",
    name="bad-agent-list",
    severity=Severity.ERROR,
    summary="The list of agents is empty or is not a whole number of rows.",
    then=PROBE_FAILS,
    xen=f'{NO_SCMI} Log: "scmi: Invalid length of scmi-secondary-agents property: … for … cells per entry".',
    fix="write one row per agent: function id, shared memory, and with three cells a row the agent id",
    bad=(Change("host.dts", "0x82000007 &page_5 5", "0x82000007 &page_5"),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    container = index.container
    if container is None or container.listing is None or container.agents:
        return
    cells, listing = container.cells, container.listing
    width = cells.value if cells and cells.value is not None else SECONDARY_AGENTS_CELLS_DEFAULT
    if width not in (2, 3):
        return
    if listing.value is None:
        message = listing.problem.message if listing.problem else "the list is not a list of cells"
    elif not listing.value:
        message = "the list of agents is empty"
    else:
        message = f"the list of agents has {len(listing.value)} cells, which is not a whole number of rows of {width}"
    yield Finding(
        message=message,
        span=_broken_row(index, listing.value or (), width) or listing.span,
        related=(
            *also("the list", listing.span),
            *also(f"a row has {width} cells", cells.span if cells else None),
        ),
    )


def _broken_row(index: Index, cells: tuple[int, ...], width: int) -> Span | None:
    """Return the place of the first row after which no row begins: a row begins with a function id."""
    container = index.container
    node = index.host.tree.node(container.path) if index.host.tree and container else None
    prop = node.get(SECONDARY_AGENTS) if node else None
    for at in range(0, len(cells), width):
        following = cells[at + width : at + width + 1]
        if prop is not None and (not following or following[0] < FIRST_FUNC_ID):
            return prop.place(4 * at, min(4 * width, len(prop.value) - 4 * at))
    return None
