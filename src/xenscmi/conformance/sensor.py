"""Tests of the sensor protocol, 0x15."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.conformance.case import Cases
from xenscmi.conformance.resources import LONGEST_SHORT_NAME, NO_RESOURCE
from xenscmi.conformance.tester import MOST_RESOURCES, Tester
from xenscmi.scmi.message import Refusal
from xenscmi.scmi.protocols.common import ProtocolAttributesRequest
from xenscmi.scmi.protocols.sensor import (
    PROTOCOL,
    SensorConfigGetRequest,
    SensorConfigGetResponse,
    SensorConfigSetRequest,
    SensorDescriptionGetRequest,
    SensorDescriptionGetResponse,
    SensorNameGetRequest,
    SensorNameGetResponse,
    SensorProtocolAttributesResponse,
    SensorReadingGetRequest,
    SensorReadingGetResponse,
)
from xenscmi.scmi.protocols.sensor_parts import (
    SensorConfigSet,
    SensorDescriptor,
    SensorDescriptorV1,
    SensorReadingFlags,
)
from xenscmi.scmi.status import Status

CASES = Cases(PROTOCOL)
V2, V3 = 0x20000, 0x30000
READ, READ_ASYNCHRONOUSLY = SensorReadingFlags(0), SensorReadingFlags.of(asynchronous=True)
Descriptor = SensorDescriptor | SensorDescriptorV1


@CASES.test("SENSOR_DESCRIPTION_GET")
def every_sensor_is_described(t: Tester) -> None:
    """As many sensors are described as the attributes count, each once."""
    found = [each.sensor_id for each in _descriptors(t)]
    t.check(len(found) == _count(t), f"{_count(t)} sensors are counted, {len(found)} described")
    t.check(len(set(found)) == len(found), f"a sensor is described twice: {found}")


@CASES.test("SENSOR_DESCRIPTION_GET")
def names(t: Tester) -> None:
    """Every sensor has a name of printable ASCII, no two the same."""
    found = [each.sensor_name for each in _descriptors(t)]
    for name in found:
        fine = name and name.isascii() and name.isprintable() and len(name) <= LONGEST_SHORT_NAME
        t.check(fine, f"a sensor is called {name!r}")


@CASES.test("SENSOR_DESCRIPTION_GET")
def descriptions_from_an_index_are_the_rest(t: Tester) -> None:
    """Asked from an index on, the platform describes the sensors from there on."""
    whole = [each.sensor_id for each in _descriptors(t)]
    for index in range(len(whole)):
        part = t.get(SensorDescriptionGetRequest(index), SensorDescriptionGetResponse)
        found = [each.sensor_id for each in part.desc]
        t.check(found == whole[index : index + len(found)], f"from index {index} on: {found} of {whole}")
        total = index + part.num_sensor_flags.returned + part.num_sensor_flags.remaining
        t.check(total == len(whole), f"from index {index} on there are {total} of {len(whole)}")


@CASES.test("SENSOR_DESCRIPTION_GET")
def descriptions_beyond_the_last_are_refused(t: Tester) -> None:
    """An index beyond the last sensor is INVALID_PARAMETERS or OUT_OF_RANGE."""
    for index in (_count(t) + 1, 0xFFFF_FFFF):
        t.refused(SensorDescriptionGetRequest(index), Status.INVALID_PARAMETERS, Status.OUT_OF_RANGE)


@CASES.test("SENSOR_DESCRIPTION_GET")
def descriptions_need_a_whole_payload(t: Tester) -> None:
    """A request for descriptions that is too short or too long is a PROTOCOL_ERROR."""
    for size in (0, 3, 8):
        t.refused_bytes(0x3, bytes(size), Status.PROTOCOL_ERROR)


@CASES.test("SENSOR_READING_GET")
def every_sensor_can_be_read(t: Tester) -> None:
    """A sensor that is enabled and that the agent may use can be read."""
    t.need(_readable(t), "the agent may read no sensor")


@CASES.test("SENSOR_READING_GET")
def reading_none(t: Tester) -> None:
    """Reading a sensor that does not exist is NOT_FOUND."""
    for sensor in (_count(t) + 1000, NO_RESOURCE):
        t.refused(SensorReadingGetRequest(sensor, READ), Status.NOT_FOUND)


@CASES.test("SENSOR_READING_GET")
def reading_has_reserved_bits(t: Tester) -> None:
    """Reserved flags that are set are INVALID_PARAMETERS."""
    sensor = next(iter(_readable(t)), None)
    t.need(sensor is not None, "the agent may read no sensor")
    t.refused(SensorReadingGetRequest(sensor or 0, SensorReadingFlags(1 << 31)), Status.INVALID_PARAMETERS)


@CASES.test("SENSOR_READING_GET")
def reading_needs_a_whole_payload(t: Tester) -> None:
    """A request to read that is too short or too long is a PROTOCOL_ERROR."""
    for size in (0, 4, 7, 12):
        t.refused_bytes(0x6, bytes(size), Status.PROTOCOL_ERROR)


@CASES.test("SENSOR_READING_GET")
def an_asynchronous_reading_that_was_not_promised_is_not_supported(t: Tester) -> None:
    """A sensor whose attributes do not promise asynchronous readings refuses them as NOT_SUPPORTED."""
    readable = _readable(t)
    tried = False
    for each in _descriptors(t):
        if each.sensor_id in readable and not each.sensor_attributes_low.asynchronous:
            tried = True
            t.refused(SensorReadingGetRequest(each.sensor_id, READ_ASYNCHRONOUSLY), Status.NOT_SUPPORTED)
    t.need(tried, "every sensor can be read asynchronously")


@CASES.test("SENSOR_READING_GET", since=V2)
def a_sensor_without_axes_has_one_reading(t: Tester) -> None:
    """A scalar sensor's answer has one reading, one with axes a reading each."""
    for each in _descriptors(t):
        answer = t.ask(SensorReadingGetRequest(each.sensor_id, READ))
        if isinstance(answer, SensorReadingGetResponse) and isinstance(each, SensorDescriptor):
            high = each.sensor_attributes_high
            axes = high.axes if high.axis_support else 1
            t.check(len(answer.readings) == axes, f"sensor {each.sensor_id}: {len(answer.readings)} readings")


