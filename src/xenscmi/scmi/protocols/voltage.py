"""Voltage domain management protocol, 0x17 (DEN0056 3.2, 4.9). Voltages are signed, in µV."""

from __future__ import annotations

from enum import IntEnum
from functools import partial

from xenscmi.scmi.bitfields import Bit, BitFields, Bits
from xenscmi.scmi.codec import bitfields, i32, integers, structure, text, u32
from xenscmi.scmi.header import ProtocolId
from xenscmi.scmi.message import Command, Pages, Protocol, Request, Response
from xenscmi.scmi.protocols.common import EXTENDED_NAME_SIZE, NAME_SIZE, Reserved, common_commands


class VoltageProtocolAttributes(BitFields):
    """The number of voltage domains."""

    domains = Bits(15, 0, "Number of voltage domains")


@structure
class VoltageProtocolAttributesResponse(Response):
    """The number of voltage domains."""

    attributes: VoltageProtocolAttributes = bitfields(VoltageProtocolAttributes, "Number of voltage domains")


@structure
class VoltageDomainAttributesRequest(Request):
    """Ask for the attributes of a voltage domain."""

    domain_id: int = u32("The voltage domain")


class VoltageDomainAttributes(BitFields):
    """Capabilities of a voltage domain."""

    asynchronous = Bit(31, "The level can be set asynchronously")
    extended_name = Bit(30, "The name has more than 15 characters: VOLTAGE_DOMAIN_NAME_GET returns it")


@structure
class VoltageDomainAttributesResponse(Response):
    """The attributes of a voltage domain."""

    attributes: VoltageDomainAttributes = bitfields(VoltageDomainAttributes, "Capabilities")
    name: str = text(NAME_SIZE, "Its name, cut to 15 characters")


@structure
class VoltageDescribeLevelsRequest(Request):
    """Ask for the levels of a voltage domain."""

    domain_id: int = u32("The voltage domain")
    level_index: int = u32("Number of levels to skip, those of earlier answers")


class LevelFormat(IntEnum):
    """How VOLTAGE_DESCRIBE_LEVELS describes the levels."""

    LIST = 0
    RANGE = 1


class VoltageLevelsFlags(BitFields):
    """Which levels an answer has."""

    remaining = Bits(31, 16, "Number of levels that further answers will bring")
    format = Bits(12, 12, "List of levels, or lowest, highest and step", LevelFormat)
    returned = Bits(11, 0, "Number of levels in this answer; 3 for a range")


@structure
class VoltageDescribeLevelsResponse(Response):
    """Some of the levels of a voltage domain."""

    flags: VoltageLevelsFlags = bitfields(VoltageLevelsFlags, "Which levels these are")
    voltage: tuple[int, ...] = integers("i", "Levels in µV: rising, or lowest, highest, step", count="flags.returned")


class VoltageModeType(IntEnum):
    """Who defines the modes."""

    ARCHITECTURAL = 0
    IMPLEMENTATION = 1


class VoltageConfig(BitFields):
    """The mode of a voltage domain; architectural modes are off (0) and on (7)."""

    mode_type = Bits(3, 3, "Architectural or implementation-defined", VoltageModeType)
    mode_id = Bits(2, 0, "Which mode")


VOLTAGE_OFF = VoltageConfig(0)
VOLTAGE_ON = VoltageConfig(7)


@structure
class VoltageConfigSetRequest(Request):
    """Set the mode of a voltage domain."""

    domain_id: int = u32("The voltage domain")
    config: VoltageConfig = bitfields(VoltageConfig, "The requested mode")


@structure
class VoltageConfigSetResponse(Response):
    """The voltage domain is in the requested mode."""


@structure
class VoltageConfigGetRequest(Request):
    """Ask for the mode of a voltage domain."""

    domain_id: int = u32("The voltage domain")


@structure
class VoltageConfigGetResponse(Response):
    """The mode of a voltage domain."""

    config: VoltageConfig = bitfields(VoltageConfig, "Its mode")


class VoltageLevelSetFlags(BitFields):
    """How to set a level."""

    asynchronous = Bit(0, "Answer at once, set the level later")


@structure
class VoltageLevelSetRequest(Request):
    """Set the voltage of a domain."""

    domain_id: int = u32("The voltage domain")
    flags: VoltageLevelSetFlags = bitfields(VoltageLevelSetFlags, "How to set it")
    voltage_level: int = i32("The requested voltage, in µV")


@structure
class VoltageLevelSetResponse(Response):
    """The voltage is set, or will be set."""


@structure
class VoltageLevelSetComplete(Response):
    """The voltage requested asynchronously is set."""

    domain_id: int = u32("The voltage domain")
    voltage_level: int = i32("Its voltage, in µV")


@structure
class VoltageLevelGetRequest(Request):
    """Ask for the voltage of a domain."""

    domain_id: int = u32("The voltage domain")


@structure
class VoltageLevelGetResponse(Response):
    """The voltage of a domain."""

    voltage_level: int = i32("Its voltage, in µV")


@structure
class VoltageDomainNameGetRequest(Request):
    """Ask for the full name of a voltage domain."""

    domain_id: int = u32("The voltage domain")


@structure
class VoltageDomainNameGetResponse(Response):
    """The full name of a voltage domain."""

    flags: Reserved = bitfields(Reserved, "Reserved")
    name: str = text(EXTENDED_NAME_SIZE, "Its name")


row = partial(Command, ProtocolId.VOLTAGE)

PROTOCOL = Protocol(
    id=ProtocolId.VOLTAGE,
    name="voltage domain",
    section="4.9",
    versions=(0x10000, 0x20000, 0x20001),
    commands=(
        *common_commands(ProtocolId.VOLTAGE, VoltageProtocolAttributesResponse, negotiable_since=0x20001),
        row(0x3, "VOLTAGE_DOMAIN_ATTRIBUTES", VoltageDomainAttributesRequest, VoltageDomainAttributesResponse),
        row(
            0x4,
            "VOLTAGE_DESCRIBE_LEVELS",
            VoltageDescribeLevelsRequest,
            VoltageDescribeLevelsResponse,
            pages=Pages("level_index", "voltage", "flags.remaining"),
        ),
        row(0x5, "VOLTAGE_CONFIG_SET", VoltageConfigSetRequest, VoltageConfigSetResponse),
        row(0x6, "VOLTAGE_CONFIG_GET", VoltageConfigGetRequest, VoltageConfigGetResponse),
        row(0x7, "VOLTAGE_LEVEL_SET", VoltageLevelSetRequest, VoltageLevelSetResponse, VoltageLevelSetComplete),
        row(0x8, "VOLTAGE_LEVEL_GET", VoltageLevelGetRequest, VoltageLevelGetResponse),
        row(0x9, "VOLTAGE_DOMAIN_NAME_GET", VoltageDomainNameGetRequest, VoltageDomainNameGetResponse, since=0x20000),
    ),
)
