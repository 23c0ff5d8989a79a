"""Profiles: in what real SCMI firmware differs, as data.

A profile never changes what a message means, only who may set permissions, which messages there are, and which of the
statuses that the specification allows is answered. Sources: EPAM's TF-A for Raspberry Pi 5 and R-Car Gen4
(`drivers/scmi-msg`), SCP-firmware (`module/scmi`), Arm DEN0056 for `generic`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType

from xenscmi.scmi.header import ProtocolId
from xenscmi.scmi.status import Status


class ResetMeaning(Enum):
    """What BASE_RESET_AGENT_CONFIGURATION does to the agent that it names."""

    BY_FLAG = "what the agent alone may use goes back to its boot state; flag bit 0: its permissions too"
    REVOKE = "the agent's permissions are revoked"
    QUIESCE = "the agent's resets are asserted and its clocks stopped; permissions stay, the flag is ignored"
    RESTORE = "the agent's permissions of boot time are restored"


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmwareProfile:
    """How one firmware behaves where firmware differs.

    `trusted_agents` alone may set permissions; None: those that the platform names. `unknown_message` and
    `unknown_agent` are the statuses for these. `missing` names commands without a handler; those
    that every protocol has, by the protocol's name too (`BASE_PROTOCOL_ATTRIBUTES`). `exclusive`: a device
    belongs to one untrusted agent at a time, and granting it to a second is IN_USE. `versions` are protocol versions
    where not the newest (protocol id → version). `max_request` is the longest payload taken, in bytes; a longer one is
    a transport error. `max_response` bounds an answer's payload, status included: longer lists come in parts.
    """

    name: str
    doc: str
    vendor: str
    sub_vendor: str = ""
    implementation_version: int = 1
    trusted_agents: frozenset[int] | None = None
    reset: ResetMeaning = ResetMeaning.BY_FLAG
    unknown_message: Status = Status.NOT_SUPPORTED
    unknown_agent: Status = Status.NOT_FOUND
    missing: frozenset[str] = frozenset()
    exclusive: bool = False
    versions: Mapping[int, int] = field(default_factory=lambda: MappingProxyType({}))
    max_request: int = 104
    max_response: int = 104


_TFA_VERSIONS: Mapping[int, int] = MappingProxyType(
    {ProtocolId.BASE: 0x20000, ProtocolId.POWER_DOMAIN: 0x20000, ProtocolId.CLOCK: 0x10000, ProtocolId.RESET: 0x10000}
)
_TFA_MISSING = frozenset({"BASE_NOTIFY_ERRORS", "BASE_SET_PROTOCOL_PERMISSIONS"})

PROFILES: Mapping[str, FirmwareProfile] = MappingProxyType(
    {
        profile.name: profile
        for profile in (
            FirmwareProfile(
                name="generic",
                doc="A strict reading of the specification: the platform's description names who may set permissions",
                vendor="xenscmi",
            ),
            FirmwareProfile(
                name="tfa-rpi5",
                doc="EPAM's TF-A for Raspberry Pi 5: agent 0 alone sets permissions; a reset revokes an agent's",
                vendor="EPAM",
                implementation_version=0x40,
                trusted_agents=frozenset({0}),
                reset=ResetMeaning.REVOKE,
                unknown_agent=Status.INVALID_PARAMETERS,
                missing=_TFA_MISSING,
                versions=_TFA_VERSIONS,
                max_request=92,
                max_response=100,
            ),
            FirmwareProfile(
                name="tfa-rcar-gen4",
                doc="EPAM's TF-A for R-Car Gen4: agent 0 alone sets permissions; a reset stops an agent's devices",
                vendor="EPAM",
                sub_vendor="Renesas",
                trusted_agents=frozenset({0}),
                reset=ResetMeaning.QUIESCE,
                unknown_agent=Status.INVALID_PARAMETERS,
                missing=_TFA_MISSING,
                versions=_TFA_VERSIONS,
                max_request=92,
                max_response=100,
            ),
            FirmwareProfile(
                name="scp",
                doc="SCP-firmware: permissions as configured; a reset restores an agent's permissions of boot time",
                vendor="arm",
                sub_vendor="arm",
                reset=ResetMeaning.RESTORE,
                unknown_message=Status.NOT_FOUND,
                missing=frozenset({"BASE_NOTIFY_ERRORS"}),
            ),
        )
    }
)
