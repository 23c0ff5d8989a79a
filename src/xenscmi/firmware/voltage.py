"""The server of the voltage domain protocol, 0x17 (DEN0056 4.9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xenscmi.firmware.permissions import Permissions
from xenscmi.firmware.profile import FirmwareProfile
from xenscmi.firmware.resources import VoltageDomain
from xenscmi.firmware.server import Answer, Handler, Server, State, short_name
from xenscmi.scmi.message import Request, Response
from xenscmi.scmi.protocols.common import Reserved
from xenscmi.scmi.protocols.voltage import (
    PROTOCOL,
    VOLTAGE_OFF,
    VOLTAGE_ON,
    LevelFormat,
    VoltageConfigGetRequest,
    VoltageConfigGetResponse,
    VoltageConfigSetRequest,
    VoltageConfigSetResponse,
    VoltageDescribeLevelsRequest,
    VoltageDescribeLevelsResponse,
    VoltageDomainAttributes,
    VoltageDomainAttributesRequest,
    VoltageDomainAttributesResponse,
    VoltageDomainNameGetRequest,
    VoltageDomainNameGetResponse,
    VoltageLevelGetRequest,
    VoltageLevelGetResponse,
    VoltageLevelSetRequest,
    VoltageLevelSetResponse,
    VoltageLevelsFlags,
    VoltageProtocolAttributes,
    VoltageProtocolAttributesResponse,
)
from xenscmi.scmi.status import Status


@dataclass(slots=True)
class VoltageSetting:
    """What can change of a voltage domain; `level` in µV."""

    on: bool
    level: int


class VoltageServer(Server):
    """Voltage domains; `settings` is their present state, by domain id."""

    protocol = PROTOCOL

    def __init__(self, profile: FirmwareProfile, permissions: Permissions, domains: Sequence[VoltageDomain]) -> None:
        self.domains = domains
        self.settings = [VoltageSetting(domain.on, domain.level) for domain in domains]
        super().__init__(profile, permissions, len(domains))

    def attributes(self, agent: int) -> Response:
        return VoltageProtocolAttributesResponse(VoltageProtocolAttributes.of(domains=self.count))

    def rows(self) -> Sequence[tuple[type[Request], Handler]]:
        return (
            self.row(VoltageDomainAttributesRequest, self._attributes, "domain_id"),
            self.row(VoltageDescribeLevelsRequest, self._describe_levels, "domain_id"),
            self.row(VoltageConfigSetRequest, self._config_set, "domain_id"),
            self.row(VoltageConfigGetRequest, self._config_get, "domain_id"),
            self.row(VoltageLevelSetRequest, self._level_set, "domain_id"),
            self.row(VoltageLevelGetRequest, self._level_get, "domain_id"),
            self.row(VoltageDomainNameGetRequest, self._name, "domain_id"),
        )

    def state(self) -> State:
        return [[each.on, each.level] for each in self.settings]

    def restore(self, state: State) -> None:
        self.settings = [VoltageSetting(bool(on), level or 0) for on, level in state]

    def reset(self, resources: frozenset[int]) -> None:
        for number in resources:
            self.settings[number] = VoltageSetting(self.domains[number].on, self.domains[number].level)

    def _attributes(self, agent: int, request: VoltageDomainAttributesRequest) -> Answer:
        name = self.domains[request.domain_id].name
        abilities = VoltageDomainAttributes.of(extended_name=name != short_name(name))
        return VoltageDomainAttributesResponse(abilities, short_name(name))

    def _describe_levels(self, agent: int, request: VoltageDescribeLevelsRequest) -> Answer:
        domain = self.domains[request.domain_id]
        if domain.step:
            flags = VoltageLevelsFlags.of(format=LevelFormat.RANGE, returned=3)
            return VoltageDescribeLevelsResponse(flags, (*domain.levels, domain.step))
        if request.level_index >= len(domain.levels):
            return Status.OUT_OF_RANGE
        part = domain.levels[request.level_index : request.level_index + (self.profile.max_response - 8) // 4]
        remaining = len(domain.levels) - request.level_index - len(part)
        return VoltageDescribeLevelsResponse(VoltageLevelsFlags.of(remaining=remaining, returned=len(part)), part)

    def _config_set(self, agent: int, request: VoltageConfigSetRequest) -> Answer:
        if request.config not in (VOLTAGE_OFF, VOLTAGE_ON):
            return Status.INVALID_PARAMETERS
        self.settings[request.domain_id].on = request.config == VOLTAGE_ON
        return VoltageConfigSetResponse()

    def _config_get(self, agent: int, request: VoltageConfigGetRequest) -> Answer:
        return VoltageConfigGetResponse(VOLTAGE_ON if self.settings[request.domain_id].on else VOLTAGE_OFF)

    def _level_set(self, agent: int, request: VoltageLevelSetRequest) -> Answer:
        if request.flags.asynchronous:
            return Status.NOT_SUPPORTED
        domain, level = self.domains[request.domain_id], request.voltage_level
        if domain.step:
            lowest, highest = domain.levels
            possible = lowest <= level <= highest and (level - lowest) % domain.step == 0
        else:
            possible = level in domain.levels
        if not possible:
            return Status.INVALID_PARAMETERS
        self.settings[request.domain_id].level = level
        return VoltageLevelSetResponse()

    def _level_get(self, agent: int, request: VoltageLevelGetRequest) -> Answer:
        return VoltageLevelGetResponse(self.settings[request.domain_id].level)

    def _name(self, agent: int, request: VoltageDomainNameGetRequest) -> Answer:
        return VoltageDomainNameGetResponse(Reserved(0), self.domains[request.domain_id].name)
