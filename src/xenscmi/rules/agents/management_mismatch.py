"""XS126 management-mismatch."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index, page
from xenscmi.rules.example import FIRMWARE
from xenscmi.rules.phrases import NO_SCMI, PROBE_FAILS
from xenscmi.rules.rule import Change, Finding, HostRule, also

RULE = HostRule(
    code="XS126",
    name="management-mismatch",
    severity=Severity.ERROR,
    summary="Xen's own channel differs from the firmware's agent.",
    then=PROBE_FAILS,
    xen=f'{NO_SCMI} Log: "scmi: get smc response agent_id = -1 msg_id = 7 proto = 10 res=…".',
    fix="copy the function id and page of Xen's agent from the firmware's configuration",
    bad=(Change("host.dts", "arm,smc-id = <0x82000003>;", "arm,smc-id = <0x82000001>;"),),
    firmware=FIRMWARE,
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    own = index.management
    if index.host.firmware.agents is None or own is None or own.func_id is None or own.func_id.value is None:
        return
    known = index.firmware_by_func_id.get(own.func_id.value)
    address = page(own.shmem)
    if known is None:
        yield Finding(
            message=f"the firmware has no agent with function id {own.func_id.value:#x}, which is Xen's own",
            span=own.func_id.span,
        )
    elif own.shmem and address is not None and address != known.shmem:
        yield Finding(
            message=f"the page of Xen's own channel is {known.shmem:#x} in the firmware, not {address:#x}",
            span=own.shmem.span,
            related=(
                *also("the firmware's agent", known.span),
                *also("the page", own.shmem.value.span if own.shmem.value else None),
            ),
        )
