"""Firmware with a planted fault of its permissions: what a campaign has to find.

A fault is about one agent, and mostly about one message and one resource. None of them is visible to `Rights`, which
reads the host's files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random

from tests.firmware.boards import full_platform

from xenscmi.firmware import Firmware, FirmwareProfile, Platform, PlatformDevice
from xenscmi.firmware.firmware import Observer
from xenscmi.host.platform import platform_of
from xenscmi.host.types import FirmwareAgent, FirmwareDevice, Host, HostFirmware
from xenscmi.scmi.header import Header, ProtocolId
from xenscmi.scmi.status import Status
from xenscmi.simulation.campaign import Campaign, Trial, run_campaign
from xenscmi.simulation.rights import rights_of
from xenscmi.simulation.running import run

TRUSTED = 1
OWNED = ("clocks", "resets", "power_domains", "performance", "sensors", "voltages", "power_caps", "pins", "pin_groups")
WRONG = (Status.NOT_FOUND, Status.GENERIC_ERROR, Status.NOT_SUPPORTED, Status.INVALID_PARAMETERS, Status.BUSY)
KINDS = (
    "answers",  # what is not the agent's
    "refuses",  # what is the agent's
    "another status",  # for a refusal, or for a success
    "leaks",  # data behind the status of a refusal
    "obeys",  # and says that it refuses
    "is silent",  # about what is the agent's
    "grants at boot",  # a device that nobody assigned
    "owns more",  # a device has another one's resource
    "owns less",  # a device has lost a resource
    "impostor",  # a channel is served as another agent's
)


def full_host(example: Host, profile: str = "generic", *, notified: bool = True) -> Host:
    """Return the rules' example host on a board with everything; devices 1 and 2 own resources 0 and 1 of each kind."""
    board = replace(full_platform(), agents=(), devices=())
    return replace(
        example,
        firmware=HostFirmware(
            profile=profile,
            agents=tuple(
                FirmwareAgent(
                    agent_id=number,
                    func_id=0x8200_0002 + number,
                    shmem=0x47FF_0000 + number * 0x1000,
                    p2a_shmem=0x4800_0000 + number * 0x1000 if notified else None,
                )
                for number in range(1, 6)
            ),
            devices=tuple(
                FirmwareDevice(
                    device_id=number,
                    system_power=number == 1,
                    **{kind: frozenset({number - 1} if number else ()) for kind in OWNED},  # type: ignore[arg-type]
                )
                for number in range(3)
            ),
            trusted_agent=TRUSTED,
            resources=board,
        ),
    )


@dataclass(frozen=True)
class Fault:
    """A fault of a kind: `agent` is wronged or wrongs, by `message` about `number`, where it is about one message."""

    kind: str
    agent: int
    protocol: int = 0
    message: int = 0
    name: str = ""
    number: int | None = None
    payload: bytes = b""
    status: Status = Status.SUCCESS
    device: int = 0

    def found_by(self, trials: tuple[Trial, ...]) -> bool:
        """Whether one of the trials is this fault: of this agent, and of the message and resource if it has one."""
        return any(
            each.agent == self.agent
            and (not self.name or (each.message == self.name and self.number in each.resources))
            for each in trials
        )


class Planted(Firmware):
    """Firmware with a fault; `had_effect`: the fault has changed what an answer or the platform would have been."""

    fault: Fault
    had_effect = False

    def answer(self, agent: int, header: Header, payload: bytes) -> bytes:
        fault = self.fault
        if agent != fault.agent:
            return super().answer(agent, header, payload)
        if fault.kind == "impostor":
            self.had_effect = True
            return super().answer(fault.number or 0, header, payload)
        if fault.name == "" or (header >> 10 & 0xFF, header & 0xFF, payload) != (
            fault.protocol,
            fault.message,
            fault.payload,
        ):
            return super().answer(agent, header, payload)
        right = None if fault.kind == "obeys" else super().answer(agent, header, payload)
        before = self.state()
        wrong = self._wrong(header, payload, right)
        self.had_effect |= wrong != right and (right is not None or self.state() != before)
        return wrong

    def _wrong(self, header: Header, payload: bytes, right: bytes | None) -> bytes:
        match self.fault.kind:
            case "answers":
                return super().answer(TRUSTED, header, payload)
            case "refuses":
                return _bytes(Status.DENIED)
            case "another status":
                return _bytes(self.fault.status)
            case "leaks":
                return (right or b"") + b"\x2a\0\0\0"
            case "obeys":
                super().answer(TRUSTED, header, payload)
                return _bytes(Status.DENIED)
            case "is silent":
                return b""
            case _:
                raise AssertionError(self.fault.kind)


