"""The standard protocols, each loaded when it is first asked for."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from xenscmi.scmi.message import Command, Protocol

MODULES = {
    0x10: "base",
    0x11: "power_domain",
    0x12: "system_power",
    0x13: "performance",
    0x14: "clock",
    0x15: "sensor",
    0x16: "reset",
    0x17: "voltage",
    0x18: "power_capping",
    0x19: "pin_control",
}


@cache
def protocol(protocol_id: int) -> Protocol | None:
    """Return a standard protocol, or None if there is none of that id."""
    module = MODULES.get(protocol_id)
    if module is None:
        return None
    found = import_module(f"{__name__}.{module}").PROTOCOL
    assert isinstance(found, Protocol)
    return found


def command(protocol_id: int, message_id: int, version: int = 0) -> Command | None:
    """Return a command as of a version of its protocol (0: the newest), or None if there is none."""
    found = protocol(protocol_id)
    return None if found is None else found.commands_of(version).get(message_id)
