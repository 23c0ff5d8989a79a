"""XS121 incomplete-management-node."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index
from xenscmi.rules.phrases import NO_SCMI, PROBE_FAILS
from xenscmi.rules.rule import Change, Finding, HostRule

RULE = HostRule(
    code="XS121",
    name="incomplete-management-node",
    severity=Severity.ERROR,
    summary="The scmi node of Xen's own channel lacks its function id or its shared memory.",
    then=PROBE_FAILS,
    xen=f'{NO_SCMI} Log: "scmi: unable to read smc-id from DT", or nothing if the shared memory is missing.',
    fix="write arm,smc-id = <…> and shmem = <&page> with the firmware's values for Xen's agent",
    bad=(Change("host.dts", "\t\t\t\t\tarm,smc-id = <0x82000003>;\n", ""),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    own = index.management
    for name, stated in (("arm,smc-id", own.func_id), ("shmem", own.shmem)) if own else ():
        if own and stated is None:
            yield Finding(message=f"Xen's scmi node {own.path} has no {name}", span=own.span)
        elif own and stated and stated.value is None:
            reason = stated.problem.message if stated.problem else f"{own.path}: {name} cannot be read"
            yield Finding(message=reason, span=stated.span)
