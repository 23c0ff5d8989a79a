"""What happens to each property of a device that a guest is given.

Rewritten: it leads to the guest's SCMI protocols, to guest addresses or to the guest's interrupt controller. Followed:
copied, with the nodes that it leads to. Dropped: left out, and said. Refused: the device is not given unless the plan
allows that it goes without. Everything else is copied as it is.
"""

from __future__ import annotations

import re
from enum import Enum

from xenscmi.devicetree import Property
from xenscmi.plan.references import CONSUMERS

_QUIETLY = frozenset(
    (
        "phandle",
        "linux,phandle",
        "status",
        "interrupt-parent",
        "access-controllers",
        "xen,passthrough",
        "scmi_devid",
        "ranges",
        "#address-cells",
        "#size-cells",
    )
)
"""Written anew, or without meaning to a guest."""
_REWRITTEN = frozenset(("reg", "interrupts", "interrupts-extended", *CONSUMERS))
_DROPPED = re.compile(
    r"""pinctrl-(\d+|names) | iommus | iommu-map(-mask)? | dmas | dma-names | dma-ranges
    | nvmem-cells | nvmem-cell-names | ([\w,.+-]+-)?gpios? | interconnects | interconnect-names
    | operating-points-v2 | memory-region-names | wakeup-parent | thermal-sensors | cooling-device""",
    re.VERBOSE,
)
_GPIOS = re.compile(r"([\w,.+-]+-)?gpios?")
_REFUSED = frozenset(
    (
        "memory-region",
        "msi-map",
        "msi-map-mask",
        "msi-parent",
        "interrupt-map",
        "interrupt-map-mask",
        "mboxes",
        "hwlocks",
    )
)
_FOLLOWED = {
    "phys": "#phy-cells",
    "phy-handle": None,
    "phy": None,
    "mmc-pwrseq": None,
    "pcs-handle": None,
    "sfp": None,
    "fixed-link": None,
    "remote-endpoint": None,
    "io-channels": "#io-channel-cells",
    "pwms": "#pwm-cells",
    "backlight": None,
    "panel": None,
    "extcon": None,
    "power-supply": None,
    "mux-controls": "#mux-control-cells",
    "mux-states": "#mux-state-cells",
    "usb-role-switch": None,
    "syscon": None,
    "sound-dai": "#sound-dai-cells",
    "leds": None,
    "vref-supply": None,
    "next-level-cache": None,
}
"""Properties that lead to other nodes, and what counts their arguments (None: a list of phandles)."""


class Treatment(Enum):
    """What happens to a property."""

    QUIET = "written anew"
    REWRITTEN = "rewritten"
    FOLLOWED = "copied with what it leads to"
    DROPPED = "dropped"
    REFUSED = "refused"
    COPIED = "copied"


_OF_A_MAP = {"copy": Treatment.COPIED, "drop": Treatment.DROPPED, "refuse": Treatment.REFUSED}


def treatment(prop: Property, of_map: dict[str, str]) -> Treatment:
    """Return what happens to a property; `of_map` has the resource map's own treatments."""
    name = prop.name
    if name in of_map:
        return _OF_A_MAP[of_map[name]]
    if name in _QUIETLY:
        return Treatment.QUIET
    if name in _REWRITTEN:
        return Treatment.REWRITTEN
    if name in _REFUSED:
        return Treatment.REFUSED
    if (name in _FOLLOWED or name.endswith("-supply")) and prop.value and len(prop.value) % 4 == 0:
        return Treatment.FOLLOWED
    if _DROPPED.fullmatch(name) and prop.value:
        return Treatment.DROPPED
    if refers(prop):
        return Treatment.REFUSED
    return Treatment.COPIED


def cells_name(name: str) -> str | None:
    """Return what counts the arguments of a property that leads to nodes; None if it is a list of phandles."""
    if _GPIOS.fullmatch(name):
        return "#gpio-cells"
    return "#dma-cells" if name == "dmas" else _FOLLOWED.get(name)


def refers(prop: Property) -> bool:
    """Return whether a property of no known kind leads to a node: its source says so, or its name and first cell do."""
    written = prop.span.text.partition("=")[2] if prop.span.text.startswith(prop.name) else ""
    if re.search(r"&[\w{]", re.sub(r'"(?:\\.|[^"\\])*"', "", written)):
        return True
    named = re.search(r"syscon|phandle|-handle$|regmap", prop.name)
    if not named or len(prop.value) < 4 or len(prop.value) % 4:
        return False
    return prop.node.tree.by_phandle(int.from_bytes(prop.value[:4], "big")) is not None
