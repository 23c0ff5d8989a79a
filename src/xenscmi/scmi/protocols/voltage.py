"""Voltage domain management protocol, 0x17 (DEN0056 3.2, 4.9). Voltages are signed, in µV."""

from __future__ import annotations

from enum import IntEnum
from functools import partial

from xenscmi.scmi.kinds import i32, integers, text, u32, word
from xenscmi.scmi.layout import structure
from xenscmi.scmi.message import Command, Pages, Protocol, Request, Response
from xenscmi.scmi.protocols.common import EXTENDED_NAME_SIZE, NAME_SIZE, Reserved, common_commands
from xenscmi.scmi.words import Bit, Bits, Word

PROTOCOL_ID = 0x17


class VoltageProtocolAttributes(Word):
    """How many voltage domains there are."""

    domains = Bits(15, 0, "Number of voltage domains")


@structure
class VoltageProtocolAttributesResponse(Response):
    """How many voltage domains there are."""

    attributes: VoltageProtocolAttributes = word(VoltageProtocolAttributes, "Number of voltage domains")


@structure
class VoltageDomainAttributesRequest(Request):
    """Ask for what a voltage domain is."""

    domain_id: int = u32("The voltage domain")


class VoltageDomainAttributes(Word):
    """What a voltage domain can."""

    asynchronous = Bit(31, "The level can be set asynchronously")
    extended_name = Bit(30, "Has a name of more than 15 characters: VOLTAGE_DOMAIN_NAME_GET")


@structure
class VoltageDomainAttributesResponse(Response):
    """What a voltage domain is."""

    attributes: VoltageDomainAttributes = word(VoltageDomainAttributes, "Abilities")
    name: str = text(NAME_SIZE, "Its name, or the beginning of it")


@structure
class VoltageDescribeLevelsRequest(Request):
    """Ask for the levels of a voltage domain."""

    domain_id: int = u32("The voltage domain")
    level_index: int = u32("How many levels to leave out, those of earlier answers")


class LevelFormat(IntEnum):
    """How VOLTAGE_DESCRIBE_LEVELS describes the levels."""

    LIST = 0
    RANGE = 1


class VoltageLevelsFlags(Word):
    """Which levels an answer brings."""

    remaining = Bits(31, 16, "How many levels are left for further answers")
    format = Bits(12, 12, "List of levels, or lowest, highest and step", LevelFormat)
    returned = Bits(11, 0, "How many levels this answer brings; 3 for a range")


@structure
class VoltageDescribeLevelsResponse(Response):
    """Some of the levels of a voltage domain."""

    flags: VoltageLevelsFlags = word(VoltageLevelsFlags, "Which levels these are")
    voltage: tuple[int, ...] = integers("i", "Levels in µV: rising, or lowest, highest, step", count="flags.returned")


class VoltageModeType(IntEnum):
    """Whose numbers modes are."""

    ARCHITECTURAL = 0
    IMPLEMENTATION = 1


class VoltageConfig(Word):
    """The mode of a voltage domain; architectural modes are off (0) and on (7)."""

    mode_type = Bits(3, 3, "The specification's own or the platform's", VoltageModeType)
    mode_id = Bits(2, 0, "Which mode")


VOLTAGE_OFF = VoltageConfig(0)
VOLTAGE_ON = VoltageConfig(7)


@structure
class VoltageConfigSetRequest(Request):
    """Switch a voltage domain."""

    domain_id: int = u32("The voltage domain")
    config: VoltageConfig = word(VoltageConfig, "The mode wanted")


@structure
class VoltageConfigSetResponse(Response):
    """The voltage domain is in the mode that was asked for."""


@structure
class VoltageConfigGetRequest(Request):
    """Ask for the mode of a voltage domain."""

    domain_id: int = u32("The voltage domain")


@structure
class VoltageConfigGetResponse(Response):
    """The mode of a voltage domain."""

    config: VoltageConfig = word(VoltageConfig, "Its mode")


class VoltageLevelSetFlags(Word):
    """How to set a level."""

    asynchronous = Bit(0, "Answer at once, set the level later")


@structure
class VoltageLevelSetRequest(Request):
    """Ask for a voltage."""

    domain_id: int = u32("The voltage domain")
    flags: VoltageLevelSetFlags = word(VoltageLevelSetFlags, "How to set it")
    voltage_level: int = i32("The voltage wanted, in µV")


@structure
class VoltageLevelSetResponse(Response):
    """The voltage is set, or will be."""


@structure
class VoltageLevelSetComplete(Response):
    """The voltage that was asked for asynchronously is set."""

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
    """Ask for the whole name of a voltage domain."""

    domain_id: int = u32("The voltage domain")


@structure
class VoltageDomainNameGetResponse(Response):
    """The whole name of a voltage domain."""

    flags: Reserved = word(Reserved, "Reserved")
    name: str = text(EXTENDED_NAME_SIZE, "Its name")


row = partial(Command, PROTOCOL_ID)

PROTOCOL = Protocol(
    id=PROTOCOL_ID,
    name="voltage domain",
    section="4.9",
    version=0x20001,
    commands=(
        *common_commands(PROTOCOL_ID, VoltageProtocolAttributesResponse, negotiable_since=0x20001),
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
