"""Words and records of the sensor protocol (DEN0056 3.2, 4.7)."""

from __future__ import annotations

from enum import IntEnum

from xenscmi.scmi.bitfields import Bit, BitFields, Bits, SignedBits
from xenscmi.scmi.codec import Structure, bitfields, i64, optional, structure, text, u32, u64
from xenscmi.scmi.protocols.common import EXTENDED_NAME_SIZE, NAME_SIZE

# Units of sensors (DEN0056 3.2, table of sensor type enumerations; DMTF's numbers); 255 is vendor-defined.
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


class SensorProtocolAttributes(BitFields):
    """The number of sensors."""

    max_async_readings = Bits(23, 16, "Limit of pending asynchronous readings of one agent; 0: not supported")
    sensors = Bits(15, 0, "Number of sensors")


class NumSensorFlags(BitFields):
    """Which descriptors an answer has."""

    remaining = Bits(31, 16, "Number of descriptors that further answers will bring")
    returned = Bits(11, 0, "Number of descriptors in this answer")


class SensorAttributesLow(BitFields):
    """Capabilities of a sensor."""

    asynchronous = Bit(31, "Can be read asynchronously")
    continuous_updates = Bit(30, "SENSOR_UPDATE is available")
    extended_name = Bit(29, "The name has more than 15 characters: SENSOR_NAME_GET returns it")
    timestamp_exponent = SignedBits(14, 10, "Power of ten of timestamps, in s")
    timestamps = Bit(9, "Readings have timestamps")
    extended_attributes = Bit(8, "The descriptor goes on with extended attributes")
    trip_points = Bits(7, 0, "Number of trip points")


class SensorAttributesLowV1(BitFields):
    """Capabilities of a sensor, in version 1.0 of the protocol."""

    asynchronous = Bit(31, "Can be read asynchronously")
    trip_points = Bits(7, 0, "Number of trip points")


class SensorAttributesHigh(BitFields):
    """The unit of a sensor."""

    axes = Bits(21, 16, "Number of axes")
    exponent = SignedBits(15, 11, "Power of ten by which values are multiplied")
    axis_support = Bit(8, "Has axes: SENSOR_AXIS_DESCRIPTION_GET")
    type = Bits(7, 0, "Unit", SensorType)


class SensorAttributesHighV1(BitFields):
    """The unit of a sensor, in version 1.0 of the protocol."""

    update_interval = Bits(31, 27, "Interval between two updates of the value, in s; 0: unknown")
    update_exponent = SignedBits(26, 22, "Power of ten by which the interval is multiplied")
    exponent = SignedBits(15, 11, "Power of ten by which values are multiplied")
    type = Bits(7, 0, "Unit", SensorType)


class Resolution(BitFields):
    """Resolution of a sensor."""

    exponent = SignedBits(31, 27, "Power of ten by which it is multiplied")
    value = Bits(26, 0, "Resolution")


@structure
class SensorPower(Structure):
    """The power of a sensor."""

    sensor_power: int = u32("Power consumption, in µW; 0: unknown")


@structure
class SensorRange(Structure):
    """The resolution and range of a sensor or axis."""

    resolution: Resolution = bitfields(Resolution, "Resolution")
    min_range: int = i64("Lowest value")
    max_range: int = i64("Highest value")


@structure
class SensorDescriptor(Structure):
    """The descriptor of a sensor. If the sensor has axes, each axis has its own range."""

    sensor_id: int = u32("The sensor")
    sensor_attributes_low: SensorAttributesLow = bitfields(SensorAttributesLow, "Capabilities")
    sensor_attributes_high: SensorAttributesHigh = bitfields(SensorAttributesHigh, "Unit of its values")
    sensor_name: str = text(NAME_SIZE, "Its name, cut to 15 characters")
    power: SensorPower | None = optional(
        SensorPower, "Power of the sensor", when="sensor_attributes_low.extended_attributes"
    )
    range: SensorRange | None = optional(
        SensorRange,
        "Its resolution and range",
        when="sensor_attributes_low.extended_attributes",
        unless="sensor_attributes_high.axis_support",
    )


