"""The server of the pin control protocol, 0x19 (DEN0056 4.11).

Pins and groups are the resources, numbered as `pin_resource` says; functions belong to nobody. An agent that may use a
pin or group can have it for itself, and as long as it does, no other can, whatever it may use.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from xenscmi.firmware.permissions import Permissions
from xenscmi.firmware.profile import FirmwareProfile
from xenscmi.firmware.resources import Platform, pin_resource
from xenscmi.firmware.server import Answer, Handler, Server, State, short_name
from xenscmi.scmi.header import ProtocolId
from xenscmi.scmi.message import Request, Response
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
    PinctrlSettingsConfigureRequest,
    PinctrlSettingsConfigureResponse,
    PinctrlSettingsGetRequest,
    PinctrlSettingsGetResponse,
    Selector,
)
from xenscmi.scmi.status import Status

_CONFIG_FLAGS = frozenset(flag.value for flag in ConfigFlag)


@dataclass(slots=True)
class PinSetting:
    """What can change of a pin or group: who has it, its function, and its settings by type."""

    owner: int | None = None
    function: int | None = None
    configs: dict[int, int] = field(default_factory=dict)


class PinControlServer(Server):
    """Pins, groups and functions; `settings` is the present state of pins and groups, by resource number."""

    protocol = PROTOCOL

    def __init__(self, profile: FirmwareProfile, permissions: Permissions, platform: Platform) -> None:
        self.pins, self.groups, self.functions = platform.pins, platform.pin_groups, platform.pin_functions
        self.names: dict[int, Sequence[str]] = {
            Selector.PIN: self.pins,
            Selector.GROUP: [group.name for group in self.groups],
            Selector.FUNCTION: [function.name for function in self.functions],
        }
        self.settings = {
            pin_resource(number, group=selector == Selector.GROUP): PinSetting()
            for selector in (Selector.PIN, Selector.GROUP)
            for number in range(len(self.names[selector]))
        }
        super().__init__(profile, permissions)

    def attributes(self, agent: int) -> Response:
        return PinctrlProtocolAttributesResponse(
            PinctrlProtocolAttributesLow.of(pins=len(self.pins), groups=len(self.groups)),
            PinctrlProtocolAttributesHigh.of(functions=len(self.functions)),
        )

    def rows(self) -> Sequence[tuple[type[Request], Handler]]:
        return (
            self.row(PinctrlAttributesRequest, self._attributes),
            self.row(PinctrlListAssociationsRequest, self._associations),
            self.row(PinctrlSettingsGetRequest, self._settings_get),
            self.row(PinctrlSettingsConfigureRequest, self._configure),
            self.row(PinctrlRequestRequest, self._request),
            self.row(PinctrlReleaseRequest, self._release),
            self.row(PinctrlNameGetRequest, self._name),
        )

    def has(self, resource: int) -> bool:
        return resource in self.settings

    def state(self) -> State:
        return [
            [number, each.owner, each.function, *(value for config in each.configs.items() for value in config)]
            for number, each in self.settings.items()
        ]

    def restore(self, state: State) -> None:
        for number, owner, function, *configs in state:
            values = [value or 0 for value in configs]
            self.settings[number or 0] = PinSetting(owner, function, dict(zip(values[::2], values[1::2], strict=True)))

    def reset(self, resources: frozenset[int]) -> None:
        for number in resources:
            self.settings[number] = PinSetting()

    def _refusal(self, agent: int, identifier: int, selector: int, *, function: bool = False) -> Status | None:
        """Why an agent may not touch a pin or group, or where `function` a function; None where it may."""
        if selector not in self.names or (selector == Selector.FUNCTION and not function):
            return Status.INVALID_PARAMETERS
        if identifier >= len(self.names[selector]):
            return Status.NOT_FOUND
        if selector == Selector.FUNCTION:
            return None
        number = pin_resource(identifier, group=selector == Selector.GROUP)
        return None if self.permissions.may_use(agent, ProtocolId.PIN_CONTROL, number) else Status.DENIED

    def _setting(self, identifier: int, selector: int) -> PinSetting:
        return self.settings[pin_resource(identifier, group=selector == Selector.GROUP)]

    def _is_anothers(self, agent: int, identifier: int, selector: int) -> bool:
        """Whether another agent has the pin or group, or a pin or group that overlaps with it."""
        pins = {identifier} if selector == Selector.PIN else set(self.groups[identifier].pins)
        overlapping = [pin_resource(number) for number in pins]
        overlapping += [
            pin_resource(number, group=True) for number, group in enumerate(self.groups) if pins & {*group.pins}
        ]
        return any(self.settings[number].owner not in (None, agent) for number in overlapping)

    def _attributes(self, agent: int, request: PinctrlAttributesRequest) -> Answer:
        selector = request.flags.selector
        refusal = self._refusal(agent, request.identifier, selector, function=True)
        if refusal is not None or request.reserved:
            return refusal or Status.INVALID_PARAMETERS
        name = self.names[selector][request.identifier]
        elements = len(self._associated(request.identifier, selector))
        attributes = PinctrlAttributes.of(elements=elements, extended_name=name != short_name(name))
        return PinctrlAttributesResponse(attributes, short_name(name))

    def _associated(self, identifier: int, selector: int) -> Sequence[int]:
        """Return the pins of a group or the groups of a function."""
        if selector == Selector.GROUP:
            return self.groups[identifier].pins
        return self.functions[identifier].groups if selector == Selector.FUNCTION else ()

    def _associations(self, agent: int, request: PinctrlListAssociationsRequest) -> Answer:
        selector = request.flags.selector
        refusal = self._refusal(agent, request.identifier, selector, function=True)
        if refusal is not None or selector == Selector.PIN:
            return refusal or Status.INVALID_PARAMETERS
        found = self._associated(request.identifier, selector)
        if request.index > len(found):
            return Status.OUT_OF_RANGE
        part = tuple(found[request.index : request.index + (self.profile.max_response - 8) // 2])
        remaining = len(found) - request.index - len(part)
        return PinctrlListAssociationsResponse(AssociationsFlags.of(remaining=remaining, returned=len(part)), part)

    def _settings_get(self, agent: int, request: PinctrlSettingsGetRequest) -> Answer:
        wanted = request.attributes
        refusal = self._refusal(agent, request.identifier, wanted.selector)
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
        refusal = self._refusal(agent, request.identifier, wanted.selector)
        if refusal is not None:
            return refusal
        if request.reserved or any(config.reserved for config in request.configs):
            return Status.INVALID_PARAMETERS
        if wanted.function_valid and request.function_id >= len(self.functions):
            return Status.NOT_FOUND
        if self._is_anothers(agent, request.identifier, wanted.selector):
            return Status.IN_USE
        setting = self._setting(request.identifier, wanted.selector)
        if wanted.function_valid:
            setting.function = request.function_id
        setting.configs |= {config.config_type.type: config.config_value for config in request.configs}
        return PinctrlSettingsConfigureResponse()

    def _request(self, agent: int, request: PinctrlRequestRequest) -> Answer:
        refusal = self._refusal(agent, request.identifier, request.flags.selector)
        if refusal is not None:
            return refusal
        if self._is_anothers(agent, request.identifier, request.flags.selector):
            return Status.IN_USE
        self._setting(request.identifier, request.flags.selector).owner = agent
        return PinctrlRequestResponse()

    def _release(self, agent: int, request: PinctrlReleaseRequest) -> Answer:
        refusal = self._refusal(agent, request.identifier, request.flags.selector)
        if refusal is not None:
            return refusal
        setting = self._setting(request.identifier, request.flags.selector)
        if setting.owner != agent:
            return Status.INVALID_PARAMETERS
        setting.owner = None
        return PinctrlReleaseResponse()

    def _name(self, agent: int, request: PinctrlNameGetRequest) -> Answer:
        refusal = self._refusal(agent, request.identifier, request.flags.selector, function=True)
        if refusal is not None:
            return refusal
        return PinctrlNameGetResponse(Reserved(0), self.names[request.flags.selector][request.identifier])
