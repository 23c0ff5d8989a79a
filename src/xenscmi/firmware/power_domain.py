"""The server of the power domain protocol, 0x11 (DEN0056 4.3)."""

from __future__ import annotations

from collections.abc import Sequence

from xenscmi.firmware.resources import by_id
from xenscmi.firmware.server import Answer, Context, Row, Server, State, short_name
from xenscmi.scmi.message import Response
from xenscmi.scmi.protocols.common import Reserved
from xenscmi.scmi.protocols.power_domain import (
    POWER_OFF,
    POWER_ON,
    PROTOCOL,
    PowerDomainAttributes,
    PowerDomainAttributesRequest,
    PowerDomainAttributesResponse,
    PowerDomainNameGetRequest,
    PowerDomainNameGetResponse,
    PowerProtocolAttributes,
    PowerProtocolAttributesResponse,
    PowerState,
    PowerStateChanged,
    PowerStateChangeRequested,
    PowerStateChangeRequestedNotifyRequest,
    PowerStateChangeRequestedNotifyResponse,
    PowerStateGetRequest,
    PowerStateGetResponse,
    PowerStateNotifyRequest,
    PowerStateNotifyResponse,
    PowerStateSetComplete,
    PowerStateSetRequest,
    PowerStateSetResponse,
)
from xenscmi.scmi.status import Status

STATE_CHANGED, STATE_CHANGE_REQUESTED = 0, 1


class PowerDomainServer(Server):
    """Power domains that are on or off; `states` by domain id."""

    protocol = PROTOCOL

    def __init__(self, context: Context) -> None:
        self.domains = by_id(context.platform.power_domains)
        self.states = {number: PowerState(POWER_ON if each.on else POWER_OFF) for number, each in self.domains.items()}
        super().__init__(context, self.domains)

    def attributes(self, agent: int) -> Response:
        return PowerProtocolAttributesResponse(PowerProtocolAttributes.of(domains=self.count), 0, 0)

    def rows(self) -> Sequence[Row]:
        row = self.row
        return (
            row(PowerDomainAttributesRequest, self._attributes, "domain_id", reads=True),
            row(PowerStateSetRequest, self._set, "domain_id"),
            row(PowerStateGetRequest, self._get, "domain_id", reads=True),
            row(PowerStateNotifyRequest, self._notify_changed, "domain_id", notifies=True),
            row(PowerStateChangeRequestedNotifyRequest, self._notify_requested, "domain_id", notifies=True),
            row(PowerDomainNameGetRequest, self._name, "domain_id", reads=True),
        )

    def state(self) -> State:
        return [[int(state)] for state in self.states.values()]

    def restore(self, state: State) -> None:
        for number, (value,) in zip(self.states, state, strict=True):
            self.states[number] = PowerState(value or 0)

    def reset(self, resources: frozenset[int]) -> None:
        for number in resources:
            self.states[number] = POWER_ON if self.domains[number].on else POWER_OFF

    def _attributes(self, agent: int, request: PowerDomainAttributesRequest) -> Answer:
        name, reaches = self.domains[request.domain_id].name, self.outbox.reaches(agent)
        attributes = PowerDomainAttributes.of(
            set_synchronous=True,
            set_asynchronous=self.defers(agent),
            change_notifications=reaches,
            change_requested_notifications=reaches,
            extended_name=self.has_extended_name(agent, name),
        )
        return PowerDomainAttributesResponse(attributes, short_name(name))

    def _set(self, agent: int, request: PowerStateSetRequest) -> Answer:
        number, state = request.domain_id, request.power_state
        if state not in (POWER_ON, POWER_OFF):
            return Status.INVALID_PARAMETERS
        if request.flags.asynchronous and (refusal := self.refusal_to_defer(agent)) is not None:
            return refusal
        self.notify(STATE_CHANGE_REQUESTED, number, PowerStateChangeRequested(agent, number, state), but=agent)
        if self.states[number] != state:
            self.states[number] = state
            self.notify(STATE_CHANGED, number, PowerStateChanged(agent, number, state))
        if request.flags.asynchronous:
            self.reply_later(agent, PowerStateSetComplete(number, state))
        return PowerStateSetResponse()

    def _get(self, agent: int, request: PowerStateGetRequest) -> Answer:
        return PowerStateGetResponse(self.states[request.domain_id])

    def _notify_changed(self, agent: int, request: PowerStateNotifyRequest) -> Answer:
        self.subscribe(agent, STATE_CHANGED, request.domain_id, enable=request.notify_enable.enable)
        return PowerStateNotifyResponse()

    def _notify_requested(self, agent: int, request: PowerStateChangeRequestedNotifyRequest) -> Answer:
        self.subscribe(agent, STATE_CHANGE_REQUESTED, request.domain_id, enable=request.notify_enable.enable)
        return PowerStateChangeRequestedNotifyResponse()

    def _name(self, agent: int, request: PowerDomainNameGetRequest) -> Answer:
        return PowerDomainNameGetResponse(Reserved(0), self.domains[request.domain_id].name)
