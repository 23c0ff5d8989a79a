"""Hostile domains: any bytes in their pages, any SMC, all interleaved, against a small reference of who may touch what.

The reference knows nothing of how the platform is built: it keeps which agent was granted which device, by what the
trusted agent was answered, and device d owns resource d of each kind.
"""

from __future__ import annotations

import random
import struct
import threading
from functools import cache
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from xenscmi.config.constants import PAGE_SIZE
from xenscmi.devicetree import Tree, load
from xenscmi.firmware import PROFILES, Firmware, Platform, PlatformAgent, PlatformDevice
from xenscmi.firmware.resources import (
    Clock,
    OperatingPoint,
    PerformanceDomain,
    PowerCapDomain,
    PowerDomain,
    ResetDomain,
    Sensor,
    VoltageDomain,
)
from xenscmi.model.boot import start
from xenscmi.model.guest import Guest, NoAnswer
from xenscmi.model.sanitise import boot_config
from xenscmi.model.xen import SMCCC_UNKNOWN, Model
from xenscmi.scmi.header import Header, ProtocolId
from xenscmi.scmi.protocols.base import AccessFlags, BaseSetDevicePermissionsRequest, BaseSetDevicePermissionsResponse
from xenscmi.scmi.shmem import PAYLOAD, post
from xenscmi.scmi.status import Status

HOST = Path(__file__).parents[1] / "vectors" / "xl-create" / "host.dts"
XEN, DOM0 = 1, 0
AGENTS = (2, 3, 4)
COUNT = 8
KINDS = (
    ProtocolId.POWER_DOMAIN,
    ProtocolId.PERFORMANCE,
    ProtocolId.CLOCK,
    ProtocolId.SENSOR,
    ProtocolId.RESET,
    ProtocolId.VOLTAGE,
    ProtocolId.POWER_CAPPING,
)
# Commands whose first field is not the resource.
ID_NOT_FIRST: dict[int, int] = {ProtocolId.POWER_DOMAIN: 4, ProtocolId.CLOCK: 5, ProtocolId.SENSOR: 3}
# Commands that name a resource and every agent may send: Linux gives power capping up without them.
OPEN = {(ProtocolId.POWER_CAPPING, message) for message in (3, 4, 6, 8)}
WINDOW = 0x2200_1000
STATUSES = {status.value for status in Status}

SMALL = st.sampled_from([0, 1, 2, 3, 4, 5, 7, 100, 200, 1 << 16, 0xFFFF_FFFF]) | st.integers(0, 0xFFFF_FFFF)
PAYLOADS = st.lists(SMALL, max_size=8).map(lambda words: struct.pack(f"<{len(words)}I", *words)) | st.binary(
    max_size=60
)
PROTOCOLS = st.sampled_from([ProtocolId.BASE, *KINDS, ProtocolId.SYSTEM_POWER]) | st.integers(0, 255)
MESSAGES = st.integers(0, 0x11) | st.integers(0, 255)
FUNC_IDS = st.sampled_from([0x8200_0002 + n for n in range(8)]) | st.integers(0, (1 << 64) - 1)


def platform() -> Platform:
    levels = tuple(OperatingPoint(level=100 * n) for n in (1, 2, 3))
    numbers = range(COUNT)
    return Platform(
        agents=tuple(
            PlatformAgent(agent_id=n, func_id=0x8200_0002 + n, shmem=0x47FF_0000 + n * PAGE_SIZE, trusted=n == XEN)
            for n in range(8)
        ),
        devices=tuple(PlatformDevice(device_id=n, resources={kind: frozenset({n}) for kind in KINDS}) for n in numbers),
        power_domains=tuple(PowerDomain(name=f"pd{n}") for n in numbers),
        performance=tuple(PerformanceDomain(name=f"perf{n}", levels=levels, level=100) for n in numbers),
        clocks=tuple(Clock(name=f"clk{n}", rates=(100, 200), rate=100) for n in numbers),
        sensors=tuple(Sensor(name=f"s{n}") for n in numbers),
        resets=tuple(ResetDomain(name=f"rst{n}") for n in numbers),
        voltages=tuple(VoltageDomain(name=f"v{n}", levels=(100, 200), level=100) for n in numbers),
        power_caps=tuple(PowerCapDomain(name=f"cap{n}", minimum=100, maximum=200, step=100) for n in numbers),
        system_power=True,
    )


