"""Hostile messages through the shared page, and an oracle that knows the board's owners but not the firmware's code.

`attack` sends any number of messages to firmware of one profile, from all agents, and raises Breach at the first answer
that is malformed, or that the oracle does not allow. As a program: `python -m tests.firmware.hostile 1000000` spreads
that many messages over all profiles.
"""

from __future__ import annotations

import random
import struct
import sys
import time
from collections import Counter
from collections.abc import Iterator

from tests.firmware.boards import GUEST, KINDS, OTHER, full_platform

from xenscmi.firmware import PROFILES, Firmware, FirmwareProfile
from xenscmi.firmware.firmware import FirmwareState
from xenscmi.firmware.profile import ResetMeaning
from xenscmi.scmi import shmem
from xenscmi.scmi.message import decode_answer
from xenscmi.scmi.protocols import protocol
from xenscmi.scmi.shmem import PAYLOAD
from xenscmi.scmi.status import Status

BASE, POWER, SYSTEM, PERF, CLOCK, SENSOR, RESET, VOLTAGE, POWERCAP, PINCTRL = range(0x10, 0x1A)
AGENTS = range(5)
PAGE = 4096
GROUP = 1 << 16
LIFE = 1000  # messages to one firmware before the next is booted
SUCCESS, DENIED = 0, -3
NEGOTIATE = 0x10
STATUSES = {status.value for status in Status}

# Which word of a request names the resource that the message changes, by protocol and message (DEN0056E).
CHANGES = {
    POWER: {4: 1},
    PERF: {5: 0, 7: 0},
    CLOCK: {5: 1, 7: 0, 0xD: 0},
    SENSOR: {5: 0, 0xA: 0},
    RESET: {4: 0},
    VOLTAGE: {5: 0, 7: 0},
    POWERCAP: {5: 0, 7: 0},
    PINCTRL: {6: 0, 7: 0, 8: 0},
}
# The same for messages that only read or subscribe, and that nobody else's agent may send.
READS = {
    POWER: {3: 0, 5: 0, 6: 0, 7: 0, 8: 0},
    PERF: {3: 0, 4: 0, 6: 0, 8: 0, 9: 0, 0xA: 0, 0xB: 0, 0xC: 0},
    CLOCK: {3: 0, 4: 0, 6: 0, 8: 0, 9: 0, 0xA: 0, 0xB: 0, 0xC: 0, 0xE: 0, 0xF: 0},
    SENSOR: {4: 0, 6: 0, 9: 0, 0xB: 0},
    RESET: {3: 0, 5: 0, 6: 0},
    VOLTAGE: {3: 0, 4: 0, 6: 0, 8: 0, 9: 0},
    POWERCAP: {9: 0, 0xA: 0, 0xB: 0},
}
# The ids of the board's resources, in the order of a server's rows of state.
IDS = {CLOCK: (0, 1, 2, 5), **dict.fromkeys((POWER, PERF, SENSOR, RESET, VOLTAGE, POWERCAP), (0, 1, 2))}
VALUES = (
    *range(10),
    50,
    100,
    200,
    250,
    400,
    500,
    800,
    1000,
    2000,
    900_000,
    1 << 10,
    1 << 16,
    1 << 30,
    1 << 31,
    0xFFFF_FFFF,
)


SETS_PERMISSIONS = ((BASE, 9), (BASE, 0xA), (BASE, 0xB), (PINCTRL, 0xA))


class Breach(AssertionError):
    """The firmware did what it must not do."""


