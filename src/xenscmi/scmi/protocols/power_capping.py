"""Power capping and monitoring protocol, 0x18 (DEN0056 3.2, 4.10).

PAI is the power averaging interval, in µs; power is in the unit that the domain's attributes name.
"""

from __future__ import annotations

from enum import IntEnum
from functools import partial

from xenscmi.scmi.kinds import text, u32, word
from xenscmi.scmi.layout import structure
from xenscmi.scmi.message import Command, Notice, Notification, Protocol, Request, Response
from xenscmi.scmi.protocols.common import (
    EXTENDED_NAME_SIZE,
    NAME_SIZE,
    FastchannelDescription,
    NotifyEnable,
    Reserved,
    common_commands,
)
from xenscmi.scmi.words import Bit, Bits, Word

PROTOCOL_ID = 0x18
NO_PARENT = 0xFFFF_FFFF
NO_CAP = 0  # as a power cap: capping is off


class PowercapProtocolAttributes(Word):
    """How many power capping domains there are."""

    domains = Bits(15, 0, "Number of power capping domains")


@structure
class PowercapProtocolAttributesResponse(Response):
    """How many power capping domains there are."""

    attributes: PowercapProtocolAttributes = word(PowercapProtocolAttributes, "Number of power capping domains")


@structure
class PowercapDomainAttributesRequest(Request):
    """Ask for what a power capping domain is."""

    domain_id: int = u32("The power capping domain")


class PowercapUnit(IntEnum):
    """Units of a domain's power."""

    ABSTRACT = 0
    MICROWATT = 1
    MILLIWATT = 2


class PowercapDomainAttributes(Word):
    """What a power capping domain can."""

    cap_notifications = Bit(31, "POWERCAP_CAP_CHANGED can be asked for")
    measurements_notifications = Bit(30, "POWERCAP_MEASUREMENTS_CHANGED can be asked for")
    asynchronous = Bit(29, "The cap can be set asynchronously")
    extended_name = Bit(28, "Has a name of more than 15 characters: POWERCAP_DOMAIN_NAME_GET")
    cap_configuration = Bit(27, "The cap can be set")
    monitoring = Bit(26, "Power can be measured")
    pai_configuration = Bit(25, "The PAI can be set")
    power_unit = Bits(24, 23, "Unit of power", PowercapUnit)
    fast_channels = Bit(22, "Has fast channels: POWERCAP_DESCRIBE_FASTCHANNEL")


@structure
class PowercapDomainAttributesResponse(Response):
    """What a power capping domain is."""

    attributes: PowercapDomainAttributes = word(PowercapDomainAttributes, "Abilities")
    name: str = text(NAME_SIZE, "Its name, or the beginning of it")
    min_pai: int = u32("Shortest PAI, in µs")
    max_pai: int = u32("Longest PAI, in µs")
    pai_step: int = u32("Step of the PAI, in µs; 0 if it cannot be set")
    min_power_cap: int = u32("Lowest cap")
    max_power_cap: int = u32("Highest cap")
    power_cap_step: int = u32("Step of the cap; 0 if it cannot be set")
    sustainable_power: int = u32("Highest power that can be sustained; 0: not known")
    accuracy: int = u32("Accuracy of the measurements, in 1/100 percent; 0: not known")
    parent_id: int = u32("The domain of which this one is a part; 0xffffffff: none")


@structure
class PowercapCapGetRequest(Request):
    """Ask for the cap of a domain."""

    domain_id: int = u32("The power capping domain")


@structure
class PowercapCapGetResponse(Response):
    """The cap of a domain."""

    power_cap: int = u32("Its cap; 0: capping is off")


class PowercapCapSetFlags(Word):
    """How to set a cap."""

    asynchronous = Bit(1, "Answer at once, set the cap later")
    ignore_delayed_response = Bit(0, "With asynchronous: send no delayed response")


@structure
class PowercapCapSetRequest(Request):
    """Ask for a cap."""

    domain_id: int = u32("The power capping domain")
    flags: PowercapCapSetFlags = word(PowercapCapSetFlags, "How to set it")
    power_cap: int = u32("The cap wanted; 0: capping off")


@structure
class PowercapCapSetResponse(Response):
    """The cap is set, or will be."""


@structure
class PowercapCapSetComplete(Response):
    """The cap that was asked for asynchronously is set."""

    domain_id: int = u32("The power capping domain")
    power_cap: int = u32("Its cap; 0: capping is off")


@structure
class PowercapPaiGetRequest(Request):
    """Ask for the PAI of a domain."""

    domain_id: int = u32("The power capping domain")


@structure
class PowercapPaiGetResponse(Response):
    """The PAI of a domain."""

    pai: int = u32("Its PAI, in µs")


@structure
class PowercapPaiSetRequest(Request):
    """Ask for a PAI."""

    domain_id: int = u32("The power capping domain")
    flags: Reserved = word(Reserved, "Reserved")
    pai: int = u32("The PAI wanted, in µs")


