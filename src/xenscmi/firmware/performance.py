"""The server of the performance domain protocol, 0x13 (DEN0056 4.5), with levels, not level indexes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xenscmi.firmware.permissions import Permissions
from xenscmi.firmware.profile import FirmwareProfile
from xenscmi.firmware.resources import PerformanceDomain
from xenscmi.firmware.server import Answer, Handler, Server, State, short_name
from xenscmi.scmi.message import Request, Response
from xenscmi.scmi.protocols.common import RateLimit, Reserved
from xenscmi.scmi.protocols.performance import (
    PROTOCOL,
    LevelAttributes,
    NumLevels,
    PerformanceDescribeLevelsRequest,
    PerformanceDescribeLevelsResponse,
    PerformanceDescribeLevelsResponseV1,
    PerformanceDomainAttributes,
    PerformanceDomainAttributesRequest,
    PerformanceDomainAttributesResponse,
    PerformanceDomainNameGetRequest,
    PerformanceDomainNameGetResponse,
    PerformanceLevel,
    PerformanceLevelGetRequest,
    PerformanceLevelGetResponse,
    PerformanceLevelSetRequest,
    PerformanceLevelSetResponse,
    PerformanceLevelV1,
    PerformanceLimitsGetRequest,
    PerformanceLimitsGetResponse,
    PerformanceLimitsSetRequest,
    PerformanceLimitsSetResponse,
    PerformanceProtocolAttributes,
    PerformanceProtocolAttributesResponse,
)
from xenscmi.scmi.status import Status

_V4 = 0x40000
_LEVEL_SIZE, _LEVEL_SIZE_V1 = 20, 12


@dataclass(slots=True)
class PerformanceSetting:
    """What can change of a performance domain; all are levels."""

    level: int
    lowest: int
    highest: int


class PerformanceServer(Server):
    """Performance domains; `settings` is their present state, by domain id."""

    protocol = PROTOCOL

    def __init__(
        self, profile: FirmwareProfile, permissions: Permissions, domains: Sequence[PerformanceDomain]
    ) -> None:
        self.domains = domains
        self.settings = [_boot_setting(domain) for domain in domains]
        super().__init__(profile, permissions, len(domains))

    def attributes(self, agent: int) -> Response:
        return PerformanceProtocolAttributesResponse(PerformanceProtocolAttributes.of(domains=self.count), 0, 0)

    def rows(self) -> Sequence[tuple[type[Request], Handler]]:
        return (
            self.row(PerformanceDomainAttributesRequest, self._attributes, "domain_id"),
            self.row(PerformanceDescribeLevelsRequest, self._describe_levels, "domain_id"),
            self.row(PerformanceLimitsSetRequest, self._limits_set, "domain_id"),
            self.row(PerformanceLimitsGetRequest, self._limits_get, "domain_id"),
            self.row(PerformanceLevelSetRequest, self._level_set, "domain_id"),
            self.row(PerformanceLevelGetRequest, self._level_get, "domain_id"),
            self.row(PerformanceDomainNameGetRequest, self._name, "domain_id"),
        )

    def state(self) -> State:
        return [[each.level, each.lowest, each.highest] for each in self.settings]

    def restore(self, state: State) -> None:
        self.settings = [PerformanceSetting(level or 0, lowest or 0, highest or 0) for level, lowest, highest in state]

    def reset(self, resources: frozenset[int]) -> None:
        for number in resources:
            self.settings[number] = _boot_setting(self.domains[number])

    def _attributes(self, agent: int, request: PerformanceDomainAttributesRequest) -> Answer:
        domain = self.domains[request.domain_id]
        abilities = PerformanceDomainAttributes.of(
            can_set_limits=True, can_set_level=True, extended_name=domain.name != short_name(domain.name)
        )
        return PerformanceDomainAttributesResponse(
            abilities, RateLimit(0), domain.sustained_frequency, domain.sustained_level, short_name(domain.name)
        )

    def _describe_levels(self, agent: int, request: PerformanceDescribeLevelsRequest) -> Answer:
        levels = self.domains[request.domain_id].levels
        if request.level_index >= len(levels):
            return Status.OUT_OF_RANGE
        size = _LEVEL_SIZE if self.version >= _V4 else _LEVEL_SIZE_V1
        part = levels[request.level_index : request.level_index + (self.profile.max_response - 8) // size]
        which = NumLevels.of(remaining=len(levels) - request.level_index - len(part), returned=len(part))
        if self.version < _V4:
            old = [PerformanceLevelV1(each.level, each.power, LevelAttributes(each.latency)) for each in part]
            return PerformanceDescribeLevelsResponseV1(which, tuple(old))
        new = [
            PerformanceLevel(each.level, each.power, LevelAttributes(each.latency), 0, index)
            for index, each in enumerate(part, request.level_index)
        ]
        return PerformanceDescribeLevelsResponse(which, tuple(new))

    def _limits_set(self, agent: int, request: PerformanceLimitsSetRequest) -> Answer:
        """A limit of 0 beside one that is not means: as it is. The level follows the limits."""
        setting, levels = self.settings[request.domain_id], self.domains[request.domain_id].levels
        one_is_kept = bool(request.range_max) != bool(request.range_min)
        highest = setting.highest if one_is_kept and not request.range_max else request.range_max
        lowest = setting.lowest if one_is_kept and not request.range_min else request.range_min
        if lowest > highest:
            return Status.INVALID_PARAMETERS
        if lowest < levels[0].level or highest > levels[-1].level:
            return Status.OUT_OF_RANGE
        inside = [each.level for each in levels if lowest <= each.level <= highest]
        if not inside:
            return Status.INVALID_PARAMETERS
        level = min(max(setting.level, inside[0]), inside[-1])
        self.settings[request.domain_id] = PerformanceSetting(level, lowest, highest)
        return PerformanceLimitsSetResponse()

    def _limits_get(self, agent: int, request: PerformanceLimitsGetRequest) -> Answer:
        setting = self.settings[request.domain_id]
        return PerformanceLimitsGetResponse(setting.highest, setting.lowest)

    def _level_set(self, agent: int, request: PerformanceLevelSetRequest) -> Answer:
        setting, level = self.settings[request.domain_id], request.performance_level
        if not setting.lowest <= level <= setting.highest:
            return Status.OUT_OF_RANGE
        if all(each.level != level for each in self.domains[request.domain_id].levels):
            return Status.INVALID_PARAMETERS
        setting.level = level
        return PerformanceLevelSetResponse()

    def _level_get(self, agent: int, request: PerformanceLevelGetRequest) -> Answer:
        return PerformanceLevelGetResponse(self.settings[request.domain_id].level)

    def _name(self, agent: int, request: PerformanceDomainNameGetRequest) -> Answer:
        return PerformanceDomainNameGetResponse(Reserved(0), self.domains[request.domain_id].name)


def _boot_setting(domain: PerformanceDomain) -> PerformanceSetting:
    return PerformanceSetting(level=domain.level, lowest=domain.levels[0].level, highest=domain.levels[-1].level)
