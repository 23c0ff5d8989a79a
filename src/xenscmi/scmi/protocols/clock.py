"""Clock management protocol, 0x14 (DEN0056 3.2, 4.6)."""

from __future__ import annotations

from enum import IntEnum
from functools import partial

from xenscmi.scmi.kinds import integers, text, u32, u64, word
from xenscmi.scmi.layout import structure
from xenscmi.scmi.message import Command, Notice, Notification, Pages, Protocol, Request, Response
from xenscmi.scmi.protocols.common import EXTENDED_NAME_SIZE, NAME_SIZE, NotifyEnable, Reserved, common_commands
from xenscmi.scmi.words import Bit, Bits, Word

PROTOCOL_ID = 0x14


class ClockProtocolAttributes(Word):
    """How many clocks there are."""

    max_async_requests = Bits(23, 16, "How many asynchronous rate changes may be pending for one agent; 0: none")
    clocks = Bits(15, 0, "Number of clocks")


@structure
class ClockProtocolAttributesResponse(Response):
    """How many clocks there are."""

    attributes: ClockProtocolAttributes = word(ClockProtocolAttributes, "Numbers of clocks and of requests")


@structure
class ClockAttributesRequest(Request):
    """Ask for what a clock is."""

    clock_id: int = u32("The clock")


class ClockAttributes(Word):
    """What a clock is and can."""

    rate_changed_notifications = Bit(31, "CLOCK_RATE_CHANGED can be asked for")
    rate_change_requested_notifications = Bit(30, "CLOCK_RATE_CHANGE_REQUESTED can be asked for")
    extended_name = Bit(29, "Has a name of more than 15 characters: CLOCK_NAME_GET")
    parents = Bit(28, "The parent can be read and set")
    extended_config = Bit(27, "Has extended configuration settings")
    restricted = Bit(1, "The agent's rights are limited: CLOCK_GET_PERMISSIONS")
    enabled = Bit(0, "The clock runs")


@structure
class ClockAttributesResponse(Response):
    """What a clock is."""

    attributes: ClockAttributes = word(ClockAttributes, "State and abilities")
    clock_name: str = text(NAME_SIZE, "Its name, or the beginning of it")
    clock_enable_delay: int = u32("Worst-case time from enabling it to a stable clock, in µs; 0: not known")


@structure
class ClockAttributesResponseV1(Response):
    """What a clock is, in version 1.0 of the protocol."""

    attributes: ClockAttributes = word(ClockAttributes, "State and abilities")
    clock_name: str = text(NAME_SIZE, "Its name")


@structure
class ClockDescribeRatesRequest(Request):
    """Ask for the rates of a clock."""

    clock_id: int = u32("The clock")
    rate_index: int = u32("How many rates to leave out, those of earlier answers")


class RateFormat(IntEnum):
    """How CLOCK_DESCRIBE_RATES describes the rates."""

    LIST = 0
    RANGE = 1


class NumRatesFlags(Word):
    """Which rates an answer brings."""

    remaining = Bits(31, 16, "How many rates are left for further answers")
    format = Bits(12, 12, "List of rates, or lowest, highest and step", RateFormat)
    returned = Bits(11, 0, "How many rates this answer brings; 3 for a range")


@structure
class ClockDescribeRatesResponse(Response):
    """Some of the rates of a clock."""

    num_rates_flags: NumRatesFlags = word(NumRatesFlags, "Which rates these are")
    rates: tuple[int, ...] = integers(
        "Q", "Rates in Hz: rising, or lowest, highest, step", count="num_rates_flags.returned"
    )


class ClockRateSetFlags(Word):
    """How to set a rate."""

    round_auto = Bit(3, "The platform may round as it likes; round_up is ignored")
    round_up = Bit(2, "Round up where the rate cannot be had, rather than down")
    ignore_delayed_response = Bit(1, "With asynchronous: send no delayed response")
    asynchronous = Bit(0, "Answer at once, set the rate later")


@structure
class ClockRateSetRequest(Request):
    """Ask for a rate."""

    flags: ClockRateSetFlags = word(ClockRateSetFlags, "How to set the rate")
    clock_id: int = u32("The clock")
    rate: int = u64("The rate wanted, in Hz")


@structure
class ClockRateSetResponse(Response):
    """The rate is set, or will be."""


@structure
class ClockRateSetComplete(Response):
    """The rate that was asked for asynchronously is set."""

    clock_id: int = u32("The clock")
    rate: int = u64("Its rate, in Hz")


