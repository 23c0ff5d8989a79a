"""XS104 disabled-container."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.view import View
from xenscmi.rules.rule import Change, Finding, HostRule


def _check(view: View) -> Iterator[Finding]:
    if view.container and not view.container.available:
        yield Finding(
            message=f"{view.container.path} is disabled, but Xen does not look at the container's status",
            span=view.container.span,
        )


RULE = HostRule(
    code="XS104",
    name="disabled-container",
    severity=Severity.WARNING,
    summary="The container is marked disabled.",
    xen="Xen ignores the container's `status` and uses it all the same.",
    mend='remove the status, or, to switch SCMI off, disable the scmi node below it: status = "disabled"',
    check=_check,
    bad=(Change("host.dts", 'compatible = "xen,sci";', 'compatible = "xen,sci";\n\t\t\t\tstatus = "disabled";'),),
)
