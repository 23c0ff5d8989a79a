"""XS221 unknown-device-tree."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index
from xenscmi.host.types import DomainKind
from xenscmi.rules.example import GUEST_DTS
from xenscmi.rules.rule import Change, Finding, HostRule

RULE = HostRule(
    code="XS221",
    name="unknown-device-tree",
    severity=Severity.INFO,
    summary="The partial device tree that an xl.cfg names is not one of the host's files.",
    xen="libxl reads it when it creates the domain. Xen is not affected.",
    fix="put its source next to the xl.cfg, under the name in device_tree (guest.dts for guest.dtb), name its folder "
    "with -I or the target's files with --root, or list it in host.toml",
    bad=(Change("guest.dts", GUEST_DTS, ""),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    for domain in index.host.domains:
        if domain.kind is DomainKind.TOOLSTACK and domain.tree_file and domain.tree is None:
            yield Finding(
                message=f"the source of {domain.tree_file.value} of domain {domain.name} is unknown: "
                "its channel and its devices are not checked",
                span=domain.tree_file.span,
            )
