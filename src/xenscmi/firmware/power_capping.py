"""The server of the power capping protocol, 0x18 (DEN0056 4.10). The averaging interval is fixed."""

from __future__ import annotations

from collections.abc import Sequence

from xenscmi.firmware.permissions import Permissions
from xenscmi.firmware.profile import FirmwareProfile
from xenscmi.firmware.resources import PowerCapDomain
from xenscmi.firmware.server import Answer, Handler, Server, State, short_name
from xenscmi.scmi.message import Request, Response
from xenscmi.scmi.protocols.common import Reserved
from xenscmi.scmi.protocols.power_capping import (
    NO_CAP,
    NO_PARENT,
    PROTOCOL,
    PowercapCapGetRequest,
    PowercapCapGetResponse,
    PowercapCapSetRequest,
    PowercapCapSetResponse,
    PowercapDomainAttributes,
    PowercapDomainAttributesRequest,
    PowercapDomainAttributesResponse,
    PowercapDomainNameGetRequest,
    PowercapDomainNameGetResponse,
    PowercapMeasurementsGetRequest,
    PowercapMeasurementsGetResponse,
    PowercapPaiGetRequest,
    PowercapPaiGetResponse,
    PowercapProtocolAttributes,
    PowercapProtocolAttributesResponse,
    PowercapUnit,
)
from xenscmi.scmi.status import Status


class PowerCappingServer(Server):
    """Power capping domains; `caps` is what they are capped at, by domain id."""

    protocol = PROTOCOL

    def __init__(self, profile: FirmwareProfile, permissions: Permissions, domains: Sequence[PowerCapDomain]) -> None:
        self.domains = domains
        self.caps = [domain.cap for domain in domains]
        super().__init__(profile, permissions, len(domains))

    def attributes(self, agent: int) -> Response:
        return PowercapProtocolAttributesResponse(PowercapProtocolAttributes.of(domains=self.count))

    def rows(self) -> Sequence[tuple[type[Request], Handler]]:
        return (
            self.row(PowercapDomainAttributesRequest, self._attributes, "domain_id"),
            self.row(PowercapCapGetRequest, self._cap_get, "domain_id"),
            self.row(PowercapCapSetRequest, self._cap_set, "domain_id"),
            self.row(PowercapPaiGetRequest, self._interval_get, "domain_id"),
            self.row(PowercapDomainNameGetRequest, self._name, "domain_id"),
            self.row(PowercapMeasurementsGetRequest, self._measurements, "domain_id"),
        )

    def state(self) -> State:
        return [[cap] for cap in self.caps]

    def restore(self, state: State) -> None:
        self.caps = [cap or NO_CAP for (cap,) in state]

    def reset(self, resources: frozenset[int]) -> None:
        for number in resources:
            self.caps[number] = self.domains[number].cap

    def _attributes(self, agent: int, request: PowercapDomainAttributesRequest) -> Answer:
        domain = self.domains[request.domain_id]
        abilities = PowercapDomainAttributes.of(
            cap_configuration=True,
            monitoring=True,
            power_unit=PowercapUnit.MICROWATT,
            extended_name=domain.name != short_name(domain.name),
        )
        return PowercapDomainAttributesResponse(
            attributes=abilities,
            name=short_name(domain.name),
            min_pai=domain.interval,
            max_pai=domain.interval,
            pai_step=0,
            min_power_cap=domain.minimum,
            max_power_cap=domain.maximum,
            power_cap_step=domain.step,
            sustainable_power=0,
            accuracy=0,
            parent_id=NO_PARENT if domain.parent is None else domain.parent,
        )

    def _cap_get(self, agent: int, request: PowercapCapGetRequest) -> Answer:
        return PowercapCapGetResponse(self.caps[request.domain_id])

    def _cap_set(self, agent: int, request: PowercapCapSetRequest) -> Answer:
        if request.flags.asynchronous:
            return Status.NOT_SUPPORTED
        domain, cap = self.domains[request.domain_id], request.power_cap
        if cap != NO_CAP:
            if not domain.minimum <= cap <= domain.maximum:
                return Status.OUT_OF_RANGE
            if (cap - domain.minimum) % domain.step:
                return Status.INVALID_PARAMETERS
        self.caps[request.domain_id] = cap
        return PowercapCapSetResponse()

    def _interval_get(self, agent: int, request: PowercapPaiGetRequest) -> Answer:
        return PowercapPaiGetResponse(self.domains[request.domain_id].interval)

    def _name(self, agent: int, request: PowercapDomainNameGetRequest) -> Answer:
        return PowercapDomainNameGetResponse(Reserved(0), self.domains[request.domain_id].name)

    def _measurements(self, agent: int, request: PowercapMeasurementsGetRequest) -> Answer:
        domain = self.domains[request.domain_id]
        return PowercapMeasurementsGetResponse(domain.power, domain.interval)
