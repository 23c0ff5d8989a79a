"""XS408 unknown-module."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.types import DomainKind
from xenscmi.host.view import View
from xenscmi.rules.example import PANEL_DTS
from xenscmi.rules.rule import Change, Finding, HostRule


def _check(view: View) -> Iterator[Finding]:
    for domain in view.host.domains:
        if domain.kind is DomainKind.DOM0LESS and domain.tree_file and domain.tree is None:
            yield Finding(
                message=f"the file of domain {domain.name}'s device tree module is not known: its channel and its "
                "devices are not checked",
                span=domain.tree_file.span,
            )


RULE = HostRule(
    code="XS408",
    name="unknown-module",
    severity=Severity.INFO,
    summary="It is not known which file a dom0less domain's device tree module is.",
    xen="A boot module is an address; the boot loader puts the file there. Xen is not concerned.",
    mend="name the file after the domain's node, or say it in host.toml, or give the ImageBuilder configuration",
    check=_check,
    bad=(Change("panel.dts", PANEL_DTS, ""),),
)
