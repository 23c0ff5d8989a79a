"""XS106 bad-agent-list."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.names import SECONDARY_AGENTS_CELLS_DEFAULT
from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index
from xenscmi.rules.phrases import NO_SCMI, PROBE_FAILS
from xenscmi.rules.rule import Change, Finding, HostRule, also

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
        span=listing.span,
        related=also(f"a row has {width} cells", cells.span if cells else None),
    )
