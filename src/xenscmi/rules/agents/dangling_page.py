"""XS108 dangling-page."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.view import View
from xenscmi.rules.rule import Change, Finding, HostRule, also
from xenscmi.rules.words import NO_SCMI, PROBE_FAILS


def _check(view: View) -> Iterator[Finding]:
    own, row = view.management, view.broken_row
    if own and own.shmem and own.shmem.value and own.shmem.value.path is None:
        yield Finding(message=f"shmem of {own.path} leads to no node", span=own.shmem.span)
    if row and row.shmem.value and row.shmem.value.path is None:
        cells = view.container.cells if view.container else None
        width = 2 if row.agent_id is None else 3
        yield Finding(
            message=f"Could not find shmem node for {view.row_name(row)}: "
            f"no node has phandle {row.shmem.value.phandle:#x}",
            span=row.shmem.span,
            related=also(f"says that a row has {width} cells", cells.span if cells else None),
        )


RULE = HostRule(
    code="XS108",
    name="dangling-page",
    severity=Severity.ERROR,
    summary="The shared memory of an agent, or of Xen's own channel, is a phandle that no node has.",
    then=PROBE_FAILS,
    xen=f'{NO_SCMI} Log: "scmi: Could not find shmem node for agent …".',
    mend="refer to the page's node by its label (&label), and see that the rows have as many cells as declared",
    check=_check,
    bad=(Change("host.dts", "0x82000007 &page_5 5", "0x82000007 0x7777 5"),),
)
