"""XS115 shared-func-id."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Safety, Severity
from xenscmi.host.index import Index
from xenscmi.host.types import SecondaryAgent
from xenscmi.rules.editing.rows import call_as_firmware
from xenscmi.rules.rule import Change, Finding, HostRule, also

RULE = HostRule(
    code="XS115",
    name="shared-func-id",
    severity=Severity.ERROR,
    summary="Two agents of the list have the same function id.",
    then="one of the two domains acts as the other agent",
    xen="Xen does not notice. To the firmware every call with this function id is the same agent's: one of the two "
    "domains acts as the other, or writes to a page that nobody reads.",
    fix="give every agent the firmware's function id for it",
    fixable=(Safety.SAFE,),
    bad=(Change("host.dts", "0x82000007 &page_5 5", "0x82000005 &page_5 5"),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    first: dict[int | None, SecondaryAgent] = {}
    for row in index.rows:
        other = first.setdefault(row.func_id.value, row)
        if other is row:
            continue
        both = index.users(row) and index.users(other)
        yield Finding(
            message=f"function id {row.func_id.value:#x} is given to {index.row_name(row)} "
            f"and to {index.row_name(other)}: to the firmware it is one agent",
            span=row.func_id.span,
            related=also("first claimed here", other.func_id.span),
            severity=None if both else Severity.WARNING,
            fix=call_as_firmware(index, row) or call_as_firmware(index, other),
        )
