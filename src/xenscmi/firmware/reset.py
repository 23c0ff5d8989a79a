"""The server of the reset domain protocol, 0x16 (DEN0056 4.8)."""

from __future__ import annotations

from collections.abc import Sequence

from xenscmi.firmware.resources import by_id
from xenscmi.firmware.server import Answer, Context, Row, Server, State, short_name
from xenscmi.scmi.message import Response
from xenscmi.scmi.protocols.common import Reserved
from xenscmi.scmi.protocols.reset import (
    PROTOCOL,
    ResetComplete,
    ResetDomainAttributes,
    ResetDomainAttributesRequest,
    ResetDomainAttributesResponse,
    ResetDomainNameGetRequest,
    ResetDomainNameGetResponse,
    ResetIssued,
    ResetNotifyRequest,
    ResetNotifyResponse,
    ResetProtocolAttributes,
    ResetProtocolAttributesResponse,
    ResetRequest,
    ResetResponse,
)
from xenscmi.scmi.status import Status

ISSUED = 0


class ResetServer(Server):
    """Reset lines; `asserted` says which are held, by domain id."""

    protocol = PROTOCOL

    def __init__(self, context: Context) -> None:
        self.domains = by_id(context.platform.resets)
        self.asserted = {number: domain.asserted for number, domain in self.domains.items()}
        super().__init__(context, self.domains)

    def attributes(self, agent: int) -> Response:
        return ResetProtocolAttributesResponse(ResetProtocolAttributes.of(domains=self.count))

    def rows(self) -> Sequence[Row]:
        row = self.row
        return (
            row(ResetDomainAttributesRequest, self._attributes, "domain_id", reads=True),
            row(ResetRequest, self._reset, "domain_id"),
            row(ResetNotifyRequest, self._notify, "domain_id", notifies=True),
            row(ResetDomainNameGetRequest, self._name, "domain_id", reads=True),
        )

    def state(self) -> State:
        return [[held] for held in self.asserted.values()]

    def restore(self, state: State) -> None:
        for number, (held,) in zip(self.asserted, state, strict=True):
            self.asserted[number] = bool(held)

    def reset(self, resources: frozenset[int]) -> None:
        for number in resources:
            self.asserted[number] = self.domains[number].asserted

    def quiesce(self, resources: frozenset[int]) -> None:
        for number in resources:
            self.asserted[number] = True

    def _attributes(self, agent: int, request: ResetDomainAttributesRequest) -> Answer:
        domain, reaches = self.domains[request.domain_id], self.outbox.reaches(agent)
        attributes = ResetDomainAttributes.of(
            asynchronous=self.defers(agent),
            notifications=reaches,
            extended_name=self.has_extended_name(agent, domain.name),
        )
        return ResetDomainAttributesResponse(attributes, domain.latency, short_name(domain.name))

    def _reset(self, agent: int, request: ResetRequest) -> Answer:
        """An autonomous reset ends with the line deasserted; otherwise the caller asserts and deasserts it."""
        number, flags = request.domain_id, request.flags
        if request.reset_state != 0:
            return Status.INVALID_PARAMETERS
        if flags.asynchronous:
            if not flags.autonomous:
                return Status.INVALID_PARAMETERS
            if (refusal := self.refusal_to_defer(agent)) is not None:
                return refusal
        self.asserted[number] = flags.assert_reset and not flags.autonomous
        if flags.autonomous or flags.assert_reset:
            self.notify(ISSUED, number, ResetIssued(agent, number, request.reset_state))
        if flags.asynchronous:
            self.reply_later(agent, ResetComplete(number))
        return ResetResponse()

    def _notify(self, agent: int, request: ResetNotifyRequest) -> Answer:
        self.subscribe(agent, ISSUED, request.domain_id, enable=request.notify_enable.enable)
        return ResetNotifyResponse()

    def _name(self, agent: int, request: ResetDomainNameGetRequest) -> Answer:
        return ResetDomainNameGetResponse(Reserved(0), self.domains[request.domain_id].name)
