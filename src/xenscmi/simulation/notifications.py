"""Who hears of what: the notifications that the firmware agrees to send to an agent, resource by resource.

An agent hears only on a second page of its own (`p2a_page` in host.toml), and only if its domain has that page.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from xenscmi.config.constants import PAGE_SHIFT
from xenscmi.firmware.firmware import Firmware
from xenscmi.firmware.server import Server
from xenscmi.model.domain import Domain
from xenscmi.model.guest import Guest
from xenscmi.model.xen import Model
from xenscmi.scmi.compose import compose, fields_of
from xenscmi.scmi.header import ProtocolId
from xenscmi.scmi.message import Command, Refusal

SENSOR_EVENTS = "sensor_event_control.notify"
ENABLE = ("notify_enable.enable", SENSOR_EVENTS)


class Notices:
    """The requests for a firmware's notifications; each is made once, and sent by many agents."""

    def __init__(self, firmware: Firmware) -> None:
        self._firmware = firmware
        self._commands: dict[int, list[tuple[Command, str, str]]] = {}
        self._payloads: dict[tuple[int, int, int], bytes] = {}

    def commands(self, protocol: int) -> Sequence[tuple[Command, str, str]]:
        """Return the commands that start notifications, with the fields that name the resource and switch them on.

        The system's power is not here: everybody may hear of that.
        """
        if protocol not in self._commands:
            server = self._firmware.servers.get(protocol)
            told = server is not None and protocol not in (ProtocolId.SYSTEM_POWER, ProtocolId.PIN_CONTROL)
            self._commands[protocol] = list(_commands(server)) if told and server is not None else []
        return self._commands[protocol]

    def payload(self, command: Command, resource: str, enable: str, number: int) -> bytes:
        """Return the bytes of a request for notifications about a resource."""
        key = command.protocol_id, command.id, number
        if key not in self._payloads:
            self._payloads[key] = compose(command, (f"{resource}={number}", f"{enable}=1")).encode()
        return self._payloads[key]


def hears(
    xen: Model,
    made: Domain,
    guest: Guest,
    agent: int,
    devices: Mapping[int, Sequence[tuple[int, int]]],
    notices: Notices,
) -> Iterator[tuple[int, str]]:
    """Let an agent ask for every notification about every device; yield the device and the command of each it gets.

    `devices` has what is tried of each device, as (protocol, resource).
    """
    page = xen.firmware.agents[agent].p2a_shmem if agent in xen.firmware.agents else None
    if page is None or made.memory.guest_frame(page >> PAGE_SHIFT) is None:
        return
    for device, resources in devices.items():
        for protocol, numbers in _by_protocol(resources).items():
            for command, resource, enable in notices.commands(protocol):
                payloads = (notices.payload(command, resource, enable, number) for number in numbers)
                if any(not isinstance(guest.send(command, each), Refusal) for each in payloads):
                    yield device, command.name


def _by_protocol(resources: Sequence[tuple[int, int]]) -> Mapping[int, list[int]]:
    found: dict[int, list[int]] = {}
    for protocol, number in resources:
        found.setdefault(protocol, []).append(number)
    return found


def _commands(server: Server) -> Iterator[tuple[Command, str, str]]:
    """Yield the commands that start notifications, with the fields that name the resource and switch them on."""
    for command in server.protocol.commands_of(server.version).values():
        if not command.name.endswith("_NOTIFY") and "_NOTIFY_" not in command.name:
            continue
        paths = [each.path for each in fields_of(command.request)]
        yield command, paths[0], next(path for path in paths if path in ENABLE)
