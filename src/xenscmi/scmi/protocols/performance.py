"""Performance domain management protocol, 0x13 (DEN0056 3.2, 4.5).

A level is a platform-defined number. In level indexing mode (version 4.0) commands carry its index instead.
"""

from __future__ import annotations

from enum import IntEnum
from functools import partial

from xenscmi.scmi.bitfields import Bit, BitFields, Bits
from xenscmi.scmi.codec import Structure, bitfields, records, structure, text, u32, u64
from xenscmi.scmi.header import ProtocolId
from xenscmi.scmi.message import Command, Notification, NotificationPayload, Pages, Protocol, Request, Response
from xenscmi.scmi.protocols.common import (
    EXTENDED_NAME_SIZE,
    NAME_SIZE,
    FastchannelDescription,
    NotifyEnable,
    RateLimit,
    Reserved,
    common_commands,
)


class PowerUnit(IntEnum):
    """Units of a level's power."""

    ABSTRACT = 0
    MILLIWATT = 1
    MICROWATT = 2


class PerformanceProtocolAttributes(BitFields):
    """The number of performance domains."""

    power_unit = Bits(17, 16, "Unit of power costs", PowerUnit)
    domains = Bits(15, 0, "Number of performance domains")


@structure
class PerformanceProtocolAttributesResponse(Response):
    """The number of performance domains, and the address of their statistics."""

    attributes: PerformanceProtocolAttributes = bitfields(
        PerformanceProtocolAttributes, "Number of domains, unit of power"
    )
    statistics_address: int = u64("Physical address of the shared statistics")
    statistics_len: int = u32("Bytes of the statistics; 0: no statistics")


@structure
class PerformanceDomainAttributesRequest(Request):
    """Ask for the attributes of a performance domain."""

    domain_id: int = u32("The performance domain")


class PerformanceDomainAttributes(BitFields):
    """Capabilities of a performance domain."""

    can_set_limits = Bit(31, "The agent may set limits")
    can_set_level = Bit(30, "The agent may set the level")
    limits_notifications = Bit(29, "PERFORMANCE_LIMITS_CHANGED is available")
    level_notifications = Bit(28, "PERFORMANCE_LEVEL_CHANGED is available")
    fast_channels = Bit(27, "Has fast channels: PERFORMANCE_DESCRIBE_FASTCHANNEL")
    extended_name = Bit(26, "The name has more than 15 characters: PERFORMANCE_DOMAIN_NAME_GET returns it")
    level_indexing = Bit(25, "Commands carry level indexes, not levels")


@structure
class PerformanceDomainAttributesResponse(Response):
    """The attributes of a performance domain."""

    attributes: PerformanceDomainAttributes = bitfields(PerformanceDomainAttributes, "Capabilities")
    rate_limit: RateLimit = bitfields(RateLimit, "Minimum time between two uses")
    sustained_freq: int = u32("Frequency of the sustained level, in kHz; 0: unknown")
    sustained_perf_level: int = u32("Sustained level")
    name: str = text(NAME_SIZE, "Its name, cut to 15 characters")


@structure
class PerformanceDescribeLevelsRequest(Request):
    """Ask for the levels of a performance domain."""

    domain_id: int = u32("The performance domain")
    level_index: int = u32("Number of levels to skip, those of earlier answers")


class NumLevels(BitFields):
    """Which levels an answer has."""

    remaining = Bits(31, 16, "Number of levels that further answers will bring")
    returned = Bits(11, 0, "Number of levels in this answer")


class LevelAttributes(BitFields):
    """The attributes of a level."""

    transition_latency = Bits(15, 0, "Worst-case time to change to it, in µs; 0: unknown")


@structure
class PerformanceLevel(Structure):
    """A level of a performance domain."""

    value: int = u32("The level")
    power_cost: int = u32("Power at this level, in the unit of the protocol attributes; 0: unknown")
    attributes: LevelAttributes = bitfields(LevelAttributes, "Latency")
    indicative_frequency: int = u32("Indicative frequency of this level, in kHz (in level indexing mode)")
    level_index: int = u32("Its index (in level indexing mode)")


@structure
class PerformanceLevelV1(Structure):
    """A level of a performance domain, before version 4.0 of the protocol."""

    value: int = u32("The level")
    power_cost: int = u32("Power at this level, in the unit of the protocol attributes; 0: unknown")
    attributes: LevelAttributes = bitfields(LevelAttributes, "Latency")


@structure
class PerformanceDescribeLevelsResponse(Response):
    """Some of the levels of a performance domain, rising."""

    num_levels: NumLevels = bitfields(NumLevels, "Which levels these are")
    perf_levels: tuple[PerformanceLevel, ...] = records(PerformanceLevel, "The levels", count="num_levels.returned")


@structure
class PerformanceDescribeLevelsResponseV1(Response):
    """Some of the levels of a performance domain, rising, before version 4.0 of the protocol."""

    num_levels: NumLevels = bitfields(NumLevels, "Which levels these are")
    perf_levels: tuple[PerformanceLevelV1, ...] = records(PerformanceLevelV1, "The levels", count="num_levels.returned")


@structure
class PerformanceLimitsSetRequest(Request):
    """Limit the levels of a performance domain."""

    domain_id: int = u32("The performance domain")
    range_max: int = u32("Highest level or index allowed; 0: unchanged, if range_min is not 0 (since 3.0)")
    range_min: int = u32("Lowest level or index allowed; 0: unchanged, if range_max is not 0 (since 3.0)")


@structure
class PerformanceLimitsSetResponse(Response):
    """The limits are set."""


@structure
class PerformanceLimitsGetRequest(Request):
    """Ask for the limits of a performance domain."""

    domain_id: int = u32("The performance domain")


