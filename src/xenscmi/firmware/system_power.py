"""The server of the system power protocol, 0x12 (DEN0056 4.4). The system is the one resource, number 0."""

from __future__ import annotations

from collections.abc import Sequence

from xenscmi.firmware.permissions import Permissions
from xenscmi.firmware.profile import FirmwareProfile
from xenscmi.firmware.server import Answer, Handler, Server, State
from xenscmi.scmi.header import ProtocolId
from xenscmi.scmi.message import Request, Response
from xenscmi.scmi.protocols.common import Reserved
from xenscmi.scmi.protocols.system_power import (
    PROTOCOL,
    SystemPowerProtocolAttributesResponse,
    SystemPowerStateGetRequest,
    SystemPowerStateGetResponse,
    SystemPowerStateSetRequest,
    SystemPowerStateSetResponse,
    SystemState,
)
from xenscmi.scmi.status import Status

SYSTEM = 0
_POSSIBLE = (SystemState.SHUTDOWN, SystemState.COLD_RESET, SystemState.POWER_UP)


class SystemPowerServer(Server):
    """The whole system's power; `system_state` is what was last asked for. The model goes on all the same."""

    protocol = PROTOCOL

    def __init__(self, profile: FirmwareProfile, permissions: Permissions) -> None:
        self.system_state: int = SystemState.POWER_UP
        super().__init__(profile, permissions, 1)

    def attributes(self, agent: int) -> Response:
        return SystemPowerProtocolAttributesResponse(Reserved(0))

    def rows(self) -> Sequence[tuple[type[Request], Handler]]:
        return (
            self.row(SystemPowerStateSetRequest, self._set),
            self.row(SystemPowerStateGetRequest, self._get),
        )

    def state(self) -> State:
        return [[self.system_state]]

    def restore(self, state: State) -> None:
        self.system_state = state[SYSTEM][0] or SystemState.SHUTDOWN

    def reset(self, resources: frozenset[int]) -> None:
        if SYSTEM in resources:
            self.system_state = SystemState.POWER_UP

    def _set(self, agent: int, request: SystemPowerStateSetRequest) -> Answer:
        if not self.permissions.may_use(agent, ProtocolId.SYSTEM_POWER, SYSTEM):
            return Status.DENIED
        if request.reserved:
            return Status.INVALID_PARAMETERS
        if request.system_state not in _POSSIBLE:
            known = request.system_state in [state.value for state in SystemState]
            return Status.NOT_SUPPORTED if known else Status.INVALID_PARAMETERS
        self.system_state = request.system_state
        return SystemPowerStateSetResponse()

    def _get(self, agent: int, request: SystemPowerStateGetRequest) -> Answer:
        return SystemPowerStateGetResponse(self.system_state)
