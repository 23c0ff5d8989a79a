"""Words and records of the sensor protocol's messages (DEN0056 3.2, 4.7)."""

from __future__ import annotations

from enum import IntEnum

from xenscmi.scmi.kinds import i64, optional, text, u32, u64, word
from xenscmi.scmi.layout import Structure, structure
from xenscmi.scmi.protocols.common import EXTENDED_NAME_SIZE, NAME_SIZE
from xenscmi.scmi.words import Bit, Bits, SignedBits, Word

# Units of sensors (DEN0056 3.2, table of sensor type enumerations; DMTF's numbers); 255 is the vendor's own.
SensorType = IntEnum(
    "SensorType",
    "NONE UNSPECIFIED DEGREES_C DEGREES_F DEGREES_K VOLTS AMPS WATTS JOULES COULOMBS VA NITS LUMENS LUX CANDELAS KPA "
    "PSI NEWTONS CFM RPM HERTZ SECONDS MINUTES HOURS DAYS WEEKS MILS INCHES FEET CUBIC_INCHES CUBIC_FEET METERS "
    "CUBIC_CENTIMETERS CUBIC_METERS LITERS FLUID_OUNCES RADIANS STERADIANS REVOLUTIONS CYCLES GRAVITIES OUNCES POUNDS "
    "FOOT_POUNDS OUNCE_INCHES GAUSS GILBERTS HENRIES FARADS OHMS SIEMENS MOLES BECQUERELS PPM DECIBELS DBA DBC GRAYS "
    "SIEVERTS COLOR_TEMPERATURE_K BITS BYTES WORDS DOUBLEWORDS QUADWORDS PERCENTAGE PASCALS COUNTS GRAMS NEWTON_METERS "
    "HITS MISSES RETRIES OVERRUNS UNDERRUNS COLLISIONS PACKETS MESSAGES CHARACTERS ERRORS CORRECTED_ERRORS "
    "UNCORRECTABLE_ERRORS SQUARE_MILS SQUARE_INCHES SQUARE_FEET SQUARE_CENTIMETERS SQUARE_METERS RADIANS_PER_SECOND "
    "BEATS_PER_MINUTE METERS_PER_SECOND_SQUARED METERS_PER_SECOND CUBIC_METERS_PER_SECOND MILLIMETERS_OF_MERCURY "
    "RADIANS_PER_SECOND_SQUARED",
    start=0,
)


class SensorProtocolAttributes(Word):
    """How many sensors there are."""

    max_async_readings = Bits(23, 16, "How many asynchronous readings may be pending for one agent; 0: none")
    sensors = Bits(15, 0, "Number of sensors")


class NumSensorFlags(Word):
    """Which descriptors an answer brings."""

    remaining = Bits(31, 16, "How many descriptors are left for further answers")
    returned = Bits(11, 0, "How many descriptors this answer brings")


class SensorAttributesLow(Word):
    """What a sensor can."""

    asynchronous = Bit(31, "Can be read asynchronously")
    continuous_updates = Bit(30, "SENSOR_UPDATE can be asked for")
    extended_name = Bit(29, "Has a name of more than 15 characters: SENSOR_NAME_GET")
    timestamp_exponent = SignedBits(14, 10, "Power of ten of timestamps, in s")
    timestamps = Bit(9, "Readings have timestamps")
    extended_attributes = Bit(8, "The descriptor goes on with extended attributes")
    trip_points = Bits(7, 0, "Number of trip points")


class SensorAttributesLowV1(Word):
    """What a sensor can, in version 1.0 of the protocol."""

    asynchronous = Bit(31, "Can be read asynchronously")
    trip_points = Bits(7, 0, "Number of trip points")


class SensorAttributesHigh(Word):
    """What a sensor measures."""

    axes = Bits(21, 16, "Number of axes")
    exponent = SignedBits(15, 11, "Power of ten by which values are multiplied")
    axis_support = Bit(8, "Has axes: SENSOR_AXIS_DESCRIPTION_GET")
    type = Bits(7, 0, "Unit", SensorType)


class SensorAttributesHighV1(Word):
    """What a sensor measures, in version 1.0 of the protocol."""

    update_interval = Bits(31, 27, "Time between two updates of the value, in s; 0: not known")
    update_exponent = SignedBits(26, 22, "Power of ten by which the interval is multiplied")
    exponent = SignedBits(15, 11, "Power of ten by which values are multiplied")
    type = Bits(7, 0, "Unit", SensorType)


class Resolution(Word):
    """Resolution of a sensor."""

    exponent = SignedBits(31, 27, "Power of ten by which it is multiplied")
    value = Bits(26, 0, "Smallest difference that can be seen")


@structure
class SensorPower(Structure):
    """What a sensor costs."""

    sensor_power: int = u32("Power of the sensor, in µW; 0: not known")


@structure
class SensorRange(Structure):
    """What a sensor or axis can tell apart."""

    resolution: Resolution = word(Resolution, "Smallest difference that can be seen")
    min_range: int = i64("Lowest value")
    max_range: int = i64("Highest value")


