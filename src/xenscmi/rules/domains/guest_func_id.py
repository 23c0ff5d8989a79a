"""XS208 guest-func-id."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.types import DomainKind
from xenscmi.host.view import View, guest_channel
from xenscmi.rules.rule import Change, Finding, HostRule, also


def _check(view: View) -> Iterator[Finding]:
    for domain in view.host.domains:
        row, node = view.channel(domain), guest_channel(domain)
        if row is None or node is None or domain.kind is DomainKind.DOM0:
            continue
        asked = domain.agent_id.span if domain.agent_id else None
        if node.func_id is None or node.func_id.value is None:
            yield Finding(
                message=f"the scmi node of {domain.title} has no arm,smc-id that could be read",
                span=node.func_id.span if node.func_id else node.span,
                related=also("the domain's agent", row.func_id.span, asked),
            )
        elif node.func_id.value != row.func_id.value:
            yield Finding(
                message=f"{domain.title} calls {node.func_id.value:#x}, "
                f"but {view.row_name(row)} has function id {row.func_id.value:#x}",
                span=node.func_id.span,
                related=also("the domain's agent", row.func_id.span, asked),
            )
        for other in domain.tree.scmi_nodes if domain.tree else ():
            if other is not node and other.kept and other.func_id and other.func_id.value != row.func_id.value:
                yield Finding(
                    message=f"{other.path} is a further scmi node of {domain.title}, with another function id",
                    span=other.func_id.span,
                    related=also("the domain's agent", row.func_id.span, asked),
                    severity=Severity.WARNING,
                    then="if the guest uses it, its calls return -1",
                )


RULE = HostRule(
    code="XS208",
    name="guest-func-id",
    severity=Severity.ERROR,
    summary="The partial tree has another function id than the domain's agent.",
    then="Xen does not forward the calls, they return -1",
    xen="Xen forwards only the function id of the domain's own agent: the guest gets -1, Xen logs \"Unhandled SMC/HVC: "
    '0x…".',
    mend="write the agent's function id as arm,smc-id",
    check=_check,
    bad=(Change("panel.dts", "arm,smc-id = <0x82000005>;", "arm,smc-id = <0x82000006>;"),),
)
