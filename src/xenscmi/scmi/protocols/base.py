"""Base protocol, 0x10 (DEN0056 3.2, 4.2): discovery, and the permissions of agents."""

from __future__ import annotations

from functools import partial

from xenscmi.scmi.bitfields import Bit, BitFields, Bits
from xenscmi.scmi.codec import bitfields, integers, structure, text, u32
from xenscmi.scmi.header import ProtocolId
from xenscmi.scmi.message import Command, Notification, NotificationPayload, Pages, Protocol, Request, Response
from xenscmi.scmi.protocols.common import NAME_SIZE, NotifyEnable, common_commands

OWN_AGENT_ID = 0xFFFF_FFFF  # in BASE_DISCOVER_AGENT: the agent that asks
PLATFORM_AGENT_ID = 0


class BaseAttributes(BitFields):
    """The number of protocols and agents."""

    protocols = Bits(7, 0, "Number of protocols, without the base protocol")
    agents = Bits(15, 8, "Number of agents, with the platform (agent 0)")


@structure
class BaseProtocolAttributesResponse(Response):
    """The number of protocols and agents."""

    attributes: BaseAttributes = bitfields(BaseAttributes, "Number of protocols and agents")


@structure
class BaseDiscoverVendorRequest(Request):
    """Ask for the vendor of the platform's firmware."""


@structure
class BaseDiscoverVendorResponse(Response):
    """The vendor of the platform's firmware."""

    vendor_identifier: str = text(NAME_SIZE, "Name of the vendor")


@structure
class BaseDiscoverSubVendorRequest(Request):
    """Ask for the sub-vendor of the platform's firmware."""


@structure
class BaseDiscoverSubVendorResponse(Response):
    """The sub-vendor of the platform's firmware."""

    vendor_identifier: str = text(NAME_SIZE, "Name of the sub-vendor")


@structure
class BaseDiscoverImplementationVersionRequest(Request):
    """Ask for the version of the platform's firmware."""


@structure
class BaseDiscoverImplementationVersionResponse(Response):
    """The version of the platform's firmware."""

    implementation_version: int = u32("A vendor-defined number")


@structure
class BaseDiscoverListProtocolsRequest(Request):
    """Ask which protocols the agent may use."""

    skip: int = u32("Number of protocols to skip, those of earlier answers")


@structure
class BaseDiscoverListProtocolsResponse(Response):
    """Some of the protocols that the agent may use, without the base protocol.

    The agent asks again, with a larger `skip`, until it has as many as PROTOCOL_ATTRIBUTES says.
    """

    num_protocols: int = u32("Number of protocols in this answer")
    protocols: tuple[int, ...] = integers("B", "Their ids, four in a word", ProtocolId, count="num_protocols", pad=4)


@structure
class BaseDiscoverAgentRequest(Request):
    """Ask for the name of an agent."""

    agent_id: int = u32("The agent; 0 is the platform, 0xffffffff the caller")


@structure
class BaseDiscoverAgentResponse(Response):
    """The name of an agent."""

    agent_id: int = u32("The agent; the caller's id if 0xffffffff was requested")
    name: str = text(NAME_SIZE, "Its name")


@structure
class BaseDiscoverAgentResponseV1(Response):
    """The name of an agent, in version 1.0 of the protocol."""

    name: str = text(NAME_SIZE, "Its name")


@structure
class BaseNotifyErrorsRequest(Request):
    """Start or stop notifications of errors."""

    notify_enable: NotifyEnable = bitfields(NotifyEnable, "Whether to send the notifications")


@structure
class BaseNotifyErrorsResponse(Response):
    """The notifications are on or off, as requested."""


class AccessFlags(BitFields):
    """Flags of the commands that set permissions."""

    allow = Bit(0, "Allow access; 0 denies it")


@structure
class BaseSetDevicePermissionsRequest(Request):
    """Allow or deny an agent all resources of a device. Only for agents that the platform trusts."""

    agent_id: int = u32("The agent whose access changes")
    device_id: int = u32("The device")
    flags: AccessFlags = bitfields(AccessFlags, "Allow or deny")


@structure
class BaseSetDevicePermissionsResponse(Response):
    """The agent's access to the device is set as requested."""


