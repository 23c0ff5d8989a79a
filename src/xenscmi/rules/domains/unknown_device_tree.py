"""XS221 unknown-device-tree."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.types import DomainKind
from xenscmi.host.view import View
from xenscmi.rules.example import GUEST_DTS
from xenscmi.rules.rule import Change, Finding, HostRule


def _check(view: View) -> Iterator[Finding]:
    for domain in view.host.domains:
        if domain.kind is DomainKind.TOOLSTACK and domain.tree_file and domain.tree is None:
            yield Finding(
                message=f"it is not known what {domain.tree_file.value} of domain {domain.name} is made of: "
                "its channel and its devices are not checked",
                span=domain.tree_file.span,
            )


RULE = HostRule(
    code="XS221",
    name="unknown-device-tree",
    severity=Severity.INFO,
    summary="The partial device tree that an xl.cfg names is not among the files of the host.",
    xen="libxl reads it where the domain is created. Xen is not concerned.",
    mend="put its source beside the xl.cfg under the same name, or say it in host.toml",
    check=_check,
    bad=(Change("guest.dts", GUEST_DTS, ""),),
)