@CASES.test("SENSOR_CONFIG_SET", changes=True, since=V2)
def a_sensor_is_enabled_and_disabled(t: Tester) -> None:
    """What SENSOR_CONFIG_SET makes of a sensor is read back, and a disabled sensor cannot be read."""
    tried = False
    for sensor in _readable(t):
        before = t.ask(SensorConfigGetRequest(sensor))
        if not isinstance(before, SensorConfigGetResponse):
            continue
        tried = True
        t.undo(SensorConfigSetRequest(sensor, SensorConfigSet.of(enable=before.sensor_config.enabled)))
        for enable in (False, True):
            t.get(SensorConfigSetRequest(sensor, SensorConfigSet.of(enable=enable)))
            found = t.get(SensorConfigGetRequest(sensor), SensorConfigGetResponse).sensor_config.enabled
            t.check(found == enable, f"sensor {sensor} is {'not ' if enable else ''}enabled")
            readable = not isinstance(t.ask(SensorReadingGetRequest(sensor, READ)), Refusal)
            t.check(readable == enable, f"sensor {sensor} can{'not' if enable else ''} be read")
    t.need(tried, "no sensor can be configured")


@CASES.test("SENSOR_CONFIG_GET", since=V2)
def the_configuration_of_none(t: Tester) -> None:
    """The configuration of a sensor that does not exist is NOT_FOUND."""
    t.need_command(SensorConfigGetRequest)
    for sensor in (_count(t) + 1000, NO_RESOURCE):
        t.refused(SensorConfigGetRequest(sensor), Status.NOT_FOUND)


@CASES.test("SENSOR_NAME_GET", since=V3)
def extended_names(t: Tester) -> None:
    """A sensor whose descriptor promises an extended name has one, and it begins with the short one."""
    tried = False
    for each in _descriptors(t):
        if isinstance(each, SensorDescriptor) and each.sensor_attributes_low.extended_name:
            answer = t.ask(SensorNameGetRequest(each.sensor_id))
            if isinstance(answer, SensorNameGetResponse):
                tried = True
                t.check(
                    answer.name.startswith(each.sensor_name), f"sensor {each.sensor_name!r} is in full {answer.name!r}"
                )
    t.need(tried, "no sensor has an extended name")


@CASES.test("SENSOR_NAME_GET", since=V3)
def the_name_of_none(t: Tester) -> None:
    """The name of a sensor that does not exist is NOT_FOUND."""
    t.need_command(SensorNameGetRequest)
    for sensor in (_count(t) + 1000, NO_RESOURCE):
        t.refused(SensorNameGetRequest(sensor), Status.NOT_FOUND)


def _count(t: Tester) -> int:
    return t.get(ProtocolAttributesRequest(), SensorProtocolAttributesResponse).attributes.sensors


def _descriptors(t: Tester) -> list[Descriptor]:
    return list(_each_descriptor(t))


def _each_descriptor(t: Tester) -> Iterator[Descriptor]:
    number = 0
    for part in t.parts(SensorDescriptionGetRequest(0), SensorDescriptionGetResponse):
        for each in part.desc:
            number += 1
            t.check(number <= MOST_RESOURCES, f"more than {MOST_RESOURCES} sensors are described")
            yield each


def _readable(t: Tester) -> list[int]:
    found = []
    for each in _descriptors(t):
        if not isinstance(t.ask(SensorReadingGetRequest(each.sensor_id, READ)), Refusal):
            found.append(each.sensor_id)
    return found
