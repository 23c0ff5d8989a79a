"""SCMI nodes and the shared memory they point to, in host trees and partial trees alike."""

from __future__ import annotations

from xenscmi.bindings.addresses import translate, written_reg
from xenscmi.bindings.errors import BindingError
from xenscmi.bindings.names import ACCESS_CONTROLLER_CELLS, SCMI_SHMEM, SCMI_SMC, SCMI_SMC_PARAM, SHMEM, SMC_ID
from xenscmi.bindings.properties import compatible, is_available, is_compatible, is_for_passthrough
from xenscmi.devicetree.tree import Node, Tree
from xenscmi.host.properties import u32
from xenscmi.host.types import ScmiNode, Shmem, Stated
from xenscmi.source import Span

SCMI_TRANSPORTS = (SCMI_SMC, SCMI_SMC_PARAM)


def with_property(top: Node | None, *names: str) -> Node | None:
    """Return the first node, from `top` down, with any of these properties: what was meant where a name is wrong."""
    nodes = top.walk() if top else ()
    return next((node for node in nodes if any(name in node for name in names)), None)


def scmi_compatible(node: Node) -> str | None:
    """Return the SMC transport that an SCMI node is compatible with; None for other nodes."""
    return next((each for each in compatible(node) if each in SCMI_TRANSPORTS), None)


def read_scmi_node(node: Node, *, guest: bool = False, kept: bool = True) -> ScmiNode:
    """Return what an SCMI node of a host tree, or of a `guest`'s, says."""
    return ScmiNode(
        path=node.path,
        compatible=scmi_compatible(node) or "",
        func_id=u32(node, SMC_ID),
        shmem=_shmem_of(node, guest),
        access_controller_cells=u32(node, ACCESS_CONTROLLER_CELLS),
        span=node.span,
        available=is_available(node),
        passthrough=is_for_passthrough(node),
        kept=kept,
    )


def read_shmem(node: Node, phandle: int | None = None, *, guest: bool = False) -> Shmem:
    """Return a shared-memory node with its translated address, or a guest's as written if it does not translate."""
    written = node.get("reg")
    address: int | None = None
    size: int | None = None
    problem = None
    try:
        region = translate(node)
        address, size = region.address, region.size
    except BindingError as error:
        problem = error.diagnostic
        if guest:
            address, size = _as_written(node)
    return Shmem(
        phandle=phandle,
        path=node.path,
        address=address,
        size=size,
        span=written.span if written else node.span,
        compatible=is_compatible(node, SCMI_SHMEM),
        problem=problem,
    )


def _as_written(node: Node) -> tuple[int | None, int | None]:
    regions = written_reg(node)
    return (regions[0].address, regions[0].size) if regions else (None, None)


def shmem_at(tree: Tree, phandle: int, span: Span, *, guest: bool = False) -> Shmem:
    """Return the shared memory of a phandle that was written at `span`."""
    node = tree.by_phandle(phandle)
    if node is None:
        return Shmem(phandle=phandle, path=None, address=None, size=None, span=span, compatible=False)
    return read_shmem(node, phandle, guest=guest)


def _shmem_of(node: Node, guest: bool) -> Stated[Shmem] | None:
    """Return where `shmem` leads; Xen takes the first cell."""
    phandle = u32(node, SHMEM)
    if phandle is None:
        return None
    if phandle.value is None:
        return Stated(value=None, span=phandle.span, problem=phandle.problem)
    return Stated(value=shmem_at(node.tree, phandle.value, phandle.span, guest=guest), span=phandle.span)