@structure
class SensorDescriptorV1(Structure):
    """The descriptor of a sensor, in version 1.0 of the protocol."""

    sensor_id: int = u32("The sensor")
    sensor_attributes_low: SensorAttributesLowV1 = bitfields(SensorAttributesLowV1, "Capabilities")
    sensor_attributes_high: SensorAttributesHighV1 = bitfields(SensorAttributesHighV1, "Unit of its values")
    sensor_name: str = text(NAME_SIZE, "Its name")


class SensorEventControl(BitFields):
    """Whether to send notifications of trip points."""

    notify = Bit(0, "Send notifications of all configured trip points")


class TripDirection(IntEnum):
    """Directions in which a value passes a trip point."""

    DISABLED = 0
    RISING = 1
    FALLING = 2
    BOTH = 3


class TripPointControl(BitFields):
    """Which trip point, and when it trips."""

    trip_point_id = Bits(11, 4, "The trip point")
    event_control = Bits(1, 0, "When it trips", TripDirection)


class SensorReadingFlags(BitFields):
    """How to read a sensor."""

    asynchronous = Bit(0, "Answer at once, read the sensor later")


@structure
class SensorReading(Structure):
    """A value of a sensor or of one of its axes."""

    sensor_value: int = i64("The value")
    timestamp: int = u64("Time of the reading; 0 without timestamps")


class NumAxisFlags(BitFields):
    """Which axes an answer has."""

    remaining = Bits(31, 26, "Number of axes that further answers will bring")
    returned = Bits(5, 0, "Number of axes in this answer")


class AxisAttributesLow(BitFields):
    """The parts of an axis's descriptor."""

    extended_name = Bit(9, "The name has more than 15 characters: SENSOR_AXIS_NAME_GET returns it")
    extended_attributes = Bit(8, "The descriptor goes on with extended attributes")


class AxisAttributesHigh(BitFields):
    """The unit of an axis."""

    exponent = SignedBits(15, 11, "Power of ten by which values are multiplied")
    type = Bits(7, 0, "Unit", SensorType)


@structure
class SensorAxisDescriptor(Structure):
    """The descriptor of an axis of a sensor."""

    axis_id: int = u32("The axis")
    axis_attributes_low: AxisAttributesLow = bitfields(AxisAttributesLow, "Parts of the descriptor")
    axis_attributes_high: AxisAttributesHigh = bitfields(AxisAttributesHigh, "Unit of its values")
    axis_name: str = text(NAME_SIZE, "Its name, cut to 15 characters")
    range: SensorRange | None = optional(
        SensorRange, "Its resolution and range", when="axis_attributes_low.extended_attributes"
    )


class IntervalFormat(IntEnum):
    """How SENSOR_LIST_UPDATE_INTERVALS describes the intervals."""

    LIST = 0
    RANGE = 1


class UpdateIntervalsFlags(BitFields):
    """Which intervals an answer has."""

    remaining = Bits(31, 16, "Number of intervals that further answers will bring")
    format = Bits(12, 12, "List of intervals, or shortest, longest and step", IntervalFormat)
    returned = Bits(11, 0, "Number of intervals in this answer; 3 for a range")


class SensorConfig(BitFields):
    """The configuration of a sensor."""

    update_interval = Bits(31, 16, "Interval between two updates, in s")
    update_exponent = SignedBits(15, 11, "Power of ten by which the interval is multiplied")
    timestamps = Bit(1, "Readings have timestamps")
    enabled = Bit(0, "The sensor is enabled")


class Rounding(IntEnum):
    """How to round an interval that is not supported."""

    DOWN = 0
    UP = 1
    AUTOMATIC = 2


class SensorConfigSet(BitFields):
    """The configuration of a sensor, to be set."""

    update_interval = Bits(31, 16, "Interval between two updates, in s; 0: unchanged")
    update_exponent = SignedBits(15, 11, "Power of ten by which the interval is multiplied")
    rounding = Bits(10, 9, "How to round the interval", Rounding)
    timestamps = Bit(1, "Add timestamps to readings")
    enable = Bit(0, "Enable the sensor")


@structure
class SensorAxisName(Structure):
    """The full name of an axis."""

    axis_id: int = u32("The axis")
    name: str = text(EXTENDED_NAME_SIZE, "Its name")


class TripPointDescription(BitFields):
    """Which trip point was passed."""

    rising = Bit(16, "The value rose past it, rather than fell below it")
    trip_point_id = Bits(7, 0, "The trip point")
