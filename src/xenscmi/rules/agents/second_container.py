"""XS102 second-container."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.view import View
from xenscmi.rules.rule import Change, Finding, HostRule, also


def _check(view: View) -> Iterator[Finding]:
    if view.container is None:
        return
    for other in view.containers[1:]:
        yield Finding(
            message=f"{other.path} is a second xen,sci container; Xen reads {view.container.path}",
            span=other.span,
            related=also("the first one, which Xen takes", view.container.span),
        )


RULE = HostRule(
    code="XS102",
    name="second-container",
    severity=Severity.WARNING,
    summary="The host tree has two Xen containers.",
    then="its list is ignored",
    xen="The list and dom0's agent are read from the first container of the tree, the second one's are ignored. An "
    "scmi node in the second is probed all the same: see second-management-node.",
    mend="keep one container with the whole list",
    check=_check,
    bad=(
        Change(
            "host.dts",
            "\t\tpanel {\n",
            '\t\tmore-agents {\n\t\t\tcompatible = "xen,sci";\n\t\t};\n\n\t\tpanel {\n',
        ),
    ),
)
