"""Words that several versions of the power capping protocol share (DEN0056 3.2, 4.10)."""

from __future__ import annotations

from enum import IntEnum

from xenscmi.scmi.bitfields import Bit, BitFields


class PowercapUnit(IntEnum):
    """Units of a domain's power."""

    ABSTRACT = 0
    MICROWATT = 1
    MILLIWATT = 2


class PowercapCapSetFlags(BitFields):
    """How to set a cap."""

    asynchronous = Bit(1, "Answer at once, set the cap later")
    ignore_delayed_response = Bit(0, "With asynchronous: send no delayed response")
