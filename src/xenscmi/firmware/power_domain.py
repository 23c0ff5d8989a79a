"""The server of the power domain protocol, 0x11 (DEN0056 4.3)."""

from __future__ import annotations

from collections.abc import Sequence

from xenscmi.firmware.permissions import Permissions
from xenscmi.firmware.profile import FirmwareProfile
from xenscmi.firmware.resources import PowerDomain
from xenscmi.firmware.server import Answer, Handler, Server, State, short_name
from xenscmi.scmi.message import Request, Response
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
    PowerStateGetRequest,
    PowerStateGetResponse,
    PowerStateSetRequest,
    PowerStateSetResponse,
)
from xenscmi.scmi.status import Status


class PowerDomainServer(Server):
    """Power domains that are on or off."""

    protocol = PROTOCOL

    def __init__(self, profile: FirmwareProfile, permissions: Permissions, domains: Sequence[PowerDomain]) -> None:
        self.domains = domains
        self.states = [PowerState(POWER_ON if domain.on else POWER_OFF) for domain in domains]
        super().__init__(profile, permissions, len(domains))

    def attributes(self, agent: int) -> Response:
        return PowerProtocolAttributesResponse(PowerProtocolAttributes.of(domains=self.count), 0, 0)

    def rows(self) -> Sequence[tuple[type[Request], Handler]]:
        return (
            self.row(PowerDomainAttributesRequest, self._attributes, "domain_id"),
            self.row(PowerStateSetRequest, self._set, "domain_id"),
            self.row(PowerStateGetRequest, self._get, "domain_id"),
            self.row(PowerDomainNameGetRequest, self._name, "domain_id"),
        )

    def state(self) -> State:
        return [[int(state)] for state in self.states]

    def restore(self, state: State) -> None:
        self.states = [PowerState(value or 0) for (value,) in state]

    def reset(self, resources: frozenset[int]) -> None:
        for number in resources:
            self.states[number] = POWER_ON if self.domains[number].on else POWER_OFF

    def _attributes(self, agent: int, request: PowerDomainAttributesRequest) -> Answer:
        name = self.domains[request.domain_id].name
        abilities = PowerDomainAttributes.of(set_synchronous=True, extended_name=name != short_name(name))
        return PowerDomainAttributesResponse(abilities, short_name(name))

    def _set(self, agent: int, request: PowerStateSetRequest) -> Answer:
        if request.power_state not in (POWER_ON, POWER_OFF):
            return Status.INVALID_PARAMETERS
        if request.flags.asynchronous:
            return Status.NOT_SUPPORTED
        self.states[request.domain_id] = request.power_state
        return PowerStateSetResponse()

    def _get(self, agent: int, request: PowerStateGetRequest) -> Answer:
        return PowerStateGetResponse(self.states[request.domain_id])

    def _name(self, agent: int, request: PowerDomainNameGetRequest) -> Answer:
        return PowerDomainNameGetResponse(Reserved(0), self.domains[request.domain_id].name)
