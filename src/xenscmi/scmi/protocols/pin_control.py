"""Pin control protocol, 0x19 (DEN0056 3.2, 4.11).

An identifier names a pin, a group of pins or a function, as a selector beside it says.
"""

from __future__ import annotations

from enum import IntEnum
from functools import partial

from xenscmi.scmi.kinds import integers, records, text, u32, word
from xenscmi.scmi.layout import Structure, structure
from xenscmi.scmi.message import Command, Pages, Protocol, Request, Response
from xenscmi.scmi.protocols.common import EXTENDED_NAME_SIZE, NAME_SIZE, Reserved, common_commands
from xenscmi.scmi.words import Bit, Bits, Word

PROTOCOL_ID = 0x19
NO_FUNCTION = 0xFFFF_FFFF


class Selector(IntEnum):
    """What an identifier names."""

    PIN = 0
    GROUP = 1
    FUNCTION = 2


class SelectorFlags(Word):
    """What an identifier names."""

    selector = Bits(1, 0, "Pin, group or function", Selector)


class PinctrlProtocolAttributesLow(Word):
    """How many pins and groups there are."""

    groups = Bits(31, 16, "Number of pin groups")
    pins = Bits(15, 0, "Number of pins")


class PinctrlProtocolAttributesHigh(Word):
    """How many functions there are."""

    functions = Bits(15, 0, "Number of functions")


@structure
class PinctrlProtocolAttributesResponse(Response):
    """How many pins, groups and functions there are."""

    attributes_low: PinctrlProtocolAttributesLow = word(PinctrlProtocolAttributesLow, "Numbers of pins and groups")
    attributes_high: PinctrlProtocolAttributesHigh = word(PinctrlProtocolAttributesHigh, "Number of functions")


@structure
class PinctrlAttributesRequest(Request):
    """Ask for what a pin, group or function is."""

    identifier: int = u32("The pin, group or function")
    flags: SelectorFlags = word(SelectorFlags, "Which of them")


class PinctrlAttributes(Word):
    """What a pin, group or function is."""

    extended_name = Bit(31, "Has a name of more than 15 characters: PINCTRL_NAME_GET")
    gpio_function = Bit(17, "A function: that of a GPIO")
    pin_only = Bit(16, "A function: for pins, not for groups")
    elements = Bits(15, 0, "A group: number of pins; a function: number of groups or pins")


@structure
class PinctrlAttributesResponse(Response):
    """What a pin, group or function is."""

    attributes: PinctrlAttributes = word(PinctrlAttributes, "What it is")
    name: str = text(NAME_SIZE, "Its name, or the beginning of it")


@structure
class PinctrlListAssociationsRequest(Request):
    """Ask for the pins of a group, or the groups or pins of a function."""

    identifier: int = u32("The group or function")
    flags: SelectorFlags = word(SelectorFlags, "Which of them")
    index: int = u32("How many identifiers to leave out, those of earlier answers")


class AssociationsFlags(Word):
    """Which identifiers an answer brings."""

    remaining = Bits(31, 16, "How many identifiers are left for further answers")
    returned = Bits(11, 0, "How many identifiers this answer brings")


@structure
class PinctrlListAssociationsResponse(Response):
    """Some of the pins of a group, or of the groups or pins of a function."""

    flags: AssociationsFlags = word(AssociationsFlags, "Which identifiers these are")
    array: tuple[int, ...] = integers("H", "The identifiers", count="flags.returned")


class ConfigFlag(IntEnum):
    """What PINCTRL_SETTINGS_GET asks for."""

    ONE_TYPE = 0
    ALL_TYPES = 1
    FUNCTION_ONLY = 2


class SettingsGetAttributes(Word):
    """What to read of a pin's or group's settings."""

    config_flag = Bits(19, 18, "One setting, all of them, or only the function", ConfigFlag)
    selector = Bits(17, 16, "Pin or group", Selector)
    skip_configs = Bits(15, 8, "How many settings to leave out, those of earlier answers")
    config_type = Bits(7, 0, "The setting, where one is asked for")


