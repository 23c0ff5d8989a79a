"""Power capping and monitoring protocol, 0x18 (DEN0056 3.2, 4.10).

PAI is the power averaging interval, in µs; power is in the unit that the domain's attributes name.
"""

from __future__ import annotations

from functools import partial

from xenscmi.scmi.bitfields import Bit, BitFields, Bits
from xenscmi.scmi.codec import bitfields, structure, text, u32
from xenscmi.scmi.header import ProtocolId
from xenscmi.scmi.message import Command, Notification, NotificationPayload, Pages, Protocol, Request, Response
from xenscmi.scmi.protocols.common import (
    EXTENDED_NAME_SIZE,
    NAME_SIZE,
    FastchannelDescription,
    NotifyEnable,
    Reserved,
    common_commands,
)
from xenscmi.scmi.protocols.power_capping_parts import PowercapCapSetFlags, PowercapUnit
from xenscmi.scmi.protocols.power_capping_v3 import (
    PowercapCaiGetRequest,
    PowercapCaiGetResponse,
    PowercapCaiSetRequest,
    PowercapCaiSetResponse,
    PowercapCapChangedV3,
    PowercapCapGetRequestV3,
    PowercapCapSetCompleteV3,
    PowercapCapSetRequestV3,
    PowercapCpcAttributesRequest,
    PowercapCpcAttributesResponse,
    PowercapDescribeFastchannelRequestV3,
    PowercapDomainAttributesResponseV3,
    PowercapMaiGetRequest,
    PowercapMaiGetResponse,
    PowercapMaiSetRequest,
    PowercapMaiSetResponse,
)

NO_PARENT = 0xFFFF_FFFF
NO_CAP = 0  # as a power cap: capping is off


class PowercapProtocolAttributes(BitFields):
    """The number of power capping domains."""

    domains = Bits(15, 0, "Number of power capping domains")


@structure
class PowercapProtocolAttributesResponse(Response):
    """The number of power capping domains."""

    attributes: PowercapProtocolAttributes = bitfields(PowercapProtocolAttributes, "Number of power capping domains")


@structure
class PowercapDomainAttributesRequest(Request):
    """Ask for the attributes of a power capping domain."""

    domain_id: int = u32("The power capping domain")


class PowercapDomainAttributes(BitFields):
    """Capabilities of a power capping domain."""

    cap_notifications = Bit(31, "POWERCAP_CAP_CHANGED is available")
    measurements_notifications = Bit(30, "POWERCAP_MEASUREMENTS_CHANGED is available")
    asynchronous = Bit(29, "The cap can be set asynchronously")
    extended_name = Bit(28, "The name has more than 15 characters: POWERCAP_DOMAIN_NAME_GET returns it")
    cap_configuration = Bit(27, "The cap can be set")
    monitoring = Bit(26, "Power can be measured")
    pai_configuration = Bit(25, "The PAI can be set")
    power_unit = Bits(24, 23, "Unit of power", PowercapUnit)
    fast_channels = Bit(22, "Has fast channels: POWERCAP_DESCRIBE_FASTCHANNEL")


@structure
class PowercapDomainAttributesResponse(Response):
    """The attributes of a power capping domain."""

    attributes: PowercapDomainAttributes = bitfields(PowercapDomainAttributes, "Capabilities")
    name: str = text(NAME_SIZE, "Its name, cut to 15 characters")
    min_pai: int = u32("Shortest PAI, in µs")
    max_pai: int = u32("Longest PAI, in µs")
    pai_step: int = u32("Step of the PAI, in µs; 0 if it cannot be set")
    min_power_cap: int = u32("Lowest cap")
    max_power_cap: int = u32("Highest cap")
    power_cap_step: int = u32("Step of the cap; 0 if it cannot be set")
    sustainable_power: int = u32("Sustainable power; 0: unknown")
    accuracy: int = u32("Accuracy of the measurements, in 1/100 percent; 0: unknown")
    parent_id: int = u32("The parent domain; 0xffffffff: none")


@structure
class PowercapCapGetRequest(Request):
    """Ask for the cap of a domain."""

    domain_id: int = u32("The power capping domain")


@structure
class PowercapCapGetResponse(Response):
    """The cap of a domain."""

    power_cap: int = u32("Its cap; 0: capping is off")


@structure
class PowercapCapSetRequest(Request):
    """Set the cap of a domain."""

    domain_id: int = u32("The power capping domain")
    flags: PowercapCapSetFlags = bitfields(PowercapCapSetFlags, "How to set it")
    power_cap: int = u32("The requested cap; 0 turns capping off")


@structure
class PowercapCapSetResponse(Response):
    """The cap is set, or will be set."""


@structure
class PowercapCapSetComplete(Response):
    """The cap requested asynchronously is set."""

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
    """Set the PAI of a domain."""

    domain_id: int = u32("The power capping domain")
    flags: Reserved = bitfields(Reserved, "Reserved")
    pai: int = u32("The requested PAI, in µs")


@structure
class PowercapPaiSetResponse(Response):
    """The PAI is set."""


@structure
class PowercapDomainNameGetRequest(Request):
    """Ask for the full name of a power capping domain."""

    domain_id: int = u32("The power capping domain")


@structure
class PowercapDomainNameGetResponse(Response):
    """The full name of a power capping domain."""

    flags: Reserved = bitfields(Reserved, "Reserved")
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
    """Start or stop notifications of changed caps and PAIs."""

    domain_id: int = u32("The power capping domain")
    notify_enable: NotifyEnable = bitfields(NotifyEnable, "Whether to send the notifications")


