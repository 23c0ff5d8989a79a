"""XS117 func-id-range."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.view import View
from xenscmi.rules.rule import Change, Finding, HostRule

# Bit 31: fast call. Bit 30: 64-bit convention, either will do. Bits 29-24: the owner, 2 is SiP (SMCCC, DEN0028).
_MASK, _SIP_FAST_CALL = 0xBF000000, 0x82000000


def _check(view: View) -> Iterator[Finding]:
    for row in view.rows:
        if row.func_id.value is not None and row.func_id.value & _MASK != _SIP_FAST_CALL:
            yield Finding(
                message=f"function id {row.func_id.value:#x} of {view.row_name(row)} is no SiP fast call",
                span=row.func_id.span,
                severity=None if view.users(row) else Severity.WARNING,
            )


RULE = HostRule(
    code="XS117",
    name="func-id-range",
    severity=Severity.ERROR,
    summary="An agent's function id is outside of the SiP fast calls.",
    then="Xen does not forward the calls, they return -1",
    xen='Xen never forwards such a call: the domain gets -1, and Xen logs "Unhandled SMC/HVC: 0x…".',
    mend="use a function id of 0x82…, or 0xc2… for the 64-bit convention, that the firmware has for this agent",
    check=_check,
    bad=(Change("host.dts", "0x82000007 &page_5 5", "0x83000007 &page_5 5"),),
)