@structure
class SensorDescriptor(Structure):
    """What a sensor is. With axes, each axis has its own range."""

    sensor_id: int = u32("The sensor")
    sensor_attributes_low: SensorAttributesLow = word(SensorAttributesLow, "What it can")
    sensor_attributes_high: SensorAttributesHigh = word(SensorAttributesHigh, "What it measures")
    sensor_name: str = text(NAME_SIZE, "Its name, or the beginning of it")
    power: SensorPower | None = optional(SensorPower, "What it costs", when="sensor_attributes_low.extended_attributes")
    range: SensorRange | None = optional(
        SensorRange,
        "What it can tell apart",
        when="sensor_attributes_low.extended_attributes",
        unless="sensor_attributes_high.axis_support",
    )


@structure
class SensorDescriptorV1(Structure):
    """What a sensor is, in version 1.0 of the protocol."""

    sensor_id: int = u32("The sensor")
    sensor_attributes_low: SensorAttributesLowV1 = word(SensorAttributesLowV1, "What it can")
    sensor_attributes_high: SensorAttributesHighV1 = word(SensorAttributesHighV1, "What it measures")
    sensor_name: str = text(NAME_SIZE, "Its name")


class SensorEventControl(Word):
    """Whether trip points are notified."""

    notify = Bit(0, "Send notifications of all trip points that are set")


class TripDirection(IntEnum):
    """Ways in which a value can pass a trip point."""

    DISABLED = 0
    RISING = 1
    FALLING = 2
    BOTH = 3


class TripPointControl(Word):
    """Which trip point, and when it trips."""

    trip_point_id = Bits(11, 4, "The trip point")
    event_control = Bits(1, 0, "When it trips", TripDirection)


class SensorReadingFlags(Word):
    """How to read a sensor."""

    asynchronous = Bit(0, "Answer at once, read later")


@structure
class SensorReading(Structure):
    """A value of a sensor or of one of its axes."""

    sensor_value: int = i64("The value")
    timestamp: int = u64("When it was read; 0 if there are no timestamps")


class NumAxisFlags(Word):
    """Which axes an answer brings."""

    remaining = Bits(31, 26, "How many axes are left for further answers")
    returned = Bits(5, 0, "How many axes this answer brings")


class AxisAttributesLow(Word):
    """What stands in an axis's descriptor."""

    extended_name = Bit(9, "Has a name of more than 15 characters: SENSOR_AXIS_NAME_GET")
    extended_attributes = Bit(8, "The descriptor goes on with extended attributes")


class AxisAttributesHigh(Word):
    """What an axis measures."""

    exponent = SignedBits(15, 11, "Power of ten by which values are multiplied")
    type = Bits(7, 0, "Unit", SensorType)


@structure
class SensorAxisDescriptor(Structure):
    """What an axis of a sensor is."""

    axis_id: int = u32("The axis")
    axis_attributes_low: AxisAttributesLow = word(AxisAttributesLow, "What stands here")
    axis_attributes_high: AxisAttributesHigh = word(AxisAttributesHigh, "What it measures")
    axis_name: str = text(NAME_SIZE, "Its name, or the beginning of it")
    range: SensorRange | None = optional(
        SensorRange, "What it can tell apart", when="axis_attributes_low.extended_attributes"
    )


class IntervalFormat(IntEnum):
    """How SENSOR_LIST_UPDATE_INTERVALS describes the intervals."""

    LIST = 0
    RANGE = 1


class UpdateIntervalsFlags(Word):
    """Which intervals an answer brings."""

    remaining = Bits(31, 16, "How many intervals are left for further answers")
    format = Bits(12, 12, "List of intervals, or shortest, longest and step", IntervalFormat)
    returned = Bits(11, 0, "How many intervals this answer brings; 3 for a range")


class SensorConfig(Word):
    """The configuration of a sensor."""

    update_interval = Bits(31, 16, "Time between two updates, in s")
    update_exponent = SignedBits(15, 11, "Power of ten by which the interval is multiplied")
    timestamps = Bit(1, "Readings have timestamps")
    enabled = Bit(0, "The sensor works")


class Rounding(IntEnum):
    """How an interval that cannot be had is rounded."""

    DOWN = 0
    UP = 1
    AUTOMATIC = 2


class SensorConfigSet(Word):
    """The configuration of a sensor, to be set."""

    update_interval = Bits(31, 16, "Time between two updates, in s; 0: as it is")
    update_exponent = SignedBits(15, 11, "Power of ten by which the interval is multiplied")
    rounding = Bits(10, 9, "How to round the interval", Rounding)
    timestamps = Bit(1, "Readings shall have timestamps")
    enable = Bit(0, "The sensor shall work")


@structure
class SensorAxisName(Structure):
    """The whole name of an axis."""

    axis_id: int = u32("The axis")
    name: str = text(EXTENDED_NAME_SIZE, "Its name")


class TripPointDescription(Word):
    """Which trip point was passed."""

    rising = Bit(16, "The value rose past it, rather than fell")
    trip_point_id = Bits(7, 0, "The trip point")