@structure
class BaseSetProtocolPermissionsRequest(Request):
    """Allow or deny an agent a device's resources of one protocol. Only for agents that the platform trusts."""

    agent_id: int = u32("The agent whose access changes")
    device_id: int = u32("The device")
    command_id: int = u32("The protocol; the base protocol cannot be denied", ProtocolId)
    flags: AccessFlags = bitfields(AccessFlags, "Allow or deny")


@structure
class BaseSetProtocolPermissionsResponse(Response):
    """The agent's access to the device through the protocol is set as requested."""


class ResetAgentFlags(BitFields):
    """Flags of BASE_RESET_AGENT_CONFIGURATION."""

    reset_permissions = Bit(0, "Reset the agent's permissions too, not only what it has configured")


@structure
class BaseResetAgentConfigurationRequest(Request):
    """Undo what an agent has configured. Only for agents that the platform trusts."""

    agent_id: int = u32("The agent")
    flags: ResetAgentFlags = bitfields(ResetAgentFlags, "What to reset")


@structure
class BaseResetAgentConfigurationResponse(Response):
    """The agent's configuration is reset."""


class ErrorStatus(BitFields):
    """What an error notification reports."""

    fatal = Bit(31, "The error is fatal: the agent should not continue")
    messages = Bits(9, 0, "Number of messages that caused the error")


@structure
class BaseErrorEvent(NotificationPayload):
    """The platform detected an error while it processed commands."""

    agent_id: int = u32("The agent whose commands they were")
    error_status: ErrorStatus = bitfields(ErrorStatus, "Kind of error")
    msg_reports: tuple[int, ...] = integers(
        "Q", "The commands: header in the low word, status in the high one", count="error_status.messages"
    )


row = partial(Command, ProtocolId.BASE)

PROTOCOL = Protocol(
    id=ProtocolId.BASE,
    name="base",
    section="4.2",
    versions=(0x10000, 0x20000, 0x20001),
    commands=(
        *common_commands(ProtocolId.BASE, BaseProtocolAttributesResponse, negotiable_since=0x20001),
        row(0x3, "BASE_DISCOVER_VENDOR", BaseDiscoverVendorRequest, BaseDiscoverVendorResponse),
        row(0x4, "BASE_DISCOVER_SUB_VENDOR", BaseDiscoverSubVendorRequest, BaseDiscoverSubVendorResponse),
        row(
            0x5,
            "BASE_DISCOVER_IMPLEMENTATION_VERSION",
            BaseDiscoverImplementationVersionRequest,
            BaseDiscoverImplementationVersionResponse,
        ),
        row(
            0x6,
            "BASE_DISCOVER_LIST_PROTOCOLS",
            BaseDiscoverListProtocolsRequest,
            BaseDiscoverListProtocolsResponse,
            pages=Pages("skip", "protocols"),
        ),
        row(0x7, "BASE_DISCOVER_AGENT", BaseDiscoverAgentRequest, BaseDiscoverAgentResponseV1, until=0x20000),
        row(0x7, "BASE_DISCOVER_AGENT", BaseDiscoverAgentRequest, BaseDiscoverAgentResponse, since=0x20000),
        row(0x8, "BASE_NOTIFY_ERRORS", BaseNotifyErrorsRequest, BaseNotifyErrorsResponse),
        row(
            0x9,
            "BASE_SET_DEVICE_PERMISSIONS",
            BaseSetDevicePermissionsRequest,
            BaseSetDevicePermissionsResponse,
            since=0x20000,
        ),
        row(
            0xA,
            "BASE_SET_PROTOCOL_PERMISSIONS",
            BaseSetProtocolPermissionsRequest,
            BaseSetProtocolPermissionsResponse,
            since=0x20000,
        ),
        row(
            0xB,
            "BASE_RESET_AGENT_CONFIGURATION",
            BaseResetAgentConfigurationRequest,
            BaseResetAgentConfigurationResponse,
            since=0x20000,
        ),
    ),
    notifications=(Notification(ProtocolId.BASE, 0x0, "BASE_ERROR_EVENT", BaseErrorEvent),),
)
