"""What the tests of all protocols share."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from xenscmi.scmi.codec import PayloadError, Structure
from xenscmi.scmi.message import Protocol


@pytest.fixture(scope="session")
def both_ways() -> Callable[[Structure, str], None]:
    """Assert that a message is these bytes, and these bytes the message: no byte fewer, no byte more."""

    def check(message: Structure, octets: str) -> None:
        payload = bytes.fromhex(octets)
        assert message.encode().hex(" ", 4) == payload.hex(" ", 4)
        assert type(message).decode(payload) == message
        for end in range(len(payload)):
            with pytest.raises(PayloadError):
                type(message).decode(payload[:end])
        for extra in (b"\0", bytes(3), bytes(4), b"\xff" * 8):
            with pytest.raises(PayloadError):
                type(message).decode(payload + extra)

    return check


@pytest.fixture(scope="session")
def missing_examples() -> Callable[[Protocol, Iterable[tuple[Structure, str]]], set[str]]:
    """Return the names of a protocol's message classes of which a table has no example."""

    def missing(protocol: Protocol, examples: Iterable[tuple[Structure, str]]) -> set[str]:
        classes: set[type[Structure]] = {row.message for row in protocol.notifications}
        for row in protocol.commands:
            classes |= {row.request, row.response}
            if row.delayed:
                classes.add(row.delayed)
        shared = {kind for kind in classes if kind.__module__.endswith(".common")}
        return {kind.__name__ for kind in classes - shared - {type(message) for message, _ in examples}}

    return missing
