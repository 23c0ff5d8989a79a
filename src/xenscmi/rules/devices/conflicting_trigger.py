"""XS330 conflicting-trigger."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.errors import BindingError
from xenscmi.bindings.interrupts import FIRST_SPI, InterruptEntry, interrupt_entries, mapped_interrupts
from xenscmi.bindings.properties import device_type
from xenscmi.devicetree.once import once
from xenscmi.devicetree.tree import Node, Tree
from xenscmi.diagnostics import Severity
from xenscmi.host.dom0 import dom0_nodes
from xenscmi.host.index import Index
from xenscmi.rules.rule import Change, Finding, HostRule, also

_SENSE_MASK = 0xF
_TRIGGERS = {1: "a rising edge", 2: "a falling edge", 4: "a high level", 8: "a low level"}

RULE = HostRule(
    code="XS330",
    name="conflicting-trigger",
    severity=Severity.ERROR,
    summary="Two devices share an interrupt line and disagree on how it is triggered.",
    then="Xen panics at boot",
    xen='Xen configures a line once, and refuses the second way: "Device tree generation failed (-1).", "Could not set '
    'up d0 guest OS (rc = -22)". Boards with a PCIe controller and a legacy interrupt controller below it do this.',
    fix="give both the same third cell, or remove the interrupts of the device that Xen's domains do not need",
    bad=(
        Change(
            "host.dts",
            "\tsoc {",
            "\tpair {\n\t\tinterrupt-parent = <&gic>;\n\t\tfirst {\n\t\t\tinterrupts = <0 77 4>;\n\t\t};\n"
            "\t\tsecond {\n\t\t\tinterrupts = <0 77 1>;\n\t\t};\n\t};\n\n\tsoc {",
        ),
    ),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    tree = index.host.tree
    if tree is not None and index.container is not None and index.dom0 is not None:
        yield from _conflicts(tree)


@once
def _conflicts(tree: Tree) -> tuple[Finding, ...]:
    found: list[Finding] = []
    configured: dict[int, InterruptEntry] = {}
    for node in dom0_nodes(tree):
        for entry in _interrupts(node):
            number = entry.number
            if number is None or number < FIRST_SPI:
                continue
            first = configured.setdefault(number, entry)
            if _trigger(first) != _trigger(entry):
                found.append(
                    Finding(
                        message=f"SPI {number - FIRST_SPI} of {node.path} is triggered by {_words(entry)}, "
                        f"that of {first.prop.node.path} by {_words(first)}",
                        span=entry.span,
                        related=also("configured here first", first.span),
                    )
                )
    return tuple(found)


def _interrupts(node: Node) -> Iterator[InterruptEntry]:
    yield from interrupt_entries(node)
    if (device_type(node) or "").lower() == "pci":
        try:
            yield from mapped_interrupts(node)
        except BindingError:
            return  # it is another mistake


def _trigger(entry: InterruptEntry) -> int:
    return entry.specifier[2] & _SENSE_MASK


def _words(entry: InterruptEntry) -> str:
    return _TRIGGERS.get(_trigger(entry), f"type {_trigger(entry)}")
