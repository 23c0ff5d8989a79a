"""Device trees: DTB, DTS and overlays as one tree whose every part knows where it was written.

This room knows the language, and nothing that a node may mean.
"""

from xenscmi.devicetree.dtb import read_dtb, write_dtb
from xenscmi.devicetree.loading import load, parse_dts, parse_tree, parse_trees
from xenscmi.devicetree.overlay import apply_overlays
from xenscmi.devicetree.tree import Builder, DeviceTreeError, Node, Property, Reference, ShapeError, Tree
from xenscmi.devicetree.writer import write_dts

__all__ = [
    "Builder",
    "DeviceTreeError",
    "Node",
    "Property",
    "Reference",
    "ShapeError",
    "Tree",
    "apply_overlays",
    "load",
    "parse_dts",
    "parse_tree",
    "parse_trees",
    "read_dtb",
    "write_dtb",
    "write_dts",
]
