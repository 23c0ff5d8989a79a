"""The server of the pin control protocol, 0x19 (DEN0056 4.11).

Pins and groups are the resources, numbered as `pin_resource` says; functions belong to nobody. Everybody may ask what
there is. An agent that may use a pin or group can own it; as long as it does, no other agent can change it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from xenscmi.firmware.resources import by_id, pin_resource
from xenscmi.firmware.server import Answer, Context, Row, Server, State, short_name
from xenscmi.scmi.header import ProtocolId
from xenscmi.scmi.message import Response
from xenscmi.scmi.protocols.common import Reserved
from xenscmi.scmi.protocols.pin_control import (
    NO_FUNCTION,
    PROTOCOL,
    AssociationsFlags,
    ConfigFlag,
    ConfigType,
    NumConfigs,
    PinConfig,
    PinctrlAttributes,
    PinctrlAttributesRequest,
    PinctrlAttributesResponse,
    PinctrlListAssociationsRequest,
    PinctrlListAssociationsResponse,
    PinctrlNameGetRequest,
    PinctrlNameGetResponse,
    PinctrlProtocolAttributesHigh,
    PinctrlProtocolAttributesLow,
    PinctrlProtocolAttributesResponse,
    PinctrlReleaseRequest,
    PinctrlReleaseResponse,
    PinctrlRequestRequest,
    PinctrlRequestResponse,
    PinctrlSetPermissionsRequest,
    PinctrlSetPermissionsResponse,
    PinctrlSettingsConfigureRequest,
    PinctrlSettingsConfigureResponse,
    PinctrlSettingsGetRequest,
    PinctrlSettingsGetResponse,
    Selector,
)
from xenscmi.scmi.status import Status

_CONFIG_FLAGS = frozenset(flag.value for flag in ConfigFlag)
_ID = 0xFFFF  # the upper half of an identifier means nothing
_PERMISSION = -1  # first value of a row of `state` that is a permission


@dataclass(slots=True)
class PinSetting:
    """What can change of a pin or group: its owner, its function, and its settings by type."""

    owner: int | None = None
    function: int | None = None
    configs: dict[int, int] = field(default_factory=dict)


class PinControlServer(Server):
    """Pins, groups and functions; `settings` is the present state of pins and groups, by resource number."""

    protocol = PROTOCOL

    def __init__(self, context: Context) -> None:
        platform = context.platform
        self.agents = frozenset(agent.agent_id for agent in platform.agents)
        self.pins = by_id(platform.pins)
        self.groups, self.functions = by_id(platform.pin_groups), by_id(platform.pin_functions)
        self.names: dict[int, Mapping[int, str]] = {
            Selector.PIN: self.pins,
            Selector.GROUP: {number: group.name for number, group in self.groups.items()},
            Selector.FUNCTION: {number: function.name for number, function in self.functions.items()},
        }
        self.settings = {
            pin_resource(number, group=selector == Selector.GROUP): PinSetting()
            for selector in (Selector.PIN, Selector.GROUP)
            for number in self.names[selector]
        }
        super().__init__(context, self.settings)

    def attributes(self, agent: int) -> Response:
        counts = {selector: max(names, default=-1) + 1 for selector, names in self.names.items()}
        return PinctrlProtocolAttributesResponse(
            PinctrlProtocolAttributesLow.of(pins=counts[Selector.PIN], groups=counts[Selector.GROUP]),
            PinctrlProtocolAttributesHigh.of(functions=counts[Selector.FUNCTION]),
        )

    def rows(self) -> Sequence[Row]:
        row = self.row
        return (
            row(PinctrlAttributesRequest, self._attributes, is_open=True),
            row(PinctrlListAssociationsRequest, self._associations, is_open=True),
            row(PinctrlSettingsGetRequest, self._settings_get, is_open=True),
            row(PinctrlSettingsConfigureRequest, self._configure),
            row(PinctrlRequestRequest, self._request),
            row(PinctrlReleaseRequest, self._release),
            row(PinctrlNameGetRequest, self._name, is_open=True),
            row(PinctrlSetPermissionsRequest, self._set_permissions, checks_itself=True),
        )

    def has(self, resource: int) -> bool:
        return resource in self.settings

    # State

    def state(self) -> State:
        found: State = [
            [number, each.owner, each.function, *(value for config in each.configs.items() for value in config)]
            for number, each in self.settings.items()
        ]
        for agent in sorted(self.agents):
            for (protocol, resource), allowed in sorted(self.permissions.single_of(agent).items()):
                if protocol == ProtocolId.PIN_CONTROL:
                    found.append([_PERMISSION, agent, resource, allowed])
        return found

    def restore(self, state: State) -> None:
        for number, owner, function, *configs in state:
            values = [value or 0 for value in configs]
            if number == _PERMISSION:
                self.permissions.set_resource(owner or 0, ProtocolId.PIN_CONTROL, function or 0, allow=bool(values[0]))
            else:
                configs_of = dict(zip(values[::2], values[1::2], strict=True))
                self.settings[number or 0] = PinSetting(owner, function, configs_of)

    def reset(self, resources: frozenset[int]) -> None:
        for number in resources:
            self.settings[number] = PinSetting()

    def release(self, agent: int, resources: frozenset[int] | None) -> None:
        for number in self.settings if resources is None else resources:
            if self.settings[number].owner == agent:
                self.settings[number].owner = None

    # What messages name

    def _refusal(self, identifier: int, selector: int, *, function: bool = False) -> Status | None:
        """Return why an identifier is refused, None if it names a pin or group, or with `function` a function."""
        if selector not in self.names or (selector == Selector.FUNCTION and not function):
            return Status.INVALID_PARAMETERS
        return None if identifier & _ID in self.names[selector] else self.status("unknown_resource")

    def _denial(self, agent: int, identifier: int, selector: int) -> Status | None:
        """Return why an agent may not change a pin or group, None if it may."""
        refusal = self._refusal(identifier, selector)
        if refusal is not None:
            return refusal
        number = pin_resource(identifier & _ID, group=selector == Selector.GROUP)
        if self.profile.checks_permissions and not self.permissions.may_use(agent, self.protocol.id, number):
            return self.status("no_permission")
        return None

    def _setting(self, identifier: int, selector: int) -> PinSetting:
        return self.settings[pin_resource(identifier & _ID, group=selector == Selector.GROUP)]

    def _is_anothers(self, agent: int, identifier: int, selector: int) -> bool:
        """Whether another agent owns the pin or group, or a pin or group that overlaps with it."""
        number = identifier & _ID
        pins = {number} if selector == Selector.PIN else set(self.groups[number].pins)
        overlapping = [pin_resource(pin) for pin in pins]
        overlapping += [pin_resource(each, group=True) for each, group in self.groups.items() if pins & {*group.pins}]
        return any(self.settings[each].owner not in (None, agent) for each in overlapping)

    # Attributes

    def _attributes(self, agent: int, request: PinctrlAttributesRequest) -> Answer:
        selector, number = request.flags.selector, request.identifier & _ID
        refusal = self._refusal(request.identifier, selector, function=True)
        if refusal is not None:
            return refusal
        name = self.names[selector][number]
        function = self.functions[number] if selector == Selector.FUNCTION else None
        attributes = PinctrlAttributes.of(
            elements=1 if selector == Selector.PIN else len(self._associated(number, selector)),
            extended_name=self.has_extended_name(agent, name),
            pin_only=function is not None and function.pin_only,
            gpio_function=function is not None and function.gpio,
        )
        return PinctrlAttributesResponse(attributes, short_name(name))

    def _associated(self, number: int, selector: int) -> Sequence[int]:
        """Return the pins of a group, or the groups or pins of a function."""
        return self.groups[number].pins if selector == Selector.GROUP else self.functions[number].groups

    def _associations(self, agent: int, request: PinctrlListAssociationsRequest) -> Answer:
        selector = request.flags.selector
        refusal = self._refusal(request.identifier, selector, function=True)
        if refusal is not None or selector == Selector.PIN:
            return refusal or Status.INVALID_PARAMETERS
        found = self._associated(request.identifier & _ID, selector)
        if request.index > len(found):
            return self.status("index_beyond")
        part = tuple(found[request.index : request.index + (self.profile.max_response - 8) // 2])
        remaining = len(found) - request.index - len(part)
        return PinctrlListAssociationsResponse(AssociationsFlags.of(remaining=remaining, returned=len(part)), part)

    def _name(self, agent: int, request: PinctrlNameGetRequest) -> Answer:
        selector = request.flags.selector
        refusal = self._refusal(request.identifier, selector, function=True)
        if refusal is not None:
            return refusal
        return PinctrlNameGetResponse(Reserved(0), self.names[selector][request.identifier & _ID])

    # Settings

    def _settings_get(self, agent: int, request: PinctrlSettingsGetRequest) -> Answer:
        wanted = request.attributes
        refusal = self._refusal(request.identifier, wanted.selector)
        if refusal is not None or wanted.config_flag not in _CONFIG_FLAGS:
            return refusal or Status.INVALID_PARAMETERS
        setting = self._setting(request.identifier, wanted.selector)
        function = NO_FUNCTION if setting.function is None else setting.function
        found = sorted(setting.configs.items())
        if wanted.config_flag == ConfigFlag.ONE_TYPE:
            found = [(kind, value) for kind, value in found if kind == wanted.config_type]
            if not found:
                return Status.NOT_SUPPORTED
        elif wanted.config_flag == ConfigFlag.FUNCTION_ONLY:
            found = []
        part = found[wanted.skip_configs : wanted.skip_configs + (self.profile.max_response - 12) // 8]
        remaining = max(len(found) - wanted.skip_configs - len(part), 0)
        which = NumConfigs.of(remaining=remaining, returned=len(part))
        return PinctrlSettingsGetResponse(function, which, tuple(PinConfig(ConfigType(kind), v) for kind, v in part))

    def _configure(self, agent: int, request: PinctrlSettingsConfigureRequest) -> Answer:
        wanted = request.attributes
        if any(config.reserved for config in request.configs):
            return self.status("reserved_bits")
        refusal = self._denial(agent, request.identifier, wanted.selector)
        if refusal is not None:
            return refusal
        if wanted.function_valid and request.function_id not in self.functions:
            return Status.NOT_FOUND
        if self._is_anothers(agent, request.identifier, wanted.selector):
            return Status.IN_USE
        setting = self._setting(request.identifier, wanted.selector)
        if wanted.function_valid:
            setting.function = request.function_id
        setting.configs |= {config.config_type.type: config.config_value for config in request.configs}
        return PinctrlSettingsConfigureResponse()

    # Owners and permissions

    def _request(self, agent: int, request: PinctrlRequestRequest) -> Answer:
        refusal = self._denial(agent, request.identifier, request.flags.selector)
        if refusal is not None:
            return refusal
        if self._is_anothers(agent, request.identifier, request.flags.selector):
            return Status.IN_USE
        self._setting(request.identifier, request.flags.selector).owner = agent
        return PinctrlRequestResponse()

    def _release(self, agent: int, request: PinctrlReleaseRequest) -> Answer:
        refusal = self._denial(agent, request.identifier, request.flags.selector)
        if refusal is not None:
            return refusal
        setting = self._setting(request.identifier, request.flags.selector)
        if setting.owner != agent:
            return Status.INVALID_PARAMETERS
        setting.owner = None
        return PinctrlReleaseResponse()

    def _set_permissions(self, agent: int, request: PinctrlSetPermissionsRequest) -> Answer:
        if agent not in self.permissions.trusted:
            return Status.DENIED
        if request.agent_id not in self.agents:
            return self.status("unknown_agent")
        refusal = self._refusal(request.identifier, request.flags.selector)
        if refusal is not None:
            return refusal
        if request.reserved:
            return self.status("reserved_bits")
        number = pin_resource(request.identifier & _ID, group=request.flags.selector == Selector.GROUP)
        self.permissions.set_resource(request.agent_id, self.protocol.id, number, allow=request.flags.allow)
        if not request.flags.allow:
            self.release(request.agent_id, frozenset({number}))
        return PinctrlSetPermissionsResponse()
