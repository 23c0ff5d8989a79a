"""Notifications reach the second page of an agent, through Xen as without it, one at a time."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

from xenscmi.devicetree import load
from xenscmi.firmware import PROFILES, Firmware, PlatformAgent, uniform_platform
from xenscmi.model.boot import start
from xenscmi.model.sanitise import boot_config
from xenscmi.model.xen import Model
from xenscmi.scmi import shmem
from xenscmi.scmi.header import Header, MessageType, ProtocolId
from xenscmi.scmi.protocols.system_power import SystemPowerFlags, SystemPowerStateNotifier

HOST = Path(__file__).parents[1] / "vectors" / "xl-create" / "host.dts"
EVENTS = 0x4801_0000
WATCHER, SETTER = 2, 3


def test_a_domain_hears_that_another_switches_the_system_off() -> None:
    agents = tuple(
        PlatformAgent(
            agent_id=n,
            func_id=0x8200_0002 + n,
            shmem=0x47FF_0000 + n * 0x1000,
            p2a_shmem=EVENTS if n == WATCHER else None,
            trusted=n == 1,
        )
        for n in range(8)
    )
    platform = uniform_platform(agents, 8)
    devices = tuple(
        replace(device, resources={**device.resources, ProtocolId.SYSTEM_POWER: frozenset({0})})
        for device in platform.devices
    )
    xen = Model(
        load(HOST),
        Firmware(replace(platform, devices=devices, system_power=True), PROFILES["generic"]),
    )
    start(xen, {})
    domids = {agent: xen.createdomain(boot_config(2, agent, 0)) for agent in (WATCHER, SETTER)}
    xen.firmware.permissions.set_device(SETTER, 0, allow=True)
    events = memoryview(xen.memory.page(EVENTS >> 12))

    def send(agent: int, message: int, *words: int) -> None:
        channel = xen.firmware.agents[agent]
        area = xen.memory.window(channel.shmem)
        header = Header.of(protocol_id=ProtocolId.SYSTEM_POWER, message_id=message)
        shmem.post(area, header, struct.pack(f"<{len(words)}I", *words))
        assert xen.smc(domids[agent], (channel.func_id, 0, 0, 0, 0, 0, 0, 0))[0] == 0
        assert shmem.collect(area).payload.startswith(bytes(4))

    send(WATCHER, 5, 1)
    send(SETTER, 3, 0, 0)
    send(SETTER, 3, 0, 1)
    for state in (0, 1):
        posted = shmem.acknowledge(events)
        assert posted.header.message_type == MessageType.NOTIFICATION
        expected = SystemPowerStateNotifier(SETTER, SystemPowerFlags(0), state, 0)
        assert SystemPowerStateNotifier.decode(posted.payload) == expected
        send(WATCHER, 4)
