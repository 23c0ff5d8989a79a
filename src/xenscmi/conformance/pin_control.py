"""Tests of the pin control protocol, 0x19: pins, groups and functions."""

from __future__ import annotations

from xenscmi.conformance.case import Cases
from xenscmi.conformance.tester import MOST_RESOURCES, Tester
from xenscmi.scmi.message import Refusal, Request
from xenscmi.scmi.protocols.common import ProtocolAttributesRequest
from xenscmi.scmi.protocols.pin_control import (
    NO_FUNCTION,
    PROTOCOL,
    ConfigFlag,
    PinctrlAttributesRequest,
    PinctrlAttributesResponse,
    PinctrlListAssociationsRequest,
    PinctrlListAssociationsResponse,
    PinctrlNameGetRequest,
    PinctrlNameGetResponse,
    PinctrlProtocolAttributesResponse,
    PinctrlReleaseRequest,
    PinctrlRequestRequest,
    PinctrlSettingsConfigureRequest,
    PinctrlSettingsGetRequest,
    PinctrlSettingsGetResponse,
    Selector,
    SelectorFlags,
    SettingsConfigureAttributes,
    SettingsGetAttributes,
)
from xenscmi.scmi.status import Status

CASES = Cases(PROTOCOL)
SELECTORS = (Selector.PIN, Selector.GROUP, Selector.FUNCTION)
NO_IDENTIFIER = 0xFFF0


@CASES.test("PINCTRL_ATTRIBUTES")
def everything_that_is_counted_has_a_name(t: Tester) -> None:
    """Pins, groups and functions below the protocol's counts have a name of printable ASCII, or are DENIED."""
    for selector in SELECTORS:
        for number in range(_count(t, selector)):
            answer = t.ask(_attributes_request(number, selector))
            if isinstance(answer, PinctrlAttributesResponse):
                name = answer.name
                t.check(name and name.isascii() and name.isprintable(), f"{selector.name} {number} is called {name!r}")
                t.check(not answer.reserved, f"{selector.name} {number}: reserved bits are set: {answer.reserved}")
            elif isinstance(answer, Refusal):
                t.check_status(answer.status, (Status.DENIED,), f"the attributes of {selector.name} {number}")


@CASES.test("PINCTRL_ATTRIBUTES")
def what_does_not_exist_is_not_found(t: Tester) -> None:
    """A pin, group or function that does not exist is NOT_FOUND."""
    for selector in SELECTORS:
        for number in (_count(t, selector), NO_IDENTIFIER):
            t.refused(_attributes_request(number, selector), Status.NOT_FOUND)


@CASES.test("PINCTRL_ATTRIBUTES")
def a_selector_that_does_not_exist_is_refused(t: Tester) -> None:
    """The selector 3, which the specification reserves, is INVALID_PARAMETERS."""
    t.refused(PinctrlAttributesRequest(0, SelectorFlags(3)), Status.INVALID_PARAMETERS)


@CASES.test("PINCTRL_ATTRIBUTES")
def attributes_have_reserved_bits(t: Tester) -> None:
    """Reserved flags that are set are INVALID_PARAMETERS."""
    t.refused(PinctrlAttributesRequest(_usable(t, Selector.PIN)[0], SelectorFlags(4)), Status.INVALID_PARAMETERS)


@CASES.test("PINCTRL_ATTRIBUTES")
def attributes_need_a_whole_payload(t: Tester) -> None:
    """A request for attributes that is too short or too long is a PROTOCOL_ERROR."""
    for size in (0, 4, 7, 12):
        t.refused_bytes(0x3, bytes(size), Status.PROTOCOL_ERROR)


@CASES.test("PINCTRL_ATTRIBUTES")
def a_pin_is_one_element(t: Tester) -> None:
    """The number of elements of a pin is 1."""
    for pin in _usable(t, Selector.PIN):
        elements = _attributes(t, pin, Selector.PIN).attributes.elements
        t.check(elements == 1, f"pin {pin} has {elements} elements")


@CASES.test("PINCTRL_LIST_ASSOCIATIONS")
def groups_have_the_pins_that_are_counted(t: Tester) -> None:
    """A group has as many pins as its attributes say, all of which exist, each once."""
    pins = _count(t, Selector.PIN)
    for group in _usable(t, Selector.GROUP):
        _check_associations(t, group, Selector.GROUP, pins)


@CASES.test("PINCTRL_LIST_ASSOCIATIONS")
def functions_have_the_groups_that_are_counted(t: Tester) -> None:
    """A function has as many groups as its attributes say, all of which exist, each once."""
    groups = _count(t, Selector.GROUP)
    for function in _usable(t, Selector.FUNCTION):
        _check_associations(t, function, Selector.FUNCTION, groups)


