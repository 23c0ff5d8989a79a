"""XS102 second-container."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index
from xenscmi.rules.rule import Change, Finding, HostRule, also

RULE = HostRule(
    code="XS102",
    name="second-container",
    severity=Severity.WARNING,
    summary="The host tree has two Xen containers.",
    then="its list is ignored",
    xen="Xen reads the list and dom0's agent from the first container of the tree and ignores the second one's. It "
    "still probes an scmi node in the second: see second-management-node.",
    fix="keep one container with the whole list",
    bad=(
        Change(
            "host.dts",
            "\t\tpanel {\n",
            '\t\tmore-agents {\n\t\t\tcompatible = "xen,sci";\n\t\t};\n\n\t\tpanel {\n',
        ),
    ),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    if index.container is None:
        return
    for other in index.containers[1:]:
        yield Finding(
            message=f"{other.path} is a second xen,sci container; Xen reads {index.container.path}",
            span=other.span,
            related=also("the first one, which Xen reads", index.container.span),
        )