@cache
def host_tree() -> Tree:
    return load(HOST)


def booted_host() -> Model:
    xen = Model(host_tree(), Firmware(platform(), PROFILES["generic"]))
    start(xen, {})
    return xen


def running_host() -> Model:
    xen = booted_host()
    for agent in AGENTS:
        domid = xen.createdomain(boot_config(2, agent, 0))
        xen.iomem_permission(domid, 0x47FF0 + agent, 1, allow=True)
        xen.memory_mapping(domid, WINDOW >> 12, 0x47FF0 + agent, 1, add=True)
    return xen


class HostileDomains(RuleBasedStateMachine):
    """Three domains, each with an agent of its own, that send whatever comes to mind."""

    @initialize()
    def boot(self) -> None:
        self.xen = running_host()
        self.firmware = self.xen.firmware
        self.granted: set[tuple[int, int]] = {(DOM0, device) for device in self.firmware.permissions.devices_of(DOM0)}
        self.domids = {domain.channel.agent_id: domid for domid, domain in self.xen.domains.items() if domain.channel}

    def resources(self) -> dict[tuple[int, int], list[int | None]]:
        """The state of every resource, by protocol and number."""
        state = self.firmware.state().resources
        return {(kind, number): entry for kind in KINDS for number, entry in enumerate(state[kind])}

    def page(self, agent: int) -> bytearray:
        return self.xen.domain(self.domids[agent]).memory.page(WINDOW)

    def ring(self, agent: int) -> None:
        """Ring the agent's own doorbell; nothing may change that the agent may not touch."""
        before, permissions = self.resources(), self.firmware.state().permissions
        others = {other: bytes(self.page(other)) for other in AGENTS if other != agent}
        result = self.xen.smc(self.domids[agent], (0x8200_0002 + agent, 0, 0, 0, 0, 0, 0, 0))
        assert result[0] == 0
        changed = {key for key, entry in self.resources().items() if entry != before[key]}
        assert {(agent, number) for _, number in changed} <= self.granted
        assert self.firmware.state().permissions == permissions
        assert {other: bytes(self.page(other)) for other in others} == others
        assert self.firmware.state().resources[ProtocolId.SYSTEM_POWER] == [[3]]

    @rule(
        agent=st.sampled_from(AGENTS),
        protocol=PROTOCOLS,
        message=MESSAGES,
        payload=PAYLOADS,
        token=st.integers(0, 1023),
    )
    def send(self, agent: int, protocol: int, message: int, payload: bytes, token: int) -> None:
        """A message in due form is answered by one with the same header and a status."""
        page = self.page(agent)
        page[4] = 1
        header = Header.of(protocol_id=protocol, message_id=message, token=token)
        post(page, header, payload)
        self.ring(agent)
        assert page[4] == 1
        assert int.from_bytes(page[0x18:0x1C], "little") == header
        status = int.from_bytes(page[PAYLOAD : PAYLOAD + 4], "little", signed=True)
        assert status in STATUSES

    @rule(
        agent=st.sampled_from(AGENTS),
        kind=st.sampled_from(KINDS),
        message=st.integers(3, 8),
        payload=PAYLOADS,
        data=st.data(),
    )
    def touch(self, agent: int, kind: int, message: int, payload: bytes, data: st.DataObject) -> None:
        """What names a resource that is another's is refused."""
        number = data.draw(st.integers(0, COUNT - 1))
        first = number.to_bytes(4, "little")
        answer = self.firmware.answer(agent, Header.of(protocol_id=kind, message_id=message), first + payload)
        status = int.from_bytes(answer[:4], "little", signed=True)
        assert status in STATUSES
        names_first = message != ID_NOT_FIRST.get(kind) and (kind, message) not in OPEN
        if names_first and (agent, number) not in self.granted:
            assert status != Status.SUCCESS

    @rule(agent=st.sampled_from(AGENTS), junk=st.binary(max_size=PAGE_SIZE), at=st.integers(0, 64))
    def scribble(self, agent: int, junk: bytes, at: int) -> None:
        """Any bytes anywhere in the page, then the doorbell."""
        page = self.page(agent)
        part = junk[: PAGE_SIZE - at]
        page[at : at + len(part)] = part
        self.ring(agent)
        assert len(page) == PAGE_SIZE
        assert page[4] & 1

    @rule(agent=st.sampled_from(AGENTS), func_id=FUNC_IDS, registers=st.tuples(*[st.integers(0, (1 << 64) - 1)] * 7))
    def call(self, agent: int, func_id: int, registers: tuple[int, ...]) -> None:
        """Any SMC: only the domain's own function id is answered."""
        own = func_id & 0xFFFF_FFFF == 0x8200_0002 + agent
        result = self.xen.smc(self.domids[agent], (func_id, *registers))
        assert result[0] == (0 if own else SMCCC_UNKNOWN)
        assert result[1:] == registers[:3]

    @rule(agent=st.sampled_from(AGENTS), device=st.integers(0, COUNT), allow=st.booleans())
    def permit(self, agent: int, device: int, allow: bool) -> None:
        """Xen changes a permission."""
        request = BaseSetDevicePermissionsRequest(agent, device, AccessFlags.of(allow=allow))
        answer = self.firmware.answer(XEN, Header.of(protocol_id=ProtocolId.BASE, message_id=9), request.encode())
        if device == COUNT:
            assert int.from_bytes(answer, "little", signed=True) == Status.NOT_FOUND
            return
        assert answer == BaseSetDevicePermissionsResponse().encode()
        change = self.granted.add if allow else self.granted.discard
        change((agent, device))

    @rule(agent=st.sampled_from(AGENTS))
    def restart(self, agent: int) -> None:
        """A domain is destroyed and made anew: its agent has lost everything."""
        self.xen.destroydomain(self.domids[agent])
        self.granted = {(owner, device) for owner, device in self.granted if owner != agent}
        domid = self.domids[agent] = self.xen.createdomain(boot_config(2, agent, 0))
        self.xen.iomem_permission(domid, 0x47FF0 + agent, 1, allow=True)
        self.xen.memory_mapping(domid, WINDOW >> 12, 0x47FF0 + agent, 1, add=True)

    @precondition(lambda self: hasattr(self, "firmware"))
    @invariant()
    def permissions_are_as_granted(self) -> None:
        found = {(agent, device) for agent in (DOM0, *AGENTS) for device in self.firmware.permissions.devices_of(agent)}
        assert found == self.granted


