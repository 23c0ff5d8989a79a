"""The firmware of a boot vector: the `firmware` key of its expected.json, and nothing else of it."""

from __future__ import annotations

import msgspec

from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.host.types import Firmware, FirmwareAgent, FirmwareDevice
from xenscmi.source import Source, Span


class _Agent(msgspec.Struct):
    agent_id: int
    func_id: int
    shmem: int


class _Firmware(msgspec.Struct):
    agents: list[_Agent]
    trusted_agent: int
    device_count: int = 0
    unsupported: list[str] = []


class _Expected(msgspec.Struct):
    firmware: _Firmware


def read_vector_firmware(source: Source) -> Firmware:
    """Return the firmware that the text of an expected.json describes: device d owns clock, reset and power domain d.

    Raises XenscmiError where the text is no such thing.
    """
    whole = Span(source, 0, 0)
    try:
        found = msgspec.json.decode(source.text, type=_Expected).firmware
    except msgspec.DecodeError as error:
        raise XenscmiError(Diagnostic(message=f"not a boot vector's expected.json: {error}", span=whole)) from None
    return Firmware(
        agents=tuple(FirmwareAgent(agent_id=a.agent_id, func_id=a.func_id, shmem=a.shmem) for a in found.agents),
        devices=tuple(_device(device) for device in range(found.device_count)),
        trusted_agent=found.trusted_agent,
        unsupported=frozenset(found.unsupported),
        span=whole,
    )


def _device(number: int) -> FirmwareDevice:
    own = frozenset((number,))
    return FirmwareDevice(device_id=number, clocks=own, resets=own, power_domains=own)
