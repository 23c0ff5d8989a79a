"""Telemetry protocol, 0x1B, version 1.0 (DEN0056F, SCMI 4.0 beta, 3.12).

Ids and layouts as two sources have them: Linux's driver (drivers/firmware/arm_scmi/telemetry.c, series of 2026) and
SCP-firmware's module scmi_telemetry (2025); where the two differ, as in Linux's, which is the later one. DE is a data
event, SHMTI a shared-memory telemetry interface; `tdcf` reads what stands in one.
"""

from __future__ import annotations

from enum import IntEnum
from functools import partial

from xenscmi.scmi.bitfields import Bit, BitFields, Bits, SignedBits
from xenscmi.scmi.codec import Structure, bitfields, integers, optional, records, structure, text, u32, u64
from xenscmi.scmi.header import ProtocolId
from xenscmi.scmi.message import (
    Command,
    Notification,
    NotificationPayload,
    Pages,
    Protocol,
    Request,
    Response,
)
from xenscmi.scmi.protocols.common import NAME_SIZE, Reserved, common_commands

NO_SHMTI = 0xFFFF_FFFF
NO_GROUP = 0xFFFF_FFFF


class TelemetryProtocolAttributes(BitFields):
    """Capabilities of telemetry."""

    single_read = Bit(31, "Values can be read asynchronously, once")
    continuous_update = Bit(30, "TELEMETRY_UPDATE is available")
    per_group_config = Bit(18, "Groups have update intervals of their own")
    reset = Bit(17, "TELEMETRY_RESET is available")
    fast_channels = Bit(16, "Data events can have fast channels")
    shmti = Bits(15, 0, "Number of SHMTIs")


@structure
class TelemetryProtocolAttributesResponse(Response):
    """The number of data events, and the capabilities of telemetry."""

    num_de: int = u32("Number of data events")
    num_groups: int = u32("Number of event groups")
    de_implementation_revision_0: int = u32("Revision of the data events, a UUID: first word")
    de_implementation_revision_1: int = u32("Second word of the revision")
    de_implementation_revision_2: int = u32("Third word of the revision")
    de_implementation_revision_3: int = u32("Fourth word of the revision")
    attributes: TelemetryProtocolAttributes = bitfields(TelemetryProtocolAttributes, "Capabilities")
    default_block_timestamp_rate: int = u32("Rate of block timestamps, in kHz; 0: unknown")


class NumEntries(BitFields):
    """Which entries an answer has."""

    remaining = Bits(31, 16, "Number of entries that further answers will bring")
    returned = Bits(15, 0, "Number of entries in this answer")


@structure
class TelemetryListShmtiRequest(Request):
    """Ask for the SHMTIs."""

    index: int = u32("Number of SHMTIs to skip, those of earlier answers")


@structure
class ShmtiDescriptor(Structure):
    """The descriptor of a SHMTI."""

    shmti_id: int = u32("The SHMTI")
    address: int = u64("Physical address, a multiple of 8")
    length: int = u32("Its size in bytes")
    flags: Reserved = bitfields(Reserved, "Reserved")


@structure
class TelemetryListShmtiResponse(Response):
    """Some of the SHMTIs."""

    num_shmti: NumEntries = bitfields(NumEntries, "Which SHMTIs these are")
    desc: tuple[ShmtiDescriptor, ...] = records(ShmtiDescriptor, "The descriptors", count="num_shmti.returned")


@structure
class TelemetryDeDescriptionRequest(Request):
    """Ask for the descriptors of the data events."""

    index: int = u32("Number of data events to skip, those of earlier answers")


class DeAttributes(BitFields):
    """Attributes of a data event."""

    name = Bit(31, "The descriptor has a name")
    fast_channel = Bit(30, "The descriptor has a fast channel")
    type = Bits(29, 22, "Type of the data event")
    persistent = Bit(21, "The value survives a reset of telemetry")
    unit_exponent = SignedBits(20, 13, "Power of ten by which values are multiplied")
    unit = Bits(12, 5, "Unit, numbered as for sensors")
    block_timestamps = Bit(1, "Blocks of values have timestamps")
    line_timestamps = Bit(0, "Each value has a timestamp, and the descriptor their rate")


class DeComponent(BitFields):
    """The component that a data event is about."""

    instance = Bits(31, 24, "Instance of the data event")
    component_instance = Bits(23, 8, "Instance of the component")
    component_type = Bits(7, 0, "Type of the component")


@structure
class DeTimestampRate(Structure):
    """The rate of a data event's own timestamps."""

    rate: int = u32("Rate, in kHz")


@structure
class DeFastChannel(Structure):
    """The fast channel of a data event."""

    address: int = u64("Physical address")
    size: int = u32("Its size in bytes")


