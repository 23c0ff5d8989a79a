"""XS219 unusable-guest-shmem."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.names import SCMI_SHMEM
from xenscmi.config.constants import PAGE_SIZE
from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index, guest_channel
from xenscmi.host.types import DomainKind
from xenscmi.rules.rule import Change, Finding, HostRule, also

_MIN_SIZE = 0x98  # Linux: the header of 24 bytes, and messages of 128 (SCMI_SHMEM_LAYOUT_OVERHEAD, max_msg_size)

RULE = HostRule(
    code="XS219",
    name="unusable-guest-shmem",
    severity=Severity.ERROR,
    summary="The scmi node of a partial tree has no usable shared memory.",
    then="the guest's driver does not probe",
    xen="Xen copies these nodes to the guest unchanged, without looking at them.",
    fix='point shmem to a node below /passthrough with compatible = "arm,scmi-shmem" and a reg of one page',
    bad=(Change("panel.dts", "\t\t\tshmem = <&scmi_page>;\n", ""),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    for domain in index.host.domains:
        node = guest_channel(domain)
        if node is None or domain.kind is DomainKind.DOM0 or index.channel(domain) is None:
            continue
        name, page = domain.title, node.shmem.value if node.shmem else None
        if node.shmem is None:
            yield Finding(message=f"{node.path} of {name} has no shmem", span=node.span)
        elif page is None or page.path is None:
            yield Finding(message=f"shmem of {node.path} of {name} does not point to a node", span=node.shmem.span)
        elif page.problem and not page.compatible:
            yield Finding(
                message=f"shmem of {node.path} of {name} points to {page.path}, which is not shared memory",
                span=node.shmem.span,
                related=also("the node", page.span),
            )
        elif page.problem:
            yield Finding(
                message=f"the address of the page of {name} does not translate: {page.problem.message}",
                span=page.problem.span,
                related=also("used here", node.shmem.span),
                severity=None if page.address is None else Severity.WARNING,
                then=None if page.address is None else "Linux refuses the channel",
            )
        elif not page.compatible:
            yield Finding(
                message=f"{page.path} of {name} is not compatible with {SCMI_SHMEM}",
                span=page.span,
                related=also("used here", node.shmem.span),
                severity=Severity.WARNING,
                then="Linux refuses the channel",
            )
        elif page.size is not None and page.size != PAGE_SIZE:
            yield Finding(
                message=f"{page.path} of {name} has {page.size:#x} bytes; an agent's page has {PAGE_SIZE:#x}",
                span=page.span,
                related=also("used here", node.shmem.span),
                severity=Severity.WARNING,
                then="the guest takes the page for smaller or larger than it is"
                if page.size >= _MIN_SIZE
                else "Linux refuses the channel",
            )
