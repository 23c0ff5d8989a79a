"""Profiles: what one firmware does where firmware differs, as data.

A profile is a TOML file (`profiles/*.toml`) whose comments cite the source file of each statement; `load_profile` reads
one that a user brings. It never changes what a message means, only which messages there are, in which versions, with
which statuses they are refused, and who may set permissions.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from enum import Enum
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.scmi.header import ProtocolId
from xenscmi.scmi.protocols import protocol
from xenscmi.scmi.status import Status


class ResetMeaning(Enum):
    """What BASE_RESET_AGENT_CONFIGURATION does to the agent that it names; what the agent holds, it always loses."""

    BY_FLAG = "resources that it alone may use return to their boot state; with flag bit 0 its permissions do, too"
    REVOKE = "its permissions are revoked"
    QUIESCE = "its resets are asserted and its clocks stopped; its permissions stay, the flag is ignored"
    RESTORE = "with flag bit 0 its permissions of boot time are restored; without it, nothing happens"


STATUSES: Mapping[str, Status] = MappingProxyType(
    {
        "unknown_protocol": Status.NOT_SUPPORTED,
        "unknown_message": Status.NOT_SUPPORTED,
        "wrong_size": Status.PROTOCOL_ERROR,
        "unknown_resource": Status.NOT_FOUND,
        "no_permission": Status.DENIED,
        "reserved_bits": Status.INVALID_PARAMETERS,
        "unknown_agent": Status.NOT_FOUND,
        "unknown_device": Status.NOT_FOUND,
        "device_in_use": Status.IN_USE,
        "deny_base_protocol": Status.INVALID_PARAMETERS,
        "skip_beyond": Status.INVALID_PARAMETERS,
        "index_beyond": Status.OUT_OF_RANGE,
        "level_beyond": Status.OUT_OF_RANGE,
        "unlisted_level": Status.INVALID_PARAMETERS,
        "asynchronous": Status.NOT_SUPPORTED,
        "unknown_setting": Status.INVALID_PARAMETERS,
        "disabled_sensor": Status.PROTOCOL_ERROR,
    }
)
"""Situations in which a message is refused, and the status by the specification."""

# A page has 4096 bytes, 28 of them before the payload; the longest answer that cannot come in parts has 76 bytes.
_BOUNDS = {"max_request": (16, 4068), "max_response": (76, 4068)}


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmwareProfile:
    """How one firmware behaves where firmware differs.

    Identity: `vendor`, `sub_vendor` and `implementation_version` are what the base protocol answers.

    Permissions: `trusted_agents` alone may set them; None: those that the platform names. `exclusive`: a device belongs
    to one untrusted agent at a time. `checks_permissions`: whether resources are protected at all; `open_reads`: only
    against changes. `regrant_reopens`: granting a device again opens the protocols of it that were denied.
    `ignores_platform_agent`: permissions of agent 0 are accepted and ignored.

    Messages: `protocols` are those that exist, None: all. `versions` are the protocol versions where not the newest,
    `forms` the versions whose layouts are used where not the announced one. `missing` names commands without a handler,
    those of every protocol with its name (`BASE_PROTOCOL_ATTRIBUTES`). `notifications` and `delayed_responses`:
    whether it sends any; with the status SUCCESS for `asynchronous`, an asynchronous command is carried out at once.
    `negotiates_within_major`: NEGOTIATE_PROTOCOL_VERSION accepts only an older minor version. `lists_all_protocols`:
    BASE_DISCOVER_LIST_PROTOCOLS lists them all, not only those that the agent may use. `counts_agents`: whether
    PROTOCOL_ATTRIBUTES counts agents. `platform_name`: agent 0 is named "platform". `clock_flags` are bits that
    CLOCK_ATTRIBUTES always has. `any_message_type`: the type in a header is ignored. `ignores_excess`: so are bytes
    after a request. `statuses` are the statuses that are not the specification's (`STATUSES`): for a situation, or
    for a protocol's or command's situation (`clock.unknown_resource`, `RESET.unknown_resource`).

    Channel: `max_request` is the longest payload taken, in bytes; a longer one is a transport error. `max_response`
    bounds an answer's payload, status included: longer lists come in parts. `dies_on_error`: after one bad ring a
    channel refuses everything until the board is reset. `keeps_status_bits`: the channel status keeps its other bits.
    `leaves_padding`: bytes that pad a list are not written.
    """

    name: str
    doc: str
    sources: tuple[str, ...] = ()
    vendor: str = ""
    sub_vendor: str = ""
    implementation_version: int = 1
    trusted_agents: frozenset[int] | None = None
    exclusive: bool = False
    checks_permissions: bool = True
    open_reads: bool = False
    regrant_reopens: bool = False
    ignores_platform_agent: bool = False
    reset: ResetMeaning = ResetMeaning.BY_FLAG
    protocols: frozenset[int] | None = None
    versions: Mapping[int, int] = field(default_factory=lambda: MappingProxyType({}))
    forms: Mapping[int, int] = field(default_factory=lambda: MappingProxyType({}))
    missing: frozenset[str] = frozenset()
    notifications: bool = True
    delayed_responses: bool = True
    negotiates_within_major: bool = False
    lists_all_protocols: bool = False
    counts_agents: bool = True
    platform_name: bool = True
    clock_flags: int = 0
    any_message_type: bool = False
    ignores_excess: bool = False
    statuses: Mapping[str, Status] = field(default_factory=lambda: MappingProxyType({}))
    max_request: int = 104
    max_response: int = 104
    dies_on_error: bool = False
    keeps_status_bits: bool = False
    leaves_padding: bool = False

    def status(self, situation: str, protocol_id: int = 0, command: str = "") -> Status:
        """Return the status for a situation: the command's own, its protocol's, the firmware's, the specification's."""
        name = ProtocolId(protocol_id).name.lower() if protocol_id else ""
        for key in (f"{command}.{situation}", f"{name}.{situation}", situation):
            if key in self.statuses:
                return self.statuses[key]
        return STATUSES[situation]

    def has(self, protocol_id: int) -> bool:
        """Whether the firmware has the protocol at all."""
        return self.protocols is None or protocol_id in self.protocols


class ProfileError(XenscmiError):
    """A profile that cannot be used; the message names the file and the key."""

    def __init__(self, name: str, problem: str, help: str) -> None:
        super().__init__(Diagnostic(message=f"{name}: {problem}", help=help))


def load_profile(text: str, name: str) -> FirmwareProfile:
    """Read a profile from TOML text; `name` is that of its file. Raises ProfileError."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(name, f"not TOML: {error}", "see docs/scmi.md for the keys of a profile") from None
    known = {each.name: each for each in fields(FirmwareProfile)}
    values: dict[str, object] = {}
    for key, value in table.items():
        if key not in known:
            raise ProfileError(name, f"unknown key `{key}'", f"keys are {', '.join(known)}")
        values[key] = _value(name, key, value, str(known[key].type))
    for required in ("name", "doc"):
        if required not in values:
            raise ProfileError(name, f"`{required}' is missing", f'add {required} = "…"')
    return FirmwareProfile(**values)  # type: ignore[arg-type]  # _value has checked the types


