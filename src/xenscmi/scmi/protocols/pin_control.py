"""Pin control protocol, 0x19 (DEN0056 3.2, 4.11).

An identifier names a pin, a group of pins or a function, as a selector beside it says.
"""

from __future__ import annotations

from enum import IntEnum
from functools import partial

from xenscmi.scmi.bitfields import Bit, BitFields, Bits
from xenscmi.scmi.codec import Structure, bitfields, integers, records, structure, text, u32
from xenscmi.scmi.header import ProtocolId
from xenscmi.scmi.message import Command, Pages, Protocol, Request, Response
from xenscmi.scmi.protocols.common import EXTENDED_NAME_SIZE, NAME_SIZE, Reserved, common_commands

NO_FUNCTION = 0xFFFF_FFFF


class Selector(IntEnum):
    """Types of identifiers."""

    PIN = 0
    GROUP = 1
    FUNCTION = 2


class SelectorFlags(BitFields):
    """Types of identifiers."""

    selector = Bits(1, 0, "Pin, group or function", Selector)


class PinctrlProtocolAttributesLow(BitFields):
    """The number of pins and groups."""

    groups = Bits(31, 16, "Number of pin groups")
    pins = Bits(15, 0, "Number of pins")


class PinctrlProtocolAttributesHigh(BitFields):
    """The number of functions."""

    functions = Bits(15, 0, "Number of functions")


@structure
class PinctrlProtocolAttributesResponse(Response):
    """The number of pins, groups and functions."""

    attributes_low: PinctrlProtocolAttributesLow = bitfields(PinctrlProtocolAttributesLow, "Number of pins and groups")
    attributes_high: PinctrlProtocolAttributesHigh = bitfields(PinctrlProtocolAttributesHigh, "Number of functions")


@structure
class PinctrlAttributesRequest(Request):
    """Ask for the attributes of a pin, group or function."""

    identifier: int = u32("The pin, group or function")
    flags: SelectorFlags = bitfields(SelectorFlags, "Type of the identifier")


class PinctrlAttributes(BitFields):
    """The attributes of a pin, group or function."""

    extended_name = Bit(31, "The name has more than 15 characters: PINCTRL_NAME_GET returns it")
    gpio_function = Bit(17, "A function: that of a GPIO")
    pin_only = Bit(16, "A function: for pins, not for groups")
    elements = Bits(15, 0, "A group: number of pins; a function: number of groups or pins")


@structure
class PinctrlAttributesResponse(Response):
    """The attributes of a pin, group or function."""

    attributes: PinctrlAttributes = bitfields(PinctrlAttributes, "What it is")
    name: str = text(NAME_SIZE, "Its name, cut to 15 characters")


@structure
class PinctrlListAssociationsRequest(Request):
    """Ask for the pins of a group, or the groups or pins of a function."""

    identifier: int = u32("The group or function")
    flags: SelectorFlags = bitfields(SelectorFlags, "Type of the identifier")
    index: int = u32("Number of identifiers to skip, those of earlier answers")


class AssociationsFlags(BitFields):
    """Which identifiers an answer has."""

    remaining = Bits(31, 16, "Number of identifiers that further answers will bring")
    returned = Bits(11, 0, "Number of identifiers in this answer")


@structure
class PinctrlListAssociationsResponse(Response):
    """Some of the pins of a group, or of the groups or pins of a function."""

    flags: AssociationsFlags = bitfields(AssociationsFlags, "Which identifiers these are")
    array: tuple[int, ...] = integers("H", "The identifiers", count="flags.returned")


class ConfigFlag(IntEnum):
    """What PINCTRL_SETTINGS_GET returns."""

    ONE_TYPE = 0
    ALL_TYPES = 1
    FUNCTION_ONLY = 2


class SettingsGetAttributes(BitFields):
    """What to read of a pin's or group's settings."""

    config_flag = Bits(19, 18, "One setting, all of them, or only the function", ConfigFlag)
    selector = Bits(17, 16, "Pin or group", Selector)
    skip_configs = Bits(15, 8, "Number of settings to skip, those of earlier answers")
    config_type = Bits(7, 0, "The setting, if one is requested")


@structure
class PinctrlSettingsGetRequest(Request):
    """Ask for the settings of a pin or group."""

    identifier: int = u32("The pin or group")
    attributes: SettingsGetAttributes = bitfields(SettingsGetAttributes, "What to read")


class NumConfigs(BitFields):
    """Which settings an answer has."""

    remaining = Bits(31, 24, "Number of settings that further answers will bring")
    returned = Bits(7, 0, "Number of settings in this answer")


class ConfigType(BitFields):
    """Which setting."""

    type = Bits(7, 0, "Type of setting; platform-defined from 192 on")