class Oracle:
    """Who may use what on the board: device d owns resource d of each kind, and device 0 the system's power."""

    def __init__(self, profile: FirmwareProfile) -> None:
        self.profile = profile
        self.trusted = {1} if profile.trusted_agents is None else set(profile.trusted_agents)
        self.granted = {agent: self.at_boot(agent) for agent in AGENTS}
        self.denied: dict[int, set[tuple[int, int]]] = {agent: set() for agent in AGENTS}
        self.pins: dict[int, dict[int, bool]] = {agent: {} for agent in AGENTS}

    @staticmethod
    def at_boot(agent: int) -> set[int]:
        return {GUEST: {0}, OTHER: {1}}.get(agent, set())

    def may_use(self, agent: int, kind: int, resource: int) -> bool:
        if agent in self.trusted or not self.profile.checks_permissions:
            return True
        if kind == PINCTRL and resource in self.pins[agent]:
            return self.pins[agent][resource]
        device = resource & ~GROUP if kind == PINCTRL else resource
        return device in self.granted[agent] and device < 2 and (device, kind) not in self.denied[agent]

    def learn(self, agent: int, kind: int, message: int, words: tuple[int, ...]) -> None:
        """Follow a message that has set permissions; raises Breach if the agent may not."""
        if agent not in self.trusted:
            raise Breach("an agent that is not trusted has set permissions")
        target = words[0]
        if kind == BASE and target == 0 and self.profile.ignores_platform_agent:
            return
        match kind, message:
            case 0x10, 9:
                change = set.add if words[2] & 1 else set.discard
                change(self.granted[target], words[1])
                if words[2] & 1 and self.profile.regrant_reopens:
                    self.denied[target] = {pair for pair in self.denied[target] if pair[0] != words[1]}
            case 0x10, 0xA:
                change_pair = set.discard if words[3] & 1 else set.add
                change_pair(self.denied[target], (words[1], words[2]))
            case 0x10, 0xB:
                meaning, by_flag = self.profile.reset, words[1] & 1
                if meaning is ResetMeaning.REVOKE or (by_flag and meaning is not ResetMeaning.QUIESCE):
                    self.granted[target] = set() if meaning is ResetMeaning.REVOKE else self.at_boot(target)
                    self.denied[target], self.pins[target] = set(), {}
            case _:
                pin = words[1] & 0xFFFF | (GROUP if words[2] & 3 == 1 else 0)
                self.pins[target][pin] = bool(words[2] & 4)