def _value(name: str, key: str, value: object, kind: str) -> object:
    """Turn a TOML value into the field's; raises ProfileError if it is of another type."""
    if key == "reset":
        names = {each.name.lower(): each for each in ResetMeaning}
        if not isinstance(value, str) or value not in names:
            raise ProfileError(name, f"`reset' is {value!r}", f"use one of {', '.join(names)}")
        return names[value]
    if key == "statuses":
        return MappingProxyType(dict(_statuses(name, _table(name, key, value))))
    if key in ("versions", "forms"):
        return MappingProxyType(dict(_versions(name, key, value)))
    if key == "protocols":
        return frozenset(_protocol(name, each) for each in _list(name, key, value))
    if kind.startswith("frozenset[int]"):
        return frozenset(_integer(name, key, each) for each in _list(name, key, value))
    if key == "missing":
        return frozenset(_command(name, each) for each in _list(name, key, value))
    if kind.startswith("tuple[str"):
        return tuple(str(each) for each in _list(name, key, value))
    if kind == "int":
        return _integer(name, key, value, *_BOUNDS.get(key, (0, 0xFFFF_FFFF)))
    expected = {"bool": bool, "str": str}[kind]
    if not isinstance(value, expected):
        raise ProfileError(name, f"`{key}' is {value!r}", f"write a {expected.__name__}")
    return value