@structure
class PowercapPaiSetResponse(Response):
    """The PAI is set."""


@structure
class PowercapDomainNameGetRequest(Request):
    """Ask for the whole name of a power capping domain."""

    domain_id: int = u32("The power capping domain")


@structure
class PowercapDomainNameGetResponse(Response):
    """The whole name of a power capping domain."""

    flags: Reserved = word(Reserved, "Reserved")
    name: str = text(EXTENDED_NAME_SIZE, "Its name")


@structure
class PowercapMeasurementsGetRequest(Request):
    """Ask for the power of a domain."""

    domain_id: int = u32("The power capping domain")


@structure
class PowercapMeasurementsGetResponse(Response):
    """The power of a domain."""

    power: int = u32("Its power, averaged over the PAI")
    pai: int = u32("The PAI, in µs")


@structure
class PowercapCapNotifyRequest(Request):
    """Ask for notifications of changed caps and PAIs, or no longer."""

    domain_id: int = u32("The power capping domain")
    notify_enable: NotifyEnable = word(NotifyEnable, "Whether changes shall be notified")


@structure
class PowercapCapNotifyResponse(Response):
    """Changed caps and PAIs will be notified, or no longer."""


@structure
class PowercapMeasurementsNotifyRequest(Request):
    """Ask for notifications of power outside two thresholds, or no longer."""

    domain_id: int = u32("The power capping domain")
    notify_enable: NotifyEnable = word(NotifyEnable, "Whether power shall be notified")
    power_thresh_low: int = u32("Notify power below this")
    power_thresh_high: int = u32("Notify power above this")


@structure
class PowercapMeasurementsNotifyResponse(Response):
    """Power outside the thresholds will be notified, or no longer."""


@structure
class PowercapDescribeFastchannelRequest(Request):
    """Ask for the fast channel of a command."""

    domain_id: int = u32("The power capping domain")
    message_id: int = u32("The command: set or get cap or PAI")


@structure
class PowercapDescribeFastchannelResponse(FastchannelDescription):
    """The fast channel of a command."""


@structure
class PowercapCapChanged(Notice):
    """A domain has another cap or PAI."""

    agent_id: int = u32("The agent that asked for it")
    domain_id: int = u32("The power capping domain")
    power_cap: int = u32("Its cap; 0: capping is off")
    pai: int = u32("Its PAI, in µs")


@structure
class PowercapMeasurementsChanged(Notice):
    """The power of a domain has crossed a threshold."""

    agent_id: int = u32("The agent that caused it")
    domain_id: int = u32("The power capping domain")
    power: int = u32("Its power, averaged over the PAI")


row = partial(Command, PROTOCOL_ID)
notice = partial(Notification, PROTOCOL_ID)

PROTOCOL = Protocol(
    id=PROTOCOL_ID,
    name="power capping",
    section="4.10",
    version=0x20000,
    commands=(
        *common_commands(PROTOCOL_ID, PowercapProtocolAttributesResponse, negotiable_since=0x20000),
        row(0x3, "POWERCAP_DOMAIN_ATTRIBUTES", PowercapDomainAttributesRequest, PowercapDomainAttributesResponse),
        row(0x4, "POWERCAP_CAP_GET", PowercapCapGetRequest, PowercapCapGetResponse),
        row(0x5, "POWERCAP_CAP_SET", PowercapCapSetRequest, PowercapCapSetResponse, PowercapCapSetComplete),
        row(0x6, "POWERCAP_PAI_GET", PowercapPaiGetRequest, PowercapPaiGetResponse),
        row(0x7, "POWERCAP_PAI_SET", PowercapPaiSetRequest, PowercapPaiSetResponse),
        row(0x8, "POWERCAP_DOMAIN_NAME_GET", PowercapDomainNameGetRequest, PowercapDomainNameGetResponse),
        row(0x9, "POWERCAP_MEASUREMENTS_GET", PowercapMeasurementsGetRequest, PowercapMeasurementsGetResponse),
        row(0xA, "POWERCAP_CAP_NOTIFY", PowercapCapNotifyRequest, PowercapCapNotifyResponse),
        row(0xB, "POWERCAP_MEASUREMENTS_NOTIFY", PowercapMeasurementsNotifyRequest, PowercapMeasurementsNotifyResponse),
        row(
            0xC,
            "POWERCAP_DESCRIBE_FASTCHANNEL",
            PowercapDescribeFastchannelRequest,
            PowercapDescribeFastchannelResponse,
        ),
    ),
    notifications=(
        notice(0x0, "POWERCAP_CAP_CHANGED", PowercapCapChanged),
        notice(0x1, "POWERCAP_MEASUREMENTS_CHANGED", PowercapMeasurementsChanged),
    ),
)
