"""Device trees: DTB, DTS and overlays as one tree whose every part knows where it was written.

This room knows the language and Xen's way of reading it (cells, `ranges`), and no `compatible`.
"""

from xenscmi.devicetree.address import Region, address_cells, reg, size_cells, translate
from xenscmi.devicetree.dtb import read_dtb, write_dtb
from xenscmi.devicetree.loading import load, load_all, parse_dts, read_dts
from xenscmi.devicetree.overlay import apply_overlays
from xenscmi.devicetree.tree import Builder, DeviceTreeError, Node, Property, Reference, ShapeError, Tree
from xenscmi.devicetree.writer import write_dts

__all__ = [
    "Builder",
    "DeviceTreeError",
    "Node",
    "Property",
    "Reference",
    "Region",
    "ShapeError",
    "Tree",
    "address_cells",
    "apply_overlays",
    "load",
    "load_all",
    "parse_dts",
    "read_dtb",
    "read_dts",
    "reg",
    "size_cells",
    "translate",
    "write_dtb",
    "write_dts",
]