@structure
class ClockRateGetRequest(Request):
    """Ask for the rate of a clock."""

    clock_id: int = u32("The clock")


@structure
class ClockRateGetResponse(Response):
    """The rate of a clock."""

    rate: int = u64("Its rate, in Hz; 0 if it does not run or is not known")


class ClockState(IntEnum):
    """What CLOCK_CONFIG_SET does to a clock."""

    DISABLE = 0
    ENABLE = 1
    UNCHANGED = 3


class ClockConfig(Word):
    """A clock's configuration."""

    extended_config_type = Bits(23, 16, "Extended setting to change; 0: none, from 0x80 on the vendor's own")
    state = Bits(1, 0, "Enable, disable, or leave as it is", ClockState)


class ClockConfigV1(Word):
    """A clock's configuration, before version 3.0 of the protocol."""

    enable = Bit(0, "Enable the clock, rather than disable it")


@structure
class ClockConfigSetRequest(Request):
    """Enable, disable or configure a clock."""

    clock_id: int = u32("The clock")
    attributes: ClockConfig = word(ClockConfig, "What to set")
    extended_config_val: int = u32("Value of the extended setting")


@structure
class ClockConfigSetRequestV1(Request):
    """Enable or disable a clock, before version 3.0 of the protocol."""

    clock_id: int = u32("The clock")
    attributes: ClockConfigV1 = word(ClockConfigV1, "What to set")


@structure
class ClockConfigSetResponse(Response):
    """The clock is configured as asked for."""


class ClockConfigGetFlags(Word):
    """What to read of a clock's configuration."""

    extended_config_type = Bits(7, 0, "Extended setting to read; 0: none, from 0x80 on the vendor's own")


@structure
class ClockConfigGetRequest(Request):
    """Ask for a clock's configuration."""

    clock_id: int = u32("The clock")
    flags: ClockConfigGetFlags = word(ClockConfigGetFlags, "What to read")


class ClockCurrentConfig(Word):
    """A clock's state."""

    enabled = Bit(0, "The clock runs")


@structure
class ClockConfigGetResponse(Response):
    """A clock's configuration."""

    attributes: Reserved = word(Reserved, "Reserved")
    config: ClockCurrentConfig = word(ClockCurrentConfig, "Its state")
    extended_config_val: int = u32("Value of the extended setting")


@structure
class ClockNameGetRequest(Request):
    """Ask for the whole name of a clock."""

    clock_id: int = u32("The clock")


@structure
class ClockNameGetResponse(Response):
    """The whole name of a clock."""

    flags: Reserved = word(Reserved, "Reserved")
    name: str = text(EXTENDED_NAME_SIZE, "Its name")


@structure
class ClockRateNotifyRequest(Request):
    """Ask for notifications of rate changes, or no longer."""

    clock_id: int = u32("The clock")
    notify_enable: NotifyEnable = word(NotifyEnable, "Whether changes shall be notified")


@structure
class ClockRateNotifyResponse(Response):
    """Rate changes will be notified, or no longer."""


@structure
class ClockRateChangeRequestedNotifyRequest(Request):
    """Ask for notifications of other agents' requests for rates, or no longer."""

    clock_id: int = u32("The clock")
    notify_enable: NotifyEnable = word(NotifyEnable, "Whether requests shall be notified")


@structure
class ClockRateChangeRequestedNotifyResponse(Response):
    """Requests will be notified, or no longer."""


@structure
class ClockPossibleParentsGetRequest(Request):
    """Ask which parents a clock can have."""

    clock_id: int = u32("The clock")
    skip_parents: int = u32("How many parents to leave out, those of earlier answers")


class NumParentFlags(Word):
    """Which parents an answer brings."""

    remaining = Bits(31, 24, "How many parents are left for further answers")
    returned = Bits(7, 0, "How many parents this answer brings")


@structure
class ClockPossibleParentsGetResponse(Response):
    """Some of the parents that a clock can have."""

    num_parent_flags: NumParentFlags = word(NumParentFlags, "Which parents these are")
    possible_parents: tuple[int, ...] = integers("I", "Clock ids", count="num_parent_flags.returned")


@structure
class ClockParentSetRequest(Request):
    """Give a clock another parent."""

    clock_id: int = u32("The clock")
    parent_id: int = u32("The clock that shall be its parent")


