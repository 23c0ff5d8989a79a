"""The domains that Xen itself makes at boot: dom0, and the dom0less domains below `/chosen`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from xenscmi.bindings.addresses import address_cells, size_cells
from xenscmi.bindings.names import (
    ARM_SCI_EPAM,
    CAPABILITIES,
    CAPABILITY_HARDWARE,
    CHOSEN,
    DOM0_AGENT_ID,
    MULTIBOOT_DEVICE_TREE,
    MULTIBOOT_KERNEL,
    MULTIBOOT_MICROCODE,
    MULTIBOOT_MODULE,
    MULTIBOOT_RAMDISK,
    SCI_AGENT_ID,
    SCI_AGENT_ID_V5,
    SCI_TYPE,
    XEN_DOMAIN,
    XEN_LINUX_INITRD,
    XEN_LINUX_ZIMAGE,
    XEN_MULTIBOOT_MODULE,
    XEN_XSM_POLICY,
)
from xenscmi.bindings.properties import compatible, is_compatible
from xenscmi.devicetree.tree import Node, Property, Tree
from xenscmi.diagnostics import Diagnostic, Severity
from xenscmi.host.partial import read_partial_tree
from xenscmi.host.properties import string, u32
from xenscmi.host.types import Container, DomainKind, HostDomain, Stated

_OUTDATED = (SCI_AGENT_ID_V5, ARM_SCI_EPAM)
_MODULES = frozenset((MULTIBOOT_MODULE, XEN_MULTIBOOT_MODULE))
_KERNELS = frozenset((MULTIBOOT_KERNEL, XEN_LINUX_ZIMAGE))
_OTHER_KINDS = frozenset(
    (MULTIBOOT_RAMDISK, XEN_LINUX_INITRD, XEN_XSM_POLICY, MULTIBOOT_DEVICE_TREE, MULTIBOOT_MICROCODE)
)


def read_boot_domains(
    tree: Tree, containers: tuple[Container, ...], partial: Mapping[str, Tree], *, capabilities: bool = True
) -> tuple[HostDomain, ...]:
    """Return dom0, where the host boots one, and the dom0less domains in the order in which Xen makes them.

    `partial` has the partial trees by the names of their domains' nodes; `capabilities` says whether this Xen knows
    those of a domain, so that a node may take dom0's place.
    """
    dom0 = (_dom0(tree, containers),) if boots_dom0(tree) else ()
    chosen = tree.node(CHOSEN)
    nodes = [node for node in (chosen.children if chosen else ()) if is_compatible(node, XEN_DOMAIN)]
    return (*dom0, *(_dom0less(node, partial.get(node.name), capabilities=capabilities) for node in nodes))


def boots_dom0(tree: Tree) -> bool:
    """Return whether Xen makes a dom0: it does unless only dom0less domains have a kernel (is_dom0less_mode)."""
    return has_dom0_kernel(tree) or not has_kernels(tree)


def has_dom0_kernel(tree: Tree) -> bool:
    """Return whether dom0 has a kernel: any below /chosen, however deep, that is not a dom0less domain's."""
    return not all(_belongs_to_domain(node) for node in _kernels(tree))


def unreadable_modules(tree: Tree) -> Iterator[Property]:
    """Yield each `reg` of a boot module at which Xen panics, before its console works (process_multiboot_node).

    It has less cells than its parent declares. A module without one is taken to get it from the boot loader.
    """
    chosen = tree.node(CHOSEN)
    for child in chosen.children if chosen is not None else ():
        for node in (child, *child.children):
            if not is_compatible(node, *_MODULES):
                continue
            reg = node.get("reg")
            if reg is not None and len(reg.value) < 4 * (address_cells(node) + size_cells(node)):
                yield reg


def has_kernels(tree: Tree) -> bool:
    """Return whether any domain has a kernel; a board's tree has none before the boot loader adds the boot modules."""
    return any(_kernels(tree))


def loader_note(tree: Tree) -> Diagnostic | None:
    """Return what to say of a tree to which the boot loader has yet to add the boot modules."""
    if has_kernels(tree):
        return None
    chosen = tree.node(CHOSEN)
    message = f"{tree.source.name} has no kernel for Xen to boot: taken for the board's tree before the boot loader"
    return Diagnostic(
        message=f"{message} adds the boot modules, those of dom0 among them",
        severity=Severity.INFO,
        span=(chosen or tree.root).span,
        help="nothing, if U-Boot does that; else add a multiboot,kernel module below /chosen",
    )


def _kernels(tree: Tree) -> Iterator[Node]:
    """Yield the boot modules that are kernels: those that say so, and the first that does not say what it is."""
    chosen = tree.node(CHOSEN)
    guessed = False
    for node in chosen.walk() if chosen else ():
        kinds = compatible(node)
        if _MODULES.isdisjoint(kinds):
            continue
        known = not _OTHER_KINDS.isdisjoint(kinds)
        if not _KERNELS.isdisjoint(kinds) or not (known or guessed):
            yield node
        guessed = guessed or not (known or not _KERNELS.isdisjoint(kinds))


def _belongs_to_domain(module: Node) -> bool:
    return module.parent is not None and is_compatible(module.parent, XEN_DOMAIN)


def _dom0(tree: Tree, containers: tuple[Container, ...]) -> HostDomain:
    agent_id = containers[0].dom0_agent if containers else None
    chosen = tree.node(CHOSEN)
    return HostDomain(
        name="dom0",
        kind=DomainKind.DOM0,
        sci_type=None,
        agent_id=agent_id,
        agent_property=DOM0_AGENT_ID,
        span=agent_id.span if agent_id else (chosen or tree.root).span,
    )


def _dom0less(node: Node, partial: Tree | None, *, capabilities: bool) -> HostDomain:
    modules = [child for child in node.children if is_compatible(child, MULTIBOOT_DEVICE_TREE)]
    name = SCI_AGENT_ID if SCI_AGENT_ID in node or SCI_AGENT_ID_V5 not in node else SCI_AGENT_ID_V5
    stated = u32(node, CAPABILITIES) if capabilities else None
    hardware = stated is not None and bool((stated.value or 0) & CAPABILITY_HARDWARE)
    tree_file = None
    if modules:
        tree_file = Stated(value=partial.source.name if partial else None, span=modules[0].span)
    return HostDomain(
        name=node.name,
        kind=DomainKind.DOM0 if hardware else DomainKind.DOM0LESS,
        sci_type=string(node, SCI_TYPE),
        agent_id=u32(node, name),
        agent_property=name,
        span=node.span,
        tree=read_partial_tree(partial) if partial else None,
        tree_file=tree_file,
        memory=_memory(node),
        vcpus=u32(node, "cpus"),
        direct_map="direct-map" in node,
        capabilities=stated,
        outdated=tuple(Stated(value=each, span=prop.span) for each in _OUTDATED if (prop := node.get(each))),
    )


def _memory(node: Node) -> Stated[int] | None:
    """Return how much memory a domain gets, in KiB: two cells, the high one first."""
    prop = node.get("memory")
    if prop is None:
        return None
    value = int.from_bytes(prop.value[:8], "big") if len(prop.value) >= 8 else None
    return Stated(value=value, span=prop.span)
