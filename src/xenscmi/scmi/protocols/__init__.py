"""The standard protocols; each module is loaded when it is first needed."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module

from xenscmi.scmi.header import ProtocolId
from xenscmi.scmi.message import Command, Protocol


@lru_cache(256)
def protocol(protocol_id: int) -> Protocol | None:
    """Return a standard protocol, or None if the id is not a standard one."""
    try:
        module = ProtocolId(protocol_id).name.lower()
    except ValueError:
        return None
    found = import_module(f"{__name__}.{module}").PROTOCOL
    assert isinstance(found, Protocol)
    return found


def command(protocol_id: int, message_id: int, version: int = 0) -> Command | None:
    """Return a command as of a version of its protocol (0: the newest), or None if there is no such command."""
    found = protocol(protocol_id)
    return None if found is None else found.commands_of(version).get(message_id)
