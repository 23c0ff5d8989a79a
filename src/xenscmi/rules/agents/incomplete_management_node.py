"""XS121 incomplete-management-node."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.view import View
from xenscmi.rules.rule import Change, Finding, HostRule
from xenscmi.rules.words import NO_SCMI, PROBE_FAILS


def _check(view: View) -> Iterator[Finding]:
    own = view.management
    for name, stated in (("arm,smc-id", own.func_id), ("shmem", own.shmem)) if own else ():
        if own and stated is None:
            yield Finding(message=f"Xen's scmi node {own.path} has no {name}", span=own.span)
        elif own and stated and stated.value is None:
            reason = stated.problem.message if stated.problem else f"{own.path}: {name} cannot be read"
            yield Finding(message=reason, span=stated.span)


RULE = HostRule(
    code="XS121",
    name="incomplete-management-node",
    severity=Severity.ERROR,
    summary="The scmi node of Xen's own channel lacks its function id or its shared memory.",
    then=PROBE_FAILS,
    xen=f'{NO_SCMI} Log: "scmi: unable to read smc-id from DT", or nothing where the shared memory is missing.',
    mend="write arm,smc-id = <…> and shmem = <&page> as the firmware has them for Xen's agent",
    check=_check,
    bad=(Change("host.dts", "\t\t\t\t\tarm,smc-id = <0x82000003>;\n", ""),),
)
