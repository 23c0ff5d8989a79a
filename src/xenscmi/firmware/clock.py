"""The server of the clock protocol, 0x14 (DEN0056 4.6)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from xenscmi.firmware.resources import Clock, by_id
from xenscmi.firmware.server import Answer, Context, Row, Server, State, short_name
from xenscmi.scmi.message import Response
from xenscmi.scmi.protocols.clock import (
    PROTOCOL,
    ClockAttributes,
    ClockAttributesRequest,
    ClockAttributesResponse,
    ClockAttributesResponseV1,
    ClockConfigGetRequest,
    ClockConfigGetResponse,
    ClockConfigSetRequest,
    ClockConfigSetRequestV1,
    ClockConfigSetResponse,
    ClockCurrentConfig,
    ClockDescribeRatesRequest,
    ClockDescribeRatesResponse,
    ClockGetPermissionsRequest,
    ClockGetPermissionsResponse,
    ClockNameGetRequest,
    ClockNameGetResponse,
    ClockParentGetRequest,
    ClockParentGetResponse,
    ClockParentSetRequest,
    ClockParentSetResponse,
    ClockPermissions,
    ClockPossibleParentsGetRequest,
    ClockPossibleParentsGetResponse,
    ClockProtocolAttributes,
    ClockProtocolAttributesResponse,
    ClockRateChanged,
    ClockRateChangeRequested,
    ClockRateChangeRequestedNotifyRequest,
    ClockRateChangeRequestedNotifyResponse,
    ClockRateGetRequest,
    ClockRateGetResponse,
    ClockRateNotifyRequest,
    ClockRateNotifyResponse,
    ClockRateSetComplete,
    ClockRateSetFlags,
    ClockRateSetRequest,
    ClockRateSetResponse,
    ClockState,
    NumParentFlags,
    NumRatesFlags,
    RateFormat,
)
from xenscmi.scmi.protocols.common import Reserved
from xenscmi.scmi.status import Status

RATE_CHANGED, RATE_CHANGE_REQUESTED = 0, 1
ASYNCHRONOUS_REQUESTS = 8
_V2 = 0x20000


@dataclass(slots=True)
class ClockSetting:
    """What can change of a clock; `parent` is None for a clock that has none, `users` count for a shared clock."""

    enabled: bool
    rate: int
    parent: int | None
    users: set[int] = field(default_factory=set)
    extended: dict[int, int] = field(default_factory=dict)


class ClockServer(Server):
    """Clocks; `settings` is their present state, by clock id."""

    protocol = PROTOCOL

    def __init__(self, context: Context) -> None:
        self.clocks = by_id(context.platform.clocks)
        self.settings = {number: _boot_setting(clock) for number, clock in self.clocks.items()}
        super().__init__(context, self.clocks)

    def attributes(self, agent: int) -> Response:
        requests = ASYNCHRONOUS_REQUESTS if self.defers(agent) else 0
        return ClockProtocolAttributesResponse(
            ClockProtocolAttributes.of(clocks=self.count, max_async_requests=requests)
        )

    def rows(self) -> Sequence[Row]:
        row = self.row
        return (
            row(ClockAttributesRequest, self._attributes, "clock_id", reads=True),
            row(ClockDescribeRatesRequest, self._describe_rates, "clock_id", reads=True),
            row(ClockRateSetRequest, self._rate_set, "clock_id"),
            row(ClockRateGetRequest, self._rate_get, "clock_id", reads=True),
            row(ClockConfigSetRequestV1, self._config_set_v1, "clock_id"),
            row(ClockConfigSetRequest, self._config_set, "clock_id"),
            row(ClockNameGetRequest, self._name, "clock_id", reads=True),
            row(ClockRateNotifyRequest, self._rate_notify, "clock_id", notifies=True),
            row(ClockRateChangeRequestedNotifyRequest, self._request_notify, "clock_id", notifies=True),
            row(ClockConfigGetRequest, self._config_get, "clock_id", reads=True),
            row(ClockPossibleParentsGetRequest, self._possible_parents, "clock_id", reads=True),
            row(ClockParentSetRequest, self._parent_set, "clock_id"),
            row(ClockParentGetRequest, self._parent_get, "clock_id", reads=True),
            row(ClockGetPermissionsRequest, self._permissions, "clock_id", reads=True),
        )

    # State

    def state(self) -> State:
        return [[each.enabled, each.rate, each.parent, *_packed(each)] for each in self.settings.values()]

    def restore(self, state: State) -> None:
        for number, (enabled, rate, parent, *more) in zip(self.settings, state, strict=True):
            values = [value or 0 for value in more]
            users, pairs = values[1 : 1 + values[0]] if values else [], values[1 + values[0] :] if values else []
            extended = dict(zip(pairs[::2], pairs[1::2], strict=True))
            self.settings[number] = ClockSetting(bool(enabled), rate or 0, parent, set(users), extended)

    def reset(self, resources: frozenset[int]) -> None:
        for number in resources:
            self.settings[number] = _boot_setting(self.clocks[number])

    def quiesce(self, resources: frozenset[int]) -> None:
        for number in resources:
            if not self.clocks[number].always_on:
                self.settings[number].enabled = False

    def release(self, agent: int, resources: frozenset[int] | None) -> None:
        for number in self.settings if resources is None else resources:
            setting = self.settings[number]
            if agent in setting.users:
                setting.users.discard(agent)
                setting.enabled = bool(setting.users)

    # Rights

    def _denies(self, agent: int, allowed: frozenset[int] | None) -> bool:
        return allowed is not None and agent not in allowed and agent not in self.permissions.trusted

    def _rights(self, agent: int, clock: Clock) -> ClockPermissions:
        return ClockPermissions.of(
            state_control=not self._denies(agent, clock.state_agents),
            parent_control=not self._denies(agent, clock.parent_agents),
            rate_control=not self._denies(agent, clock.rate_agents),
        )

    def _permissions(self, agent: int, request: ClockGetPermissionsRequest) -> Answer:
        return ClockGetPermissionsResponse(self._rights(agent, self.clocks[request.clock_id]))

    # Attributes

    def _attributes(self, agent: int, request: ClockAttributesRequest) -> Answer:
        clock, enabled = self.clocks[request.clock_id], self.settings[request.clock_id].enabled
        if self.form_of(agent) < _V2:
            return ClockAttributesResponseV1(ClockAttributes.of(enabled=enabled), short_name(clock.name))
        rights, reaches = self._rights(agent, clock), self.outbox.reaches(agent)
        attributes = ClockAttributes.of(
            enabled=enabled,
            parents=bool(clock.parents),
            extended_name=self.has_extended_name(agent, clock.name),
            extended_config=bool(clock.extended_configs),
            restricted=not (rights.state_control and rights.parent_control and rights.rate_control),
            rate_changed_notifications=reaches,
            rate_change_requested_notifications=reaches,
        )
        attributes = ClockAttributes(attributes | self.profile.clock_flags)
        return ClockAttributesResponse(attributes, short_name(clock.name), clock.enable_delay)

    def _name(self, agent: int, request: ClockNameGetRequest) -> Answer:
        return ClockNameGetResponse(Reserved(0), self.clocks[request.clock_id].name)

    # Rates

    def _describe_rates(self, agent: int, request: ClockDescribeRatesRequest) -> Answer:
        clock = self.clocks[request.clock_id]
        if clock.step:
            if request.rate_index:
                return self.status("index_beyond")
            flags = NumRatesFlags.of(format=RateFormat.RANGE, returned=3)
            return ClockDescribeRatesResponse(flags, (*clock.rates, clock.step))
        if request.rate_index >= len(clock.rates):
            return self.status("index_beyond")
        rates = clock.rates[request.rate_index : request.rate_index + (self.profile.max_response - 8) // 8]
        remaining = len(clock.rates) - request.rate_index - len(rates)
        return ClockDescribeRatesResponse(NumRatesFlags.of(remaining=remaining, returned=len(rates)), rates)

    def _rate_set(self, agent: int, request: ClockRateSetRequest) -> Answer:
        number, flags, clock = request.clock_id, request.flags, self.clocks[request.clock_id]
        if flags.asynchronous and (refusal := self.refusal_to_defer(agent)) is not None:
            return refusal
        if self._denies(agent, clock.rate_agents):
            return Status.DENIED
        rate = _round(clock, request.rate, flags)
        if rate is None:
            return self.status("unlisted_level")
        self.notify(RATE_CHANGE_REQUESTED, number, ClockRateChangeRequested(agent, number, request.rate), but=agent)
        setting = self.settings[number]
        if setting.rate != rate:
            setting.rate = rate
            self.notify(RATE_CHANGED, number, ClockRateChanged(agent, number, rate))
        if flags.asynchronous and not flags.ignore_delayed_response:
            self.reply_later(agent, ClockRateSetComplete(number, rate))
        return ClockRateSetResponse()

    def _rate_get(self, agent: int, request: ClockRateGetRequest) -> Answer:
        return ClockRateGetResponse(self.settings[request.clock_id].rate)

    def _rate_notify(self, agent: int, request: ClockRateNotifyRequest) -> Answer:
        self.subscribe(agent, RATE_CHANGED, request.clock_id, enable=request.notify_enable.enable)
        return ClockRateNotifyResponse()

    def _request_notify(self, agent: int, request: ClockRateChangeRequestedNotifyRequest) -> Answer:
        self.subscribe(agent, RATE_CHANGE_REQUESTED, request.clock_id, enable=request.notify_enable.enable)
        return ClockRateChangeRequestedNotifyResponse()

    # Configuration

    def _switch(self, agent: int, number: int, *, enable: bool) -> Answer:
        clock, setting = self.clocks[number], self.settings[number]
        if self._denies(agent, clock.state_agents) or (clock.always_on and not enable):
            return Status.DENIED
        if clock.shared:
            change = set.add if enable else set.discard
            change(setting.users, agent)
            enable = bool(setting.users)
        setting.enabled = enable
        return ClockConfigSetResponse()

    def _config_set_v1(self, agent: int, request: ClockConfigSetRequestV1) -> Answer:
        return self._switch(agent, request.clock_id, enable=request.attributes.enable)

    def _config_set(self, agent: int, request: ClockConfigSetRequest) -> Answer:
        """Set the state, an extended setting, or both; a request for neither is not valid."""
        number, wanted = request.clock_id, request.attributes
        kind, state = wanted.extended_config_type, wanted.state
        if state not in (ClockState.ENABLE, ClockState.DISABLE, ClockState.UNCHANGED):
            return Status.INVALID_PARAMETERS
        if not kind:
            if state == ClockState.UNCHANGED:
                return Status.INVALID_PARAMETERS
            return self._switch(agent, number, enable=state == ClockState.ENABLE)
        clock = self.clocks[number]
        if kind not in clock.extended_configs:
            return self.status("unknown_setting")
        if self._denies(agent, clock.state_agents):
            return Status.DENIED
        if state != ClockState.UNCHANGED:
            answer = self._switch(agent, number, enable=state == ClockState.ENABLE)
            if isinstance(answer, Status):
                return answer
        self.settings[number].extended[kind] = request.extended_config_val
        return ClockConfigSetResponse()

    def _config_get(self, agent: int, request: ClockConfigGetRequest) -> Answer:
        kind, setting = request.flags.extended_config_type, self.settings[request.clock_id]
        configs = self.clocks[request.clock_id].extended_configs
        if kind and kind not in configs:
            return self.status("unknown_setting")
        value = setting.extended.get(kind, configs[kind]) if kind else 0
        return ClockConfigGetResponse(Reserved(0), ClockCurrentConfig.of(enabled=setting.enabled), value)

    # Parents

    def _possible_parents(self, agent: int, request: ClockPossibleParentsGetRequest) -> Answer:
        parents = self.clocks[request.clock_id].parents
        if not parents:
            return Status.NOT_SUPPORTED
        if request.skip_parents >= len(parents):
            return Status.INVALID_PARAMETERS
        rest = parents[request.skip_parents :]
        returned = rest[: (self.profile.max_response - 8) // 4]
        flags = NumParentFlags.of(remaining=len(rest) - len(returned), returned=len(returned))
        return ClockPossibleParentsGetResponse(flags, returned)

    def _parent_set(self, agent: int, request: ClockParentSetRequest) -> Answer:
        clock = self.clocks[request.clock_id]
        if request.parent_id not in self.ids:
            return Status.NOT_FOUND
        if request.parent_id not in clock.parents:
            return Status.INVALID_PARAMETERS if clock.parents else Status.NOT_SUPPORTED
        if self._denies(agent, clock.parent_agents):
            return Status.DENIED
        self.settings[request.clock_id].parent = request.parent_id
        return ClockParentSetResponse()

    def _parent_get(self, agent: int, request: ClockParentGetRequest) -> Answer:
        parent = self.settings[request.clock_id].parent
        return Status.NOT_SUPPORTED if parent is None else ClockParentGetResponse(parent)


def _boot_setting(clock: Clock) -> ClockSetting:
    rate = clock.rates[0] if clock.rate is None else clock.rate
    return ClockSetting(enabled=clock.enabled, rate=rate, parent=clock.parents[0] if clock.parents else None)


def _packed(setting: ClockSetting) -> list[int]:
    """Return the rest of a setting's state: the number of users, the users, and the extended settings by type."""
    if not setting.users and not setting.extended:
        return []
    pairs = [value for pair in sorted(setting.extended.items()) for value in pair]
    return [len(setting.users), *sorted(setting.users), *pairs]


def _round(clock: Clock, wanted: int, flags: ClockRateSetFlags) -> int | None:
    """Return the rate that the flags choose: the closest, the next above or the next below; None outside the range."""
    lowest, highest = clock.rates[0], clock.rates[-1]
    if not lowest <= wanted <= highest:
        return None
    if clock.step:
        below = lowest + (wanted - lowest) // clock.step * clock.step
        above = below if below == wanted else min(below + clock.step, highest)
    else:
        below = clock.rates[bisect_right(clock.rates, wanted) - 1]
        above = clock.rates[bisect_left(clock.rates, wanted)]
    if flags.round_auto:
        return below if wanted - below <= above - wanted else above
    return above if flags.round_up else below