def _bytes(status: Status) -> bytes:
    return status.to_bytes(4, "little", signed=True)


def plant(fault: Fault) -> type[Planted]:
    """Return firmware with a fault, to be made as any other."""

    class Made(Planted):
        def __init__(self, platform: Platform, profile: FirmwareProfile, observer: Observer | None = None) -> None:
            self.fault = fault
            self.had_effect = fault.kind in ("grants at boot", "owns more", "owns less")
            super().__init__(_changed(platform, fault), profile, observer)

    return Made


def _changed(platform: Platform, fault: Fault) -> Platform:
    if fault.kind == "grants at boot":
        agents = tuple(
            replace(each, devices=each.devices | {fault.device}) if each.agent_id == fault.agent else each
            for each in platform.agents
        )
        return replace(platform, agents=agents)
    if fault.kind in ("owns more", "owns less"):
        return replace(platform, devices=tuple(_owning(each, fault) for each in platform.devices))
    return platform


def _owning(device: PlatformDevice, fault: Fault) -> PlatformDevice:
    if device.device_id != fault.device:
        return device
    numbers = device.resources.get(fault.protocol, frozenset())
    one = frozenset({fault.number or 0})
    changed: Mapping[int, frozenset[int]] = {
        fault.protocol: numbers | one if fault.kind == "owns more" else numbers - one
    }
    return replace(device, resources={**device.resources, **changed})


def attempt(host: Host, fault: Fault) -> tuple[Campaign, bool]:
    """Run the campaign on firmware with a fault; return it, and whether the fault had an effect."""
    running = run(host, plant(fault))
    assert running.panic is None, running.panic
    found = run_campaign(host, running)
    firmware = running.xen.firmware
    assert isinstance(firmware, Planted)
    return found, firmware.had_effect


def faults(host: Host, sound: Campaign, seed: int) -> list[Fault]:
    """Return 260 different faults, drawn by a seed from all those of a host whose sound campaign this is."""
    pool: dict[str, list[Fault]] = {kind: [] for kind in KINDS}
    variants = {(each.command.protocol_id, each.command.name, each.number): each for each in sound.variants}
    for trial in sound.trials:
        for number in trial.resources:
            variant = variants[trial.protocol, trial.message, number]
            one = Fault(
                kind="",
                agent=trial.agent,
                protocol=trial.protocol,
                message=variant.command.id,
                name=trial.message,
                number=number,
                payload=variant.payload_of(trial.agent),
            )
            if trial.expected.refused:
                for kind in ("answers", "leaks", "obeys"):
                    pool[kind].append(replace(one, kind=kind))
            elif trial.expected.status == Status.SUCCESS:
                for kind in ("refuses", "is silent"):
                    pool[kind].append(replace(one, kind=kind))
            others = [status for status in WRONG if status != trial.expected.status]
            pool["another status"] += [replace(one, kind="another status", status=status) for status in others]
    _add_structural(pool, host, sound)
    random, drawn = Random(seed), list[Fault]()
    for each in pool.values():
        random.shuffle(each)
    while len(drawn) < 260:
        drawn.append(random.choice([each for each in pool.values() if each]).pop())
    return drawn


def _add_structural(pool: Mapping[str, list[Fault]], host: Host, sound: Campaign) -> None:
    """Add the faults that are about a device or a channel."""
    rights, platform = rights_of(host), platform_of(host)
    for speaker in sound.speakers:
        if speaker.trusted:
            continue
        for device in platform.devices:
            if device.device_id not in speaker.devices and device.resources:
                pool["grants at boot"].append(Fault("grants at boot", speaker.agent, device=device.device_id))
        others = [other.agent for other in sound.speakers if other.agent != speaker.agent]
        pool["impostor"] += [Fault("impostor", speaker.agent, number=other) for other in others]
        for device_id in speaker.devices:
            (device,) = (each for each in platform.devices if each.device_id == device_id)
            for protocol in ProtocolId:
                own = device.resources.get(protocol, frozenset())
                every = {each.number for each in sound.variants if each.command.protocol_id == protocol}
                foreign = {
                    number for number in every - {None} if not rights.may_use(speaker.agent, protocol, number or 0)
                }
                about = {each.number for each in sound.variants if each.about == "resource"} - {None}
                for kind, numbers in (("owns more", foreign & about), ("owns less", own)):
                    if protocol != ProtocolId.BASE:
                        pool[kind] += [
                            Fault(kind, speaker.agent, protocol, number=number, device=device_id)
                            for number in sorted(number for number in numbers if number is not None)
                        ]
