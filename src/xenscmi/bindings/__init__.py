"""Xen's and SCMI's device-tree bindings: their names, and the one way in which Xen reads what they describe.

`names` has the compatible strings, property names and node paths; `properties`, `phandles` and `addresses` read a node
as xen/common/device-tree/device-tree.c does. Nothing here decides or prints: where Xen prints a line and gives up, a
`BindingError` carries both the line and an explanation with its place in the source.
"""
