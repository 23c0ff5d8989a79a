"""Reads a host from its trees: the one place where everything that belongs to a host comes together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xenscmi.devicetree.tree import Tree
from xenscmi.diagnostics import Diagnostic
from xenscmi.host.container import read_containers
from xenscmi.host.devices import read_devices
from xenscmi.host.domains import read_boot_domains
from xenscmi.host.memory import read_memory, read_reserved
from xenscmi.host.properties import string
from xenscmi.host.scmi_nodes import read_scmi_node, scmi_compatible
from xenscmi.host.types import Domain, Firmware, Host, Stated

DOM0_NODE = "/firmware/scmi"


def read_host(
    tree: Tree,
    *,
    partial: Mapping[str, Tree] | None = None,
    domains: Sequence[Domain] = (),
    firmware: Firmware | None = None,
    notes: Sequence[Diagnostic] = (),
) -> Host:
    """Return the host that a host device tree describes.

    `partial` has the partial trees of dom0less domains by the names of their nodes, `domains` are those of the
    toolstack, `firmware` is the EL3 firmware's table where it is known.
    """
    partial = partial or {}
    command_line = _command_line(tree)
    containers = read_containers(tree, command_line)
    dom0_node = tree.node(DOM0_NODE)
    return Host(
        tree=tree,
        containers=containers,
        scmi_nodes=tuple(read_scmi_node(node) for node in tree.walk() if scmi_compatible(node)),
        dom0_node=read_scmi_node(dom0_node) if dom0_node and scmi_compatible(dom0_node) else None,
        memory=read_memory(tree),
        reserved=read_reserved(tree),
        devices=read_devices(tree),
        domains=(*read_boot_domains(tree, containers, partial), *domains),
        firmware=firmware or Firmware(),
        command_line=command_line,
        notes=tuple(notes),
        sources=tuple(dict.fromkeys(each.source for each in (tree, *partial.values()))),
    )


def _command_line(tree: Tree) -> Stated[str] | None:
    """Return Xen's command line: `xen,xen-bootargs`, or `bootargs` where that is missing."""
    chosen = tree.node("/chosen")
    return (string(chosen, "xen,xen-bootargs") or string(chosen, "bootargs")) if chosen else None