@structure
class PerformanceLimitsGetResponse(Response):
    """The limits of a performance domain."""

    range_max: int = u32("Highest level or index allowed")
    range_min: int = u32("Lowest level or index allowed")


@structure
class PerformanceLevelSetRequest(Request):
    """Set the level of a performance domain."""

    domain_id: int = u32("The performance domain")
    performance_level: int = u32("The requested level or index")


@structure
class PerformanceLevelSetResponse(Response):
    """The level is set, or will be set."""


@structure
class PerformanceLevelGetRequest(Request):
    """Ask for the level of a performance domain."""

    domain_id: int = u32("The performance domain")


@structure
class PerformanceLevelGetResponse(Response):
    """The level of a performance domain."""

    performance_level: int = u32("Its level or index")


@structure
class PerformanceNotifyLimitsRequest(Request):
    """Start or stop notifications of changed limits."""

    domain_id: int = u32("The performance domain")
    notify_enable: NotifyEnable = bitfields(NotifyEnable, "Whether to send the notifications")


@structure
class PerformanceNotifyLimitsResponse(Response):
    """The notifications are on or off, as requested."""


@structure
class PerformanceNotifyLevelRequest(Request):
    """Start or stop notifications of changed levels."""

    domain_id: int = u32("The performance domain")
    notify_enable: NotifyEnable = bitfields(NotifyEnable, "Whether to send the notifications")


@structure
class PerformanceNotifyLevelResponse(Response):
    """The notifications are on or off, as requested."""


@structure
class PerformanceDescribeFastchannelRequest(Request):
    """Ask for the fast channel of a command."""

    domain_id: int = u32("The performance domain")
    message_id: int = u32("The command: set or get limits or level")


@structure
class PerformanceDescribeFastchannelResponse(FastchannelDescription):
    """The fast channel of a command."""


@structure
class PerformanceDomainNameGetRequest(Request):
    """Ask for the full name of a performance domain."""

    domain_id: int = u32("The performance domain")


@structure
class PerformanceDomainNameGetResponse(Response):
    """The full name of a performance domain."""

    flags: Reserved = bitfields(Reserved, "Reserved")
    name: str = text(EXTENDED_NAME_SIZE, "Its name")


@structure
class PerformanceLimitsChanged(NotificationPayload):
    """A performance domain has new limits."""

    agent_id: int = u32("The agent that requested them")
    domain_id: int = u32("The performance domain")
    range_max: int = u32("Highest level or index allowed")
    range_min: int = u32("Lowest level or index allowed")


@structure
class PerformanceLevelChanged(NotificationPayload):
    """A performance domain has a new level."""

    agent_id: int = u32("The agent that requested it")
    domain_id: int = u32("The performance domain")
    performance_level: int = u32("Its level or index")


row = partial(Command, ProtocolId.PERFORMANCE)
notice = partial(Notification, ProtocolId.PERFORMANCE)

PROTOCOL = Protocol(
    id=ProtocolId.PERFORMANCE,
    name="performance domain",
    section="4.5",
    versions=(0x10000, 0x20000, 0x30000, 0x40000),
    commands=(
        *common_commands(ProtocolId.PERFORMANCE, PerformanceProtocolAttributesResponse, negotiable_since=0x40000),
        row(
            0x3,
            "PERFORMANCE_DOMAIN_ATTRIBUTES",
            PerformanceDomainAttributesRequest,
            PerformanceDomainAttributesResponse,
        ),
        row(
            0x4,
            "PERFORMANCE_DESCRIBE_LEVELS",
            PerformanceDescribeLevelsRequest,
            PerformanceDescribeLevelsResponseV1,
            until=0x40000,
            pages=Pages("level_index", "perf_levels", "num_levels.remaining"),
        ),
        row(
            0x4,
            "PERFORMANCE_DESCRIBE_LEVELS",
            PerformanceDescribeLevelsRequest,
            PerformanceDescribeLevelsResponse,
            since=0x40000,
            pages=Pages("level_index", "perf_levels", "num_levels.remaining"),
        ),
        row(0x5, "PERFORMANCE_LIMITS_SET", PerformanceLimitsSetRequest, PerformanceLimitsSetResponse),
        row(0x6, "PERFORMANCE_LIMITS_GET", PerformanceLimitsGetRequest, PerformanceLimitsGetResponse),
        row(0x7, "PERFORMANCE_LEVEL_SET", PerformanceLevelSetRequest, PerformanceLevelSetResponse),
        row(0x8, "PERFORMANCE_LEVEL_GET", PerformanceLevelGetRequest, PerformanceLevelGetResponse),
        row(0x9, "PERFORMANCE_NOTIFY_LIMITS", PerformanceNotifyLimitsRequest, PerformanceNotifyLimitsResponse),
        row(0xA, "PERFORMANCE_NOTIFY_LEVEL", PerformanceNotifyLevelRequest, PerformanceNotifyLevelResponse),
        row(
            0xB,
            "PERFORMANCE_DESCRIBE_FASTCHANNEL",
            PerformanceDescribeFastchannelRequest,
            PerformanceDescribeFastchannelResponse,
            since=0x20000,
        ),
        row(
            0xC,
            "PERFORMANCE_DOMAIN_NAME_GET",
            PerformanceDomainNameGetRequest,
            PerformanceDomainNameGetResponse,
            since=0x30000,
        ),
    ),
    notifications=(
        notice(0x0, "PERFORMANCE_LIMITS_CHANGED", PerformanceLimitsChanged),
        notice(0x1, "PERFORMANCE_LEVEL_CHANGED", PerformanceLevelChanged),
    ),
)
