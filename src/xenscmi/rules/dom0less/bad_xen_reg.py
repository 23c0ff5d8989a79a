"""XS405 bad-xen-reg."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.config.constants import PAGE_SIZE
from xenscmi.diagnostics import Safety, Severity
from xenscmi.host.index import Index
from xenscmi.host.types import DomainKind
from xenscmi.rules.editing.mappings import change
from xenscmi.rules.rule import Change, Finding, HostRule, unsafe_fix

RULE = HostRule(
    code="XS405",
    name="bad-xen-reg",
    severity=Severity.ERROR,
    summary="A row of xen,reg is not page aligned or not complete.",
    then="Xen panics at boot",
    xen='Xen panics at boot: "DomU passthrough config has not page aligned addresses/sizes". Xen ignores cells after '
    "the last whole row. A size of 0 maps nothing, and a debug build stops at an assertion.",
    fix="write host address, size and guest address, all multiples of 4096, in as many cells as the parent declares",
    fixable=(Safety.UNSAFE,),
    bad=(
        Change(
            "panel.dts",
            "xen,reg = <0x0 0xe0001000 0x0 0x1000 0x0 0xe0001000>;",
            "xen,reg = <0x0 0xe0001000 0x0 0x800 0x0 0xe0001000>;",
        ),
    ),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    for domain in index.host.domains:
        if domain.kind is not DomainKind.DOM0LESS or domain.tree is None:
            continue
        for stated in (node.mappings for node in domain.tree.nodes if node.mappings):
            if stated.problem:
                yield Finding(
                    message=stated.problem.message,
                    span=stated.span,
                    severity=Severity.WARNING if stated.value else None,
                    then="Xen ignores the remaining cells" if stated.value else "nothing is mapped",
                    help=stated.problem.help or None,
                )
            for mapping in stated.value or ():
                if (mapping.host | mapping.guest | mapping.size) % PAGE_SIZE:
                    yield Finding(
                        message=f"xen,reg of domain {domain.name} is not page aligned: {mapping.size:#x} bytes "
                        f"from {mapping.host:#x} at {mapping.guest:#x}",
                        span=mapping.span,
                        fix=unsafe_fix(
                            "Map whole pages",
                            change(domain, mapping, size=-(-mapping.size // PAGE_SIZE) * PAGE_SIZE),
                        ),
                    )
                elif not mapping.size:
                    yield Finding(
                        message=f"xen,reg of domain {domain.name} has a size of 0 at {mapping.guest:#x}",
                        span=mapping.span,
                        severity=Severity.WARNING,
                        then="nothing is mapped, and a debug build of Xen stops (rangeset_add_range)",
                    )
