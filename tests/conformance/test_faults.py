"""The suite finds what is broken on purpose: every fault below is planted in a platform that passes without it."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest
from tests.conformance.conftest import Break, Hear, Serve, Suite

from xenscmi.conformance.verdict import Verdict
from xenscmi.scmi.header import Header, MessageType
from xenscmi.scmi.protocols import command
from xenscmi.scmi.shmem import Posted

BASE, POWER, PERFORMANCE, CLOCK, SENSOR, RESET, VOLTAGE, CAPPING, PINS = (
    0x10, 0x11, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19,
)  # fmt: skip
SUCCESS = bytes(4)


def words(*numbers: int) -> bytes:
    return struct.pack(f"<{len(numbers)}I", *numbers)


def status(number: int) -> bytes:
    return number.to_bytes(4, "little", signed=True)


def answering(protocol: int, message: int, change: Callable[[Posted, bytes], bytes]) -> Break:
    """A fault in the answers to one command: `change` gets the request and the right payload."""

    def broken(serve: Serve) -> Serve:
        def answer(agent: int, posted: Posted) -> Posted:
            right = serve(agent, posted)
            if (posted.header.protocol_id, posted.header.message_id) != (protocol, message):
                return right
            return Posted(right.header, change(posted, right.payload))

        return answer

    return broken


def asking(protocol: int, message: int, change: Callable[[bytes], bytes]) -> Break:
    """A fault in how one command is understood: `change` gets the request's payload."""

    def broken(serve: Serve) -> Serve:
        def answer(agent: int, posted: Posted) -> Posted:
            if (posted.header.protocol_id, posted.header.message_id) == (protocol, message):
                return serve(agent, Posted(posted.header, change(posted.payload)))
            return serve(agent, posted)

        return answer

    return broken


def only_success(change: Callable[[bytes], bytes]) -> Callable[[Posted, bytes], bytes]:
    return lambda posted, payload: payload if payload[:4] != SUCCESS else change(payload)


def every_answer(change: Callable[[Posted, Posted], Posted]) -> Break:
    """A fault in all answers: `change` gets the request and the right answer."""
    return lambda serve: lambda agent, posted: change(posted, serve(agent, posted))


def with_word(payload: bytes, at: int, change: Callable[[int], int]) -> bytes:
    """Change one word of a payload, where it has it."""
    if len(payload) < at + 4:
        return payload
    word = int.from_bytes(payload[at : at + 4], "little")
    return payload[:at] + words(change(word) & 0xFFFFFFFF) + payload[at + 4 :]


def lenient_about_sizes(serve: Serve) -> Serve:
    """Cuts or fills a payload to the size that its command has."""

    def answer(agent: int, posted: Posted) -> Posted:
        found = command(posted.header.protocol_id, posted.header.message_id)
        if found is None:
            return serve(agent, posted)
        for size in range(0, 64, 4):
            fitted = serve(agent, Posted(posted.header, posted.payload[:size].ljust(size, b"\0")))
            if fitted.payload[:4] != status(-10):
                return fitted
        return serve(agent, posted)

    return answer


def giving_what_it_refuses(serve: Serve) -> Serve:
    """Answers DENIED to whoever asks for a device, and gives it."""

    def answer(agent: int, posted: Posted) -> Posted:
        right = serve(agent, posted)
        if (posted.header.protocol_id, posted.header.message_id) == (BASE, 9) and right.payload == status(-3):
            serve(3, posted)
        return right

    return answer


def state_shared_by_two_clocks(serve: Serve) -> Serve:
    """Whatever is done to clock 0 is done to clock 1 too."""

    def answer(agent: int, posted: Posted) -> Posted:
        if (posted.header.protocol_id, posted.header.message_id) == (CLOCK, 7) and posted.payload[:4] == words(0):
            serve(agent, Posted(posted.header, words(1) + posted.payload[4:]))
        return serve(agent, posted)

    return answer


def versions_that_change() -> Break:
    def broken(serve: Serve) -> Serve:
        count = 0

        def answer(agent: int, posted: Posted) -> Posted:
            nonlocal count
            right = serve(agent, posted)
            if posted.header.message_id == 0 and right.payload[:4] == SUCCESS and len(right.payload) == 8:
                count += 1
                return Posted(right.header, with_word(right.payload, 4, lambda word: word + count % 2))
            return right

        return answer

    return broken


def notifications_served_as_commands(serve: Serve) -> Serve:
    def answer(agent: int, posted: Posted) -> Posted:
        header = posted.header
        command_header = Header.of(protocol_id=header.protocol_id, message_id=header.message_id, token=header.token)
        right = serve(agent, Posted(command_header, posted.payload))
        return Posted(header, right.payload)

    return answer


