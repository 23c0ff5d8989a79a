"""XS109 untranslatable-page."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.names import CHOSEN
from xenscmi.diagnostics import Fix, Safety, Severity
from xenscmi.host.index import Index
from xenscmi.host.types import Shmem
from xenscmi.rules.editing import dts
from xenscmi.rules.editing.pages import widen
from xenscmi.rules.misspelling import like
from xenscmi.rules.phrases import NO_SCMI, PROBE_FAILS
from xenscmi.rules.rule import Change, Finding, HostRule, also, safe_fix
from xenscmi.source import Span

RANGES = "ranges"

RULE = HostRule(
    code="XS109",
    name="untranslatable-page",
    severity=Severity.ERROR,
    summary="The address of an agent's page does not translate: a parent lacks `ranges`, or `reg` is unusable.",
    then=PROBE_FAILS,
    xen=f'{NO_SCMI} Log: "DT: /chosen is not a valid bus", or nothing at all.',
    fix="add an empty `ranges;` to every node from /chosen down to the container, and one whole reg entry to every "
    "page",
    fixable=(Safety.SAFE,),
    bad=(Change("host.dts", "\t\tranges;\n\t\txen,xen-bootargs", "\t\txen,xen-bootargs"),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    own, row = index.management, index.broken_row
    seen: set[Span | None] = set()
    for shmem in (own.shmem if own else None, row.shmem if row else None):
        page = shmem.value if shmem else None
        if shmem is None or page is None or page.problem is None or page.problem.span in seen:
            continue
        seen.add(page.problem.span)
        # If the phandle points to something other than a page, the phandle is what is wrong.
        at, other = (page.problem.span, page.span) if page.compatible else (shmem.span, page.span)
        yield Finding(
            message=f"Xen cannot read the address of {page.path}: {page.problem.message}",
            span=at,
            related=also("this node", other),
            help=page.problem.help or None,
            fix=_fix(index, page) or widen(index.host.tree, page),
        )


def _fix(index: Index, page: Shmem) -> Fix | None:
    """Return the `ranges` that are missing from /chosen down to the page: empty ones, as Xen's containers have them."""
    node = index.host.tree.node(page.path) if index.host.tree and page.path else None
    above = [each for each in node.ancestors() if f"{each.path}/".startswith(f"{CHOSEN}/")] if node else []
    lacking = [each for each in above if RANGES not in each]
    if not lacking or not page.compatible:
        return None
    edits = (
        dts.rename(misspelled, RANGES) if (misspelled := like(each, RANGES)) else dts.insert(each, "ranges;")
        for each in lacking
    )
    return safe_fix("Add the missing ranges;", *edits)