@structure
class PinctrlSettingsGetRequest(Request):
    """Ask for the settings of a pin or group."""

    identifier: int = u32("The pin or group")
    attributes: SettingsGetAttributes = word(SettingsGetAttributes, "What to read")


class NumConfigs(Word):
    """Which settings an answer brings."""

    remaining = Bits(31, 24, "How many settings are left for further answers")
    returned = Bits(7, 0, "How many settings this answer brings")


class ConfigType(Word):
    """Which setting."""

    type = Bits(7, 0, "Kind of setting; from 192 on the platform's own")


@structure
class PinConfig(Structure):
    """One setting of a pin or group."""

    config_type: ConfigType = word(ConfigType, "Which setting")
    config_value: int = u32("Its value")


@structure
class PinctrlSettingsGetResponse(Response):
    """The function of a pin or group, and some of its settings."""

    function_selected: int = u32("Its function; 0xffffffff: none")
    num_configs: NumConfigs = word(NumConfigs, "Which settings these are")
    configs: tuple[PinConfig, ...] = records(PinConfig, "The settings", count="num_configs.returned")


class SettingsConfigureAttributes(Word):
    """What to set."""

    function_valid = Bit(10, "Set the function")
    num_configs = Bits(9, 2, "Number of settings")
    selector = Bits(1, 0, "Pin or group", Selector)


@structure
class PinctrlSettingsConfigureRequest(Request):
    """Set the function of a pin or group, or its settings."""

    identifier: int = u32("The pin or group")
    function_id: int = u32("The function, if it is to be set")
    attributes: SettingsConfigureAttributes = word(SettingsConfigureAttributes, "What to set")
    configs: tuple[PinConfig, ...] = records(PinConfig, "The settings", count="attributes.num_configs")


@structure
class PinctrlSettingsConfigureResponse(Response):
    """The pin or group is set."""


@structure
class PinctrlRequestRequest(Request):
    """Ask to have a pin or group for oneself."""

    identifier: int = u32("The pin or group")
    flags: SelectorFlags = word(SelectorFlags, "Which of them")


@structure
class PinctrlRequestResponse(Response):
    """The pin or group is the agent's."""


@structure
class PinctrlReleaseRequest(Request):
    """Give a pin or group back."""

    identifier: int = u32("The pin or group")
    flags: SelectorFlags = word(SelectorFlags, "Which of them")


@structure
class PinctrlReleaseResponse(Response):
    """The pin or group is free."""


@structure
class PinctrlNameGetRequest(Request):
    """Ask for the whole name of a pin, group or function."""

    identifier: int = u32("The pin, group or function")
    flags: SelectorFlags = word(SelectorFlags, "Which of them")


@structure
class PinctrlNameGetResponse(Response):
    """The whole name of a pin, group or function."""

    flags: Reserved = word(Reserved, "Reserved")
    name: str = text(EXTENDED_NAME_SIZE, "Its name")


class PinPermissionFlags(Word):
    """How to change permissions."""

    allow = Bit(2, "Allow access, rather than deny it")
    selector = Bits(1, 0, "Pin or group", Selector)


@structure
class PinctrlSetPermissionsRequest(Request):
    """Allow or deny an agent a pin or group. Only for agents that the platform trusts."""

    agent_id: int = u32("The agent whose access changes")
    identifier: int = u32("The pin or group")
    flags: PinPermissionFlags = word(PinPermissionFlags, "Which of them; allow or deny")


@structure
class PinctrlSetPermissionsResponse(Response):
    """The agent's access to the pin or group is as asked for."""


row = partial(Command, PROTOCOL_ID)

PROTOCOL = Protocol(
    id=PROTOCOL_ID,
    name="pin control",
    section="4.11",
    version=0x10000,
    commands=(
        *common_commands(PROTOCOL_ID, PinctrlProtocolAttributesResponse, negotiable_since=0x10000),
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
