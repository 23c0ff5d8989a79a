"""Clock management protocol, 0x14 (DEN0056 3.2, 4.6)."""

from __future__ import annotations

from enum import IntEnum
from functools import partial

from xenscmi.scmi.bitfields import Bit, BitFields, Bits
from xenscmi.scmi.codec import bitfields, integers, structure, text, u32, u64
from xenscmi.scmi.header import ProtocolId
from xenscmi.scmi.message import Command, Notification, NotificationPayload, Pages, Protocol, Request, Response
from xenscmi.scmi.protocols.common import EXTENDED_NAME_SIZE, NAME_SIZE, NotifyEnable, Reserved, common_commands


class ClockProtocolAttributes(BitFields):
    """The number of clocks."""

    max_async_requests = Bits(23, 16, "Limit of pending asynchronous rate changes of one agent; 0: not supported")
    clocks = Bits(15, 0, "Number of clocks")


@structure
class ClockProtocolAttributesResponse(Response):
    """The number of clocks."""

    attributes: ClockProtocolAttributes = bitfields(
        ClockProtocolAttributes, "Number of clocks, limit of pending requests"
    )


@structure
class ClockAttributesRequest(Request):
    """Ask for the attributes of a clock."""

    clock_id: int = u32("The clock")


class ClockAttributes(BitFields):
    """State and capabilities of a clock."""

    rate_changed_notifications = Bit(31, "CLOCK_RATE_CHANGED is available")
    rate_change_requested_notifications = Bit(30, "CLOCK_RATE_CHANGE_REQUESTED is available")
    extended_name = Bit(29, "The name has more than 15 characters: CLOCK_NAME_GET returns it")
    parents = Bit(28, "The parent can be read and set")
    extended_config = Bit(27, "Has extended configuration settings")
    restricted = Bit(1, "The agent has restricted rights: CLOCK_GET_PERMISSIONS returns them")
    enabled = Bit(0, "The clock runs")


@structure
class ClockAttributesResponse(Response):
    """The attributes of a clock."""

    attributes: ClockAttributes = bitfields(ClockAttributes, "State and capabilities")
    clock_name: str = text(NAME_SIZE, "Its name, cut to 15 characters")
    clock_enable_delay: int = u32("Worst-case time from enabling it to a stable clock, in µs; 0: unknown")


@structure
class ClockAttributesResponseV1(Response):
    """The attributes of a clock, in version 1.0 of the protocol."""

    attributes: ClockAttributes = bitfields(ClockAttributes, "State and capabilities")
    clock_name: str = text(NAME_SIZE, "Its name")


@structure
class ClockDescribeRatesRequest(Request):
    """Ask for the rates of a clock."""

    clock_id: int = u32("The clock")
    rate_index: int = u32("Number of rates to skip, those of earlier answers")


class RateFormat(IntEnum):
    """How CLOCK_DESCRIBE_RATES describes the rates."""

    LIST = 0
    RANGE = 1


class NumRatesFlags(BitFields):
    """Which rates an answer has."""

    remaining = Bits(31, 16, "Number of rates that further answers will bring")
    format = Bits(12, 12, "List of rates, or lowest, highest and step", RateFormat)
    returned = Bits(11, 0, "Number of rates in this answer; 3 for a range")


@structure
class ClockDescribeRatesResponse(Response):
    """Some of the rates of a clock."""

    num_rates_flags: NumRatesFlags = bitfields(NumRatesFlags, "Which rates these are")
    rates: tuple[int, ...] = integers(
        "Q", "Rates in Hz: rising, or lowest, highest, step", count="num_rates_flags.returned"
    )


class ClockRateSetFlags(BitFields):
    """How to set a rate."""

    round_auto = Bit(3, "The platform rounds to the closest rate; round_up is ignored")
    round_up = Bit(2, "Round up a rate that is not supported, rather than down")
    ignore_delayed_response = Bit(1, "With asynchronous: send no delayed response")
    asynchronous = Bit(0, "Answer at once, set the rate later")


@structure
class ClockRateSetRequest(Request):
    """Set the rate of a clock."""

    flags: ClockRateSetFlags = bitfields(ClockRateSetFlags, "How to set the rate")
    clock_id: int = u32("The clock")
    rate: int = u64("The requested rate, in Hz")


@structure
class ClockRateSetResponse(Response):
    """The rate is set, or will be set."""


@structure
class ClockRateSetComplete(Response):
    """The rate requested asynchronously is set."""

    clock_id: int = u32("The clock")
    rate: int = u64("Its rate, in Hz")


@structure
class ClockRateGetRequest(Request):
    """Ask for the rate of a clock."""

    clock_id: int = u32("The clock")


@structure
class ClockRateGetResponse(Response):
    """The rate of a clock."""

    rate: int = u64("Its rate, in Hz; 0 if it does not run or is unknown")


class ClockState(IntEnum):
    """What CLOCK_CONFIG_SET does to a clock."""

    DISABLE = 0
    ENABLE = 1
    UNCHANGED = 3


class ClockConfig(BitFields):
    """A clock's configuration."""

    extended_config_type = Bits(23, 16, "Extended setting to change; 0: none, vendor-defined from 0x80 on")
    state = Bits(1, 0, "Enable, disable, or leave unchanged", ClockState)


class ClockConfigV1(BitFields):
    """A clock's configuration, before version 3.0 of the protocol."""

    enable = Bit(0, "Enable the clock, rather than disable it")


