"""The status with which every response begins (DEN0056 3.2, 4.1.4)."""

from __future__ import annotations

from enum import IntEnum


class Status(IntEnum):
    """Status codes; values below -127 are vendor-defined, the others are reserved."""

    SUCCESS = 0
    NOT_SUPPORTED = -1
    INVALID_PARAMETERS = -2
    DENIED = -3
    NOT_FOUND = -4
    OUT_OF_RANGE = -5
    BUSY = -6
    COMMS_ERROR = -7
    GENERIC_ERROR = -8
    HARDWARE_ERROR = -9
    PROTOCOL_ERROR = -10
    IN_USE = -11
    PARTIAL = -12  # SCMI 4.0 (beta)


def status_name(status: int) -> str:
    """Return the name and number of a status: `DENIED (-3)`."""
    try:
        return f"{Status(status).name} ({status})"
    except ValueError:
        return f"{'vendor' if status < -127 else 'reserved'} status ({status})"
