"""References by phandle: which properties hold them, and where they lead. The names are Linux's bindings'."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from xenscmi.bindings.properties import read_u32
from xenscmi.devicetree.once import once
from xenscmi.devicetree.tree import Node, Property
from xenscmi.source import Span

GIC_PHANDLE = 65000
"""The phandle of the guest's interrupt controller, which libxl and Xen make (GUEST_PHANDLE_GIC)."""

WITH_ARGUMENTS = {
    "access-controllers": "#access-controller-cells",
    "assigned-clocks": "#clock-cells",
    "assigned-clock-parents": "#clock-cells",
    "clocks": "#clock-cells",
    "cooling-device": "#cooling-cells",
    "dmas": "#dma-cells",
    "hwlocks": "#hwlock-cells",
    "interconnects": "#interconnect-cells",
    "interrupts-extended": "#interrupt-cells",
    "io-channels": "#io-channel-cells",
    "iommus": "#iommu-cells",
    "mboxes": "#mbox-cells",
    "mux-controls": "#mux-control-cells",
    "phys": "#phy-cells",
    "power-domains": "#power-domain-cells",
    "pwms": "#pwm-cells",
    "resets": "#reset-cells",
    "sound-dai": "#sound-dai-cells",
    "thermal-sensors": "#thermal-sensor-cells",
}
"""Lists of references with arguments → what counts the arguments."""

WITHOUT_ARGUMENTS = frozenset(
    (
        "backlight",
        "cpu-idle-states",
        "extcon",
        "interrupt-parent",
        "memory-region",
        "mmc-pwrseq",
        "next-level-cache",
        "nvmem",
        "nvmem-cells",
        "operating-points-v2",
        "panel",
        "pcs-handle",
        "phy-handle",
        "port",
        "remote-endpoint",
        "shmem",
    )
)
"""Lists of references without arguments."""

_PATTERNS = ((re.compile(r"pinctrl-\d+|.+-supply"), ""), (re.compile(r"gpios?|.+-gpios?"), "#gpio-cells"))


@dataclass(frozen=True, slots=True)
class PhandleUse:
    """A reference: its property, the phandle, and the node that has it, None where no node has it.

    `uncounted` names the property by which the target should count the arguments, but which it lacks.
    """

    prop: Property
    phandle: int
    target: Node | None
    offset: int
    uncounted: str = ""

    @property
    def span(self) -> Span:
        """Where the reference was written."""
        return self.prop.place(self.offset, 4)


@once
def phandle_uses(node: Node) -> tuple[PhandleUse, ...]:
    """Return the references of a node's properties; of a list with arguments, up to the first that is broken."""
    return tuple(
        use
        for prop in node.properties
        if (cells_name := _cells_name(prop.name)) is not None
        for use in _entries(prop, cells_name)
    )


@cache
def _cells_name(name: str) -> str | None:
    """Return what counts the arguments of a property's entries, "" where they have none; None for other properties."""
    if name in WITHOUT_ARGUMENTS:
        return ""
    known = WITH_ARGUMENTS.get(name)
    return known or next((cells for pattern, cells in _PATTERNS if pattern.fullmatch(name)), None)


def _entries(prop: Property, cells_name: str) -> Iterator[PhandleUse]:
    count = len(prop.value) // 4
    cells, at = struct.unpack_from(f">{count}I", prop.value), 0
    while at < count:
        target = prop.node.tree.by_phandle(cells[at])
        arguments = read_u32(target, cells_name) if target is not None and cells_name else 0
        if cells[at]:  # 0 is an empty entry
            uncounted = cells_name if target is not None and arguments is None else ""
            yield PhandleUse(prop, cells[at], target, 4 * at, uncounted)
            if cells_name and (target is None or arguments is None):
                return
        at += 1 + (arguments or 0)
