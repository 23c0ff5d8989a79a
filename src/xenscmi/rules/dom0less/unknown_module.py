"""XS408 unknown-module."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index
from xenscmi.host.types import DomainKind
from xenscmi.rules.example import PANEL_DTS
from xenscmi.rules.rule import Change, Finding, HostRule

RULE = HostRule(
    code="XS408",
    name="unknown-module",
    severity=Severity.INFO,
    summary="The file behind a dom0less domain's device tree module is unknown.",
    xen="A boot module is an address, to which the boot loader loads the file. Xen is not affected.",
    fix="name the file after the domain's node, list it in host.toml, or pass the ImageBuilder configuration",
    bad=(Change("panel.dts", PANEL_DTS, ""),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    for domain in index.host.domains:
        if domain.kind is DomainKind.DOM0LESS and domain.tree_file and domain.tree is None:
            yield Finding(
                message=f"the file behind domain {domain.name}'s device tree module is unknown: its channel and its "
                "devices are not checked",
                span=domain.tree_file.span,
            )
