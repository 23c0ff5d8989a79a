"""Messages of version 3.0 of the power capping protocol (DEN0056F, SCMI 4.0 beta).

Layouts as Linux's driver has them (drivers/firmware/arm_scmi/powercap.c, series of 2026). A domain can have several
concurrent power limits (CPL), counted by `cpli`; MAI is the averaging interval of measurements, CAI that of a cap.
"""

from __future__ import annotations

from xenscmi.scmi.bitfields import Bit, BitFields, Bits
from xenscmi.scmi.codec import Structure, bitfields, records, structure, text, u32
from xenscmi.scmi.message import NotificationPayload, Request, Response
from xenscmi.scmi.protocols.common import NAME_SIZE, Reserved
from xenscmi.scmi.protocols.power_capping_parts import PowercapCapSetFlags, PowercapUnit


class PowercapDomainAttributesV3(BitFields):
    """Capabilities of a power capping domain, in version 3.0 of the protocol (beta)."""

    measurements_notifications = Bit(30, "POWERCAP_MEASUREMENTS_CHANGED is available")
    asynchronous = Bit(29, "The cap can be set asynchronously")
    extended_name = Bit(28, "The name has more than 15 characters: POWERCAP_DOMAIN_NAME_GET returns it")
    cap_configuration = Bit(27, "The cap can be set")
    monitoring = Bit(26, "Power can be measured")
    mai_configuration = Bit(25, "The MAI can be set")
    power_unit = Bits(24, 23, "Unit of power", PowercapUnit)
    fast_channels = Bit(22, "Has fast channels: POWERCAP_DESCRIBE_FASTCHANNEL")
    cap_notifications = Bit(21, "POWERCAP_CAP_CHANGED is available")
    cai_configuration = Bit(20, "The CAI can be set")
    cpls = Bits(18, 15, "Number of CPLs: POWERCAP_CPC_ATTRIBUTES")


@structure
class PowercapDomainAttributesResponseV3(Response):
    """The attributes of a power capping domain, in version 3.0 of the protocol (beta)."""

    attributes: PowercapDomainAttributesV3 = bitfields(PowercapDomainAttributesV3, "Capabilities")
    name: str = text(NAME_SIZE, "Its name, cut to 15 characters")
    min_mai: int = u32("Shortest MAI, in µs")
    max_mai: int = u32("Longest MAI, in µs")
    mai_step: int = u32("Step of the MAI, in µs; 0 if it cannot be set")
    min_power_cap: int = u32("Lowest cap")
    max_power_cap: int = u32("Highest cap")
    power_cap_step: int = u32("Step of the cap; 0 if it cannot be set")
    sustainable_power: int = u32("Sustainable power; 0: unknown")
    accuracy: int = u32("Accuracy of the measurements, in 1/100 percent; 0: unknown")
    parent_id: int = u32("The parent domain; 0xffffffff: none")
    min_cai: int = u32("Shortest CAI, in µs")
    max_cai: int = u32("Longest CAI, in µs")
    cai_step: int = u32("Step of the CAI, in µs; 0 if it cannot be set")


@structure
class PowercapCapGetRequestV3(Request):
    """Ask for the cap of a domain's CPL, in version 3.0 of the protocol (beta)."""

    domain_id: int = u32("The power capping domain")
    cpli: int = u32("The CPL")


@structure
class PowercapCapSetRequestV3(Request):
    """Set the cap of a domain's CPL, in version 3.0 of the protocol (beta)."""

    domain_id: int = u32("The power capping domain")
    cpli: int = u32("The CPL")
    flags: PowercapCapSetFlags = bitfields(PowercapCapSetFlags, "How to set it")
    power_cap: int = u32("The requested cap; 0 turns capping off")


@structure
class PowercapCapSetCompleteV3(Response):
    """The cap requested asynchronously is set, in version 3.0 of the protocol (beta)."""

    domain_id: int = u32("The power capping domain")
    power_cap: int = u32("Its cap; 0: capping is off")
    cpli: int = u32("The CPL")


@structure
class PowercapMaiGetRequest(Request):
    """Ask for the MAI of a domain."""

    domain_id: int = u32("The power capping domain")


@structure
class PowercapMaiGetResponse(Response):
    """The MAI of a domain."""

    mai: int = u32("The MAI, in µs")


@structure
class PowercapMaiSetRequest(Request):
    """Set the MAI of a domain."""

    domain_id: int = u32("The power capping domain")
    flags: Reserved = bitfields(Reserved, "Reserved")
    mai: int = u32("The requested MAI, in µs")


@structure
class PowercapMaiSetResponse(Response):
    """The MAI is set."""


@structure
class PowercapDescribeFastchannelRequestV3(Request):
    """Ask for the fast channel of a command, in version 3.0 of the protocol (beta)."""

    domain_id: int = u32("The power capping domain")
    message_id: int = u32("The command: set or get cap, CAI or MAI, or get measurements")
    cpli: int = u32("The CPL; 0 for MAI and measurements")


@structure
class PowercapCpcAttributesRequest(Request):
    """Ask for the CPLs of a domain."""

    domain_id: int = u32("The power capping domain")
    desc_index: int = u32("Number of CPLs to skip, those of earlier answers")


class NumCpls(BitFields):
    """Which CPLs an answer has."""

    remaining = Bits(31, 16, "Number of CPLs that further answers will bring")
    returned = Bits(15, 0, "Number of CPLs in this answer")


class CplFlags(BitFields):
    """Capabilities of a CPL."""

    cap_configuration = Bit(0, "The cap can be set")


@structure
class CplDescriptor(Structure):
    """The descriptor of a CPL."""

    cpli: int = u32("The CPL")
    flags: CplFlags = bitfields(CplFlags, "Capabilities")
    min_power_cap: int = u32("Lowest cap")
    max_power_cap: int = u32("Highest cap")
    power_cap_step: int = u32("Step of the cap; 0 if it cannot be set")
    min_cai: int = u32("Shortest CAI, in µs")
    max_cai: int = u32("Longest CAI, in µs")
    cai_step: int = u32("Step of the CAI, in µs; 0 if it cannot be set")
    name: str = text(NAME_SIZE, "Its name")


@structure
class PowercapCpcAttributesResponse(Response):
    """Some of the CPLs of a domain."""

    num_cpl: NumCpls = bitfields(NumCpls, "Which CPLs these are")
    desc: tuple[CplDescriptor, ...] = records(CplDescriptor, "The descriptors", count="num_cpl.returned")


@structure
class PowercapCaiGetRequest(Request):
    """Ask for the CAI of a domain's CPL."""

    domain_id: int = u32("The power capping domain")
    cpli: int = u32("The CPL")


@structure
class PowercapCaiGetResponse(Response):
    """The CAI of a domain's CPL."""

    cai: int = u32("The CAI, in µs")


@structure
class PowercapCaiSetRequest(Request):
    """Set the CAI of a domain's CPL."""

    domain_id: int = u32("The power capping domain")
    flags: Reserved = bitfields(Reserved, "Reserved")
    cai: int = u32("The requested CAI, in µs")
    cpli: int = u32("The CPL")


@structure
class PowercapCaiSetResponse(Response):
    """The CAI is set."""


@structure
class PowercapCapChangedV3(NotificationPayload):
    """A domain has a new cap or CAI, in version 3.0 of the protocol (beta)."""

    agent_id: int = u32("The agent that requested it")
    domain_id: int = u32("The power capping domain")
    power_cap: int = u32("Its cap; 0: capping is off")
    cai: int = u32("Its CAI, in µs")
    cpli: int = u32("The CPL")
