"""Linux's arm_scmi drivers at probe, by their sources: which messages they send, what they read, what they cannot bear.

In plain structs, without the codec: a mistake that codec and server share would show here. Each driver's function
names its file. `ProbeFailed` is raised where the driver would not come up.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from xenscmi.firmware import Firmware
from xenscmi.scmi.header import Header

BASE, POWER, SYSTEM, PERF, CLOCK, SENSOR, RESET, VOLTAGE, POWERCAP, PINCTRL = range(0x10, 0x1A)
DENIED, NOT_SUPPORTED, NOT_FOUND = -3, -1, -4
MAX_MESSAGE = 104
_PERMISSION_BIT, _PARENT_BIT = 1 << 1, 1 << 28


class ProbeFailed(Exception):
    """A driver would not come up."""


@dataclass(frozen=True, slots=True)
class Kernel:
    """What a release of Linux does at probe; `latest`: the protocol versions that it knows."""

    name: str
    parents: bool = False
    permissions: bool = False
    config_get: bool = False
    needs_cap: bool = False
    pin_control: bool = False
    asks_for_notifications: bool = False
    stops_at_count: bool = True
    negotiates: bool = False
    latest: dict[int, int] = field(default_factory=dict)


_LATEST = {
    BASE: 0x20000,
    POWER: 0x30001,
    SYSTEM: 0x20000,
    PERF: 0x40000,
    CLOCK: 0x30000,
    SENSOR: 0x30001,
    RESET: 0x30001,
    VOLTAGE: 0x20000,
    POWERCAP: 0x20000,
    PINCTRL: 0x10000,
}
KERNELS = (
    Kernel("6.1", stops_at_count=False),
    Kernel("6.6", needs_cap=True),
    Kernel("6.12", parents=True, permissions=True, needs_cap=True, pin_control=True, asks_for_notifications=True),
    Kernel(
        "7.2",
        parents=True,
        permissions=True,
        config_get=True,
        needs_cap=True,
        pin_control=True,
        asks_for_notifications=True,
        negotiates=True,
        latest=_LATEST,
    ),
)


@dataclass(slots=True)
class Refused:
    """A message that was refused, and that the driver can do without; `resource` is None if it named none."""

    protocol: int
    message: int
    resource: int | None
    status: int


class Linux:
    """A kernel of some version, as an agent: `probe` sends what it sends, in its order."""

    def __init__(self, kernel: Kernel, firmware: Firmware, agent: int) -> None:
        self.kernel, self.firmware, self.agent = kernel, firmware, agent
        self.refused: list[Refused] = []
        self.sent: list[tuple[int, int]] = []
        self.up: list[int] = []
        self.versions: dict[int, int] = {}
        self.names: dict[int, list[str]] = {}

    def try_(self, protocol: int, message: int, *words: int, resource: int | None = None) -> bytes | None:
        """Send a message; return the answer after its status, None if it was refused."""
        payload = struct.pack(f"<{len(words)}I", *words)
        self.sent.append((protocol, message))
        answer = self.firmware.answer(self.agent, Header(message | protocol << 10), payload)
        if not 4 <= len(answer) <= MAX_MESSAGE:
            raise ProbeFailed(f"{protocol:#x} {message:#x}: {len(answer)} bytes")
        status = struct.unpack_from("<i", answer)[0]
        if status == 0:
            return answer[4:]
        self.refused.append(Refused(protocol, message, resource, status))
        return None

    def must(self, protocol: int, message: int, *words: int) -> bytes:
        """Send a message without whose answer the driver does not come up."""
        answer = self.try_(protocol, message, *words)
        if answer is None:
            raise ProbeFailed(f"{protocol:#x} {message:#x} {words}: status {self.refused[-1].status}")
        return answer

    def name(self, protocol: int, short: bytes, *words: int, extended: bool, message: int) -> str:
        """Return a name; helpers->extended_name_get of driver.c, on whose failure the short one stays."""
        if extended and (answer := self.try_(protocol, message, *words, resource=words[0])) is not None:
            short = answer[4:68]
        text = short.split(b"\0")[0].decode()
        self.names.setdefault(protocol, []).append(text)
        return text

    def iterate(
        self, answer_of: Callable[[int], bytes | None], counts: Callable[[bytes], tuple[int, int]], limit: int | None
    ) -> Iterator[tuple[bytes, int]]:
        """The loop of driver.c, scmi_iterator_run: parts until nothing remains. Yields each part and its count."""
        done = 0
        while (part := answer_of(done)) is not None:
            returned, remaining = counts(part)
            total = done + returned + remaining if limit is None else limit
            if done + returned > total:
                raise ProbeFailed(f"{done} + {returned} exceeds {total}")
            limit = total
            yield part, returned
            done += returned
            if not (returned and remaining):
                return

    # Base: base.c, driver.c

    def probe(self) -> None:
        """Probe the base protocol, then each that the platform lists and that the kernel has a driver for."""
        self.version(BASE)
        protocols, agents = struct.unpack_from("<BB", self.must(BASE, 1))
        for vendor_string in (3, 4, 5):
            self.try_(BASE, vendor_string)
        listed = self.listed(protocols)
        for agent in range(agents):
            self.try_(BASE, 7, agent)
        self.up.append(BASE)
        drivers: dict[int, Callable[[], None]] = {
            POWER: self.power,
            SYSTEM: self.system,
            PERF: self.performance,
            CLOCK: self.clock,
            SENSOR: self.sensor,
            RESET: self.reset,
            VOLTAGE: self.voltage,
            POWERCAP: self.powercap,
        }
        if self.kernel.pin_control:
            drivers[PINCTRL] = self.pin_control
        for protocol in listed:
            if protocol in drivers:
                self.version(protocol)
                drivers[protocol]()
                self.up.append(protocol)

    def listed(self, protocols: int) -> list[int]:
        """Ask for the list of protocols: scmi_base_implementation_list_get."""
        found: list[int] = []
        while True:
            part = self.must(BASE, 6, len(found))
            count = struct.unpack_from("<I", part)[0]
            if len(found) + count > 255 or len(part) != 4 + (count + 3 & ~3):
                raise ProbeFailed("malformed list of protocols")
            found += part[4 : 4 + count]
            if not count or (self.kernel.stops_at_count and len(found) >= protocols):
                return found

    def version(self, protocol: int) -> None:
        """Ask for the version; 7.x offers its own, if the platform's is newer: scmi_protocol_version_negotiate."""
        version = struct.unpack("<I", self.must(protocol, 0))[0]
        latest = self.kernel.latest.get(protocol, version)
        if self.kernel.negotiates and version > latest and self.try_(protocol, 0x10, latest) is not None:
            version = latest
        self.versions[protocol] = version

    def since(self, protocol: int, major: int) -> bool:
        return self.versions[protocol] >> 16 >= major

    # power.c, driver of pmdomain/arm/scmi_pm_domain.c

    def power(self) -> None:
        count = struct.unpack_from("<H", self.must(POWER, 1))[0]
        for domain in range(count):
            answer = self.try_(POWER, 3, domain, resource=domain)
            if answer is not None:
                flags, short = struct.unpack("<I16s", answer)
                self.name(POWER, short, domain, extended=bool(self.since(POWER, 3) and flags & 1 << 27), message=8)
            self.try_(POWER, 5, domain, resource=domain)

    # system.c, scmi_power_control.c

    def system(self) -> None:
        if self.kernel.asks_for_notifications:
            self.try_(SYSTEM, 2, 5)
        self.try_(SYSTEM, 5, 1)

    # perf.c

    def performance(self) -> None:
        count = struct.unpack_from("<H", self.must(PERF, 1))[0]
        for domain in range(count):
            answer = self.try_(PERF, 3, domain, resource=domain)
            if answer is None:
                continue
            flags, _, _, _, short = struct.unpack("<IIII16s", answer)
            self.name(PERF, short, domain, extended=bool(self.since(PERF, 3) and flags & 1 << 26), message=0xC)
            size = 20 if self.since(PERF, 4) else 12
            levels = []
            parts = self.iterate(
                lambda done, domain=domain: self.try_(PERF, 4, domain, done, resource=domain),  # type: ignore[misc]
                lambda part: struct.unpack_from("<HH", part),
                None,
            )
            for part, returned in parts:
                if len(part) < 4 + size * returned:
                    raise ProbeFailed("levels are cut")
                levels += [struct.unpack_from("<I", part, 4 + size * n)[0] for n in range(returned)]
            if levels != sorted(set(levels)):
                raise ProbeFailed("levels do not rise")
            if flags & 1 << 27:
                for message, width in ((7, 4), (8, 4), (5, 8), (6, 8)):
                    channel = self.try_(PERF, 0xB, domain, message, resource=domain)
                    if channel is not None and struct.unpack_from("<I", channel, 16)[0] != width:
                        raise ProbeFailed("a fast channel of the wrong size")

    # clock.c, driver of clk/clk-scmi.c

    def clock(self) -> None:
        count = struct.unpack_from("<H", self.must(CLOCK, 1))[0]
        if self.kernel.asks_for_notifications:
            self.try_(CLOCK, 2, 9)
            self.try_(CLOCK, 2, 0xA)
        found = []
        for clock in range(count):
            answer = self.try_(CLOCK, 3, clock, resource=clock)
            if answer is None:
                continue
            found.append(clock)
            flags, short = struct.unpack_from("<I16s", answer)
            if self.since(CLOCK, 2):
                self.name(CLOCK, short, clock, extended=bool(flags & 1 << 29), message=8)
                if self.kernel.parents and flags & _PARENT_BIT:
                    self.parents(clock)
                if self.kernel.permissions and flags & _PERMISSION_BIT:
                    self.try_(CLOCK, 0xF, clock, resource=clock)
            else:
                self.name(CLOCK, short, clock, extended=False, message=8)
            self.rates(clock)
        for clock in found:
            self.try_(CLOCK, 6, clock, resource=clock)
            if self.since(CLOCK, 3) and self.kernel.config_get:
                self.try_(CLOCK, 0xB, clock, 0, resource=clock)

    def parents(self, clock: int) -> None:
        if self.since(CLOCK, 3):
            parts = self.iterate(
                lambda done: self.try_(CLOCK, 0xC, clock, done, resource=clock),
                lambda part: (part[0], part[3]),
                None,
            )
            for part, returned in parts:
                if len(part) < 4 + 4 * returned:
                    raise ProbeFailed("parents are cut")
            self.try_(CLOCK, 0xE, clock, resource=clock)

    def rates(self, clock: int) -> None:
        """Ask for the rates of a clock; success without any rate oopses Linux."""
        found: list[int] = []

        def counts(part: bytes) -> tuple[int, int]:
            flags = struct.unpack_from("<I", part)[0]
            if flags & 1 << 12 and (flags & 0xFFF != 3 or flags >> 16):
                raise ProbeFailed("a range that is not three rates")
            return flags & 0xFFF, flags >> 16

        asked = self.iterate(lambda done: self.try_(CLOCK, 4, clock, done, resource=clock), counts, None)
        answered = False
        for part, returned in asked:
            answered = True
            found += struct.unpack_from(f"<{returned}Q", part, 4)
        if answered and not found:
            raise ProbeFailed(f"clock {clock} has no rates")

    # sensors.c, driver of hwmon/scmi-hwmon.c

    def sensor(self) -> None:
        count = struct.unpack_from("<H", self.must(SENSOR, 1))[0]
        parts = self.iterate(
            lambda done: self.must(SENSOR, 3, done),
            lambda part: struct.unpack_from("<HH", part),
            count,
        )
        seen = 0
        for part, returned in parts:
            at = 4
            for _ in range(returned):
                sensor, low, high, short = struct.unpack_from("<III16s", part, at)
                at += 28
                axes = high >> 16 & 63 if self.since(SENSOR, 2) and high & 1 << 8 else 0
                if self.since(SENSOR, 2) and low & 1 << 8:
                    at += 4 if axes else 24
                if self.since(SENSOR, 2):
                    self.intervals(sensor)
                self.name(SENSOR, short, sensor, extended=bool(self.since(SENSOR, 3) and low & 1 << 29), message=0xC)
                if axes:
                    self.axes(sensor, axes)
                seen += 1
            if at != len(part):
                raise ProbeFailed("descriptors are cut")
        if seen != count:
            raise ProbeFailed(f"{seen} of {count} sensors")

    def intervals(self, sensor: int) -> None:
        def counts(part: bytes) -> tuple[int, int]:
            flags = struct.unpack_from("<I", part)[0]
            if flags & 1 << 12 and (flags & 0xFFF != 3 or flags >> 16):
                raise ProbeFailed("a range that is not three intervals")
            return flags & 0xFFF, flags >> 16

        for _ in self.iterate(lambda done: self.try_(SENSOR, 8, sensor, done, resource=sensor), counts, None):
            pass

    def axes(self, sensor: int, count: int) -> None:
        """Ask for the axes; a refusal fails the whole driver."""

        def counts(part: bytes) -> tuple[int, int]:
            flags = struct.unpack_from("<I", part)[0]
            return flags & 63, flags >> 26

        extended = False
        for part, returned in self.iterate(lambda done: self.must(SENSOR, 7, sensor, done), counts, count):
            at = 4
            for _ in range(returned):
                low = struct.unpack_from("<I", part, at + 4)[0]
                extended |= bool(low & 1 << 9)
                at += 28 + (20 if low & 1 << 8 else 0)
            if at != len(part):
                raise ProbeFailed("axes are cut")
        if extended and self.since(SENSOR, 3):
            for part, returned in self.iterate(lambda done: self.must(SENSOR, 0xD, sensor, done), counts, count):
                if len(part) != 4 + 68 * returned:
                    raise ProbeFailed("names of axes are cut")

    # reset.c

    def reset(self) -> None:
        count = struct.unpack_from("<H", self.must(RESET, 1))[0]
        for domain in range(count):
            answer = self.try_(RESET, 3, domain, resource=domain)
            if answer is not None:
                flags, _, short = struct.unpack("<II16s", answer)
                extended = bool(self.since(RESET, 3) and flags & 1 << 29)
                self.name(RESET, short, domain, extended=extended, message=6)

    # voltage.c, driver of regulator/scmi-regulator.c

    def voltage(self) -> None:
        count = struct.unpack_from("<H", self.must(VOLTAGE, 1))[0]

        def counts(part: bytes) -> tuple[int, int]:
            flags = struct.unpack_from("<I", part)[0]
            if flags & 1 << 12 and (flags & 0xFFF != 3 or flags >> 16):
                raise ProbeFailed("a range that is not three levels")
            return flags & 0xFFF, flags >> 16

        for domain in range(count):
            answer = self.try_(VOLTAGE, 3, domain, resource=domain)
            if answer is None:
                continue
            flags, short = struct.unpack("<I16s", answer)
            self.name(VOLTAGE, short, domain, extended=bool(self.since(VOLTAGE, 2) and flags & 1 << 30), message=9)
            levels = self.iterate(
                lambda done, domain=domain: self.try_(VOLTAGE, 4, domain, done, resource=domain),  # type: ignore[misc]
                counts,
                None,
            )
            for part, returned in levels:
                if len(part) != 4 + 4 * returned:
                    raise ProbeFailed("levels are cut")

    # powercap.c

    def powercap(self) -> None:
        count = struct.unpack_from("<H", self.must(POWERCAP, 1))[0]
        for domain in range(count):
            answer = self.must(POWERCAP, 3, domain)
            flags, short, *words = struct.unpack("<I16s9I", answer)
            min_pai, max_pai, pai_step, min_cap, max_cap, cap_step, _, _, parent = words
            for low, high, step, settable in (
                (min_pai, max_pai, pai_step, bool(flags & 1 << 25)),
                (min_cap, max_cap, cap_step, bool(flags & 1 << 27)),
            ):
                if not low or not high or settable != (low != high) or (low != high and not step):
                    raise ProbeFailed(f"domain {domain} has an inconsistent configuration")
            if parent != 0xFFFF_FFFF and (parent >= count or parent == domain):
                raise ProbeFailed(f"domain {domain} has an inconsistent parent")
            self.name(POWERCAP, short, domain, extended=bool(flags & 1 << 28), message=8)
            if self.kernel.needs_cap and self.since(POWERCAP, 2):
                self.must(POWERCAP, 4, domain)

    # pinctrl.c, driver of pinctrl/pinctrl-scmi.c

    def pin_control(self) -> None:
        pins, groups, functions = struct.unpack_from("<HHH", self.must(PINCTRL, 1))
        for selector, count in ((0, pins), (1, groups), (2, functions)):
            for number in range(count):
                answer = self.must(PINCTRL, 3, number, selector)
                flags, short = struct.unpack("<I16s", answer)
                self.name(PINCTRL, short, number, selector, extended=bool(flags & 1 << 31), message=9)
                if selector:
                    elements = flags & 0xFFFF
                    found = 0
                    parts = self.iterate(
                        lambda done, it=(number, selector): self.must(PINCTRL, 4, *it, done),  # type: ignore[misc]
                        lambda part: (struct.unpack_from("<I", part)[0] & 0xFFF, struct.unpack_from("<H", part, 2)[0]),
                        elements,
                    )
                    for part, returned in parts:
                        found += returned
                        if len(part) < 4 + 2 * returned:
                            raise ProbeFailed("associations are cut")
                    if found != elements:
                        raise ProbeFailed(f"{found} of {elements} elements")
