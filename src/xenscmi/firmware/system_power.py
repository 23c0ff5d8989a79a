"""The server of the system power protocol, 0x12 (DEN0056 4.4). The system is the one resource, number 0."""

from __future__ import annotations

from collections.abc import Sequence

from xenscmi.firmware.resources import SUSPEND, WARM_RESET
from xenscmi.firmware.server import Answer, Context, Row, Server, State
from xenscmi.scmi.message import NotificationPayload, Response
from xenscmi.scmi.protocols.common import Reserved
from xenscmi.scmi.protocols.system_power import (
    PROTOCOL,
    SystemPowerMessageAttributes,
    SystemPowerProtocolAttributesResponse,
    SystemPowerProtocolMessageAttributesResponse,
    SystemPowerStateGetRequest,
    SystemPowerStateGetResponse,
    SystemPowerStateNotifier,
    SystemPowerStateNotifierV1,
    SystemPowerStateNotifyRequest,
    SystemPowerStateNotifyResponse,
    SystemPowerStateSetRequest,
    SystemPowerStateSetResponse,
    SystemState,
)
from xenscmi.scmi.status import Status

SYSTEM = 0
NOTIFIER = 0
STATE_SET = 0x3
_STATES = frozenset(state.value for state in SystemState)
_V2 = 0x20000


class SystemPowerServer(Server):
    """The whole system's power; `system_state` is the last requested state. The model itself keeps running."""

    protocol = PROTOCOL

    def __init__(self, context: Context) -> None:
        self.system_state: int = SystemState.POWER_UP
        self.possible = context.platform.system_states
        super().__init__(context, {SYSTEM: None})

    def attributes(self, agent: int) -> Response:
        return SystemPowerProtocolAttributesResponse(Reserved(0))

    def rows(self) -> Sequence[Row]:
        row = self.row
        return (
            row(SystemPowerStateSetRequest, self._set, checks_itself=True),
            row(SystemPowerStateGetRequest, self._get, is_open=True),
            row(SystemPowerStateNotifyRequest, self._notify, is_open=True, notifies=True),
        )

    def message_attributes(self, message: int) -> Answer:
        attributes = SystemPowerMessageAttributes.of(
            warm_reset=message == STATE_SET and WARM_RESET in self.possible,
            suspend=message == STATE_SET and SUSPEND in self.possible,
        )
        return SystemPowerProtocolMessageAttributesResponse(attributes)

    def missing_notification(self) -> Status:
        """DEN0056 4.4.2.4 has a status of its own here."""
        return Status.NOT_SUPPORTED

    def state(self) -> State:
        return [[self.system_state]]

    def restore(self, state: State) -> None:
        self.system_state = state[SYSTEM][0] or SystemState.SHUTDOWN

    def reset(self, resources: frozenset[int]) -> None:
        if SYSTEM in resources:
            self.system_state = SystemState.POWER_UP

    def _set(self, agent: int, request: SystemPowerStateSetRequest) -> Answer:
        if self.profile.checks_permissions and not self.permissions.may_use(agent, self.protocol.id, SYSTEM):
            return self.status("no_permission")
        if request.reserved:
            return self.status("reserved_bits")
        if request.system_state not in self.possible:
            return Status.NOT_SUPPORTED if request.system_state in _STATES else Status.INVALID_PARAMETERS
        self.system_state = request.system_state
        message: NotificationPayload
        if self.version < _V2:
            message = SystemPowerStateNotifierV1(agent, request.flags, request.system_state)
        else:
            message = SystemPowerStateNotifier(agent, request.flags, request.system_state, 0)
        self.outbox.notify_all((self.protocol.id, NOTIFIER, SYSTEM), message, but=agent)
        return SystemPowerStateSetResponse()

    def _get(self, agent: int, request: SystemPowerStateGetRequest) -> Answer:
        return SystemPowerStateGetResponse(self.system_state)

    def _notify(self, agent: int, request: SystemPowerStateNotifyRequest) -> Answer:
        self.subscribe(agent, NOTIFIER, SYSTEM, enable=request.notify_enable.enable)
        return SystemPowerStateNotifyResponse()
