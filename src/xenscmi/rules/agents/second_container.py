"""XS102 second-container."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.types import Dialect
from xenscmi.host.view import View
from xenscmi.rules.rule import Change, Finding, HostRule, also


def _check(view: View) -> Iterator[Finding]:
    current = [each for each in view.host.containers if each.dialect in (Dialect.CONTAINER, Dialect.CONTAINER_V7)]
    for other in current[1:]:
        usable = any(node.available and not node.passthrough for node in other.management)
        yield Finding(
            message=f"{other.path} is a second xen,sci container; Xen reads {current[0].path}",
            span=other.span,
            related=also("the first one, which Xen takes", current[0].span),
            severity=None if usable else Severity.WARNING,
        )


RULE = HostRule(
    code="XS102",
    name="second-container",
    severity=Severity.ERROR,
    summary="The host tree has two Xen containers.",
    then="Xen probes its scmi node too, and loses the channels of the first",
    xen="The list and dom0's agent are read from the first container of the tree, the second one's are ignored. An "
    "scmi node in the second makes the probe run again: domains end without SCMI, or Xen panics.",
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
