"""XS208 wrong-guest-func-id."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.names import SMC_ID
from xenscmi.diagnostics import Fix, Safety, Severity
from xenscmi.host.index import Index, guest_channel
from xenscmi.host.types import DomainKind, HostDomain, ScmiNode, SecondaryAgent
from xenscmi.rules.editing import dts
from xenscmi.rules.editing.agents import ask_for_described, has_page
from xenscmi.rules.editing.meaning import rename_like
from xenscmi.rules.misspelling import place_in
from xenscmi.rules.phrases import GIVEN
from xenscmi.rules.rule import Change, Finding, HostRule, also, fix_if

RULE = HostRule(
    code="XS208",
    name="wrong-guest-func-id",
    severity=Severity.ERROR,
    summary="The function id in the partial tree is not that of the domain's agent.",
    then="Xen does not forward the calls; they return -1",
    xen="Xen forwards only the function id of the domain's own agent: the guest gets -1, and Xen logs \"Unhandled "
    'SMC/HVC: 0x…".',
    fix="write the agent's function id as arm,smc-id",
    fixable=(Safety.SAFE, Safety.UNSAFE),
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
                fix=_add(index, domain, node, row) if node.func_id is None else None,
            )
        elif node.func_id.value != row.func_id.value:
            described = index.described_row(domain)
            if (
                described is not None
                and index.agent_id(described) != index.agent_id(row)
                and asked is not None
                and has_page(index, domain, described)
            ):
                yield Finding(
                    message=f"{domain.title} asks for {index.row_name(row)}, "
                    f"but has the function id and the page of {index.row_name(described)}",
                    span=asked,
                    related=also("the function id", node.func_id.span),
                    help="ask for the agent whose function id and page the domain has",
                    fix=ask_for_described(index, domain),
                )
                continue
            yield Finding(
                message=f"{domain.title} calls {node.func_id.value:#x}, "
                f"but {index.row_name(row)} has function id {row.func_id.value:#x}",
                span=node.func_id.span,
                related=(*also(GIVEN, domain.tree_given), *also("the domain's agent", row.func_id.span, asked)),
                fix=_correct(index, domain, node, row),
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


def _correct(index: Index, domain: HostDomain, node: ScmiNode, row: SecondaryAgent) -> Fix | None:
    """Return the function id of the domain's agent: safe if the domain has its page, so that two of three agree."""
    func_id = row.func_id.value
    scmi = domain.tree.tree.node(node.path) if domain.tree else None
    if scmi is None or func_id is None:
        return None
    return fix_if(
        has_page(index, domain, row), f"Write {func_id:#x} as {SMC_ID}", dts.cells(scmi.get(SMC_ID), [func_id])
    )


def _add(index: Index, domain: HostDomain, node: ScmiNode, row: SecondaryAgent) -> Fix | None:
    """Return the function id that is missing, or is there under another spelling."""
    scmi = domain.tree.tree.node(node.path) if domain.tree else None
    if scmi is None or row.func_id.value is None:
        return None
    statement = f"{SMC_ID} = <{row.func_id.value:#x}>;"
    added = fix_if(has_page(index, domain, row), f"Add {statement}", dts.insert(scmi, statement))
    return rename_like(scmi, SMC_ID) or added
