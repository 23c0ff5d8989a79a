"""XS208 wrong-guest-func-id."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.names import SMC_ID
from xenscmi.diagnostics import Severity
from xenscmi.host.guest_memory import mappings, maps_host
from xenscmi.host.index import Index, guest_channel
from xenscmi.host.types import DomainKind, HostDomain, SecondaryAgent
from xenscmi.rules.misspelling import place_in
from xenscmi.rules.phrases import GIVEN
from xenscmi.rules.rule import Change, Finding, HostRule, also

RULE = HostRule(
    code="XS208",
    name="wrong-guest-func-id",
    severity=Severity.ERROR,
    summary="The function id in the partial tree is not that of the domain's agent.",
    then="Xen does not forward the calls; they return -1",
    xen="Xen forwards only the function id of the domain's own agent: the guest gets -1, and Xen logs \"Unhandled "
    'SMC/HVC: 0x…".',
    fix="write the agent's function id as arm,smc-id",
    bad=(Change("panel.dts", "arm,smc-id = <0x82000005>;", "arm,smc-id = <0x82000006>;"),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    for domain in index.host.domains:
        row, node = index.channel(domain), guest_channel(domain)
        if row is None or node is None or domain.kind is DomainKind.DOM0:
            continue
        asked = domain.agent_id.span if domain.agent_id else None
        if node.func_id is None or node.func_id.value is None:
            yield Finding(
                message=f"the scmi node of {domain.title} has no readable arm,smc-id",
                span=node.func_id.span
                if node.func_id
                else place_in(domain.tree.tree if domain.tree else None, node.path, SMC_ID, node.span),
                related=also("the domain's agent", row.func_id.span, asked),
            )
        elif node.func_id.value != row.func_id.value:
            described = index.described_row(domain)
            if (
                described is not None
                and index.agent_id(described) != index.agent_id(row)
                and asked is not None
                and _maps_page_of(index, domain, described)
            ):
                yield Finding(
                    message=f"{domain.title} asks for {index.row_name(row)}, "
                    f"but has the function id and the page of {index.row_name(described)}",
                    span=asked,
                    related=also("the function id", node.func_id.span),
                    help="ask for the agent whose function id and page the domain has",
                )
                continue
            yield Finding(
                message=f"{domain.title} calls {node.func_id.value:#x}, "
                f"but {index.row_name(row)} has function id {row.func_id.value:#x}",
                span=node.func_id.span,
                related=(*also(GIVEN, domain.tree_given), *also("the domain's agent", row.func_id.span, asked)),
            )
        for other in domain.tree.scmi_nodes if domain.tree else ():
            if other is not node and other.kept and other.func_id and other.func_id.value != row.func_id.value:
                yield Finding(
                    message=f"{other.path} is another scmi node of {domain.title}, with a different function id",
                    span=other.func_id.span,
                    related=also("the domain's agent", row.func_id.span, asked),
                    severity=Severity.WARNING,
                    then="if the guest uses it, its calls return -1",
                )


def _maps_page_of(index: Index, domain: HostDomain, row: SecondaryAgent) -> bool:
    page = index.row_page(row)
    return page is not None and any(maps_host(each, page) for each in mappings(domain))
