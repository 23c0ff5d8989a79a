"""The server of the voltage domain protocol, 0x17 (DEN0056 4.9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xenscmi.firmware.resources import by_id
from xenscmi.firmware.server import Answer, Context, Row, Server, State, short_name
from xenscmi.scmi.message import Response
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
    VoltageLevelSetComplete,
    VoltageLevelSetRequest,
    VoltageLevelSetResponse,
    VoltageLevelsFlags,
    VoltageProtocolAttributes,
    VoltageProtocolAttributesResponse,
)
from xenscmi.scmi.status import Status

_V2 = 0x20000


@dataclass(slots=True)
class VoltageSetting:
    """What can change of a voltage domain; `level` in µV."""

    on: bool
    level: int


class VoltageServer(Server):
    """Voltage domains; `settings` is their present state, by domain id."""

    protocol = PROTOCOL

    def __init__(self, context: Context) -> None:
        self.domains = by_id(context.platform.voltages)
        self.settings = {number: VoltageSetting(each.on, each.level) for number, each in self.domains.items()}
        super().__init__(context, self.domains)

    def attributes(self, agent: int) -> Response:
        return VoltageProtocolAttributesResponse(VoltageProtocolAttributes.of(domains=self.count))

    def rows(self) -> Sequence[Row]:
        row = self.row
        return (
            row(VoltageDomainAttributesRequest, self._attributes, "domain_id", reads=True),
            row(VoltageDescribeLevelsRequest, self._describe_levels, "domain_id", reads=True),
            row(VoltageConfigSetRequest, self._config_set, "domain_id"),
            row(VoltageConfigGetRequest, self._config_get, "domain_id", reads=True),
            row(VoltageLevelSetRequest, self._level_set, "domain_id"),
            row(VoltageLevelGetRequest, self._level_get, "domain_id", reads=True),
            row(VoltageDomainNameGetRequest, self._name, "domain_id", reads=True),
        )

    def state(self) -> State:
        return [[each.on, each.level] for each in self.settings.values()]

    def restore(self, state: State) -> None:
        for number, (on, level) in zip(self.settings, state, strict=True):
            self.settings[number] = VoltageSetting(bool(on), level or 0)

    def reset(self, resources: frozenset[int]) -> None:
        for number in resources:
            self.settings[number] = VoltageSetting(self.domains[number].on, self.domains[number].level)

    def _attributes(self, agent: int, request: VoltageDomainAttributesRequest) -> Answer:
        name = self.domains[request.domain_id].name
        attributes = VoltageDomainAttributes.of(
            asynchronous=self.defers(agent) and self.form_of(agent) >= _V2,
            extended_name=self.has_extended_name(agent, name),
        )
        return VoltageDomainAttributesResponse(attributes, short_name(name))

    def _describe_levels(self, agent: int, request: VoltageDescribeLevelsRequest) -> Answer:
        domain = self.domains[request.domain_id]
        if request.level_index >= (1 if domain.step else len(domain.levels)):
            return self.status("index_beyond")
        if domain.step:
            flags = VoltageLevelsFlags.of(format=LevelFormat.RANGE, returned=3)
            return VoltageDescribeLevelsResponse(flags, (*domain.levels, domain.step))
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
        number, level = request.domain_id, request.voltage_level
        if request.flags.asynchronous and (refusal := self.refusal_to_defer(agent)) is not None:
            return refusal
        domain = self.domains[number]
        if domain.step:
            lowest, highest = domain.levels
            possible = lowest <= level <= highest and (level - lowest) % domain.step == 0
        else:
            possible = level in domain.levels
        if not possible:
            return self.status("unlisted_level")
        self.settings[number].level = level
        if request.flags.asynchronous:
            self.reply_later(agent, VoltageLevelSetComplete(number, level))
        return VoltageLevelSetResponse()

    def _level_get(self, agent: int, request: VoltageLevelGetRequest) -> Answer:
        return VoltageLevelGetResponse(self.settings[request.domain_id].level)

    def _name(self, agent: int, request: VoltageDomainNameGetRequest) -> Answer:
        return VoltageDomainNameGetResponse(Reserved(0), self.domains[request.domain_id].name)
