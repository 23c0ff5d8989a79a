"""XS328 wrong-protocol."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index
from xenscmi.rules.rule import Change, Finding, HostRule, also
from xenscmi.scmi.header import ProtocolId
from xenscmi.source import Span

_PROTOCOLS = {
    "clocks": (ProtocolId.CLOCK,),
    "resets": (ProtocolId.RESET,),
    "power-domains": (ProtocolId.POWER_DOMAIN, ProtocolId.PERFORMANCE),
}

RULE = HostRule(
    code="XS328",
    name="wrong-protocol",
    severity=Severity.ERROR,
    summary="Clocks, resets or power domains of a partial tree lead to a node of another SCMI protocol.",
    then="the guest's driver finds no provider",
    xen="Xen does not look at protocols. Linux takes the protocol's id from reg: 0x11 is power domains, 0x14 clocks, "
    "0x16 resets.",
    fix="correct reg of the protocol's node, or refer to the right one",
    bad=(Change("panel.dts", "reg = <0x14>;", "reg = <0x15>;"),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    told: set[Span] = set()
    for domain in index.host.domains:
        for node in domain.tree.nodes if domain.tree else ():
            for use in node.resources:
                protocol = use.protocol
                if protocol is None or protocol.value in _PROTOCOLS[use.kind] or protocol.span in told:
                    continue
                told.add(protocol.span)
                has = "unreadable" if protocol.value is None else f"{protocol.value:#x}"
                yield Finding(
                    message=f"{use.kind} of {node.path} of {domain.title} lead to an SCMI protocol whose reg is {has}, "
                    f"not {_PROTOCOLS[use.kind][0]:#x}",
                    span=protocol.span,
                    related=also("used here", use.span),
                )
