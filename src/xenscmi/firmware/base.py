"""The server of the base protocol, 0x10 (DEN0056 4.2): discovery, and the permissions of agents."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from xenscmi.firmware.profile import ResetMeaning
from xenscmi.firmware.resources import PlatformAgent
from xenscmi.firmware.server import Answer, Context, Row, Server, State
from xenscmi.scmi.header import ProtocolId
from xenscmi.scmi.message import Response
from xenscmi.scmi.protocols.base import (
    OWN_AGENT_ID,
    PLATFORM_AGENT_ID,
    PROTOCOL,
    BaseAttributes,
    BaseDiscoverAgentRequest,
    BaseDiscoverAgentResponse,
    BaseDiscoverAgentResponseV1,
    BaseDiscoverImplementationVersionRequest,
    BaseDiscoverImplementationVersionResponse,
    BaseDiscoverListProtocolsRequest,
    BaseDiscoverListProtocolsResponse,
    BaseDiscoverSubVendorRequest,
    BaseDiscoverSubVendorResponse,
    BaseDiscoverVendorRequest,
    BaseDiscoverVendorResponse,
    BaseNotifyErrorsRequest,
    BaseNotifyErrorsResponse,
    BaseProtocolAttributesResponse,
    BaseResetAgentConfigurationRequest,
    BaseResetAgentConfigurationResponse,
    BaseSetDevicePermissionsRequest,
    BaseSetDevicePermissionsResponse,
    BaseSetProtocolPermissionsRequest,
    BaseSetProtocolPermissionsResponse,
)
from xenscmi.scmi.status import Status

ERROR_EVENT = 0
PLATFORM_NAME = "platform"
_V2 = 0x20000


class BaseServer(Server):
    """Discovery for everybody; permissions and resets for trusted agents.

    `protocols` are the other servers, by protocol id.
    """

    protocol = PROTOCOL

    def __init__(self, context: Context, agents: Mapping[int, PlatformAgent], protocols: Mapping[int, Server]) -> None:
        self.agents = agents
        self.devices = frozenset(device.device_id for device in context.platform.devices)
        self.protocols = protocols
        super().__init__(context, {})

    def attributes(self, agent: int) -> Response:
        agents = len(self.agents) if self.profile.counts_agents else 0
        return BaseProtocolAttributesResponse(BaseAttributes.of(protocols=len(self._listed(agent)), agents=agents))

    def rows(self) -> Sequence[Row]:
        row = self.row
        return (
            row(BaseDiscoverVendorRequest, lambda *_: BaseDiscoverVendorResponse(self.profile.vendor)),
            row(BaseDiscoverSubVendorRequest, lambda *_: BaseDiscoverSubVendorResponse(self.profile.sub_vendor)),
            row(BaseDiscoverImplementationVersionRequest, self._implementation_version),
            row(BaseDiscoverListProtocolsRequest, self._list_protocols),
            row(BaseDiscoverAgentRequest, self._discover_agent),
            row(BaseNotifyErrorsRequest, self._notify_errors, notifies=True),
            row(BaseSetDevicePermissionsRequest, self._set_device_permissions, checks_itself=True),
            row(BaseSetProtocolPermissionsRequest, self._set_protocol_permissions, checks_itself=True),
            row(BaseResetAgentConfigurationRequest, self._reset_agent_configuration, checks_itself=True),
        )

    # What agents have negotiated and subscribed to is kept here for all protocols.

    def state(self) -> State:
        servers: dict[int, Server] = {ProtocolId.BASE: self, **self.protocols}
        agreed: State = [
            [agent, protocol, version]
            for protocol, server in sorted(servers.items())
            for agent, version in sorted(server.agreed().items())
        ]
        return agreed + [[agent, *subscription] for agent, subscription in self.outbox.subscriptions()]

    def restore(self, state: State) -> None:
        servers: dict[int, Server] = {ProtocolId.BASE: self, **self.protocols}
        self.outbox.clear()
        for server in servers.values():
            server.forget_versions()
        for row in state:
            agent, protocol, *more = [value or 0 for value in row]
            if len(more) == 1:
                servers[protocol].agree(agent, more[0])
            else:
                self.outbox.subscribe(agent, (protocol, more[0], more[1]), enable=True)

    # Discovery

    def _implementation_version(self, agent: int, request: BaseDiscoverImplementationVersionRequest) -> Answer:
        return BaseDiscoverImplementationVersionResponse(self.profile.implementation_version)

    def _listed(self, agent: int) -> list[int]:
        """Return the protocols that the agent is told of."""
        everything = self.profile.lists_all_protocols or not self.profile.checks_permissions
        return [
            protocol
            for protocol in sorted(self.protocols)
            if everything or self.permissions.may_use_any(agent, protocol)
        ]

    def _list_protocols(self, agent: int, request: BaseDiscoverListProtocolsRequest) -> Answer:
        listed = self._listed(agent)
        if request.skip > len(listed):
            status = self.status("skip_beyond")
            return BaseDiscoverListProtocolsResponse(0, ()) if status == Status.SUCCESS else status
        room = (self.profile.max_response - 8) // 4 * 4
        part = tuple(listed[request.skip : request.skip + room])
        return BaseDiscoverListProtocolsResponse(len(part), part)

    def _discover_agent(self, agent: int, request: BaseDiscoverAgentRequest) -> Answer:
        """Agent 0 is the platform, even where the firmware has an agent 0 of its own, as Xen's series assumes."""
        before_2 = self.form_of(agent) < _V2
        number = agent if request.agent_id == OWN_AGENT_ID and not before_2 else request.agent_id
        if number in self.agents:
            name = self.agents[number].name or f"agent-{number}"
        elif number == PLATFORM_AGENT_ID:
            name = PLATFORM_NAME
        else:
            return self.status("unknown_agent")
        if number == PLATFORM_AGENT_ID and self.profile.platform_name and not name.startswith(PLATFORM_NAME):
            name = PLATFORM_NAME
        return BaseDiscoverAgentResponseV1(name) if before_2 else BaseDiscoverAgentResponse(number, name)

    def _notify_errors(self, agent: int, request: BaseNotifyErrorsRequest) -> Answer:
        self.subscribe(agent, ERROR_EVENT, 0, enable=request.notify_enable.enable)
        return BaseNotifyErrorsResponse()

    # Permissions

    def _set_device_permissions(self, agent: int, request: BaseSetDevicePermissionsRequest) -> Answer:
        refusal = self._refusal(agent, request.agent_id, request.device_id, request.reserved)
        if refusal is not None:
            return BaseSetDevicePermissionsResponse() if refusal == Status.SUCCESS else refusal
        if request.flags.allow and self._is_taken(request.device_id, request.agent_id):
            return self.status("device_in_use")
        target, device, allow = request.agent_id, request.device_id, request.flags.allow
        self._change(target, lambda: self.permissions.set_device(target, device, allow=allow))
        return BaseSetDevicePermissionsResponse()

    def _is_taken(self, device: int, agent: int) -> bool:
        """Whether exclusive firmware has given the device to another untrusted agent."""
        untrusted = agent not in self.permissions.trusted
        return self.profile.exclusive and untrusted and bool(self.permissions.holders_of(device) - {agent})

    def _set_protocol_permissions(self, agent: int, request: BaseSetProtocolPermissionsRequest) -> Answer:
        refusal = self._refusal(agent, request.agent_id, request.device_id, request.reserved)
        if refusal is not None:
            return BaseSetProtocolPermissionsResponse() if refusal == Status.SUCCESS else refusal
        if request.command_id == ProtocolId.BASE:
            return self.status("deny_base_protocol")
        if request.command_id not in self.protocols:
            return Status.NOT_FOUND
        target, device, protocol = request.agent_id, request.device_id, request.command_id
        allow = request.flags.allow
        self._change(target, lambda: self.permissions.set_protocol(target, device, protocol, allow=allow))
        return BaseSetProtocolPermissionsResponse()

    def _refusal(self, caller: int, agent: int, device: int | None, reserved: Mapping[str, int]) -> Status | None:
        """Return why a message of trusted agents is refused, None if it is not; SUCCESS for one that does nothing."""
        if caller not in self.permissions.trusted:
            return Status.DENIED
        if agent == PLATFORM_AGENT_ID and self.profile.ignores_platform_agent:
            return Status.SUCCESS
        if agent not in self.agents:
            return self.status("unknown_agent")
        if device is not None and device not in self.devices:
            return self.status("unknown_device")
        return self.status("reserved_bits") if reserved else None

    # Resets

    def _reset_agent_configuration(self, agent: int, request: BaseResetAgentConfigurationRequest) -> Answer:
        refusal = self._refusal(agent, request.agent_id, None, request.reserved)
        if refusal is not None:
            return BaseResetAgentConfigurationResponse() if refusal == Status.SUCCESS else refusal
        target, by_flag = request.agent_id, request.flags.reset_permissions
        if self.profile.reset is ResetMeaning.RESTORE and not by_flag:
            return BaseResetAgentConfigurationResponse()
        self._forget(target)
        match self.profile.reset:
            case ResetMeaning.REVOKE:
                self._change(target, lambda: self.permissions.revoke(target))
            case ResetMeaning.RESTORE:
                self._change(target, lambda: self.permissions.reset(target))
            case ResetMeaning.QUIESCE:
                self._each_resource(target, lambda server, resources: server.quiesce(resources))
            case ResetMeaning.BY_FLAG:
                self._each_resource(target, lambda server, resources: server.reset(resources))
                if by_flag:
                    self._change(target, lambda: self.permissions.reset(target))
        return BaseResetAgentConfigurationResponse()

    def _forget(self, agent: int) -> None:
        """Take back what an agent holds, and drop its subscriptions and negotiated versions."""
        for server in self.protocols.values():
            server.agree(agent, server.version)
            server.release(agent, None)
        self.agree(agent, self.version)
        self.outbox.forget(agent)

    def _each_resource(self, agent: int, action: Callable[[Server, frozenset[int]], None]) -> None:
        """Act on what the agent, and no other untrusted agent, may use."""
        others = set(self.agents) - {agent} - self.permissions.trusted
        for protocol, resources in self.permissions.resources_of(agent).items():
            shared = {
                number for number in resources if any(self.permissions.may_use(o, protocol, number) for o in others)
            }
            if protocol in self.protocols:
                action(self.protocols[protocol], resources - shared)

    def _change(self, agent: int, change: Callable[[], None]) -> None:
        """Change an agent's permissions, and take back what it holds of the resources that it loses."""
        before = self.permissions.resources_of(agent)
        change()
        after = self.permissions.resources_of(agent)
        for protocol, resources in before.items():
            lost = resources - after.get(protocol, frozenset())
            if lost and protocol in self.protocols:
                self.protocols[protocol].release(agent, lost)
