"""XS219 unusable-guest-shmem."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.names import PASSTHROUGH, SCMI_SHMEM, SHMEM
from xenscmi.bindings.properties import is_compatible
from xenscmi.config.constants import PAGE_SIZE
from xenscmi.devicetree.tree import Node
from xenscmi.diagnostics import Fix, Safety, Severity
from xenscmi.host.index import Index, guest_channel
from xenscmi.host.types import DomainKind, HostDomain
from xenscmi.rules.editing import dts
from xenscmi.rules.editing.meaning import make_compatible, rename_like
from xenscmi.rules.editing.pages import one_page, widen
from xenscmi.rules.rule import Change, Finding, HostRule, also, fix_if, safe_fix

_MIN_SIZE = 0x98  # Linux: the header of 24 bytes, and messages of 128 (SCMI_SHMEM_LAYOUT_OVERHEAD, max_msg_size)

RULE = HostRule(
    code="XS219",
    name="unusable-guest-shmem",
    severity=Severity.ERROR,
    summary="The scmi node of a partial tree has no usable shared memory.",
    then="the guest's driver does not probe",
    xen="Xen copies these nodes to the guest unchanged, without looking at them.",
    fix='point shmem to a node below /passthrough with compatible = "arm,scmi-shmem" and a reg of one page',
    fixable=(Safety.SAFE, Safety.UNSAFE),
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
            yield Finding(message=f"{node.path} of {name} has no shmem", span=node.span, fix=_add(domain, node.path))
        elif page is None or page.path is None:
            yield Finding(
                message=f"shmem of {node.path} of {name} does not point to a node",
                span=node.shmem.span,
                fix=_refer(domain, node.path),
            )
        elif page.problem and not page.compatible:
            yield Finding(
                message=f"shmem of {node.path} of {name} points to {page.path}, which is not shared memory",
                span=node.shmem.span,
                related=also("the node", page.span),
                fix=_refer(domain, node.path),
            )
        elif page.problem:
            yield Finding(
                message=f"the address of the page of {name} does not translate: {page.problem.message}",
                span=page.problem.span,
                related=also("used here", node.shmem.span),
                severity=None if page.address is None else Severity.WARNING,
                then=None if page.address is None else "Linux refuses the channel",
                fix=widen(domain.tree.tree if domain.tree else None, page),
            )
        elif not page.compatible:
            yield Finding(
                message=f"{page.path} of {name} is not compatible with {SCMI_SHMEM}",
                span=page.span,
                related=also("used here", node.shmem.span),
                severity=Severity.WARNING,
                then="Linux refuses the channel",
                fix=make_compatible(domain.tree.tree.node(page.path), SCMI_SHMEM) if domain.tree else None,
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
                fix=one_page(domain.tree.tree, page) if domain.tree else None,
            )


def _add(domain: HostDomain, path: str) -> Fix | None:
    """Return the property that points to the only shared memory of the tree: safe if the guest gets that."""
    scmi = domain.tree.tree.node(path) if domain.tree else None
    if domain.tree is None or scmi is None:
        return None
    only = _only_page(domain)
    if only is None:
        return rename_like(scmi, SHMEM)
    statement = f"{SHMEM} = <{dts.name_of(only)}>;"
    kept = f"{only.path}/".startswith(f"{PASSTHROUGH}/")
    return rename_like(scmi, SHMEM) or fix_if(kept, f"Add {statement}", dts.insert(scmi, statement))


def _refer(domain: HostDomain, path: str) -> Fix | None:
    """Return a reference to the only shared memory of the tree."""
    shmem = dts.property_of(domain.tree.tree if domain.tree else None, path, SHMEM)
    only = _only_page(domain)
    edit = dts.reference(shmem.place(0, 4), only) if shmem else None
    return safe_fix(f"Refer to {only.path}", edit) if only else None


def _only_page(domain: HostDomain) -> Node | None:
    pages = [node for node in domain.tree.tree.walk() if is_compatible(node, SCMI_SHMEM)] if domain.tree else []
    return pages[0] if len(pages) == 1 else None