def _table(name: str, key: str, value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise ProfileError(name, f"`{key}' is not a table", f"write [{key}]")
    return value


def _list(name: str, key: str, value: object) -> list[object]:
    if not isinstance(value, list):
        raise ProfileError(name, f"`{key}' is not a list", f"write {key} = […]")
    return value


def _integer(name: str, key: str, value: object, lowest: int = 0, highest: int = 0xFFFF_FFFF) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
        raise ProfileError(name, f"`{key}' is {value!r}", f"write a number from {lowest:#x} to {highest:#x}")
    return value


def _protocol(name: str, value: object) -> int:
    names = {each.name.lower(): each.value for each in ProtocolId}
    if not isinstance(value, str) or value not in names:
        raise ProfileError(name, f"`{value}' is not a protocol", f"protocols are {', '.join(names)}")
    return names[value]


def _command(name: str, value: object) -> str:
    if value not in _commands():
        raise ProfileError(
            name, f"`missing' names {value!r}, which is not a command", "see docs/scmi.md for the names of all commands"
        )
    return str(value)


@cache
def _commands() -> frozenset[str]:
    """Return the names of all commands, with and without the protocol's name before them."""
    rows = [(each.name, row.name) for each in ProtocolId if (found := protocol(each)) for row in found.commands]
    return frozenset(name for prefix, row in rows for name in (row, f"{prefix}_{row}"))


def _versions(name: str, key: str, value: object) -> Iterator[tuple[int, int]]:
    for each, version in _table(name, key, value).items():
        yield _protocol(name, each), _integer(name, f"{key}.{each}", version, 0x10000)


def _statuses(name: str, table: Mapping[str, object]) -> Iterator[tuple[str, Status]]:
    scopes = {each.name.lower() for each in ProtocolId}
    for key, value in table.items():
        entries = (
            {f"{key}.{inner}": status for inner, status in value.items()} if isinstance(value, dict) else {key: value}
        )
        for path, status in entries.items():
            scope, _, situation = path.rpartition(".")
            if situation not in STATUSES or (scope and scope not in scopes | _commands()):
                raise ProfileError(
                    name, f"`statuses.{path}' is not a situation", f"situations are {', '.join(STATUSES)}"
                )
            if not isinstance(status, str) or status not in Status.__members__:
                raise ProfileError(
                    name, f"`statuses.{path}' is {status!r}", f"use one of {', '.join(Status.__members__)}"
                )
            yield path, Status[status]


class _Profiles(Mapping[str, FirmwareProfile]):
    """The profiles that xenscmi brings, by name; each is read when it is first asked for."""

    ORDER = ("generic", "tfa", "tfa-epam", "tfa-rpi5", "tfa-rcar-gen4", "optee", "scp", "imx-sm", "xen-lab")

    def __getitem__(self, name: str) -> FirmwareProfile:
        if name not in self.ORDER:
            raise KeyError(name)
        return _shipped(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.ORDER)

    def __len__(self) -> int:
        return len(self.ORDER)


@cache
def _shipped(name: str) -> FirmwareProfile:
    file = f"{name}.toml"
    return load_profile(files("xenscmi.firmware").joinpath("profiles", file).read_text("utf-8"), file)


PROFILES: Mapping[str, FirmwareProfile] = _Profiles()
