"""`domains.dtso`: what Xen boots: its command line, dom0's modules, and the dom0less domains."""

from __future__ import annotations

from xenscmi.bindings import names
from xenscmi.devicetree.dts import DtsNode, cells, decimal, number, overlay, rows, strings
from xenscmi.plan import terms
from xenscmi.plan.allocation import Allocation, Allotment
from xenscmi.plan.boot_modules import BootModule
from xenscmi.plan.planned import DOM0
from xenscmi.plan.rendering.header import slashes
from xenscmi.plan.rendering.host_overlay import chosen_cells, chosen_fragment

NAME = "domains.dtso"


def bootargs(allocation: Allocation) -> str:
    """Return Xen's command line: the plan's, or one with what dom0 needs."""
    stated = allocation.resolved.read.plan.xen.bootargs
    if stated is not None:
        return stated
    section = allocation.resolved.dom0_section
    words = ["console=dtuart"]
    if allocation.dom0 is not None:
        words.append(f"dom0_mem={section.memory}M")
        words += [f"dom0_max_vcpus={section.vcpus}"] if section.vcpus else []
    return " ".join(words)


def render(allocation: Allocation, modules: tuple[BootModule, ...]) -> str:
    """Return the overlay's source."""
    counts = chosen_cells(allocation.resolved.board)
    content = DtsNode("__overlay__", properties={"xen,xen-bootargs": strings(bootargs(allocation))})
    content.children += [_module(each, counts) for each in modules if each.domain == DOM0]
    # An overlay's nodes end up before each other: written in reverse, Xen meets the domains in the plan's order.
    for allotment in reversed(allocation.guests):
        if allotment.domain.dom0less:
            own = [each for each in modules if each.domain == allotment.domain.name]
            content.children.append(_domain(allotment, own, counts))
    return overlay(slashes(), [chosen_fragment(allocation.resolved.board, content)], *counts)


def _domain(allotment: Allotment, modules: list[BootModule], counts: tuple[int, int]) -> DtsNode:
    section = allotment.domain.section
    assert section is not None
    node = DtsNode(section.name)
    node.properties = {
        "compatible": strings(names.XEN_DOMAIN),
        "#address-cells": cells(counts[0]),
        "#size-cells": cells(counts[1]),
        "memory": cells(*number(section.memory << 10)),
        "cpus": cells(decimal(section.vcpus)),
    }
    if section.vpl011:
        node.properties["vpl011"] = ""
    if section.direct_map:
        node.properties["direct-map"] = ""
    if section.static_mem:
        node.properties["xen,static-mem"] = rows(
            (*number(at, counts[0]), *number(size, counts[1])) for at, size in section.static_mem
        )
    if allotment.channel is not None:
        node.properties[names.SCI_TYPE] = strings(terms.MULTI_AGENT)
        node.properties[names.SCI_AGENT_ID] = cells(decimal(allotment.channel.agent_id))
    node.children = [_module(each, counts) for each in modules]
    return node


def _module(module: BootModule, counts: tuple[int, int]) -> DtsNode:
    node = DtsNode(f"module@{module.address:x}", comment=module.file)
    node.properties = {
        "compatible": strings(f"multiboot,{module.kind}", "multiboot,module"),
        "reg": cells(*number(module.address, counts[0]), *number(module.size, counts[1])),
    }
    if module.arguments:
        node.properties["bootargs"] = strings(module.arguments)
    return node
