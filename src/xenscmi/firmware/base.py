"""The server of the base protocol, 0x10 (DEN0056 4.2): who is there, and which agent may use what."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from xenscmi.firmware.permissions import Permissions
from xenscmi.firmware.profile import FirmwareProfile, ResetMeaning
from xenscmi.firmware.resources import PlatformAgent
from xenscmi.firmware.server import Answer, Handler, Server
from xenscmi.scmi.header import ProtocolId
from xenscmi.scmi.message import Request, Response
from xenscmi.scmi.protocols.base import (
    OWN_AGENT_ID,
    PLATFORM_AGENT_ID,
    PROTOCOL,
    BaseAttributes,
    BaseDiscoverAgentRequest,
    BaseDiscoverAgentResponse,
    BaseDiscoverImplementationVersionRequest,
    BaseDiscoverImplementationVersionResponse,
    BaseDiscoverListProtocolsRequest,
    BaseDiscoverListProtocolsResponse,
    BaseDiscoverSubVendorRequest,
    BaseDiscoverSubVendorResponse,
    BaseDiscoverVendorRequest,
    BaseDiscoverVendorResponse,
    BaseProtocolAttributesResponse,
    BaseResetAgentConfigurationRequest,
    BaseResetAgentConfigurationResponse,
    BaseSetDevicePermissionsRequest,
    BaseSetDevicePermissionsResponse,
    BaseSetProtocolPermissionsRequest,
    BaseSetProtocolPermissionsResponse,
)
from xenscmi.scmi.status import Status


class BaseServer(Server):
    """Discovery for everybody; permissions and resets for trusted agents.

    `protocols` are the other servers, by protocol id.
    """

    protocol = PROTOCOL

    def __init__(
        self,
        profile: FirmwareProfile,
        permissions: Permissions,
        agents: Mapping[int, PlatformAgent],
        devices: frozenset[int],
        protocols: Mapping[int, Server],
    ) -> None:
        self.agents = agents
        self.devices = devices
        self.protocols = protocols
        super().__init__(profile, permissions)

    def attributes(self, agent: int) -> Response:
        return BaseProtocolAttributesResponse(BaseAttributes.of(protocols=len(self.protocols), agents=len(self.agents)))

    def rows(self) -> Sequence[tuple[type[Request], Handler]]:
        return (
            self.row(BaseDiscoverVendorRequest, lambda *_: BaseDiscoverVendorResponse(self.profile.vendor)),
            self.row(BaseDiscoverSubVendorRequest, lambda *_: BaseDiscoverSubVendorResponse(self.profile.sub_vendor)),
            self.row(BaseDiscoverImplementationVersionRequest, self._implementation_version),
            self.row(BaseDiscoverListProtocolsRequest, self._list_protocols),
            self.row(BaseDiscoverAgentRequest, self._discover_agent),
            self.row(BaseSetDevicePermissionsRequest, self._set_device_permissions),
            self.row(BaseSetProtocolPermissionsRequest, self._set_protocol_permissions),
            self.row(BaseResetAgentConfigurationRequest, self._reset_agent_configuration),
        )

    def _implementation_version(self, agent: int, request: BaseDiscoverImplementationVersionRequest) -> Answer:
        return BaseDiscoverImplementationVersionResponse(self.profile.implementation_version)

    def _list_protocols(self, agent: int, request: BaseDiscoverListProtocolsRequest) -> Answer:
        room = (self.profile.max_response - 8) // 4 * 4
        listed = tuple(sorted(self.protocols))[request.skip : request.skip + room]
        return BaseDiscoverListProtocolsResponse(len(listed), listed)

    def _discover_agent(self, agent: int, request: BaseDiscoverAgentRequest) -> Answer:
        """Agent 0 is the platform, unless the firmware has an agent 0 of its own, as Xen's series assumes."""
        number = agent if request.agent_id == OWN_AGENT_ID else request.agent_id
        if number in self.agents:
            return BaseDiscoverAgentResponse(number, self.agents[number].name or f"agent-{number}")
        if number == PLATFORM_AGENT_ID:
            return BaseDiscoverAgentResponse(number, "platform")
        return self.profile.unknown_agent

    def _set_device_permissions(self, agent: int, request: BaseSetDevicePermissionsRequest) -> Answer:
        refusal = self._refusal(agent, request.agent_id, request.device_id, request.reserved)
        if refusal is not None:
            return refusal
        if request.flags.allow and self._is_taken(request.device_id, request.agent_id):
            return Status.IN_USE
        self.permissions.set_device(request.agent_id, request.device_id, allow=request.flags.allow)
        return BaseSetDevicePermissionsResponse()

    def _is_taken(self, device: int, agent: int) -> bool:
        """Whether exclusive firmware has given the device to another untrusted agent."""
        untrusted = agent not in self.permissions.trusted
        return self.profile.exclusive and untrusted and bool(self.permissions.holders_of(device) - {agent})

    def _set_protocol_permissions(self, agent: int, request: BaseSetProtocolPermissionsRequest) -> Answer:
        refusal = self._refusal(agent, request.agent_id, request.device_id, request.reserved)
        if refusal is not None:
            return refusal
        if request.command_id == ProtocolId.BASE:
            return Status.INVALID_PARAMETERS
        if request.command_id not in self.protocols:
            return Status.NOT_FOUND
        self.permissions.set_protocol(
            request.agent_id, request.device_id, request.command_id, allow=request.flags.allow
        )
        return BaseSetProtocolPermissionsResponse()

    def _reset_agent_configuration(self, agent: int, request: BaseResetAgentConfigurationRequest) -> Answer:
        refusal = self._refusal(agent, request.agent_id, None, request.reserved)
        if refusal is not None:
            return refusal
        match self.profile.reset:
            case ResetMeaning.REVOKE:
                self.permissions.revoke(request.agent_id)
            case ResetMeaning.RESTORE:
                self.permissions.reset(request.agent_id)
            case ResetMeaning.QUIESCE:
                self._each_resource(request.agent_id, lambda server, resources: server.quiesce(resources))
            case ResetMeaning.BY_FLAG:
                self._each_resource(request.agent_id, lambda server, resources: server.reset(resources))
                if request.flags.reset_permissions:
                    self.permissions.reset(request.agent_id)
        return BaseResetAgentConfigurationResponse()

    def _refusal(self, caller: int, agent: int, device: int | None, reserved: Mapping[str, int]) -> Status | None:
        """Why a message of a trusted agent's is refused; None where it is not."""
        if caller not in self.permissions.trusted:
            return Status.DENIED
        if agent not in self.agents or (device is not None and device not in self.devices):
            return Status.NOT_FOUND
        return Status.INVALID_PARAMETERS if reserved else None

    def _each_resource(self, agent: int, action: Callable[[Server, frozenset[int]], None]) -> None:
        """Act on what the agent, and no other untrusted agent, may use."""
        others = set(self.agents) - {agent} - self.permissions.trusted
        for protocol, resources in self.permissions.resources_of(agent).items():
            shared = {
                number for number in resources if any(self.permissions.may_use(o, protocol, number) for o in others)
            }
            action(self.protocols[protocol], resources - shared)