@structure
class PinConfig(Structure):
    """One setting of a pin or group."""

    config_type: ConfigType = bitfields(ConfigType, "Which setting")
    config_value: int = u32("Its value")


@structure
class PinctrlSettingsGetResponse(Response):
    """The function of a pin or group, and some of its settings."""

    function_selected: int = u32("Its function; 0xffffffff: none")
    num_configs: NumConfigs = bitfields(NumConfigs, "Which settings these are")
    configs: tuple[PinConfig, ...] = records(PinConfig, "The settings", count="num_configs.returned")


class SettingsConfigureAttributes(BitFields):
    """What to set."""

    function_valid = Bit(10, "Set the function")
    num_configs = Bits(9, 2, "Number of settings")
    selector = Bits(1, 0, "Pin or group", Selector)


@structure
class PinctrlSettingsConfigureRequest(Request):
    """Set the function of a pin or group, or its settings."""

    identifier: int = u32("The pin or group")
    function_id: int = u32("The function, if function_valid is set")
    attributes: SettingsConfigureAttributes = bitfields(SettingsConfigureAttributes, "What to set")
    configs: tuple[PinConfig, ...] = records(PinConfig, "The settings", count="attributes.num_configs")


@structure
class PinctrlSettingsConfigureResponse(Response):
    """The pin or group is configured."""


@structure
class PinctrlRequestRequest(Request):
    """Request exclusive use of a pin or group."""

    identifier: int = u32("The pin or group")
    flags: SelectorFlags = bitfields(SelectorFlags, "Type of the identifier")


@structure
class PinctrlRequestResponse(Response):
    """The agent owns the pin or group."""


@structure
class PinctrlReleaseRequest(Request):
    """Release a pin or group."""

    identifier: int = u32("The pin or group")
    flags: SelectorFlags = bitfields(SelectorFlags, "Type of the identifier")


@structure
class PinctrlReleaseResponse(Response):
    """The pin or group is free."""


@structure
class PinctrlNameGetRequest(Request):
    """Ask for the full name of a pin, group or function."""

    identifier: int = u32("The pin, group or function")
    flags: SelectorFlags = bitfields(SelectorFlags, "Type of the identifier")


@structure
class PinctrlNameGetResponse(Response):
    """The full name of a pin, group or function."""

    flags: Reserved = bitfields(Reserved, "Reserved")
    name: str = text(EXTENDED_NAME_SIZE, "Its name")


class PinPermissionFlags(BitFields):
    """How to change permissions."""

    allow = Bit(2, "Allow access; 0 denies it")
    selector = Bits(1, 0, "Pin or group", Selector)


@structure
class PinctrlSetPermissionsRequest(Request):
    """Allow or deny an agent a pin or group. Only for agents that the platform trusts."""

    agent_id: int = u32("The agent whose access changes")
    identifier: int = u32("The pin or group")
    flags: PinPermissionFlags = bitfields(PinPermissionFlags, "Pin or group; allow or deny")


@structure
class PinctrlSetPermissionsResponse(Response):
    """The agent's access to the pin or group is set as requested."""


row = partial(Command, ProtocolId.PIN_CONTROL)

PROTOCOL = Protocol(
    id=ProtocolId.PIN_CONTROL,
    name="pin control",
    section="4.11",
    versions=(0x10000,),
    commands=(
        *common_commands(ProtocolId.PIN_CONTROL, PinctrlProtocolAttributesResponse, negotiable_since=0x10000),
        row(0x3, "PINCTRL_ATTRIBUTES", PinctrlAttributesRequest, PinctrlAttributesResponse),
        row(
            0x4,
            "PINCTRL_LIST_ASSOCIATIONS",
            PinctrlListAssociationsRequest,
            PinctrlListAssociationsResponse,
            pages=Pages("index", "array", "flags.remaining"),
        ),
        row(
            0x5,
            "PINCTRL_SETTINGS_GET",
            PinctrlSettingsGetRequest,
            PinctrlSettingsGetResponse,
            pages=Pages("attributes.skip_configs", "configs", "num_configs.remaining"),
        ),
        row(0x6, "PINCTRL_SETTINGS_CONFIGURE", PinctrlSettingsConfigureRequest, PinctrlSettingsConfigureResponse),
        row(0x7, "PINCTRL_REQUEST", PinctrlRequestRequest, PinctrlRequestResponse),
        row(0x8, "PINCTRL_RELEASE", PinctrlReleaseRequest, PinctrlReleaseResponse),
        row(0x9, "PINCTRL_NAME_GET", PinctrlNameGetRequest, PinctrlNameGetResponse),
        row(0xA, "PINCTRL_SET_PERMISSIONS", PinctrlSetPermissionsRequest, PinctrlSetPermissionsResponse),
    ),
)