class Attack:
    """Messages to one firmware, from boot to the end of its life."""

    def __init__(self, profile: str, rng: random.Random) -> None:
        self.profile, self.rng = PROFILES[profile], rng
        self.platform = full_platform(notified=rng.random() < 0.8)
        self.firmware = Firmware(self.platform, self.profile)
        self.oracle = Oracle(self.profile)
        self.pages = {agent: bytearray(PAGE) for agent in AGENTS}
        self.events = {agent: bytearray(PAGE) for agent in AGENTS}
        self.dead: set[int] = set()
        self.answers: Counter[int] = Counter()
        for page in (*self.pages.values(), *self.events.values()):
            shmem.reset(page)
        self.before = self.state()

    def state(self) -> FirmwareState:
        """Return the firmware's state without its dead channels: those change with messages that nobody answers."""
        found = self.firmware.state()
        kept = [row for row in found.resources[BASE] if len(row) > 1]
        return found._replace(resources={**found.resources, BASE: kept})

    # Messages

    def message(self) -> tuple[int, bytes]:
        """Make a header and payload: mostly of a known command and of the right size, with small values."""
        rng = self.rng
        kind = (
            rng.choice((*IDS, CLOCK, BASE, BASE, SYSTEM, PINCTRL, PINCTRL))
            if rng.random() < 0.97
            else rng.randrange(256)
        )
        message = rng.randrange(0x12) if rng.random() < 0.97 else rng.randrange(256)
        header = message | kind << 10 | rng.randrange(1024) << 18
        if rng.random() < 0.02:
            header = rng.getrandbits(32)
        found = protocol(kind)
        row = next((each for each in found.commands if each.id == message), None) if found else None
        if row is None or rng.random() < 0.1:
            size = rng.randrange(0, 30) if rng.random() < 0.9 else rng.randrange(0, self.profile.max_request + 1)
        else:
            size = row.request.codec.size + (8 * rng.randrange(3) if row.request.codec.tail else 0)
        if rng.random() < 0.03:
            return header, rng.randbytes(size)
        words = [rng.choice(VALUES[:4] if rng.random() < 0.7 else VALUES) for _ in range(size // 4 + 1)]
        if row is not None and message == 0x10 and found is not None:
            words[0] = rng.choice(found.versions)
        if (kind, message) == (CLOCK, 7) and len(words) > 1 and rng.random() < 0.5:
            words[1] = rng.choice((0, 1, 3))
        return header, struct.pack(f"<{len(words)}I", *words)[:size]

    def send(self) -> None:
        """Post a message, and check everything."""
        agent, rng = rng_agent(self.rng), self.rng
        page = self.pages[agent]
        header, payload = self.message()
        length = 4 + len(payload)
        page[:PAYLOAD] = bytes(PAYLOAD)
        if bad := rng.random() < 0.002:
            length = rng.choice((0, 3, self.profile.max_request + 5, PAGE, 0xFFFF_FFFF))
        struct.pack_into("<III", page, 0x10, rng.getrandbits(1), length, header)
        page[PAYLOAD : PAYLOAD + len(payload)] = payload
        server = self.firmware.servers.get(header >> 10 & 0xFF)
        version = server.form_of(agent) if server else 0
        self.firmware.serve(agent, memoryview(page))
        if not page[4] & 1:
            raise Breach("the channel is left busy")
        if page[4] & 2:
            if not bad and agent not in self.dead:
                raise Breach("a channel error without a reason")
            if self.profile.dies_on_error:
                self.dead.add(agent)
            self.unchanged("a channel error")
            return
        if bad or agent in self.dead:
            raise Breach("a message that cannot be read was answered")
        self.check(agent, header, version, payload, page)
        self.check_events()

    # Checks

    def check(self, agent: int, header: int, version: int, payload: bytes, page: bytearray) -> None:
        length, echoed = struct.unpack_from("<II", page, 0x14)
        if echoed != header or not 8 <= length <= 4 + self.profile.max_response:
            raise Breach(f"header {echoed:#x}, length {length}")
        answer = bytes(page[PAYLOAD : PAYLOAD + length - 4])
        status = struct.unpack_from("<i", answer)[0]
        self.answers[status] += 1
        kind, message = header >> 10 & 0xFF, header & 0xFF
        if status not in STATUSES:
            raise Breach(f"status {status}")
        if status != SUCCESS:
            if len(answer) != 4:
                raise Breach("a refusal with more than its status")
            self.unchanged("a refusal")
            return
        found = protocol(kind)
        # An agent can always negotiate back.
        command = found.commands_of(0 if message == NEGOTIATE else version).get(message) if found else None
        if command is None:
            raise Breach(f"version {version:#x} has no such command")
        decoded = decode_answer(command.response, answer)
        again = decoded.encode()
        if again != answer and not (self.profile.leaves_padding and (kind, message) == (BASE, 6)):
            raise Breach(f"{answer.hex()} is decoded as {again.hex()}")
        self.allowed(agent, kind, message, payload)

    def unchanged(self, what: str) -> None:
        if self.state() != self.before:
            raise Breach(f"{what} has changed something")

    def allowed(self, agent: int, kind: int, message: int, payload: bytes) -> None:
        """Raise Breach unless the agent may have sent the message, and has changed only what it may."""
        words = struct.unpack_from(f"<{len(payload) // 4}I", payload)
        checked = CHANGES.get(kind, {}) if self.profile.open_reads else CHANGES.get(kind, {}) | READS.get(kind, {})
        named = None
        if message in checked:
            named = words[checked[message]]
            if kind == PINCTRL:
                selector = words[2] if message == 6 else words[1]
                named = named & 0xFFFF | (GROUP if selector & 3 == 1 else 0)
        elif (kind, message) == (SYSTEM, 3):
            named = 0
        if named is not None and not self.oracle.may_use(agent, kind, named):
            raise Breach("a message about a resource that the agent may not use")
        after = self.state()
        if (kind, message) in SETS_PERMISSIONS:
            self.oracle.learn(agent, kind, message, words)
        elif after.permissions != self.before.permissions:
            raise Breach("permissions have changed")
        else:
            changes = message in CHANGES.get(kind, ()) or kind == SYSTEM
            self.only_changed(agent, {(kind, named)} if changes else set(), after)
        self.before = after

    def only_changed(self, agent: int, may: set[tuple[int, int | None]], after: FirmwareState) -> None:
        """Raise Breach if anything but these resources, and the agent's own version or subscriptions, has changed."""
        for kind, rows in after.resources.items():
            old = self.before.resources[kind]
            if rows == old:
                continue
            if kind == BASE:
                if any(row[0] != agent for row in [*rows, *old] if (row in rows) != (row in old)):
                    raise Breach("another agent's version or subscription has changed")
                continue
            numbers = [row[0] or 0 for row in rows] if kind == PINCTRL else IDS.get(kind, (0,))
            differing = {(kind, n) for n, new, was in zip(numbers, rows, old, strict=True) if new != was}
            if not differing <= may:
                raise Breach(f"{sorted(differing)} have changed")

    def check_events(self) -> None:
        """Take every notification and delayed response: only agents that may use the resource are told of it."""
        if not any(self.firmware.outbox.waiting(agent) for agent in AGENTS):
            return
        for agent, page in self.events.items():
            while self.firmware.deliver(agent, memoryview(page)):
                posted = shmem.acknowledge(page)
                kind, message, sort = posted.header >> 10 & 0xFF, posted.header & 0xFF, posted.header >> 8 & 3
                words = struct.unpack_from("<II", posted.payload)
                if sort == 3 and kind in IDS and not self.oracle.may_use(agent, kind, words[1]):
                    raise Breach("a notification about a resource that the agent may not use")
                if sort == 2 and struct.unpack_from("<i", posted.payload)[0] != SUCCESS:
                    raise Breach("a delayed response without success")
                if sort not in (2, 3) or len(posted.payload) > self.profile.max_response:
                    raise Breach(f"event {posted.header:#x} {posted.payload.hex()} of message {message:#x}")

    def finish(self) -> None:
        """Compare the firmware's permissions with the oracle's, and save and restore its state."""
        for agent in AGENTS:
            for kind in (*KINDS, SYSTEM):
                for resource in IDS.get(kind, (0,)):
                    mine = self.oracle.may_use(agent, kind, resource)
                    theirs = self.firmware.permissions.may_use(agent, kind, resource)
                    if self.profile.checks_permissions and (kind != SYSTEM or resource == 0) and mine != theirs:
                        raise Breach(f"agent {agent}, protocol {kind:#x}, resource {resource}: {theirs}")
        other = Firmware(self.platform, self.profile)
        other.restore(self.firmware.state())
        if other.state() != self.firmware.state():
            raise Breach("the state does not survive")
        fresh = Firmware(self.platform, self.profile).state()
        self.firmware.restore(fresh)
        if self.firmware.state() != fresh:
            raise Breach("the firmware does not go back to its boot state")


def rng_agent(rng: random.Random) -> int:
    """Return an agent: those that set permissions less often."""
    return rng.choice((0, 1, 2, 2, 3, 3, 4))


def attack(profile: str, count: int, seed: int) -> Counter[int]:
    """Send `count` messages; return how often each status came. Raises Breach, with what is needed to see it again."""
    rng = random.Random(f"{profile} {seed}")
    answers: Counter[int] = Counter()
    for life, left in enumerate(range(count, 0, -LIFE)):
        one = Attack(profile, rng)
        for number in range(min(LIFE, left)):
            try:
                one.send()
            except Exception as error:
                raise Breach(f"{profile}, seed {seed}, life {life}, message {number}: {error!r}") from error
        one.finish()
        answers += one.answers
    return answers


def main(count: int, seed: int) -> Iterator[str]:
    """Spread messages over all profiles; yield a line for each."""
    for profile in PROFILES:
        start = time.monotonic()
        answers = attack(profile, count // len(PROFILES) + 1, seed)
        named = ", ".join(f"{Status(status).name} {number}" for status, number in answers.most_common())
        yield f"{profile}: {count // len(PROFILES) + 1} messages in {time.monotonic() - start:.0f} s: {named}"


if __name__ == "__main__":
    for line in main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1):
        print(line, flush=True)
