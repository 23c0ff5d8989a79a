"""The server of the performance domain protocol, 0x13 (DEN0056 4.5).

Settings are kept as levels. In level indexing mode (since 4.0) messages carry indexes, which are converted here.
"""

from __future__ import annotations

import struct
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from xenscmi.firmware import fast_channel
from xenscmi.firmware.resources import PerformanceDomain, by_id
from xenscmi.firmware.server import Answer, Context, Row, Server, State, short_name
from xenscmi.scmi.message import Response
from xenscmi.scmi.protocols.common import (
    MessageAttributes,
    ProtocolMessageAttributesResponse,
    RateLimit,
    Reserved,
)
from xenscmi.scmi.protocols.performance import (
    PROTOCOL,
    LevelAttributes,
    NumLevels,
    PerformanceDescribeFastchannelRequest,
    PerformanceDescribeFastchannelResponse,
    PerformanceDescribeLevelsRequest,
    PerformanceDescribeLevelsResponse,
    PerformanceDescribeLevelsResponseV1,
    PerformanceDomainAttributes,
    PerformanceDomainAttributesRequest,
    PerformanceDomainAttributesResponse,
    PerformanceDomainNameGetRequest,
    PerformanceDomainNameGetResponse,
    PerformanceLevel,
    PerformanceLevelChanged,
    PerformanceLevelGetRequest,
    PerformanceLevelGetResponse,
    PerformanceLevelSetRequest,
    PerformanceLevelSetResponse,
    PerformanceLevelV1,
    PerformanceLimitsChanged,
    PerformanceLimitsGetRequest,
    PerformanceLimitsGetResponse,
    PerformanceLimitsSetRequest,
    PerformanceLimitsSetResponse,
    PerformanceNotifyLevelRequest,
    PerformanceNotifyLevelResponse,
    PerformanceNotifyLimitsRequest,
    PerformanceNotifyLimitsResponse,
    PerformanceProtocolAttributes,
    PerformanceProtocolAttributesResponse,
)
from xenscmi.scmi.status import Status

