"""XS121 incomplete-management-node."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.names import SMC_ID
from xenscmi.diagnostics import Fix, Safety, Severity
from xenscmi.host.index import Index, page
from xenscmi.host.types import ScmiNode
from xenscmi.rules.editing import dts
from xenscmi.rules.editing.meaning import rename_like
from xenscmi.rules.phrases import NO_SCMI, PROBE_FAILS
from xenscmi.rules.rule import Change, Finding, HostRule, safe_fix

RULE = HostRule(
    code="XS121",
    name="incomplete-management-node",
    severity=Severity.ERROR,
    summary="The scmi node of Xen's own channel lacks its function id or its shared memory.",
    then=PROBE_FAILS,
    xen=f'{NO_SCMI} Log: "scmi: unable to read smc-id from DT", or nothing if the shared memory is missing.',
    fix="write arm,smc-id = <…> and shmem = <&page> with the firmware's values for Xen's agent",
    fixable=(Safety.SAFE,),
    bad=(Change("host.dts", "\t\t\t\t\tarm,smc-id = <0x82000003>;\n", ""),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    own = index.management
    for name, stated in (("arm,smc-id", own.func_id), ("shmem", own.shmem)) if own else ():
        if own and stated is None:
            yield Finding(
                message=f"Xen's scmi node {own.path} has no {name}", span=own.span, fix=_add(index, own, name)
            )
        elif own and stated and stated.value is None:
            reason = stated.problem.message if stated.problem else f"{own.path}: {name} cannot be read"
            yield Finding(message=reason, span=stated.span)


def _add(index: Index, own: ScmiNode, name: str) -> Fix | None:
    """Return the property: it is there under another spelling, or the firmware has the agent with Xen's page."""
    node = index.host.tree.node(own.path) if index.host.tree else None
    misspelled = rename_like(node, name)
    if misspelled or node is None or name != SMC_ID:
        return misspelled
    agents = [each for each in index.host.firmware.agents or () if each.shmem == page(own.shmem)]
    statement = f"{SMC_ID} = <{agents[0].func_id:#x}>;" if len(agents) == 1 else ""
    return safe_fix(f"Add {statement}", dts.insert(node, statement)) if statement else None