@CASES.test("PINCTRL_LIST_ASSOCIATIONS")
def a_pin_has_no_associations(t: Tester) -> None:
    """The associations of a pin are INVALID_PARAMETERS or NOT_SUPPORTED: nothing belongs to a pin."""
    request = PinctrlListAssociationsRequest(_usable(t, Selector.PIN)[0], SelectorFlags(Selector.PIN), 0)
    t.refused(request, Status.INVALID_PARAMETERS, Status.NOT_SUPPORTED)


@CASES.test("PINCTRL_LIST_ASSOCIATIONS")
def associations_beyond_the_last_are_refused(t: Tester) -> None:
    """An index beyond the last association is OUT_OF_RANGE or INVALID_PARAMETERS."""
    group = _usable(t, Selector.GROUP)[0]
    beyond = _attributes(t, group, Selector.GROUP).attributes.elements + 1
    request = PinctrlListAssociationsRequest(group, SelectorFlags(Selector.GROUP), beyond)
    t.refused(request, Status.OUT_OF_RANGE, Status.INVALID_PARAMETERS)


@CASES.test("PINCTRL_LIST_ASSOCIATIONS")
def associations_need_a_whole_payload(t: Tester) -> None:
    """A request for associations that is too short or too long is a PROTOCOL_ERROR."""
    for size in (0, 8, 11, 16):
        t.refused_bytes(0x4, bytes(size), Status.PROTOCOL_ERROR)


@CASES.test("PINCTRL_LIST_ASSOCIATIONS")
def associations_of_none(t: Tester) -> None:
    """The associations of a group that does not exist are NOT_FOUND."""
    request = PinctrlListAssociationsRequest(NO_IDENTIFIER, SelectorFlags(Selector.GROUP), 0)
    t.refused(request, Status.NOT_FOUND)


@CASES.test("PINCTRL_SETTINGS_GET")
def settings_can_be_read(t: Tester) -> None:
    """The settings of every usable pin can be read, and its function exists or is none."""
    functions = _count(t, Selector.FUNCTION)
    for pin in _usable(t, Selector.PIN):
        found = t.get(_settings_get(pin), PinctrlSettingsGetResponse).function_selected
        t.check(found < functions or found == NO_FUNCTION, f"the function of pin {pin} is {found:#x}")


@CASES.test("PINCTRL_SETTINGS_GET")
def settings_of_none(t: Tester) -> None:
    """The settings of a pin that does not exist are NOT_FOUND."""
    t.refused(_settings_get(NO_IDENTIFIER), Status.NOT_FOUND)


@CASES.test("PINCTRL_SETTINGS_GET")
def settings_need_a_whole_payload(t: Tester) -> None:
    """A request for settings that is too short or too long is a PROTOCOL_ERROR."""
    for size in (0, 4, 7, 12):
        t.refused_bytes(0x5, bytes(size), Status.PROTOCOL_ERROR)


@CASES.test("PINCTRL_SETTINGS_GET")
def a_configuration_flag_that_does_not_exist_is_refused(t: Tester) -> None:
    """The configuration flag 3, which the specification reserves, is INVALID_PARAMETERS."""
    attributes = SettingsGetAttributes.of(config_flag=3, selector=Selector.PIN)
    t.refused(PinctrlSettingsGetRequest(_usable(t, Selector.PIN)[0], attributes), Status.INVALID_PARAMETERS)


@CASES.test("PINCTRL_SETTINGS_CONFIGURE", changes=True)
def a_function_that_is_none_cannot_be_set(t: Tester) -> None:
    """A function that does not exist is NOT_FOUND or INVALID_PARAMETERS, and the function stays what it was."""
    pin = _usable(t, Selector.PIN)[0]
    before = t.get(_settings_get(pin))
    request = PinctrlSettingsConfigureRequest(
        pin, NO_IDENTIFIER, SettingsConfigureAttributes.of(function_valid=True, selector=Selector.PIN), ()
    )
    t.refused(request, Status.NOT_FOUND, Status.INVALID_PARAMETERS)
    t.check(t.get(_settings_get(pin)) == before, f"the settings of pin {pin} changed")


@CASES.test("PINCTRL_SETTINGS_CONFIGURE")
def configuring_none(t: Tester) -> None:
    """Configuring a pin that does not exist is NOT_FOUND."""
    attributes = SettingsConfigureAttributes.of(selector=Selector.PIN)
    t.refused(PinctrlSettingsConfigureRequest(NO_IDENTIFIER, 0, attributes, ()), Status.NOT_FOUND)