@structure
class DeName(Structure):
    """The name of a data event."""

    name: str = text(NAME_SIZE, "Its name")


@structure
class DeDescriptor(Structure):
    """The descriptor of a data event."""

    de_id: int = u32("The data event")
    group_id: int = u32("Its group; 0xffffffff: none")
    data_size: int = u32("Bytes of its value")
    attributes_1: DeAttributes = bitfields(DeAttributes, "Attributes")
    attributes_2: DeComponent = bitfields(DeComponent, "The component")
    reserved_word: int = u32("Reserved")
    timestamp_rate: DeTimestampRate | None = optional(
        DeTimestampRate, "Rate of its timestamps", when="attributes_1.line_timestamps"
    )
    fast_channel: DeFastChannel | None = optional(DeFastChannel, "Its fast channel", when="attributes_1.fast_channel")
    name: DeName | None = optional(DeName, "Its name", when="attributes_1.name")


@structure
class TelemetryDeDescriptionResponse(Response):
    """Some of the data events."""

    num_desc: NumEntries = bitfields(NumEntries, "Which descriptors these are")
    desc: tuple[DeDescriptor, ...] = records(DeDescriptor, "The descriptors", count="num_desc.returned")


class TelemetrySelector(IntEnum):
    """Which data events a message is about."""

    WITHOUT_GROUP = 0
    GROUP = 1
    ALL = 2


class IntervalSelection(BitFields):
    """Whose update intervals to return."""

    selector = Bits(3, 0, "Which data events", TelemetrySelector)


@structure
class TelemetryListUpdateIntervalsRequest(Request):
    """Ask for the update intervals that data events can have."""

    index: int = u32("Number of intervals to skip, those of earlier answers")
    group_identifier: int = u32("The group, with the selector GROUP")
    flags: IntervalSelection = bitfields(IntervalSelection, "Whose intervals")


class TelemetryIntervalFormat(IntEnum):
    """How TELEMETRY_LIST_UPDATE_INTERVALS describes the intervals."""

    LIST = 0
    RANGE = 1


class TelemetryIntervalsFlags(BitFields):
    """Which intervals an answer has."""

    remaining = Bits(31, 16, "Number of intervals that further answers will bring")
    format = Bits(12, 12, "List of intervals, or shortest, longest and step", TelemetryIntervalFormat)
    returned = Bits(11, 0, "Number of intervals in this answer; 3 for a range")


@structure
class TelemetryListUpdateIntervalsResponse(Response):
    """Some of the update intervals."""

    flags: TelemetryIntervalsFlags = bitfields(TelemetryIntervalsFlags, "Which intervals these are")
    intervals: tuple[int, ...] = integers(
        "I", "Intervals: seconds in bits 20 to 5, power of ten in bits 4 to 0", count="flags.returned"
    )


class DeMode(IntEnum):
    """What TELEMETRY_DE_CONFIGURE does to a data event."""

    DISABLE = 0
    ENABLE = 1
    ENABLE_WITH_TIMESTAMP = 2


class DeConfigureFlags(BitFields):
    """How to configure data events."""

    group = Bit(3, "The identifier names a group")
    disable_all = Bit(2, "Disable all data events")
    mode = Bits(1, 0, "Disable or enable", DeMode)


@structure
class TelemetryDeConfigureRequest(Request):
    """Enable or disable a data event or group."""

    identifier: int = u32("The data event or group")
    flags: DeConfigureFlags = bitfields(DeConfigureFlags, "What to do")


@structure
class TelemetryDeConfigureResponse(Response):
    """The data events are configured, and this is where their values are."""

    shmti_id: int = u32("The SHMTI with the value; 0xffffffff: none")
    shmti_de_offset: int = u32("Offset of the data event in the SHMTI")
    block_timestamp_offset: int = u32("Offset of the block timestamp in the SHMTI")


class DeEnabledSelection(BitFields):
    """What to list."""

    group = Bit(0, "List groups, rather than data events")


@structure
class TelemetryDeEnabledListRequest(Request):
    """Ask for the data events or groups that are enabled."""

    index: int = u32("Number of entries to skip, those of earlier answers")
    flags: DeEnabledSelection = bitfields(DeEnabledSelection, "What to list")


@structure
class EnabledDe(Structure):
    """A data event or group that is enabled."""

    identifier: int = u32("The data event or group")
    mode: int = u32("With or without timestamps", DeMode)


@structure
class TelemetryDeEnabledListResponse(Response):
    """Some of the data events or groups that are enabled."""

    flags: NumEntries = bitfields(NumEntries, "Which entries these are")
    enabled: tuple[EnabledDe, ...] = records(EnabledDe, "The entries", count="flags.returned")


