"""XS107 bad-agent-cells."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.names import SECONDARY_AGENTS_CELLS
from xenscmi.diagnostics import Fix, Safety, Severity
from xenscmi.host.index import Index
from xenscmi.rules.editing import dts
from xenscmi.rules.phrases import NO_SCMI, PROBE_FAILS, has_rows_of
from xenscmi.rules.rule import Change, Finding, HostRule, safe_fix

RULE = HostRule(
    code="XS107",
    name="bad-agent-cells",
    severity=Severity.ERROR,
    summary="#scmi-secondary-agents-cells is neither 2 nor 3.",
    then=PROBE_FAILS,
    xen=f'{NO_SCMI} Log: "scmi: Invalid #scmi-secondary-agents-cells value: …".',
    fix="write 3 if the rows contain the agent id, or 2 if Xen must ask the firmware for it",
    fixable=(Safety.SAFE,),
    bad=(Change("host.dts", "#scmi-secondary-agents-cells = <3>;", "#scmi-secondary-agents-cells = <4>;"),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    cells = index.container.cells if index.container else None
    if cells is None:
        return
    if cells.value is None:
        yield Finding(
            message="#scmi-secondary-agents-cells is not a cell; Xen uses 3",
            span=cells.span,
            severity=Severity.WARNING,
        )
    elif cells.value not in (2, 3):
        yield Finding(
            message=f"Invalid #scmi-secondary-agents-cells value: {cells.value}", span=cells.span, fix=_fix(index)
        )


def _fix(index: Index) -> Fix | None:
    """Return the number of cells that the rows have: each begins with a function id."""
    container = index.container
    listing = container.listing.value if container and container.listing else None
    widths = [width for width in (2, 3) if has_rows_of(listing or (), width)]
    node = index.host.tree.node(container.path) if index.host.tree and container else None
    if node is None or len(widths) != 1:
        return None
    return safe_fix(f"Write {widths[0]} cells", dts.cells(node.get(SECONDARY_AGENTS_CELLS), widths))
