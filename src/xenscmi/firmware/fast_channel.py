"""Fast channels: registers in shared memory that stand for a command (DEN0056 4.5.4, 4.10.4).

What an agent writes there is taken over when the platform looks at it, as far as the command would have accepted it.
"""

from __future__ import annotations

from typing import TypeVar

from xenscmi.firmware.resources import FastChannel
from xenscmi.scmi.protocols.common import (
    DoorbellWidth,
    FastchannelAttributes,
    FastchannelDescription,
    RateLimit,
)

_WIDTHS = {
    8: DoorbellWidth.BITS_8,
    16: DoorbellWidth.BITS_16,
    32: DoorbellWidth.BITS_32,
    64: DoorbellWidth.BITS_64,
}

D = TypeVar("D", bound=FastchannelDescription)


def describe(channel: FastChannel, size: int, response: type[D]) -> D:
    """Return the answer that describes a fast channel of `size` bytes."""
    attributes = FastchannelAttributes.of(
        doorbell=channel.doorbell is not None,
        doorbell_width=_WIDTHS[channel.doorbell_width] if channel.doorbell is not None else 0,
    )
    return response(
        attributes=attributes,
        rate_limit=RateLimit(channel.rate_limit),
        chan_addr=channel.address,
        chan_size=size,
        doorbell_addr=channel.doorbell or 0,
        doorbell_set_mask=channel.set_mask,
        doorbell_preserve_mask=channel.preserve_mask,
    )
