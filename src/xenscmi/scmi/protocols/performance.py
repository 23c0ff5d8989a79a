"""Performance domain management protocol, 0x13 (DEN0056 3.2, 4.5).

A level is a number of the platform's own. In level indexing mode (version 4.0) commands carry its index instead.
"""

from __future__ import annotations

from enum import IntEnum
from functools import partial

from xenscmi.scmi.kinds import records, text, u32, u64, word
from xenscmi.scmi.layout import Structure, structure
from xenscmi.scmi.message import Command, Notice, Notification, Pages, Protocol, Request, Response
from xenscmi.scmi.protocols.common import (
    EXTENDED_NAME_SIZE,
    NAME_SIZE,
    FastchannelDescription,
    NotifyEnable,
    RateLimit,
    Reserved,
    common_commands,
)
from xenscmi.scmi.words import Bit, Bits, Word

PROTOCOL_ID = 0x13


class PowerUnit(IntEnum):
    """Units of a level's power."""

    ABSTRACT = 0
    MILLIWATT = 1
    MICROWATT = 2


class PerformanceProtocolAttributes(Word):
    """How many performance domains there are."""

    power_unit = Bits(17, 16, "Unit of power costs", PowerUnit)
    domains = Bits(15, 0, "Number of performance domains")


@structure
class PerformanceProtocolAttributesResponse(Response):
    """How many performance domains there are, and where their statistics stand."""

    attributes: PerformanceProtocolAttributes = word(PerformanceProtocolAttributes, "Number of domains, unit of power")
    statistics_address: int = u64("Physical address of the shared statistics")
    statistics_len: int = u32("Bytes of the statistics; 0: there are none")


@structure
class PerformanceDomainAttributesRequest(Request):
    """Ask for what a performance domain is."""

    domain_id: int = u32("The performance domain")


class PerformanceDomainAttributes(Word):
    """What a performance domain can."""

    can_set_limits = Bit(31, "The agent may set limits")
    can_set_level = Bit(30, "The agent may set the level")
    limits_notifications = Bit(29, "PERFORMANCE_LIMITS_CHANGED can be asked for")
    level_notifications = Bit(28, "PERFORMANCE_LEVEL_CHANGED can be asked for")
    fast_channels = Bit(27, "Has fast channels: PERFORMANCE_DESCRIBE_FASTCHANNEL")
    extended_name = Bit(26, "Has a name of more than 15 characters: PERFORMANCE_DOMAIN_NAME_GET")
    level_indexing = Bit(25, "Commands carry level indexes, not levels")


@structure
class PerformanceDomainAttributesResponse(Response):
    """What a performance domain is."""

    attributes: PerformanceDomainAttributes = word(PerformanceDomainAttributes, "Abilities")
    rate_limit: RateLimit = word(RateLimit, "How often it may be set")
    sustained_freq: int = u32("Frequency of the sustained level, in kHz; 0: not known")
    sustained_perf_level: int = u32("Highest level that can be sustained")
    name: str = text(NAME_SIZE, "Its name, or the beginning of it")


@structure
class PerformanceDescribeLevelsRequest(Request):
    """Ask for the levels of a performance domain."""

    domain_id: int = u32("The performance domain")
    level_index: int = u32("How many levels to leave out, those of earlier answers")


class NumLevels(Word):
    """Which levels an answer brings."""

    remaining = Bits(31, 16, "How many levels are left for further answers")
    returned = Bits(11, 0, "How many levels this answer brings")


class LevelAttributes(Word):
    """What a level is."""

    transition_latency = Bits(15, 0, "Worst-case time to change to it, in µs; 0: not known")


@structure
class PerformanceLevel(Structure):
    """A level of a performance domain."""

    value: int = u32("The level")
    power_cost: int = u32("Power at this level, in the unit of the protocol attributes; 0: not known")
    attributes: LevelAttributes = word(LevelAttributes, "Latency")
    indicative_frequency: int = u32("About the frequency at this level, in kHz (in level indexing mode)")
    level_index: int = u32("Its index (in level indexing mode)")


@structure
class PerformanceLevelV1(Structure):
    """A level of a performance domain, before version 4.0 of the protocol."""

    value: int = u32("The level")
    power_cost: int = u32("Power at this level, in the unit of the protocol attributes; 0: not known")
    attributes: LevelAttributes = word(LevelAttributes, "Latency")


@structure
class PerformanceDescribeLevelsResponse(Response):
    """Some of the levels of a performance domain, rising."""

    num_levels: NumLevels = word(NumLevels, "Which levels these are")
    perf_levels: tuple[PerformanceLevel, ...] = records(PerformanceLevel, "The levels", count="num_levels.returned")


@structure
class PerformanceDescribeLevelsResponseV1(Response):
    """Some of the levels of a performance domain, rising, before version 4.0 of the protocol."""

    num_levels: NumLevels = word(NumLevels, "Which levels these are")
    perf_levels: tuple[PerformanceLevelV1, ...] = records(PerformanceLevelV1, "The levels", count="num_levels.returned")


@structure
class PerformanceLimitsSetRequest(Request):
    """Limit the levels of a performance domain."""

    domain_id: int = u32("The performance domain")
    range_max: int = u32("Highest level or index allowed; 0: as it is, if range_min is not 0 (since 3.0)")
    range_min: int = u32("Lowest level or index allowed; 0: as it is, if range_max is not 0 (since 3.0)")


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
    """Ask for a level."""

    domain_id: int = u32("The performance domain")
    performance_level: int = u32("The level or index wanted")


@structure
class PerformanceLevelSetResponse(Response):
    """The level is set, or will be."""


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
    """Ask for notifications of changed limits, or no longer."""

    domain_id: int = u32("The performance domain")
    notify_enable: NotifyEnable = word(NotifyEnable, "Whether changes shall be notified")


@structure
class PerformanceNotifyLimitsResponse(Response):
    """Changed limits will be notified, or no longer."""


@structure
class PerformanceNotifyLevelRequest(Request):
    """Ask for notifications of changed levels, or no longer."""

    domain_id: int = u32("The performance domain")
    notify_enable: NotifyEnable = word(NotifyEnable, "Whether changes shall be notified")


@structure
class PerformanceNotifyLevelResponse(Response):
    """Changed levels will be notified, or no longer."""


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
    """Ask for the whole name of a performance domain."""

    domain_id: int = u32("The performance domain")


@structure
class PerformanceDomainNameGetResponse(Response):
    """The whole name of a performance domain."""

    flags: Reserved = word(Reserved, "Reserved")
    name: str = text(EXTENDED_NAME_SIZE, "Its name")


@structure
class PerformanceLimitsChanged(Notice):
    """A performance domain has other limits."""

    agent_id: int = u32("The agent that asked for them")
    domain_id: int = u32("The performance domain")
    range_max: int = u32("Highest level or index allowed")
    range_min: int = u32("Lowest level or index allowed")


@structure
class PerformanceLevelChanged(Notice):
    """A performance domain has another level."""

    agent_id: int = u32("The agent that asked for it")
    domain_id: int = u32("The performance domain")
    performance_level: int = u32("Its level or index")


row = partial(Command, PROTOCOL_ID)
notice = partial(Notification, PROTOCOL_ID)

PROTOCOL = Protocol(
    id=PROTOCOL_ID,
    name="performance domain",
    section="4.5",
    version=0x40000,
    commands=(
        *common_commands(PROTOCOL_ID, PerformanceProtocolAttributesResponse, negotiable_since=0x40000),
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