@structure
class ClockConfigSetRequest(Request):
    """Enable, disable or configure a clock."""

    clock_id: int = u32("The clock")
    attributes: ClockConfig = bitfields(ClockConfig, "What to set")
    extended_config_val: int = u32("Value of the extended setting")


@structure
class ClockConfigSetRequestV1(Request):
    """Enable or disable a clock, before version 3.0 of the protocol."""

    clock_id: int = u32("The clock")
    attributes: ClockConfigV1 = bitfields(ClockConfigV1, "What to set")


@structure
class ClockConfigSetResponse(Response):
    """The clock is configured as requested."""


class ClockConfigGetFlags(BitFields):
    """What to read of a clock's configuration."""

    extended_config_type = Bits(7, 0, "Extended setting to read; 0: none, vendor-defined from 0x80 on")


@structure
class ClockConfigGetRequest(Request):
    """Ask for a clock's configuration."""

    clock_id: int = u32("The clock")
    flags: ClockConfigGetFlags = bitfields(ClockConfigGetFlags, "What to read")


class ClockCurrentConfig(BitFields):
    """A clock's state."""

    enabled = Bit(0, "The clock runs")


@structure
class ClockConfigGetResponse(Response):
    """A clock's configuration."""

    attributes: Reserved = bitfields(Reserved, "Reserved")
    config: ClockCurrentConfig = bitfields(ClockCurrentConfig, "Its state")
    extended_config_val: int = u32("Value of the extended setting")


@structure
class ClockNameGetRequest(Request):
    """Ask for the full name of a clock."""

    clock_id: int = u32("The clock")


@structure
class ClockNameGetResponse(Response):
    """The full name of a clock."""

    flags: Reserved = bitfields(Reserved, "Reserved")
    name: str = text(EXTENDED_NAME_SIZE, "Its name")


@structure
class ClockRateNotifyRequest(Request):
    """Start or stop notifications of rate changes."""

    clock_id: int = u32("The clock")
    notify_enable: NotifyEnable = bitfields(NotifyEnable, "Whether to send the notifications")


@structure
class ClockRateNotifyResponse(Response):
    """The notifications are on or off, as requested."""


@structure
class ClockRateChangeRequestedNotifyRequest(Request):
    """Start or stop notifications of other agents' requests for rates."""

    clock_id: int = u32("The clock")
    notify_enable: NotifyEnable = bitfields(NotifyEnable, "Whether to send the notifications")


@structure
class ClockRateChangeRequestedNotifyResponse(Response):
    """The notifications are on or off, as requested."""


@structure
class ClockPossibleParentsGetRequest(Request):
    """Ask which parents a clock can have."""

    clock_id: int = u32("The clock")
    skip_parents: int = u32("Number of parents to skip, those of earlier answers")


class NumParentFlags(BitFields):
    """Which parents an answer has."""

    remaining = Bits(31, 24, "Number of parents that further answers will bring")
    returned = Bits(7, 0, "Number of parents in this answer")


@structure
class ClockPossibleParentsGetResponse(Response):
    """Some of the parents that a clock can have."""

    num_parent_flags: NumParentFlags = bitfields(NumParentFlags, "Which parents these are")
    possible_parents: tuple[int, ...] = integers("I", "Clock ids", count="num_parent_flags.returned")


@structure
class ClockParentSetRequest(Request):
    """Set the parent of a clock."""

    clock_id: int = u32("The clock")
    parent_id: int = u32("The new parent clock")


@structure
class ClockParentSetResponse(Response):
    """The clock has the requested parent."""


@structure
class ClockParentGetRequest(Request):
    """Ask for the parent of a clock."""

    clock_id: int = u32("The clock")


@structure
class ClockParentGetResponse(Response):
    """The parent of a clock."""

    parent_id: int = u32("Its parent clock")


@structure
class ClockGetPermissionsRequest(Request):
    """Ask what the agent is allowed to do with a clock."""

    clock_id: int = u32("The clock")


class ClockPermissions(BitFields):
    """What an agent is allowed to do with a clock."""

    state_control = Bit(31, "Enable and disable it")
    parent_control = Bit(30, "Set its parent")
    rate_control = Bit(29, "Set its rate")


@structure
class ClockGetPermissionsResponse(Response):
    """What the agent is allowed to do with a clock."""

    permissions: ClockPermissions = bitfields(ClockPermissions, "Rights of the agent")


@structure
class ClockRateChanged(NotificationPayload):
    """A clock has a new rate."""

    agent_id: int = u32("The agent that requested it")
    clock_id: int = u32("The clock")
    rate: int = u64("Its rate, in Hz")


@structure
class ClockRateChangeRequested(NotificationPayload):
    """Another agent has requested a rate."""

    agent_id: int = u32("The agent that requested it")
    clock_id: int = u32("The clock")
    rate: int = u64("The requested rate, in Hz")


row = partial(Command, ProtocolId.CLOCK)
notice = partial(Notification, ProtocolId.CLOCK)

PROTOCOL = Protocol(
    id=ProtocolId.CLOCK,
    name="clock",
    section="4.6",
    versions=(0x10000, 0x20000, 0x30000),
    commands=(
        *common_commands(ProtocolId.CLOCK, ClockProtocolAttributesResponse, negotiable_since=0x30000),
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
