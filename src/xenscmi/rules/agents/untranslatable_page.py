"""XS109 untranslatable-page."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.view import View
from xenscmi.rules.rule import Change, Finding, HostRule, also
from xenscmi.rules.words import NO_SCMI, PROBE_FAILS
from xenscmi.source import Span


def _check(view: View) -> Iterator[Finding]:
    own, row = view.management, view.broken_row
    seen: set[Span | None] = set()
    for shmem in (own.shmem if own else None, row.shmem if row else None):
        page = shmem.value if shmem else None
        if shmem is None or page is None or page.problem is None or page.problem.span in seen:
            continue
        seen.add(page.problem.span)
        # Where the phandle leads to something that is no page at all, the phandle is what is wrong.
        at, other = (page.problem.span, page.span) if page.compatible else (shmem.span, page.span)
        yield Finding(
            message=f"Xen cannot read the address of {page.path}: {page.problem.message}",
            span=at,
            related=also("this node", other),
            help=page.problem.help or None,
        )


RULE = HostRule(
    code="XS109",
    name="untranslatable-page",
    severity=Severity.ERROR,
    summary="The address of an agent's page does not translate: no `ranges` on the way down, or no usable `reg`.",
    then=PROBE_FAILS,
    xen=f'{NO_SCMI} Log: "DT: /chosen is not a valid bus", or nothing at all.',
    mend="give every node from /chosen down to the container an empty `ranges;`, and every page one whole reg entry",
    check=_check,
    bad=(Change("host.dts", "\t\tranges;\n\t\txen,xen-bootargs", "\t\txen,xen-bootargs"),),
)
