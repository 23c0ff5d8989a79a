"""What no platform can have: each problem with the path of its field, the reason, and a way to fix it.

Nothing here raises, and the work is bounded by what is declared, never by the numbers in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from operator import attrgetter, itemgetter
from typing import TypeVar

from xenscmi.firmware.resources import (
    MAX_COUNT,
    Clock,
    FastChannel,
    Numbered,
    PerformanceDomain,
    PinFunction,
    PinGroup,
    Platform,
    PowerCapDomain,
    ResetDomain,
    Sensor,
    VoltageDomain,
    by_id,
    resource_ids,
)
from xenscmi.scmi.header import ProtocolId
from xenscmi.scmi.protocols import protocol

MAX_ID = MAX_COUNT - 1
MAX_AGENTS = 0xFF  # PROTOCOL_ATTRIBUTES of the base protocol counts agents in 8 bits
MAX_NAME = 63  # bytes; one more for the NUL
MAX_AGENT_NAME = 15
U32 = 0xFFFF_FFFF

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ResourceProblem:
    """Something that no platform can have: where (`clocks[3].rates`), what is wrong with which value, and the fix."""

    path: str
    message: str
    fix: str


def problems_of(platform: Platform) -> Iterator[ResourceProblem]:
    """Yield the problems of a platform, in the order of its fields."""
    yield from _agents(platform)
    yield from _devices(platform)
    for kind, resources in _kinds(platform):
        yield from _ids_and_names(kind, resources)
        for number, resource in resources.items():
            yield from _resource(f"{kind}[{number}]", number, resource, platform)
    yield from _cycles(by_id(platform.power_caps))
    yield from _versions(platform.versions)


def _kinds(platform: Platform) -> Iterator[tuple[str, Mapping[int, object]]]:
    yield "clocks", by_id(platform.clocks)
    yield "resets", by_id(platform.resets)
    yield "power_domains", by_id(platform.power_domains)
    yield "performance", by_id(platform.performance)
    yield "sensors", by_id(platform.sensors)
    yield "voltages", by_id(platform.voltages)
    yield "power_caps", by_id(platform.power_caps)
    yield "pins", by_id(platform.pins)
    yield "pin_groups", by_id(platform.pin_groups)
    yield "pin_functions", by_id(platform.pin_functions)


def _repeating(items: Iterable[T], key: Callable[[T], object]) -> Iterator[T]:
    """Yield each item whose key an earlier one has."""
    seen: set[object] = set()
    for item in items:
        if key(item) in seen:
            yield item
        seen.add(key(item))


def _agents(platform: Platform) -> Iterator[ResourceProblem]:
    for what in ("agent_id", "func_id"):
        for agent in _repeating(platform.agents, attrgetter(what)):
            message = f"two agents have {what} {getattr(agent, what):#x}"
            path = f"agents[{agent.agent_id}]" + (".func_id" if what == "func_id" else "")
            yield ResourceProblem(path, message, f"give each agent its own {what}")
    if len(platform.agents) > MAX_AGENTS:
        yield ResourceProblem("agents", f"{len(platform.agents)} agents", f"SCMI counts at most {MAX_AGENTS}")
    known = {device.device_id for device in platform.devices}
    areas = Counter(area for agent in platform.agents for area in (agent.shmem, agent.p2a_shmem))
    for agent in platform.agents:
        path = f"agents[{agent.agent_id}]"
        if not 0 <= agent.agent_id < U32:
            yield _beyond(path, agent.agent_id, 0, U32 - 1)
        yield from _spelling(f"{path}.name", agent.name, MAX_AGENT_NAME)
        if agent.p2a_shmem is not None and areas[agent.p2a_shmem] > 1:
            reason = f"another channel has its area at {agent.p2a_shmem:#x}"
            yield ResourceProblem(f"{path}.p2a_shmem", reason, "give each channel an area of its own")
        for device in sorted(agent.devices - known):
            yield ResourceProblem(f"{path}.devices", f"there is no device {device}", "declare the device")


def _devices(platform: Platform) -> Iterator[ResourceProblem]:
    for device in _repeating(platform.devices, attrgetter("device_id")):
        number = device.device_id
        yield ResourceProblem(f"devices[{number}]", f"two devices have id {number}", "give each device its own id")
    known = resource_ids(platform)
    for device in platform.devices:
        for number, owned in device.resources.items():
            for resource in sorted(owned - known.get(number, frozenset())):
                name = ProtocolId(number).name.lower() if number in set(ProtocolId) else f"{number:#x}"
                yield ResourceProblem(
                    f"devices[{device.device_id}].resources[{name}]",
                    f"the device owns {name} resource {resource}, which does not exist",
                    "declare the resource, or correct its id",
                )


def _ids_and_names(kind: str, resources: Mapping[int, object]) -> Iterator[ResourceProblem]:
    for number in resources:
        if not 0 <= number <= MAX_ID:
            yield ResourceProblem(
                f"{kind}[{number}]",
                f"id {number} is not 0 to {MAX_ID}, which is all that SCMI can count",
                "renumber it",
            )
    names = {number: _name(resource) for number, resource in resources.items()}
    for number, name in names.items():
        if not name:
            yield ResourceProblem(f"{kind}[{number}].name", "the name is empty", "give it a name: agents need one")
        yield from _spelling(f"{kind}[{number}].name", name, MAX_NAME)
    if kind == "clocks":
        for number, twin in _repeating(names.items(), itemgetter(1)):
            if twin:
                fix = "give each its own: Linux refuses the second"
                yield ResourceProblem(f"{kind}[{number}].name", f"two clocks have the name {twin!r}", fix)


def _name(resource: object) -> str:
    return resource if isinstance(resource, str) else str(getattr(resource, "name", ""))


def _spelling(path: str, name: str, limit: int) -> Iterator[ResourceProblem]:
    if not name.isprintable():
        yield ResourceProblem(path, f"{name!r} has characters that cannot be printed", "leave them out")
    elif len(name.encode()) > limit:
        yield ResourceProblem(path, f"{name!r} has more than {limit} bytes", f"shorten the name to {limit} bytes")


def _resource(path: str, number: int, resource: object, platform: Platform) -> Iterator[ResourceProblem]:
    match resource:
        case Clock():
            yield from _clock(path, number, resource, platform)
        case ResetDomain() if not 0 <= resource.latency <= U32:
            yield _beyond(f"{path}.latency", resource.latency, 0, U32)
        case PerformanceDomain():
            yield from _performance(path, resource)
        case Sensor():
            yield from _sensor(path, resource)
        case VoltageDomain():
            yield from _steps(f"{path}.levels", resource.levels, resource.step, -(2**31), 2**31 - 1)
            yield from _one_of(f"{path}.level", resource.level, resource.levels, resource.step)
        case PowerCapDomain():
            yield from _power_cap(path, number, resource, platform)
        case PinGroup():
            yield from _members(f"{path}.pins", resource.pins, platform.pins, "pin")
        case PinFunction():
            members = platform.pins if resource.pin_only else platform.pin_groups
            yield from _members(f"{path}.groups", resource.groups, members, "pin" if resource.pin_only else "pin group")


def _beyond(path: str, value: int, low: int, high: int) -> ResourceProblem:
    return ResourceProblem(path, f"{value} is not {low} to {high}", f"use {low} to {high}")


def _steps(path: str, values: tuple[int, ...], step: int, low: int, high: int) -> Iterator[ResourceProblem]:
    """Check a list of values, or with a step the two ends of a range."""
    if not values:
        yield ResourceProblem(path, "the list is empty", "name at least one: Linux crashes on an empty answer")
        return
    for value in (min(values), max(values)):
        if not low <= value <= high:
            yield _beyond(path, value, low, high)
    if any(second <= first for first, second in pairwise(values)):
        yield ResourceProblem(path, "the values do not rise", "sort them, and name each once")
    if step < 0 or step > high:
        yield _beyond(path.replace(".rates", ".step").replace(".levels", ".step"), step, 0, high)
    if step and len(values) != 2:
        yield ResourceProblem(path, f"with a step there are {len(values)} values", "name the lowest and the highest")


def _one_of(path: str, value: int | None, values: tuple[int, ...], step: int) -> Iterator[ResourceProblem]:
    if value is None or not values:
        return
    possible = (
        values[0] <= value <= values[-1] and (value - values[0]) % step == 0 if step > 0 else value in set(values)
    )
    if not possible:
        among = f"{values[0]} to {values[-1]} in steps of {step}" if step > 0 else ", ".join(map(str, values[:8]))
        yield ResourceProblem(path, f"{value} is not one of its values", f"use one of {among}")


def _is_one(number: int, resources: Numbered[object]) -> bool:
    """Return whether there is a resource of a number, without making the mapping that `by_id` returns."""
    return number in resources if isinstance(resources, Mapping) else 0 <= number < len(resources)


def _members(path: str, members: tuple[int, ...], known: Numbered[object], what: str) -> Iterator[ResourceProblem]:
    for member in members:
        if not _is_one(member, known):
            yield ResourceProblem(path, f"there is no {what} {member}", f"declare the {what}, or correct the id")


def _clock(path: str, number: int, clock: Clock, platform: Platform) -> Iterator[ResourceProblem]:
    yield from _steps(f"{path}.rates", clock.rates, clock.step, 1, (1 << 64) - 1)
    yield from _one_of(f"{path}.rate", clock.rate, clock.rates, clock.step)
    yield from _members(f"{path}.parents", clock.parents, platform.clocks, "clock")
    if number in clock.parents:
        yield ResourceProblem(f"{path}.parents", "the clock is its own parent", "name another clock")
    if len(clock.parents) > 0xFF:
        yield _beyond(f"{path}.parents", len(clock.parents), 0, 0xFF)
    if clock.always_on and not clock.enabled:
        yield ResourceProblem(f"{path}.enabled", "an always-on clock is off at boot", "enable it, or drop always_on")
    if not 0 <= clock.enable_delay <= U32:
        yield _beyond(f"{path}.enable_delay", clock.enable_delay, 0, U32)
    for kind, value in clock.extended_configs.items():
        if not 1 <= kind <= 0xFF or not 0 <= value <= U32:
            yield ResourceProblem(
                f"{path}.extended_configs",
                f"setting {kind} = {value} is out of range",
                "use types 1 to 255, u32 values",
            )


def _performance(path: str, domain: PerformanceDomain) -> Iterator[ResourceProblem]:
    levels = tuple(point.level for point in domain.levels)
    yield from _steps(f"{path}.levels", levels, 0, 1, U32)
    yield from _one_of(f"{path}.level", domain.level, levels, 0)
    if domain.sustained_level:
        yield from _one_of(f"{path}.sustained_level", domain.sustained_level, levels, 0)
    for point in domain.levels:
        for value, limit in ((point.power, U32), (point.latency, 0xFFFF), (point.frequency, U32)):
            if not 0 <= value <= limit:
                yield _beyond(f"{path}.levels", value, 0, limit)
    for what, limit in (("sustained_frequency", U32), ("rate_limit", 0xF_FFFF)):
        if not 0 <= getattr(domain, what) <= limit:
            yield _beyond(f"{path}.{what}", getattr(domain, what), 0, limit)
    yield from _fast_channels(path, domain.fast_channels, {0x5, 0x6, 0x7, 0x8})


def _fast_channels(path: str, channels: Mapping[int, FastChannel], possible: set[int]) -> Iterator[ResourceProblem]:
    for message, channel in channels.items():
        if message not in possible:
            named = ", ".join(f"{each:#x}" for each in sorted(possible))
            yield ResourceProblem(f"{path}.fast_channels", f"message {message:#x} has none", f"messages are {named}")
        if channel.address % 4 or not 0 <= channel.address < 1 << 64:
            yield ResourceProblem(
                f"{path}.fast_channels", f"address {channel.address:#x} is not a multiple of 4", "align the address"
            )
        if channel.doorbell_width not in (8, 16, 32, 64):
            yield ResourceProblem(
                f"{path}.fast_channels", f"a doorbell of {channel.doorbell_width} bits", "use 8, 16, 32 or 64"
            )


def _sensor(path: str, sensor: Sensor) -> Iterator[ResourceProblem]:
    bounds = [("kind", sensor.kind, 0, 0xFF), ("exponent", sensor.exponent, -16, 15)]
    bounds += [("trip_points", sensor.trip_points, 0, 0xFF), ("axes", len(sensor.axes), 0, 63)]
    bounds += [("value", sensor.value, -(2**63), 2**63 - 1), ("power", sensor.power or 0, 0, U32)]
    for what, value, low, high in bounds:
        if not low <= value <= high:
            yield _beyond(f"{path}.{what}", value, low, high)
    for seconds, exponent in sensor.intervals:
        if not 0 <= seconds <= 0xFFFF or not -16 <= exponent <= 15:
            yield ResourceProblem(f"{path}.intervals", f"({seconds}, {exponent}) is out of range", "use u16, -16 to 15")
    if sensor.interval_range and len(sensor.intervals) != 3:
        yield ResourceProblem(f"{path}.intervals", "a range has three values", "name shortest, longest and step")
    for axis in sensor.axes:
        if not axis.name:
            yield ResourceProblem(f"{path}.axes", "the name of an axis is empty", "give it a name: agents need one")
        yield from _spelling(f"{path}.axes", axis.name, MAX_NAME)


def _power_cap(path: str, number: int, domain: PowerCapDomain, platform: Platform) -> Iterator[ResourceProblem]:
    for what in ("minimum", "maximum", "step", "interval", "interval_step"):
        if not 1 <= getattr(domain, what) <= U32:
            yield _beyond(f"{path}.{what}", getattr(domain, what), 1, U32)
    if domain.maximum <= domain.minimum:
        yield ResourceProblem(
            f"{path}.maximum",
            f"{domain.maximum} is not above the minimum, {domain.minimum}: Linux refuses the whole protocol then",
            "use a larger maximum",
        )
    if domain.cap and domain.step > 0:
        yield from _one_of(f"{path}.cap", domain.cap, (domain.minimum, domain.maximum), domain.step)
    if domain.interval_maximum is not None and not domain.interval < domain.interval_maximum <= U32:
        yield _beyond(f"{path}.interval_maximum", domain.interval_maximum, domain.interval + 1, U32)
    if domain.parent is not None and not _is_one(domain.parent, platform.power_caps):
        yield ResourceProblem(f"{path}.parent", f"there is no power capping domain {domain.parent}", "correct the id")
    yield from _fast_channels(path, domain.fast_channels, {0x4, 0x5, 0x6, 0x7})


def _cycles(domains: Mapping[int, PowerCapDomain]) -> Iterator[ResourceProblem]:
    """Find domains that are their own ancestors; each domain is visited once."""
    done: set[int] = set()
    for start in domains:
        chain: dict[int, None] = {}
        at: int | None = start
        while at is not None and at in domains and at not in done and at not in chain:
            chain[at] = None
            at = domains[at].parent
        if at in chain:
            yield ResourceProblem(f"power_caps[{at}].parent", "the domain is its own ancestor", "break the circle")
        done.update(chain)


def _versions(versions: Mapping[int, int]) -> Iterator[ResourceProblem]:
    for number, version in versions.items():
        found = protocol(number)
        if found is None:
            yield ResourceProblem(
                f"versions[{number:#x}]", f"{number:#x} is not a standard protocol", "use 0x10 to 0x19"
            )
        elif version not in found.versions or version in found.beta:
            why = "is a beta, which is not served" if version in found.beta else "is unknown"
            known = ", ".join(f"{each:#x}" for each in found.versions if each not in found.beta)
            fix = f"use one of {known}" if known else "leave it out"
            path = f"versions.{ProtocolId(number).name.lower()}"
            yield ResourceProblem(path, f"version {version:#x} of {found.name} {why}", fix)
