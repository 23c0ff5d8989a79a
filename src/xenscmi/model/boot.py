"""Booting a host: Xen's probe, dom0, then the dom0less domains (xen/arch/arm/setup.c)."""

from __future__ import annotations

from collections.abc import Mapping

from xenscmi.devicetree import Tree
from xenscmi.host.domains import boots_dom0, unreadable_modules
from xenscmi.model.console import telling_lines
from xenscmi.model.dom0 import create_dom0
from xenscmi.model.dom0less import create_domus
from xenscmi.model.errors import Panic
from xenscmi.model.xen import Model


def start(xen: Model, partial: Mapping[str, Tree]) -> None:
    """Boot Xen on a machine that was just switched on. Raises Panic if Xen panics; its console stays readable.

    `partial` has the partial trees of dom0less domains by the names of their nodes.
    """
    try:
        for reg in unreadable_modules(xen.tree):
            raise Panic(f"fdt: node `{reg.node.name}': `reg` property length is too short", reg.span)
        xen.mediator.probe(xen.tree)
        if boots_dom0(xen.tree):
            create_dom0(xen)
        else:
            xen.console.print("Xen dom0less mode detected")
        create_domus(xen, partial)
    except Panic as panic:
        panic.log = tuple(telling_lines(xen.console.lines))
        raise