@structure
class ClockParentSetResponse(Response):
    """The clock has the parent that was asked for."""


@structure
class ClockParentGetRequest(Request):
    """Ask for the parent of a clock."""

    clock_id: int = u32("The clock")


@structure
class ClockParentGetResponse(Response):
    """The parent of a clock."""

    parent_id: int = u32("The clock that is its parent")


@structure
class ClockGetPermissionsRequest(Request):
    """Ask what the agent may do with a clock."""

    clock_id: int = u32("The clock")


class ClockPermissions(Word):
    """What an agent may do with a clock."""

    state_control = Bit(31, "Enable and disable it")
    parent_control = Bit(30, "Set its parent")
    rate_control = Bit(29, "Set its rate")


@structure
class ClockGetPermissionsResponse(Response):
    """What the agent may do with a clock."""

    permissions: ClockPermissions = word(ClockPermissions, "The agent's rights")


@structure
class ClockRateChanged(Notice):
    """A clock has another rate."""

    agent_id: int = u32("The agent that asked for it")
    clock_id: int = u32("The clock")
    rate: int = u64("Its rate, in Hz")


@structure
class ClockRateChangeRequested(Notice):
    """Another agent has asked for a rate."""

    agent_id: int = u32("The agent that asked for it")
    clock_id: int = u32("The clock")
    rate: int = u64("The rate wanted, in Hz")


row = partial(Command, PROTOCOL_ID)
notice = partial(Notification, PROTOCOL_ID)

PROTOCOL = Protocol(
    id=PROTOCOL_ID,
    name="clock",
    section="4.6",
    version=0x30000,
    commands=(
        *common_commands(PROTOCOL_ID, ClockProtocolAttributesResponse, negotiable_since=0x30000),
        row(0x3, "CLOCK_ATTRIBUTES", ClockAttributesRequest, ClockAttributesResponseV1, until=0x20000),
        row(0x3, "CLOCK_ATTRIBUTES", ClockAttributesRequest, ClockAttributesResponse, since=0x20000),
        row(
            0x4,
            "CLOCK_DESCRIBE_RATES",
            ClockDescribeRatesRequest,
            ClockDescribeRatesResponse,
            pages=Pages("rate_index", "rates", "num_rates_flags.remaining"),
        ),
        row(0x5, "CLOCK_RATE_SET", ClockRateSetRequest, ClockRateSetResponse, ClockRateSetComplete),
        row(0x6, "CLOCK_RATE_GET", ClockRateGetRequest, ClockRateGetResponse),
        row(0x7, "CLOCK_CONFIG_SET", ClockConfigSetRequestV1, ClockConfigSetResponse, until=0x30000),
        row(0x7, "CLOCK_CONFIG_SET", ClockConfigSetRequest, ClockConfigSetResponse, since=0x30000),
        row(0x8, "CLOCK_NAME_GET", ClockNameGetRequest, ClockNameGetResponse, since=0x20000),
        row(0x9, "CLOCK_RATE_NOTIFY", ClockRateNotifyRequest, ClockRateNotifyResponse, since=0x20000),
        row(
            0xA,
            "CLOCK_RATE_CHANGE_REQUESTED_NOTIFY",
            ClockRateChangeRequestedNotifyRequest,
            ClockRateChangeRequestedNotifyResponse,
            since=0x20000,
        ),
        row(0xB, "CLOCK_CONFIG_GET", ClockConfigGetRequest, ClockConfigGetResponse, since=0x30000),
        row(
            0xC,
            "CLOCK_POSSIBLE_PARENTS_GET",
            ClockPossibleParentsGetRequest,
            ClockPossibleParentsGetResponse,
            since=0x30000,
            pages=Pages("skip_parents", "possible_parents", "num_parent_flags.remaining"),
        ),
        row(0xD, "CLOCK_PARENT_SET", ClockParentSetRequest, ClockParentSetResponse, since=0x30000),
        row(0xE, "CLOCK_PARENT_GET", ClockParentGetRequest, ClockParentGetResponse, since=0x30000),
        row(0xF, "CLOCK_GET_PERMISSIONS", ClockGetPermissionsRequest, ClockGetPermissionsResponse, since=0x30000),
    ),
    notifications=(
        notice(0x0, "CLOCK_RATE_CHANGED", ClockRateChanged, since=0x20000),
        notice(0x1, "CLOCK_RATE_CHANGE_REQUESTED", ClockRateChangeRequested, since=0x20000),
    ),
)
