"""Xen's command line in the host tree, and the options of it that matter to SCMI."""

from __future__ import annotations

from xenscmi.bindings.names import BOOTARGS, CHOSEN, SMC_PASSTHROUGH, XEN_BOOTARGS
from xenscmi.bindings.properties import read_string
from xenscmi.devicetree import Tree

_OFF = ("no", "off", "false", "disable", "0")
_ON = ("yes", "on", "true", "enable", "1", "")


def command_line(tree: Tree) -> str:
    """Return Xen's command line; empty where the tree has none."""
    chosen = tree.node(CHOSEN)
    if chosen is None:
        return ""
    return read_string(chosen, XEN_BOOTARGS) or read_string(chosen, BOOTARGS) or ""


def smc_passthrough(tree: Tree) -> bool:
    """Return whether a guest, and not dom0, is to have the single agent: as `cmdline_parse` of Xen reads it."""
    found = False
    for word in command_line(tree).split():
        key, _, value = word.partition("=")
        wanted = not key.startswith("no-")
        if key.removeprefix("no-") == SMC_PASSTHROUGH and value in (*_ON, *_OFF):
            found = wanted == (value in _ON)
    return found
