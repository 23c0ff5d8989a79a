"""The server of the reset domain protocol, 0x16 (DEN0056 4.8)."""

from __future__ import annotations

from collections.abc import Sequence

from xenscmi.firmware.permissions import Permissions
from xenscmi.firmware.profile import FirmwareProfile
from xenscmi.firmware.resources import ResetDomain
from xenscmi.firmware.server import Answer, Handler, Server, State, short_name
from xenscmi.scmi.message import Request, Response
from xenscmi.scmi.protocols.common import Reserved
from xenscmi.scmi.protocols.reset import (
    PROTOCOL,
    ResetDomainAttributes,
    ResetDomainAttributesRequest,
    ResetDomainAttributesResponse,
    ResetDomainNameGetRequest,
    ResetDomainNameGetResponse,
    ResetProtocolAttributes,
    ResetProtocolAttributesResponse,
    ResetRequest,
    ResetResponse,
)
from xenscmi.scmi.status import Status


class ResetServer(Server):
    """Reset lines; `asserted` says which are held."""

    protocol = PROTOCOL

    def __init__(self, profile: FirmwareProfile, permissions: Permissions, domains: Sequence[ResetDomain]) -> None:
        self.domains = domains
        self.asserted = [domain.asserted for domain in domains]
        super().__init__(profile, permissions, len(domains))

    def attributes(self, agent: int) -> Response:
        return ResetProtocolAttributesResponse(ResetProtocolAttributes.of(domains=self.count))

    def rows(self) -> Sequence[tuple[type[Request], Handler]]:
        return (
            self.row(ResetDomainAttributesRequest, self._attributes, "domain_id"),
            self.row(ResetRequest, self._reset, "domain_id"),
            self.row(ResetDomainNameGetRequest, self._name, "domain_id"),
        )

    def state(self) -> State:
        return [[held] for held in self.asserted]

    def restore(self, state: State) -> None:
        self.asserted = [bool(held) for (held,) in state]

    def reset(self, resources: frozenset[int]) -> None:
        for number in resources:
            self.asserted[number] = self.domains[number].asserted

    def quiesce(self, resources: frozenset[int]) -> None:
        for number in resources:
            self.asserted[number] = True

    def _attributes(self, agent: int, request: ResetDomainAttributesRequest) -> Answer:
        domain = self.domains[request.domain_id]
        abilities = ResetDomainAttributes.of(extended_name=domain.name != short_name(domain.name))
        return ResetDomainAttributesResponse(abilities, domain.latency, short_name(domain.name))

    def _reset(self, agent: int, request: ResetRequest) -> Answer:
        """An autonomous reset ends with the line released; otherwise the caller holds and releases it."""
        if request.reset_state != 0:
            return Status.INVALID_PARAMETERS
        if request.flags.asynchronous:
            return Status.NOT_SUPPORTED
        self.asserted[request.domain_id] = request.flags.assert_reset and not request.flags.autonomous
        return ResetResponse()

    def _name(self, agent: int, request: ResetDomainNameGetRequest) -> Answer:
        return ResetDomainNameGetResponse(Reserved(0), self.domains[request.domain_id].name)