@CASES.test("PINCTRL_REQUEST", changes=True)
def a_pin_is_requested_and_released(t: Tester) -> None:
    """A pin that is free, and that the agent may use, can be requested and released, time and again."""
    t.need_command(PinctrlRequestRequest)
    tried, flags = False, SelectorFlags(Selector.PIN)
    for pin in _usable(t, Selector.PIN):
        answer = t.ask(PinctrlRequestRequest(pin, flags))
        if isinstance(answer, Refusal):
            t.check_status(answer.status, (Status.DENIED, Status.IN_USE), f"requesting pin {pin}")
            continue
        tried = True
        t.get(PinctrlReleaseRequest(pin, flags))
        t.get(PinctrlRequestRequest(pin, flags))
        t.get(PinctrlReleaseRequest(pin, flags))
    t.need(tried, "the agent may request no pin")


@CASES.test("PINCTRL_RELEASE", changes=True)
def a_pin_that_was_not_requested_cannot_be_released(t: Tester) -> None:
    """Releasing a pin that the agent has not requested is refused."""
    t.need_command(PinctrlReleaseRequest)
    pin = _usable(t, Selector.PIN)[0]
    request = PinctrlReleaseRequest(pin, SelectorFlags(Selector.PIN))
    t.refused(request, Status.INVALID_PARAMETERS, Status.DENIED)


@CASES.test("PINCTRL_REQUEST")
def requesting_none(t: Tester) -> None:
    """Requesting a pin that does not exist is NOT_FOUND."""
    t.need_command(PinctrlRequestRequest)
    t.refused(PinctrlRequestRequest(NO_IDENTIFIER, SelectorFlags(Selector.PIN)), Status.NOT_FOUND)


@CASES.test("PINCTRL_NAME_GET")
def extended_names(t: Tester) -> None:
    """What promises an extended name has one, and it begins with the short one."""
    tried = False
    for selector in SELECTORS:
        for number in range(_count(t, selector)):
            answer = t.ask(_attributes_request(number, selector))
            if isinstance(answer, PinctrlAttributesResponse) and answer.attributes.extended_name:
                tried = True
                named = t.get(PinctrlNameGetRequest(number, SelectorFlags(selector)), PinctrlNameGetResponse)
                t.check(named.name.startswith(answer.name), f"{answer.name!r} is in full {named.name!r}")
    t.need(tried, "nothing has an extended name")


@CASES.test("PINCTRL_NAME_GET")
def the_name_of_none(t: Tester) -> None:
    """The name of a pin that does not exist is NOT_FOUND."""
    t.need_command(PinctrlNameGetRequest)
    t.refused(PinctrlNameGetRequest(NO_IDENTIFIER, SelectorFlags(Selector.PIN)), Status.NOT_FOUND)


def _count(t: Tester, selector: Selector) -> int:
    answer = t.get(ProtocolAttributesRequest(), PinctrlProtocolAttributesResponse)
    counts = {
        Selector.PIN: answer.attributes_low.pins,
        Selector.GROUP: answer.attributes_low.groups,
        Selector.FUNCTION: answer.attributes_high.functions,
    }
    return min(counts[selector], MOST_RESOURCES)


def _attributes_request(number: int, selector: Selector) -> Request:
    return PinctrlAttributesRequest(number, SelectorFlags(selector))


def _attributes(t: Tester, number: int, selector: Selector) -> PinctrlAttributesResponse:
    return t.get(_attributes_request(number, selector), PinctrlAttributesResponse)


def _settings_get(pin: int) -> Request:
    attributes = SettingsGetAttributes.of(config_flag=ConfigFlag.FUNCTION_ONLY, selector=Selector.PIN)
    return PinctrlSettingsGetRequest(pin, attributes)


def _usable(t: Tester, selector: Selector) -> list[int]:
    """Return the pins or groups whose settings the agent may read; at least one is needed."""
    if selector is Selector.FUNCTION:
        return t.usable(_count(t, selector), lambda number: _attributes_request(number, selector))
    attributes = SettingsGetAttributes.of(config_flag=ConfigFlag.FUNCTION_ONLY, selector=selector)
    return t.usable(_count(t, selector), lambda number: PinctrlSettingsGetRequest(number, attributes))


def _check_associations(t: Tester, number: int, selector: Selector, count: int) -> None:
    found: list[int] = []
    for part in t.parts(
        PinctrlListAssociationsRequest(number, SelectorFlags(selector), 0), PinctrlListAssociationsResponse
    ):
        found += part.array
    elements = _attributes(t, number, selector).attributes.elements
    name = f"{selector.name} {number}"
    t.check(len(found) == elements, f"{name} counts {elements} elements, and lists {len(found)}")
    t.check(len(set(found)) == len(found), f"{name} lists one twice: {found}")
    t.check(all(each < count for each in found), f"{name} lists what does not exist: {found}")
