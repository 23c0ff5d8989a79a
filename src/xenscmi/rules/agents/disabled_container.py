"""XS104 disabled-container."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Safety, Severity
from xenscmi.host.index import Index
from xenscmi.rules.editing import dts
from xenscmi.rules.rule import Change, Finding, HostRule, unsafe_fix

RULE = HostRule(
    code="XS104",
    name="disabled-container",
    severity=Severity.WARNING,
    summary="The container is marked disabled.",
    xen="Xen ignores the container's `status` and uses the container anyway.",
    fix='remove the status; to switch SCMI off, write status = "disabled" in the scmi node below the container',
    fixable=(Safety.UNSAFE,),
    bad=(Change("host.dts", 'compatible = "xen,sci";', 'compatible = "xen,sci";\n\t\t\t\tstatus = "disabled";'),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    if index.container and not index.container.available:
        yield Finding(
            message=f"{index.container.path} is disabled, but Xen ignores the container's status",
            span=index.container.span,
            fix=unsafe_fix(
                "Remove the status", dts.remove(dts.property_of(index.host.tree, index.container.path, "status"))
            ),
        )
