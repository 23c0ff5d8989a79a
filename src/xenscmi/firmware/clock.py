"""The server of the clock protocol, 0x14 (DEN0056 4.6)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from xenscmi.firmware.permissions import Permissions
from xenscmi.firmware.profile import FirmwareProfile
from xenscmi.firmware.resources import Clock
from xenscmi.firmware.server import Answer, Handler, Server, State, short_name
from xenscmi.scmi.message import Request, Response
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
    ClockRateGetRequest,
    ClockRateGetResponse,
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

_V2 = 0x20000


@dataclass(slots=True)
class ClockSetting:
    """What can change of a clock; `parent` is None for a clock that has none."""

    enabled: bool
    rate: int
    parent: int | None


class ClockServer(Server):
    """Clocks; `settings` is their present state, by clock id."""

    protocol = PROTOCOL

    def __init__(self, profile: FirmwareProfile, permissions: Permissions, clocks: Sequence[Clock]) -> None:
        self.clocks = clocks
        self.settings = [_boot_setting(clock) for clock in clocks]
        super().__init__(profile, permissions, len(clocks))

    def attributes(self, agent: int) -> Response:
        return ClockProtocolAttributesResponse(ClockProtocolAttributes.of(clocks=self.count))

    def rows(self) -> Sequence[tuple[type[Request], Handler]]:
        return (
            self.row(ClockAttributesRequest, self._attributes, "clock_id"),
            self.row(ClockDescribeRatesRequest, self._describe_rates, "clock_id"),
            self.row(ClockRateSetRequest, self._rate_set, "clock_id"),
            self.row(ClockRateGetRequest, self._rate_get, "clock_id"),
            self.row(ClockConfigSetRequestV1, self._config_set_v1, "clock_id"),
            self.row(ClockConfigSetRequest, self._config_set, "clock_id"),
            self.row(ClockNameGetRequest, self._name, "clock_id"),
            self.row(ClockConfigGetRequest, self._config_get, "clock_id"),
            self.row(ClockPossibleParentsGetRequest, self._possible_parents, "clock_id"),
            self.row(ClockParentSetRequest, self._parent_set, "clock_id"),
            self.row(ClockParentGetRequest, self._parent_get, "clock_id"),
            self.row(ClockGetPermissionsRequest, self._permissions, "clock_id"),
        )

    def state(self) -> State:
        return [[each.enabled, each.rate, each.parent] for each in self.settings]

    def restore(self, state: State) -> None:
        self.settings = [ClockSetting(bool(enabled), rate or 0, parent) for enabled, rate, parent in state]

    def reset(self, resources: frozenset[int]) -> None:
        for number in resources:
            self.settings[number] = _boot_setting(self.clocks[number])

    def quiesce(self, resources: frozenset[int]) -> None:
        for number in resources:
            self.settings[number].enabled = False

    def _attributes(self, agent: int, request: ClockAttributesRequest) -> Answer:
        clock, enabled = self.clocks[request.clock_id], self.settings[request.clock_id].enabled
        if self.version < _V2:
            return ClockAttributesResponseV1(ClockAttributes.of(enabled=enabled), short_name(clock.name))
        attributes = ClockAttributes.of(
            enabled=enabled, parents=bool(clock.parents), extended_name=clock.name != short_name(clock.name)
        )
        return ClockAttributesResponse(attributes, short_name(clock.name), 0)

    def _describe_rates(self, agent: int, request: ClockDescribeRatesRequest) -> Answer:
        clock = self.clocks[request.clock_id]
        if clock.step:
            flags = NumRatesFlags.of(format=RateFormat.RANGE, returned=3)
            return ClockDescribeRatesResponse(flags, (*clock.rates, clock.step))
        if request.rate_index >= len(clock.rates):
            return Status.OUT_OF_RANGE
        rates = clock.rates[request.rate_index : request.rate_index + (self.profile.max_response - 8) // 8]
        remaining = len(clock.rates) - request.rate_index - len(rates)
        return ClockDescribeRatesResponse(NumRatesFlags.of(remaining=remaining, returned=len(rates)), rates)

    def _rate_set(self, agent: int, request: ClockRateSetRequest) -> Answer:
        if request.flags.asynchronous:
            return Status.NOT_SUPPORTED
        rate = _round(self.clocks[request.clock_id], request.rate, request.flags)
        if rate is None:
            return Status.INVALID_PARAMETERS
        self.settings[request.clock_id].rate = rate
        return ClockRateSetResponse()

    def _rate_get(self, agent: int, request: ClockRateGetRequest) -> Answer:
        return ClockRateGetResponse(self.settings[request.clock_id].rate)

    def _config_set_v1(self, agent: int, request: ClockConfigSetRequestV1) -> Answer:
        self.settings[request.clock_id].enabled = request.attributes.enable
        return ClockConfigSetResponse()

    def _config_set(self, agent: int, request: ClockConfigSetRequest) -> Answer:
        if request.attributes.extended_config_type:
            return Status.NOT_SUPPORTED
        match request.attributes.state:
            case ClockState.ENABLE | ClockState.DISABLE as state:
                self.settings[request.clock_id].enabled = state == ClockState.ENABLE
            case ClockState.UNCHANGED:
                pass
            case _:
                return Status.INVALID_PARAMETERS
        return ClockConfigSetResponse()

    def _config_get(self, agent: int, request: ClockConfigGetRequest) -> Answer:
        if request.flags.extended_config_type:
            return Status.NOT_SUPPORTED
        enabled = self.settings[request.clock_id].enabled
        return ClockConfigGetResponse(Reserved(0), ClockCurrentConfig.of(enabled=enabled), 0)

    def _name(self, agent: int, request: ClockNameGetRequest) -> Answer:
        return ClockNameGetResponse(Reserved(0), self.clocks[request.clock_id].name)

    def _possible_parents(self, agent: int, request: ClockPossibleParentsGetRequest) -> Answer:
        parents = self.clocks[request.clock_id].parents[request.skip_parents :]
        returned = parents[: (self.profile.max_response - 8) // 4]
        flags = NumParentFlags.of(remaining=len(parents) - len(returned), returned=len(returned))
        return ClockPossibleParentsGetResponse(flags, returned)

    def _parent_set(self, agent: int, request: ClockParentSetRequest) -> Answer:
        if request.parent_id not in self.clocks[request.clock_id].parents:
            return Status.INVALID_PARAMETERS
        self.settings[request.clock_id].parent = request.parent_id
        return ClockParentSetResponse()

    def _parent_get(self, agent: int, request: ClockParentGetRequest) -> Answer:
        parent = self.settings[request.clock_id].parent
        return Status.NOT_SUPPORTED if parent is None else ClockParentGetResponse(parent)

    def _permissions(self, agent: int, request: ClockGetPermissionsRequest) -> Answer:
        """Whoever may use a clock at all may change everything about it."""
        rights = ClockPermissions.of(state_control=True, parent_control=True, rate_control=True)
        return ClockGetPermissionsResponse(rights)


def _boot_setting(clock: Clock) -> ClockSetting:
    return ClockSetting(enabled=clock.enabled, rate=clock.rate, parent=clock.parents[0] if clock.parents else None)


def _round(clock: Clock, wanted: int, flags: ClockRateSetFlags) -> int | None:
    """Return the nearest rate that the flags allow; None where there is none."""
    lowest, highest = clock.rates[0], clock.rates[-1]
    if not lowest <= wanted <= highest:
        return None
    if clock.step:
        steps = wanted - lowest + (clock.step - 1 if flags.round_up else 0)
        return min(lowest + steps // clock.step * clock.step, highest)
    index = bisect_left(clock.rates, wanted) if flags.round_up else bisect_right(clock.rates, wanted) - 1
    return clock.rates[index]
