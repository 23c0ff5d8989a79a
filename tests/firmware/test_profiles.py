"""Each profile answers as the sources that it cites: a table of message → answer, and what a profile's file may say."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from tests.firmware.boards import GUEST, OTHER, STRANGER, TRUSTED, full_platform

from xenscmi.firmware import PROFILES, Firmware, load_profile
from xenscmi.firmware.profile import ProfileError
from xenscmi.scmi.header import Header
from xenscmi.scmi.status import Status

if TYPE_CHECKING:
    from tests.firmware.conftest import Lab

# Agent, header without token, payload in words, and the answer's words; an int is a status alone. The name of the
# protocol and message is a comment; where it was read in the source is in the profile's file.
SUCCESS, DENIED, NOT_FOUND, INVALID, NOT_SUPPORTED, SIZE, RANGE = 0, -3, -4, -2, -1, -10, -5
TABLES: dict[str, list[tuple[str, int, int, int, list[int], int | str]]] = {
    "tfa": [
        ("base version", GUEST, 0x10, 0x0, [], "00000000 00000200"),
        ("power version", GUEST, 0x11, 0x0, [], "00000000 00100200"),
        ("clock version", GUEST, 0x14, 0x0, [], "00000000 00000300"),
        ("reset version", GUEST, 0x16, 0x0, [], "00000000 00000100"),
        ("sensor version", GUEST, 0x15, 0x0, [], "00000000 00000200"),
        ("protocols; agents are not counted", GUEST, 0x10, 0x1, [], "00000000 04000000"),
        ("implementation version", GUEST, 0x10, 0x5, [], "00000000 00000000"),
        ("list protocols", STRANGER, 0x10, 0x6, [0], "00000000 04000000 11141516"),
        ("list protocols beyond", GUEST, 0x10, 0x6, [9], "00000000 00000000"),
        ("no agent discovery", GUEST, 0x10, 0x7, [0xFFFFFFFF], NOT_SUPPORTED),
        ("no permissions", TRUSTED, 0x10, 0x9, [2, 0, 1], NOT_SUPPORTED),
        ("no reset of agents", TRUSTED, 0x10, 0xB, [2, 1], NOT_SUPPORTED),
        ("attributes of no message", GUEST, 0x10, 0x2, [7], NOT_FOUND),
        ("unknown message", GUEST, 0x14, 0x55, [], NOT_SUPPORTED),
        ("no performance", GUEST, 0x13, 0x0, [], NOT_SUPPORTED),
        ("unknown clock", GUEST, 0x14, 0x3, [99], NOT_FOUND),
        ("unknown reset attributes", GUEST, 0x16, 0x3, [99], INVALID),
        ("unknown reset", GUEST, 0x16, 0x4, [99, 1, 0], NOT_FOUND),
        ("unknown power domain", GUEST, 0x11, 0x5, [99], NOT_FOUND),
        ("unknown sensor", GUEST, 0x15, 0x6, [99, 0], INVALID),
        ("no permission is checked", STRANGER, 0x14, 0x6, [0], "00000000 e8030000 00000000"),
        ("clock enabled in three words", STRANGER, 0x14, 0x7, [0, 1, 0], SUCCESS),
        ("asynchronous rate, set at once", STRANGER, 0x14, 0x5, [1, 0, 2000, 0], SUCCESS),
        ("clock in two words", GUEST, 0x14, 0x7, [0, 1], SIZE),
        ("neither state nor setting", GUEST, 0x14, 0x7, [0, 3, 0], INVALID),
        ("reserved state", GUEST, 0x14, 0x7, [0, 2, 0], INVALID),
        ("unknown clock setting", GUEST, 0x14, 0x7, [0, 0x50001, 0], NOT_SUPPORTED),
        ("parent that does not exist", GUEST, 0x14, 0xD, [0, 99], NOT_FOUND),
        ("wrong size", GUEST, 0x14, 0x0, [0], SIZE),
    ],
    "tfa-epam": [
        ("clock version", GUEST, 0x14, 0x0, [], "00000000 00000200"),
        ("power version", GUEST, 0x11, 0x0, [], "00000000 00100200"),
        ("implementation version", GUEST, 0x10, 0x5, [], "00000000 00000000"),
        ("agent 0", GUEST, 0x10, 0x7, [0], "00000000 00000000 6167656e 742d3000 00000000 00000000"),
        ("unknown agent", GUEST, 0x10, 0x7, [99], INVALID),
        ("permission of an unknown device", TRUSTED, 0x10, 0x9, [2, 99, 1], INVALID),
        ("permission by a guest", GUEST, 0x10, 0x9, [2, 0, 1], DENIED),
        ("unknown clock", GUEST, 0x14, 0x3, [99], INVALID),
        ("unknown power domain", GUEST, 0x11, 0x3, [99], INVALID),
        ("unknown reset", GUEST, 0x16, 0x4, [99, 1, 0], NOT_FOUND),
        ("no permission is checked", STRANGER, 0x14, 0x7, [0, 1], SUCCESS),
        ("clock in three words", GUEST, 0x14, 0x7, [0, 1, 0], SIZE),
    ],
    "optee": [
        ("base version", GUEST, 0x10, 0x0, [], "00000000 00000200"),
        ("clock version", GUEST, 0x14, 0x0, [], "00000000 00000200"),
        ("reset version", GUEST, 0x16, 0x0, [], "00000000 00000100"),
        ("voltage version", GUEST, 0x17, 0x0, [], "00000000 00000200"),
        ("performance version", GUEST, 0x13, 0x0, [], "00000000 00000100"),
        ("list protocols", GUEST, 0x10, 0x6, [0], "00000000 04000000 13141617"),
        ("no power domains", GUEST, 0x11, 0x0, [], NOT_SUPPORTED),
        ("no agent discovery", GUEST, 0x10, 0x7, [0], NOT_SUPPORTED),
        ("unknown clock", GUEST, 0x14, 0x6, [99], INVALID),
        ("unknown voltage domain", GUEST, 0x17, 0x8, [99], INVALID),
        ("unknown performance domain", GUEST, 0x13, 0x8, [99], INVALID),
        ("no performance limits", GUEST, 0x13, 0x6, [0], NOT_SUPPORTED),
        ("voltage levels beyond", GUEST, 0x17, 0x4, [0, 2], INVALID),
        ("unknown message", GUEST, 0x17, 0x9, [0], NOT_SUPPORTED),
    ],
    "scp": [
        ("base version", GUEST, 0x10, 0x0, [], "00000000 00000200"),
        ("power version", GUEST, 0x11, 0x0, [], "00000000 00000200"),
        ("system version", GUEST, 0x12, 0x0, [], "00000000 00000100"),
        ("performance version", GUEST, 0x13, 0x0, [], "00000000 00000200"),
        ("clock version", GUEST, 0x14, 0x0, [], "00000000 00000100"),
        ("sensor version", GUEST, 0x15, 0x0, [], "00000000 00000100"),
        ("reset version", GUEST, 0x16, 0x0, [], "00000000 00000100"),
        ("voltage version", GUEST, 0x17, 0x0, [], "00000000 00000100"),
        ("power capping version", GUEST, 0x18, 0x0, [], "00000000 00000100"),
        ("no pin control", GUEST, 0x19, 0x0, [], NOT_SUPPORTED),
        ("protocols that the agent may use", OTHER, 0x10, 0x6, [0], "00000000 07000000 11131415 16171800"),
        ("and nobody's", STRANGER, 0x10, 0x6, [0], "00000000 00000000"),
        ("list protocols beyond", STRANGER, 0x10, 0x6, [1], INVALID),
        ("unknown message", GUEST, 0x14, 0x55, [], NOT_FOUND),
        ("no negotiation", GUEST, 0x14, 0x10, [0x10000], NOT_FOUND),
        ("attributes of no message", GUEST, 0x14, 0x2, [0x55], NOT_FOUND),
        ("agent 0", GUEST, 0x10, 0x7, [0], "00000000 00000000 706c6174 666f726d 00000000 00000000"),
        ("unknown agent", GUEST, 0x10, 0x7, [99], NOT_FOUND),
        ("permission by a guest", GUEST, 0x10, 0x9, [2, 0, 1], DENIED),
        ("permission of the platform", TRUSTED, 0x10, 0x9, [0, 99, 9], SUCCESS),
        ("permission of an unknown device", TRUSTED, 0x10, 0x9, [2, 99, 1], INVALID),
        ("permission of an unknown agent", TRUSTED, 0x10, 0x9, [99, 0, 1], NOT_FOUND),
        ("reserved permission flags", TRUSTED, 0x10, 0x9, [2, 0, 2], INVALID),
        ("denying base", TRUSTED, 0x10, 0xA, [2, 0, 0x10, 0], DENIED),
        ("reset of the platform", TRUSTED, 0x10, 0xB, [0, 1], SUCCESS),
        ("clock of another", OTHER, 0x14, 0x6, [0], DENIED),
        ("unknown clock", GUEST, 0x14, 0x6, [99], NOT_FOUND),
        ("reserved clock bits", GUEST, 0x14, 0x7, [0, 4], INVALID),
        ("rate flags", GUEST, 0x14, 0x5, [0x10, 0, 1000, 0], INVALID),
        ("rate by a stranger", STRANGER, 0x14, 0x5, [0, 0, 1000, 0], DENIED),
        ("asynchronous rate", GUEST, 0x14, 0x5, [1, 0, 1000, 0], NOT_SUPPORTED),
        ("asynchronous power state", GUEST, 0x11, 0x4, [1, 0, 0], NOT_SUPPORTED),
        ("rates beyond", GUEST, 0x14, 0x4, [0, 40], RANGE),
        ("performance levels beyond", GUEST, 0x13, 0x4, [0, 8], INVALID),
        ("performance level out of range", GUEST, 0x13, 0x7, [0, 9000], RANGE),
        ("performance limits upside down", GUEST, 0x13, 0x5, [0, 200, 300], INVALID),
        ("voltage that is not listed", GUEST, 0x17, 0x7, [0, 0, 850_000], INVALID),
        ("voltage levels beyond", GUEST, 0x17, 0x4, [0, 2], RANGE),
        ("sensors beyond", GUEST, 0x15, 0x3, [3], INVALID),
        ("reset state", GUEST, 0x16, 0x4, [0, 1, 1], INVALID),
        ("system power by a stranger", STRANGER, 0x12, 0x3, [0, 1], DENIED),
        ("power cap out of range", GUEST, 0x18, 0x5, [0, 0, 99], RANGE),
        ("power cap unknown domain", GUEST, 0x18, 0x4, [99], NOT_FOUND),
    ],
    "imx-sm": [
        ("base version", GUEST, 0x10, 0x0, [], "00000000 01000200"),
        ("power version", GUEST, 0x11, 0x0, [], "00000000 01000300"),
        ("system version", GUEST, 0x12, 0x0, [], "00000000 01000200"),
        ("performance version", GUEST, 0x13, 0x0, [], "00000000 00000400"),
        ("clock version", GUEST, 0x14, 0x0, [], "00000000 00000300"),
        ("sensor version", GUEST, 0x15, 0x0, [], "00000000 01000300"),
        ("reset version", GUEST, 0x16, 0x0, [], "00000000 01000300"),
        ("voltage version", GUEST, 0x17, 0x0, [], "00000000 01000200"),
        ("pin control version", GUEST, 0x19, 0x0, [], "00000000 00000100"),
        ("no power capping", GUEST, 0x18, 0x0, [], NOT_SUPPORTED),
        ("vendor", GUEST, 0x10, 0x3, [], "00000000 4e585000 00000000 00000000 00000000"),
        ("sub-vendor", GUEST, 0x10, 0x4, [], "00000000 494d5800 00000000 00000000 00000000"),
        ("excess bytes are ignored", GUEST, 0x10, 0x0, [1, 2, 3], "00000000 01000200"),
        ("too few bytes are not", GUEST, 0x14, 0x7, [0, 1], SIZE),
        ("anyone may read", STRANGER, 0x14, 0x6, [0], "00000000 e8030000 00000000"),
        ("and not write", STRANGER, 0x14, 0x7, [0, 1, 0], DENIED),
        ("unknown message", GUEST, 0x14, 0x9, [0, 1], NOT_SUPPORTED),
        ("attributes of no message", GUEST, 0x14, 0x2, [9], NOT_FOUND),
        ("asynchronous rate", GUEST, 0x14, 0x5, [1, 0, 1000, 0], INVALID),
        ("asynchronous power state", GUEST, 0x11, 0x4, [1, 0, 0], NOT_SUPPORTED),
        ("older minor version", GUEST, 0x11, 0x10, [0x30000], SUCCESS),
        ("older major version", GUEST, 0x11, 0x10, [0x20000], NOT_SUPPORTED),
        ("newer version", GUEST, 0x11, 0x10, [0x30002], NOT_SUPPORTED),
        ("unknown agent", GUEST, 0x10, 0x7, [99], NOT_FOUND),
        ("agent 0", GUEST, 0x10, 0x7, [0], "00000000 00000000 706c6174 666f726d 00000000 00000000"),
        ("unknown device", TRUSTED, 0x10, 0x9, [2, 99, 1], NOT_FOUND),
    ],
}
ROWS = [(profile, *row) for profile, rows in TABLES.items() for row in rows]


@pytest.mark.parametrize(
    ("profile", "name", "agent", "protocol", "message", "words", "answer"), ROWS, ids=[f"{r[0]}: {r[1]}" for r in ROWS]
)
def test_answers_of_the_sources(
    profile: str, name: str, agent: int, protocol: int, message: int, words: list[int], answer: int | str
) -> None:
    firmware = Firmware(full_platform(), PROFILES[profile])
    payload = b"".join(word.to_bytes(4, "little") for word in words)
    found = firmware.answer(agent, Header.of(protocol_id=protocol, message_id=message), payload)
    expected = bytes.fromhex(answer) if isinstance(answer, str) else answer.to_bytes(4, "little", signed=True)
    assert found.hex(" ", 4) == expected.hex(" ", 4)


def test_every_profile_names_its_sources() -> None:
    for name, profile in PROFILES.items():
        assert profile.name == name
        assert profile.doc
        assert profile.sources
        for protocol in profile.versions:
            assert profile.has(protocol)


def test_granting_a_device_again_reopens_protocols_on_scp_alone(make_lab: Callable[..., Lab]) -> None:
    for profile, answer in (("scp", 0), ("generic", Status.DENIED)):
        lab = make_lab(profile, full_platform())
        for words in ([GUEST, 0, 0x14, 0], [GUEST, 0, 1]):
            payload = b"".join(word.to_bytes(4, "little") for word in words)
            assert lab.raw(TRUSTED, 0x10, 0xA if len(words) == 4 else 0x9, payload) == bytes(4)
        found = lab.raw(GUEST, 0x14, 0x6, bytes(4))
        assert int.from_bytes(found[:4], "little", signed=True) == answer


def test_a_user_can_bring_a_profile() -> None:
    profile = load_profile(
        """
        name = "mine"
        doc = "Mine"
        vendor = "me"
        trusted_agents = [3]
        protocols = ["base", "clock"]
        missing = ["BASE_DISCOVER_AGENT", "CLOCK_PROTOCOL_ATTRIBUTES", "POWER_DOMAIN_PROTOCOL_ATTRIBUTES"]
        reset = "revoke"
        [versions]
        clock = 0x20000
        [statuses]
        unknown_agent = "DENIED"
        clock.unknown_resource = "OUT_OF_RANGE"
        CLOCK_RATE_GET.unknown_resource = "BUSY"
        """,
        "mine.toml",
    )
    assert profile.trusted_agents == frozenset({3})
    assert profile.versions == {0x14: 0x20000}
    assert [profile.has(number) for number in (0x10, 0x14, 0x16)] == [True, True, False]
    assert profile.status("unknown_resource", 0x14, "CLOCK_RATE_GET") == Status.BUSY
    assert profile.status("unknown_resource", 0x14, "CLOCK_ATTRIBUTES") == Status.OUT_OF_RANGE
    assert profile.status("unknown_resource", 0x16) == Status.NOT_FOUND
    firmware = Firmware(full_platform(), profile)
    assert list(firmware.servers) == [0x10, 0x14]
    assert firmware.answer(GUEST, Header.of(protocol_id=0x14, message_id=1), b"") == b"\xff" * 4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = ", "not TOML"),
        ('name = "x"', "`doc' is missing"),
        ('name = "x"\ndoc = "x"\ncolour = 1', "unknown key `colour'"),
        ('name = "x"\ndoc = "x"\nreset = "never"', "`reset' is 'never'"),
        ('name = "x"\ndoc = "x"\nmax_request = -1', "`max_request' is -1"),
        ('name = "x"\ndoc = "x"\nmax_response = 40', "`max_response' is 40"),
        ('name = "x"\ndoc = "x"\nmissing = ["CLOCK_NAME_GTE"]', "`missing' names 'CLOCK_NAME_GTE'"),
        ('name = "x"\ndoc = "x"\n[versions]\nclock = 3', "`versions.clock' is 3"),
        ('name = "x"\ndoc = "x"\nexclusive = 1', "`exclusive' is 1"),
        ('name = "x"\ndoc = "x"\nprotocols = ["audio"]', "`audio' is not a protocol"),
        ('name = "x"\ndoc = "x"\ntrusted_agents = 1', "`trusted_agents' is not a list"),
        ('name = "x"\ndoc = "x"\nversions = 1', "`versions' is not a table"),
        (
            'name = "x"\ndoc = "x"\n[statuses]\nunknown_planet = "DENIED"',
            "`statuses.unknown_planet' is not",
        ),
        ('name = "x"\ndoc = "x"\n[statuses]\nX.wrong_size = "DENIED"', "`statuses.X.wrong_size' is not a situation"),
        ('name = "x"\ndoc = "x"\n[statuses]\nwrong_size = "MAYBE"', "`statuses.wrong_size' is 'MAYBE'"),
    ],
)
def test_profiles_that_cannot_be_used(text: str, message: str) -> None:
    with pytest.raises(ProfileError) as raised:
        load_profile(text, "mine.toml")
    assert str(raised.value).startswith(f"mine.toml: {message}")
    assert raised.value.diagnostics[0].help