class TelemetryMode(IntEnum):
    """How values reach the agent."""

    SHARED_MEMORY = 0
    NOTIFICATIONS = 1
    SINGLE_READ = 2


class TelemetryControl(BitFields):
    """The configuration of telemetry."""

    selector = Bits(8, 5, "Which data events", TelemetrySelector)
    mode = Bits(4, 1, "How values reach the agent", TelemetryMode)
    enable = Bit(0, "Telemetry is enabled")


class SamplingRate(BitFields):
    """Time between two updates."""

    seconds = Bits(20, 5, "Seconds")
    exponent = SignedBits(4, 0, "Power of ten by which they are multiplied")


@structure
class TelemetryConfigSetRequest(Request):
    """Configure telemetry, or ask for a single reading."""

    group_identifier: int = u32("The group, with the selector GROUP")
    control: TelemetryControl = bitfields(TelemetryControl, "The requested configuration")
    sampling_rate: SamplingRate = bitfields(SamplingRate, "Time between two updates; 0: unchanged")


@structure
class TelemetryConfigSetResponse(Response):
    """Telemetry is configured as requested."""


@structure
class TelemetryReadingComplete(Response):
    """The values of a single reading, in the format of a SHMTI."""

    num_dwords: int = u32("Number of words")
    dwords: tuple[int, ...] = integers("I", "The words", count="num_dwords")


class ConfigSelection(BitFields):
    """Which configuration to return."""

    selector = Bits(3, 0, "Which data events", TelemetrySelector)


@structure
class TelemetryConfigGetRequest(Request):
    """Ask for the configuration of telemetry."""

    group_identifier: int = u32("The group, with the selector GROUP")
    flags: ConfigSelection = bitfields(ConfigSelection, "Which configuration")


@structure
class TelemetryConfigGetResponse(Response):
    """The configuration of telemetry."""

    control: TelemetryControl = bitfields(TelemetryControl, "The configuration")
    sampling_rate: SamplingRate = bitfields(SamplingRate, "Time between two updates")


@structure
class TelemetryResetRequest(Request):
    """Reset telemetry."""

    flags: Reserved = bitfields(Reserved, "Reserved")


@structure
class TelemetryResetResponse(Response):
    """Telemetry is reset."""


@structure
class TelemetryUpdate(NotificationPayload):
    """New values, in the format of a SHMTI."""

    agent_id: int = u32("The agent that caused it")
    status: int = u32("Status of the update")
    num_dwords: int = u32("Number of words")
    array: tuple[int, ...] = integers("I", "The words", count="num_dwords")


row = partial(Command, ProtocolId.TELEMETRY)

PROTOCOL = Protocol(
    id=ProtocolId.TELEMETRY,
    name="telemetry",
    section="3.12 of DEN0056F",
    versions=(0x10000,),
    beta=frozenset({0x10000}),
    commands=(
        *common_commands(ProtocolId.TELEMETRY, TelemetryProtocolAttributesResponse, negotiable_since=0x10000),
        row(
            0x3,
            "TELEMETRY_LIST_SHMTI",
            TelemetryListShmtiRequest,
            TelemetryListShmtiResponse,
            pages=Pages("index", "desc", "num_shmti.remaining"),
        ),
        row(
            0x4,
            "TELEMETRY_DE_DESCRIPTION",
            TelemetryDeDescriptionRequest,
            TelemetryDeDescriptionResponse,
            pages=Pages("index", "desc", "num_desc.remaining"),
        ),
        row(
            0x5,
            "TELEMETRY_LIST_UPDATE_INTERVALS",
            TelemetryListUpdateIntervalsRequest,
            TelemetryListUpdateIntervalsResponse,
            pages=Pages("index", "intervals", "flags.remaining"),
        ),
        row(0x6, "TELEMETRY_DE_CONFIGURE", TelemetryDeConfigureRequest, TelemetryDeConfigureResponse),
        row(
            0x7,
            "TELEMETRY_DE_ENABLED_LIST",
            TelemetryDeEnabledListRequest,
            TelemetryDeEnabledListResponse,
            pages=Pages("index", "enabled", "flags.remaining"),
        ),
        row(
            0x8,
            "TELEMETRY_CONFIG_SET",
            TelemetryConfigSetRequest,
            TelemetryConfigSetResponse,
            TelemetryReadingComplete,
        ),
        row(0x9, "TELEMETRY_CONFIG_GET", TelemetryConfigGetRequest, TelemetryConfigGetResponse),
        row(0xA, "TELEMETRY_RESET", TelemetryResetRequest, TelemetryResetResponse),
    ),
    notifications=(Notification(ProtocolId.TELEMETRY, 0x0, "TELEMETRY_UPDATE", TelemetryUpdate),),
)
