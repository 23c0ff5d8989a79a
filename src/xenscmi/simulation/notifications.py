"""Who hears of what: the notifications that the firmware agrees to send to an agent, resource by resource.

An agent hears only on a second page of its own (`p2a_page` in host.toml), and only if its domain has that page.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from xenscmi.config.constants import PAGE_SHIFT
from xenscmi.firmware.server import Server
from xenscmi.model.domain import Domain
from xenscmi.model.guest import Guest
from xenscmi.model.xen import Model
from xenscmi.scmi.compose import compose, fields_of
from xenscmi.scmi.header import ProtocolId
from xenscmi.scmi.message import Command, Refusal

SENSOR_EVENTS = "sensor_event_control.notify"
ENABLE = ("notify_enable.enable", SENSOR_EVENTS)


def hears(
    xen: Model, made: Domain, guest: Guest, agent: int, devices: Mapping[int, Mapping[int, frozenset[int]]]
) -> Iterator[tuple[int, str]]:
    """Let an agent ask for every notification about every device; yield the device and the command of each it gets.

    The system's power is not here: everybody may hear of that.
    """
    page = xen.firmware.agents[agent].p2a_shmem if agent in xen.firmware.agents else None
    if page is None or made.memory.guest_frame(page >> PAGE_SHIFT) is None:
        return
    for device, resources in devices.items():
        for protocol, numbers in resources.items():
            server = xen.firmware.servers.get(protocol)
            if server is None or protocol in (ProtocolId.SYSTEM_POWER, ProtocolId.PIN_CONTROL):
                continue
            for command, resource, enable in _commands(server):
                requests = (compose(command, (f"{resource}={number}", f"{enable}=1")) for number in sorted(numbers))
                if any(not isinstance(guest.ask(protocol, each, server.version), Refusal) for each in requests):
                    yield device, command.name


def _commands(server: Server) -> Iterator[tuple[Command, str, str]]:
    """Yield the commands that start notifications, with the fields that name the resource and switch them on."""
    for command in server.protocol.commands_of(server.version).values():
        if not command.name.endswith("_NOTIFY") and "_NOTIFY_" not in command.name:
            continue
        paths = [each.path for each in fields_of(command.request)]
        yield command, paths[0], next(path for path in paths if path in ENABLE)
