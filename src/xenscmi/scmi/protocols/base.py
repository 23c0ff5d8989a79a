"""Base protocol, 0x10 (DEN0056 3.2, 4.2): who is there, and which agent may use what."""

from __future__ import annotations

from functools import partial

from xenscmi.scmi.header import ProtocolId
from xenscmi.scmi.kinds import integers, text, u32, word
from xenscmi.scmi.layout import structure
from xenscmi.scmi.message import Command, Notice, Notification, Pages, Protocol, Request, Response
from xenscmi.scmi.protocols.common import NAME_SIZE, NotifyEnable, common_commands
from xenscmi.scmi.words import Bit, Bits, Word

PROTOCOL_ID = 0x10
OWN_AGENT_ID = 0xFFFF_FFFF  # in BASE_DISCOVER_AGENT: the agent that asks
PLATFORM_AGENT_ID = 0


class BaseAttributes(Word):
    """How many protocols and agents there are."""

    protocols = Bits(7, 0, "Number of protocols, the base protocol not counted")
    agents = Bits(15, 8, "Number of agents, the platform (agent 0) counted")


@structure
class BaseProtocolAttributesResponse(Response):
    """How many protocols and agents there are."""

    attributes: BaseAttributes = word(BaseAttributes, "Numbers of protocols and agents")


@structure
class BaseDiscoverVendorRequest(Request):
    """Ask who makes the platform's firmware."""


@structure
class BaseDiscoverVendorResponse(Response):
    """Who makes the platform's firmware."""

    vendor_identifier: str = text(NAME_SIZE, "Name of the vendor")


@structure
class BaseDiscoverSubVendorRequest(Request):
    """Ask who else makes the platform's firmware."""


@structure
class BaseDiscoverSubVendorResponse(Response):
    """Who else makes the platform's firmware."""

    vendor_identifier: str = text(NAME_SIZE, "Name of the sub-vendor")


@structure
class BaseDiscoverImplementationVersionRequest(Request):
    """Ask for the version of the platform's firmware."""


@structure
class BaseDiscoverImplementationVersionResponse(Response):
    """The version of the platform's firmware."""

    implementation_version: int = u32("A number of the vendor's own")


@structure
class BaseDiscoverListProtocolsRequest(Request):
    """Ask which protocols the agent may use."""

    skip: int = u32("How many protocols to leave out, those of earlier answers")


@structure
class BaseDiscoverListProtocolsResponse(Response):
    """Some of the protocols that the agent may use, the base protocol left out.

    The agent asks again, with a larger `skip`, until it has as many as PROTOCOL_ATTRIBUTES says.
    """

    num_protocols: int = u32("How many protocols this answer lists")
    protocols: tuple[int, ...] = integers("B", "Their ids; four to a word", ProtocolId, count="num_protocols", pad=4)


@structure
class BaseDiscoverAgentRequest(Request):
    """Ask for the name of an agent."""

    agent_id: int = u32("The agent; 0 is the platform, 0xffffffff the one that asks")


@structure
class BaseDiscoverAgentResponse(Response):
    """The name of an agent."""

    agent_id: int = u32("The agent; the caller's own id where 0xffffffff was asked for")
    name: str = text(NAME_SIZE, "Its name")


@structure
class BaseDiscoverAgentResponseV1(Response):
    """The name of an agent, in version 1.0 of the protocol."""

    name: str = text(NAME_SIZE, "Its name")


@structure
class BaseNotifyErrorsRequest(Request):
    """Ask for notifications of errors, or no longer."""

    notify_enable: NotifyEnable = word(NotifyEnable, "Whether errors shall be notified")


@structure
class BaseNotifyErrorsResponse(Response):
    """Errors will be notified, or no longer."""


class AccessFlags(Word):
    """Flags of the commands that set permissions."""

    allow = Bit(0, "Allow access, rather than deny it")


@structure
class BaseSetDevicePermissionsRequest(Request):
    """Allow or deny an agent all that a device needs. Only for agents that the platform trusts."""

    agent_id: int = u32("The agent whose access changes")
    device_id: int = u32("The device")
    flags: AccessFlags = word(AccessFlags, "Allow or deny")


@structure
class BaseSetDevicePermissionsResponse(Response):
    """The agent's access to the device is as asked for."""


@structure
class BaseSetProtocolPermissionsRequest(Request):
    """Allow or deny an agent a device's resources of one protocol. Only for agents that the platform trusts."""

    agent_id: int = u32("The agent whose access changes")
    device_id: int = u32("The device")
    command_id: int = u32("The protocol; the base protocol cannot be denied", ProtocolId)
    flags: AccessFlags = word(AccessFlags, "Allow or deny")


@structure
class BaseSetProtocolPermissionsResponse(Response):
    """The agent's access to the device through the protocol is as asked for."""


class ResetAgentFlags(Word):
    """Flags of BASE_RESET_AGENT_CONFIGURATION."""

    reset_permissions = Bit(0, "Reset the agent's permissions too, not only what it has configured")


@structure
class BaseResetAgentConfigurationRequest(Request):
    """Undo what an agent has configured, as if it had not run. Only for agents that the platform trusts."""

    agent_id: int = u32("The agent")
    flags: ResetAgentFlags = word(ResetAgentFlags, "What to reset")


@structure
class BaseResetAgentConfigurationResponse(Response):
    """The agent's configuration is reset."""


class ErrorStatus(Word):
    """What an error notification brings."""

    fatal = Bit(31, "The error is fatal: whoever sent the messages should not go on")
    messages = Bits(9, 0, "Number of messages that the error is about")


@structure
class BaseErrorEvent(Notice):
    """The platform met an error while it processed commands."""

    agent_id: int = u32("The agent whose commands they were")
    error_status: ErrorStatus = word(ErrorStatus, "Kind of error")
    msg_reports: tuple[int, ...] = integers(
        "Q", "The commands: header in the low word, status in the high one", count="error_status.messages"
    )


row = partial(Command, PROTOCOL_ID)

PROTOCOL = Protocol(
    id=PROTOCOL_ID,
    name="base",
    section="4.2",
    version=0x20001,
    commands=(
        *common_commands(PROTOCOL_ID, BaseProtocolAttributesResponse, negotiable_since=0x20001),
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
    notifications=(Notification(PROTOCOL_ID, 0x0, "BASE_ERROR_EVENT", BaseErrorEvent),),
)
