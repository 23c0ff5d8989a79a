"""XS119 second-management-node."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.config.constants import PAGE_SIZE
from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index
from xenscmi.host.types import ScmiNode
from xenscmi.rules.rule import Change, Finding, HostRule, also

RULE = HostRule(
    code="XS119",
    name="second-management-node",
    severity=Severity.ERROR,
    summary="There are two scmi nodes for Xen's own channel.",
    then="its probe empties the list, and Xen refuses every domain that asks for an agent",
    xen='Xen probes both; the second probe empties the list and fails ("SCMI: mediator already registered"), so '
    "Xen refuses every domain that asks for an agent, and panics.",
    fix="keep one scmi node below the container",
    bad=(
        Change(
            "host.dts",
            "#access-controller-cells = <1>;\n\t\t\t\t};",
            "#access-controller-cells = <1>;\n\t\t\t\t};\n\n\t\t\t\tscmi-spare {\n"
            '\t\t\t\t\tcompatible = "arm,scmi-smc";\n'
            "\t\t\t\t\tarm,smc-id = <0x82000003>;\n\t\t\t\t\tshmem = <&page_1>;\n\t\t\t\t};",
        ),
    ),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    usable = [node for node in index.management_nodes if node.available and not node.passthrough]
    for node in usable[1:]:
        yield Finding(
            message=f"{node.path} is a second scmi node for Xen: only one SCI controller is supported",
            span=node.span,
            related=also("the first one", usable[0].span),
            severity=None if _gets_far(node) else Severity.WARNING,
        )


def _gets_far(node: ScmiNode) -> bool:
    """Return whether the probe of a node reaches the list of channels: it needs a function id and a page."""
    page = node.shmem.value if node.shmem else None
    return bool(node.func_id and page and page.address is not None and page.size is not None) and not (
        page and page.size and page.size % PAGE_SIZE
    )
