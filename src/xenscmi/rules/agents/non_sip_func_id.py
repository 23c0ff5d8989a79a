"""XS117 non-sip-func-id."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index
from xenscmi.rules.rule import Change, Finding, HostRule

# Bit 31: fast call. Bit 30: 64-bit convention, both work. Bits 29-24: the owner, 2 is SiP (SMCCC, DEN0028).
_FAST, _OWNER, _SIP = 0x80000000, 0x3F000000, 0x02000000

RULE = HostRule(
    code="XS117",
    name="non-sip-func-id",
    severity=Severity.ERROR,
    summary="An agent's function id is not a SiP fast call.",
    then="Xen does not forward the calls; they return -1",
    xen='Xen never forwards a call with another owner: the domain gets -1, and Xen logs "Unhandled SMC/HVC: 0x…".',
    fix="use the firmware's function id for this agent: 0x82…, or 0xc2… in the 64-bit convention",
    bad=(Change("host.dts", "0x82000007 &page_5 5", "0x83000007 &page_5 5"),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    for row in index.rows:
        func_id = row.func_id.value
        if func_id is None or func_id & (_FAST | _OWNER) == _FAST | _SIP:
            continue
        name = f"function id {func_id:#x} of {index.row_name(row)}"
        if func_id & _OWNER == _SIP:
            yield Finding(
                message=f"{name} is a yielding call",
                span=row.func_id.span,
                severity=Severity.WARNING,
                then="Xen forwards it, but SCMI's doorbell is a fast call",
            )
        else:
            yield Finding(
                message=f"{name} is not a SiP fast call",
                span=row.func_id.span,
                severity=None if index.users(row) else Severity.WARNING,
            )