@structure
class PowercapCapNotifyResponse(Response):
    """The notifications are on or off, as requested."""


@structure
class PowercapMeasurementsNotifyRequest(Request):
    """Start or stop notifications of power that crosses a threshold."""

    domain_id: int = u32("The power capping domain")
    notify_enable: NotifyEnable = bitfields(NotifyEnable, "Whether to send the notifications")
    power_thresh_low: int = u32("Notify power below this")
    power_thresh_high: int = u32("Notify power above this")


@structure
class PowercapMeasurementsNotifyResponse(Response):
    """The notifications are on or off, as requested."""


@structure
class PowercapDescribeFastchannelRequest(Request):
    """Ask for the fast channel of a command."""

    domain_id: int = u32("The power capping domain")
    message_id: int = u32("The command: set or get cap or PAI")


@structure
class PowercapDescribeFastchannelResponse(FastchannelDescription):
    """The fast channel of a command."""


@structure
class PowercapCapChanged(NotificationPayload):
    """A domain has a new cap or PAI."""

    agent_id: int = u32("The agent that requested it")
    domain_id: int = u32("The power capping domain")
    power_cap: int = u32("Its cap; 0: capping is off")
    pai: int = u32("Its PAI, in µs")


@structure
class PowercapMeasurementsChanged(NotificationPayload):
    """The power of a domain has crossed a threshold."""

    agent_id: int = u32("The agent that caused it")
    domain_id: int = u32("The power capping domain")
    power: int = u32("Its power, averaged over the PAI")


V3 = 0x30000
row = partial(Command, ProtocolId.POWER_CAPPING)
notice = partial(Notification, ProtocolId.POWER_CAPPING)

PROTOCOL = Protocol(
    id=ProtocolId.POWER_CAPPING,
    name="power capping",
    section="4.10",
    versions=(0x10000, 0x20000, V3),
    beta=frozenset({V3}),
    commands=(
        *common_commands(ProtocolId.POWER_CAPPING, PowercapProtocolAttributesResponse, negotiable_since=0x20000),
        row(
            0x3,
            "POWERCAP_DOMAIN_ATTRIBUTES",
            PowercapDomainAttributesRequest,
            PowercapDomainAttributesResponse,
            until=V3,
        ),
        row(
            0x3,
            "POWERCAP_DOMAIN_ATTRIBUTES",
            PowercapDomainAttributesRequest,
            PowercapDomainAttributesResponseV3,
            since=V3,
        ),
        row(0x4, "POWERCAP_CAP_GET", PowercapCapGetRequest, PowercapCapGetResponse, until=V3),
        row(0x4, "POWERCAP_CAP_GET", PowercapCapGetRequestV3, PowercapCapGetResponse, since=V3),
        row(0x5, "POWERCAP_CAP_SET", PowercapCapSetRequest, PowercapCapSetResponse, PowercapCapSetComplete, until=V3),
        row(
            0x5, "POWERCAP_CAP_SET", PowercapCapSetRequestV3, PowercapCapSetResponse, PowercapCapSetCompleteV3, since=V3
        ),
        row(0x6, "POWERCAP_PAI_GET", PowercapPaiGetRequest, PowercapPaiGetResponse, until=V3),
        row(0x6, "POWERCAP_MAI_GET", PowercapMaiGetRequest, PowercapMaiGetResponse, since=V3),
        row(0x7, "POWERCAP_PAI_SET", PowercapPaiSetRequest, PowercapPaiSetResponse, until=V3),
        row(0x7, "POWERCAP_MAI_SET", PowercapMaiSetRequest, PowercapMaiSetResponse, since=V3),
        row(0x8, "POWERCAP_DOMAIN_NAME_GET", PowercapDomainNameGetRequest, PowercapDomainNameGetResponse),
        row(0x9, "POWERCAP_MEASUREMENTS_GET", PowercapMeasurementsGetRequest, PowercapMeasurementsGetResponse),
        row(0xA, "POWERCAP_CAP_NOTIFY", PowercapCapNotifyRequest, PowercapCapNotifyResponse),
        row(0xB, "POWERCAP_MEASUREMENTS_NOTIFY", PowercapMeasurementsNotifyRequest, PowercapMeasurementsNotifyResponse),
        row(
            0xC,
            "POWERCAP_DESCRIBE_FASTCHANNEL",
            PowercapDescribeFastchannelRequest,
            PowercapDescribeFastchannelResponse,
            until=V3,
        ),
        row(
            0xC,
            "POWERCAP_DESCRIBE_FASTCHANNEL",
            PowercapDescribeFastchannelRequestV3,
            PowercapDescribeFastchannelResponse,
            since=V3,
        ),
        row(
            0xD,
            "POWERCAP_CPC_ATTRIBUTES",
            PowercapCpcAttributesRequest,
            PowercapCpcAttributesResponse,
            since=V3,
            pages=Pages("desc_index", "desc", "num_cpl.remaining"),
        ),
        row(0xE, "POWERCAP_CAI_GET", PowercapCaiGetRequest, PowercapCaiGetResponse, since=V3),
        row(0xF, "POWERCAP_CAI_SET", PowercapCaiSetRequest, PowercapCaiSetResponse, since=V3),
    ),
    notifications=(
        notice(0x0, "POWERCAP_CAP_CHANGED", PowercapCapChanged, until=V3),
        notice(0x0, "POWERCAP_CAP_CHANGED", PowercapCapChangedV3, since=V3),
        notice(0x1, "POWERCAP_MEASUREMENTS_CHANGED", PowercapMeasurementsChanged),
    ),
)