HostileDomains.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestHostileDomains = HostileDomains.TestCase


def test_many_threads_of_domains_ring_at_once() -> None:
    """Each domain's answers are its own, whatever the others do meanwhile."""
    xen = running_host()
    wrong: list[object] = []
    domids = {domain.channel.agent_id: domid for domid, domain in xen.domains.items() if domain.channel and domid}

    def live(agent: int) -> None:
        chance = random.Random(agent)
        guest = Guest(xen, domids[agent], xen.domain(domids[agent]).memory, 0x8200_0002 + agent, WINDOW)
        for _ in range(300):
            protocol, message = chance.choice([*KINDS, ProtocolId.BASE]), chance.randrange(0x12)
            try:
                answer = guest.exchange(protocol, message, chance.randbytes(chance.choice([0, 4, 8, 12])))
                own = guest.exchange(ProtocolId.BASE, 7, b"\xff\xff\xff\xff")
            except NoAnswer as error:
                wrong.append(error)
                continue
            if len(answer) < 4 or own[:8] != struct.pack("<iI", 0, agent):
                wrong.append((agent, answer, own))

    threads = [threading.Thread(target=live, args=(agent,)) for agent in AGENTS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_threads_that_want_one_agent_get_it_once() -> None:
    xen = booted_host()
    made: list[int] = []
    refused: list[Exception] = []

    def create() -> None:
        try:
            made.append(xen.createdomain(boot_config(2, 2, 0)))
        except Exception as error:
            refused.append(error)

    threads = [threading.Thread(target=create) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(made), len(refused)) == (1, 15)
    assert len(xen.domains) == 2