def deaf_to(protocol: int, message: int) -> Break:
    """Answers SUCCESS, and does nothing."""

    def broken(serve: Serve) -> Serve:
        def answer(agent: int, posted: Posted) -> Posted:
            if (posted.header.protocol_id, posted.header.message_id) == (protocol, message):
                dry = serve(agent, posted) if posted.header.message_type != MessageType.COMMAND else None
                return dry or Posted(posted.header, SUCCESS)
            return serve(agent, posted)

        return answer

    return broken


FAULTS: dict[str, tuple[Break, str]] = {
    "the token is lost": (
        every_answer(lambda asked, right: Posted(Header(right.header & 0x3FFFF), right.payload)),
        "clock.header-comes-back-as-it-was-sent",
    ),
    "notifications are served as commands": (
        notifications_served_as_commands,
        "base.delayed-response-and-notification-are-not-commands",
    ),
    "sizes are not checked": (lenient_about_sizes, "reset-domain.a-reset-needs-a-whole-payload"),
    "unknown commands succeed": (
        every_answer(lambda asked, right: Posted(right.header, SUCCESS) if asked.header.message_id == 0xEE else right),
        "sensor.unknown-command-is-refused",
    ),
    "every command has message attributes": (
        answering(VOLTAGE, 2, lambda asked, right: SUCCESS + words(0) if len(asked.payload) == 4 else right),
        "voltage-domain.unknown-command-has-no-attributes",
    ),
    "a refusal brings more than its status": (
        every_answer(
            lambda asked, right: (
                right if right.payload[:4] == SUCCESS else Posted(right.header, right.payload + bytes(4))
            )
        ),
        "power-domain.version-takes-no-payload",
    ),
    "what is not there is INVALID_PARAMETERS": (
        every_answer(lambda asked, right: Posted(right.header, status(-2)) if right.payload == status(-4) else right),
        "clock.attributes-of-none",
    ),
    "the version changes": (versions_that_change(), "base.version-is-the-same-each-time"),
    "the list of protocols ignores what to skip": (
        asking(BASE, 6, lambda payload: bytes(4) if len(payload) == 4 else payload),
        "base.skipping-protocols-leaves-out-the-first",
    ),
    "the list of protocols is padded too much": (
        answering(BASE, 6, only_success(lambda payload: payload + bytes(4))),
        "base.the-list-is-padded-with-zeros",
    ),
    "the attributes count one protocol more": (
        answering(BASE, 1, only_success(lambda payload: with_word(payload, 4, lambda word: word + 1))),
        "base.attributes-count-what-is-listed",
    ),
    "the vendor's name has no end": (
        answering(BASE, 3, only_success(lambda payload: SUCCESS + b"A" * 16)),
        "base.vendor-is-a-name",
    ),
    "agent 0 is not the platform": (
        answering(BASE, 7, only_success(lambda payload: payload.replace(b"platform", b"somebody"))),
        "base.agent-0-is-the-platform",
    ),
    "a device that is refused is given": (giving_what_it_refuses, "base.an-agent-cannot-give-itself-a-device"),
    "all channels are one agent's": (
        lambda serve: lambda agent, posted: serve(1, posted),
        "base.each-channel-is-an-agent-of-its-own",
    ),
    "a denied clock is served": (
        answering(CLOCK, 6, lambda asked, right: SUCCESS + bytes(8) if right == status(-3) else right),
        "base.a-clock-that-an-agent-may-not-use-is-denied",
    ),
    "a device cannot be taken away": (
        asking(BASE, 9, lambda payload: with_word(payload, 8, lambda word: 1)),
        "base.a-trusted-agent-gives-and-takes-a-device",
    ),
    "a clock has no rates": (
        answering(CLOCK, 4, only_success(lambda payload: SUCCESS + words(0))),
        "clock.every-clock-has-a-rate",
    ),
    "more rates are announced than come": (
        answering(CLOCK, 4, only_success(lambda payload: with_word(payload, 4, lambda word: word + (1 << 16)))),
        "clock.rates-come-in-parts-that-fit",
    ),
    "a rate is not set": (deaf_to(CLOCK, 5), "clock.a-rate-that-is-described-can-be-set"),
    "rates are always rounded down": (
        asking(CLOCK, 5, lambda payload: with_word(payload, 0, lambda word: word & ~4)),
        "clock.a-rate-between-two-is-rounded-down-or-up",
    ),
    "reserved bits of a clock's configuration are ignored": (
        asking(CLOCK, 7, lambda payload: with_word(payload, 4, lambda word: word & 0xFF00FF)),
        "clock.configuring-has-reserved-bits",
    ),
    "clocks share a state": (state_shared_by_two_clocks, "clock.enabling-one-clock-leaves-the-others-alone"),
    "a clock's attributes have reserved bits": (
        answering(CLOCK, 3, only_success(lambda payload: with_word(payload, 4, lambda word: word | 1 << 20))),
        "clock.attributes-reserved-bits",
    ),
    "all power domains have one name": (
        answering(POWER, 3, only_success(lambda payload: SUCCESS + words(1 << 29) + b"domain".ljust(16, b"\0"))),
        "power-domain.names-differ",
    ),
    "power states are inverted": (
        answering(POWER, 5, only_success(lambda payload: with_word(payload, 4, lambda word: word ^ 1 << 30))),
        "power-domain.a-domain-is-switched-on-and-off",
    ),
    "an impossible power state is taken": (
        asking(POWER, 4, lambda payload: with_word(payload, 8, lambda word: word & 1 << 30)),
        "power-domain.a-state-that-does-not-exist-is-refused-and-changes-nothing",
    ),
    "reserved bits of a reset's flags are ignored": (
        asking(RESET, 4, lambda payload: with_word(payload, 4, lambda word: word & 7)),
        "reset-domain.a-reset-has-reserved-bits",
    ),
    "performance levels are not set": (deaf_to(PERFORMANCE, 7), "performance-domain.every-level-can-be-set"),
    "performance limits do not bind": (deaf_to(PERFORMANCE, 5), "performance-domain.limits-are-read-back"),
    "disabled sensors are read": (deaf_to(SENSOR, 10), "sensor.a-sensor-is-enabled-and-disabled"),
    "sensors are described twice": (
        answering(SENSOR, 3, only_success(lambda payload: with_word(payload, 8, lambda word: 0))),
        "sensor.descriptions-from-an-index-are-the-rest",
    ),
    "resets of nothing succeed": (
        answering(RESET, 4, lambda asked, right: SUCCESS if right == status(-4) else right),
        "reset-domain.resetting-none",
    ),
    "voltages are off by one": (
        answering(VOLTAGE, 8, only_success(lambda payload: with_word(payload, 4, lambda word: word + 1))),
        "voltage-domain.every-level-can-be-set",
    ),
    "caps beyond the range are cut": (
        asking(CAPPING, 5, lambda payload: with_word(payload, 8, lambda word: min(max(word, 1000), 9000))),
        "power-capping.a-cap-outside-of-the-range-is-refused-and-changes-nothing",
    ),
    "pins are released by who does not have them": (
        answering(PINS, 8, lambda asked, right: SUCCESS),
        "pin-control.a-pin-that-was-not-requested-cannot-be-released",
    ),
    "a group lists a pin that is none": (
        answering(PINS, 4, only_success(lambda payload: payload[:8] + b"\xff\x00" + payload[10:])),
        "pin-control.groups-have-the-pins-that-are-counted",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(suite: Suite, fault: str) -> None:
    broken, name = FAULTS[fault]
    whole = {result.case.name: result for result in suite()}
    assert whole[name].verdict is Verdict.PASS, whole[name].words

    found = {result.case.name: result for result in suite(broken)}

    assert found[name].verdict is Verdict.FAIL
    assert found[name].words


def lost(posted: Posted | None) -> None:
    return None


def with_header(**fields: int) -> Hear:
    return lambda posted: None if posted is None else Posted(posted.header.replace(**fields), posted.payload)


def about_another(posted: Posted | None) -> Posted | None:
    return None if posted is None else Posted(posted.header, with_word(posted.payload, 4, lambda word: word + 1))


UNASKED: dict[str, tuple[Break, Hear, str]] = {
    "notifications are lost": (lambda serve: serve, lost, "clock.rate-notify-arrives"),
    "notifications are about another resource": (
        lambda serve: serve,
        about_another,
        "power-domain.state-notify-arrives",
    ),
    "notifications cannot be turned off": (
        asking(RESET, 5, lambda payload: with_word(payload, 4, lambda word: 1)),
        lambda posted: posted,
        "reset-domain.notify-not-after-off",
    ),
    "delayed responses have no token": (
        lambda serve: serve,
        with_header(token=0x3FF),
        "reset-domain.reset-is-answered-later",
    ),
    "delayed responses look like responses": (
        lambda serve: serve,
        with_header(message_type=MessageType.COMMAND),
        "voltage-domain.level-set-is-answered-later",
    ),
}


@pytest.mark.parametrize("fault", UNASKED)
def test_a_planted_fault_in_what_is_sent_unasked_is_found(suite: Suite, fault: str) -> None:
    broken, hear, name = UNASKED[fault]
    (whole,) = suite(names=[name])
    assert whole.verdict is Verdict.PASS, whole.words

    (found,) = suite(broken, hear=hear, names=[name])

    assert found.verdict is Verdict.FAIL
    assert found.words