LIMITS_CHANGED, LEVEL_CHANGED = 0, 1
LIMITS_SET, LIMITS_GET, LEVEL_SET, LEVEL_GET = 0x5, 0x6, 0x7, 0x8
PLATFORM = 0  # who changes a level that no message changed
_CHANNEL_SIZES = {LIMITS_SET: 8, LIMITS_GET: 8, LEVEL_SET: 4, LEVEL_GET: 4}
_V2, _V3, _V4 = 0x20000, 0x30000, 0x40000
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

    def __init__(self, context: Context) -> None:
        self.domains = by_id(context.platform.performance)
        self.levels = {number: [point.level for point in each.levels] for number, each in self.domains.items()}
        self.settings = {number: _boot_setting(domain) for number, domain in self.domains.items()}
        super().__init__(context, self.domains)

    def attributes(self, agent: int) -> Response:
        return PerformanceProtocolAttributesResponse(PerformanceProtocolAttributes.of(domains=self.count), 0, 0)

    def rows(self) -> Sequence[Row]:
        row = self.row
        return (
            row(PerformanceDomainAttributesRequest, self._attributes, "domain_id", reads=True),
            row(PerformanceDescribeLevelsRequest, self._describe_levels, "domain_id", reads=True),
            row(PerformanceLimitsSetRequest, self._limits_set, "domain_id"),
            row(PerformanceLimitsGetRequest, self._limits_get, "domain_id", reads=True),
            row(PerformanceLevelSetRequest, self._level_set, "domain_id"),
            row(PerformanceLevelGetRequest, self._level_get, "domain_id", reads=True),
            row(PerformanceNotifyLimitsRequest, self._notify_limits, "domain_id", notifies=True),
            row(PerformanceNotifyLevelRequest, self._notify_level, "domain_id", notifies=True),
            row(PerformanceDescribeFastchannelRequest, self._fast_channel, "domain_id", reads=True),
            row(PerformanceDomainNameGetRequest, self._name, "domain_id", reads=True),
        )

    def message_attributes(self, message: int) -> Answer:
        fast = any(message in domain.fast_channels for domain in self.domains.values())
        return ProtocolMessageAttributesResponse(MessageAttributes.of(fast_channel=fast))

    def state(self) -> State:
        return [[each.level, each.lowest, each.highest] for each in self.settings.values()]

    def restore(self, state: State) -> None:
        for number, (level, lowest, highest) in zip(self.settings, state, strict=True):
            self.settings[number] = PerformanceSetting(level or 0, lowest or 0, highest or 0)

    def reset(self, resources: frozenset[int]) -> None:
        for number in resources:
            self.settings[number] = _boot_setting(self.domains[number])

    # Levels and indexes

    def _indexed(self, agent: int, number: int) -> bool:
        return self.domains[number].level_indexing and self.form_of(agent) >= _V4

    def _shown(self, agent: int, number: int, level: int) -> int:
        """Return a level as the agent's messages carry it."""
        if not self._indexed(agent, number):
            return level
        return min(bisect_left(self.levels[number], level), len(self.levels[number]) - 1)

    def _meant(self, agent: int, number: int, value: int) -> int:
        """Return the level that a message means; 0, which is not a level, for an index that does not exist."""
        if not self._indexed(agent, number):
            return value
        levels = self.levels[number]
        return levels[value] if value < len(levels) else 0

    # Attributes

    def _attributes(self, agent: int, request: PerformanceDomainAttributesRequest) -> Answer:
        domain, reaches = self.domains[request.domain_id], self.outbox.reaches(agent)
        form = self.form_of(agent)
        attributes = PerformanceDomainAttributes.of(
            can_set_limits=domain.can_set_limits,
            can_set_level=domain.can_set_level,
            limits_notifications=reaches,
            level_notifications=reaches,
            fast_channels=bool(domain.fast_channels) and form >= _V2,
            extended_name=self.has_extended_name(agent, domain.name),
            level_indexing=self._indexed(agent, request.domain_id),
        )
        return PerformanceDomainAttributesResponse(
            attributes,
            RateLimit(domain.rate_limit),
            domain.sustained_frequency,
            domain.sustained_level,
            short_name(domain.name),
        )

    def _describe_levels(self, agent: int, request: PerformanceDescribeLevelsRequest) -> Answer:
        levels = self.domains[request.domain_id].levels
        if request.level_index >= len(levels):
            return self.status("index_beyond")
        form = self.form_of(agent)
        size = _LEVEL_SIZE if form >= _V4 else _LEVEL_SIZE_V1
        part = levels[request.level_index : request.level_index + (self.profile.max_response - 8) // size]
        which = NumLevels.of(remaining=len(levels) - request.level_index - len(part), returned=len(part))
        if form < _V4:
            old = [PerformanceLevelV1(each.level, each.power, LevelAttributes(each.latency)) for each in part]
            return PerformanceDescribeLevelsResponseV1(which, tuple(old))
        new = [
            PerformanceLevel(each.level, each.power, LevelAttributes(each.latency), each.frequency, index)
            for index, each in enumerate(part, request.level_index)
        ]
        return PerformanceDescribeLevelsResponse(which, tuple(new))

    def _name(self, agent: int, request: PerformanceDomainNameGetRequest) -> Answer:
        return PerformanceDomainNameGetResponse(Reserved(0), self.domains[request.domain_id].name)

    # Limits and level

    def _limits_set(self, agent: int, request: PerformanceLimitsSetRequest) -> Answer:
        """A limit of 0 beside one that is not 0 stays as it is (since 3.0); indexes have no such value."""
        number = request.domain_id
        if not self.domains[number].can_set_limits:
            return Status.NOT_SUPPORTED
        setting = self.settings[number]
        highest, lowest = self._meant(agent, number, request.range_max), self._meant(agent, number, request.range_min)
        if not self._indexed(agent, number) and bool(highest) != bool(lowest) and self.form_of(agent) >= _V3:
            highest, lowest = highest or setting.highest, lowest or setting.lowest
        return self._set_limits(agent, number, lowest, highest)

    def _set_limits(self, agent: int, number: int, lowest: int, highest: int) -> Answer:
        """Set limits; the level follows them."""
        setting, levels = self.settings[number], self.levels[number]
        if lowest < levels[0] or not levels[0] <= highest <= levels[-1]:
            return self.status("level_beyond") if lowest <= highest else Status.INVALID_PARAMETERS
        inside = levels[bisect_left(levels, lowest) : bisect_right(levels, highest)]
        if lowest > highest or not inside:
            return Status.INVALID_PARAMETERS
        if (lowest, highest) != (setting.lowest, setting.highest):
            setting.lowest, setting.highest = lowest, highest
            shown = (self._shown(agent, number, highest), self._shown(agent, number, lowest))
            self.notify(LIMITS_CHANGED, number, PerformanceLimitsChanged(agent, number, *shown))
        self._change_level(agent, number, min(max(setting.level, inside[0]), inside[-1]))
        return PerformanceLimitsSetResponse()

    def _limits_get(self, agent: int, request: PerformanceLimitsGetRequest) -> Answer:
        number, setting = request.domain_id, self.settings[request.domain_id]
        return PerformanceLimitsGetResponse(
            self._shown(agent, number, setting.highest), self._shown(agent, number, setting.lowest)
        )

    def _level_set(self, agent: int, request: PerformanceLevelSetRequest) -> Answer:
        number = request.domain_id
        if not self.domains[number].can_set_level:
            return Status.NOT_SUPPORTED
        return self._set_level(agent, number, self._meant(agent, number, request.performance_level))

    def _set_level(self, agent: int, number: int, level: int) -> Answer:
        setting = self.settings[number]
        if not setting.lowest <= level <= setting.highest:
            return self.status("level_beyond")
        if level not in self.levels[number]:
            return self.status("unlisted_level")
        self._change_level(agent, number, level)
        return PerformanceLevelSetResponse()

    def _change_level(self, agent: int, number: int, level: int) -> None:
        setting = self.settings[number]
        if setting.level != level:
            setting.level = level
            self.notify(
                LEVEL_CHANGED, number, PerformanceLevelChanged(agent, number, self._shown(agent, number, level))
            )

    def _level_get(self, agent: int, request: PerformanceLevelGetRequest) -> Answer:
        number = request.domain_id
        return PerformanceLevelGetResponse(self._shown(agent, number, self.settings[number].level))

    # Notifications and fast channels

    def _notify_limits(self, agent: int, request: PerformanceNotifyLimitsRequest) -> Answer:
        self.subscribe(agent, LIMITS_CHANGED, request.domain_id, enable=request.notify_enable.enable)
        return PerformanceNotifyLimitsResponse()

    def _notify_level(self, agent: int, request: PerformanceNotifyLevelRequest) -> Answer:
        self.subscribe(agent, LEVEL_CHANGED, request.domain_id, enable=request.notify_enable.enable)
        return PerformanceNotifyLevelResponse()

    def _fast_channel(self, agent: int, request: PerformanceDescribeFastchannelRequest) -> Answer:
        channel = self.domains[request.domain_id].fast_channels.get(request.message_id)
        if channel is None:
            return Status.NOT_SUPPORTED
        return fast_channel.describe(
            channel, _CHANNEL_SIZES[request.message_id], PerformanceDescribeFastchannelResponse
        )

    def write_fast_channel(self, number: int, message: int, data: bytes) -> bool:
        """Take over what was written to a domain's fast channel; False if the command would have been refused."""
        if message not in self.domains[number].fast_channels or len(data) != _CHANNEL_SIZES.get(message):
            return False
        words = struct.unpack(f"<{len(data) // 4}I", data)
        if message == LEVEL_SET:
            return isinstance(self._set_level(PLATFORM, number, words[0]), Response)
        return message == LIMITS_SET and isinstance(self._set_limits(PLATFORM, number, words[1], words[0]), Response)

    def read_fast_channel(self, number: int, message: int) -> bytes:
        """Return what stands in a domain's fast channel for reading; b"" if there is none."""
        setting = self.settings[number]
        if message not in self.domains[number].fast_channels:
            return b""
        values = {LEVEL_GET: (setting.level,), LIMITS_GET: (setting.highest, setting.lowest)}.get(message, ())
        return struct.pack(f"<{len(values)}I", *values)


def _boot_setting(domain: PerformanceDomain) -> PerformanceSetting:
    return PerformanceSetting(level=domain.level, lowest=domain.levels[0].level, highest=domain.levels[-1].level)
