"""Physical memory, and what a domain sees of it.

Only pages that somebody touches exist. A domain reaches memory through its stage 2 alone: guest frames that were mapped
for it, nothing else. Frames are page numbers: an address shifted right by 12.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from xenscmi.config.constants import PAGE_MASK, PAGE_SHIFT, PAGE_SIZE
from xenscmi.model.errors import DataAbort

SMALLEST_WINDOW = 256
"""Bytes in which any message that is sent over shared memory has room."""


def frames_of(address: int, size: int) -> tuple[int, int]:
    """Return the first frame of a stretch of memory, and the first frame behind it."""
    return address >> PAGE_SHIFT, (address + size + PAGE_MASK) >> PAGE_SHIFT


class PhysicalMemory:
    """The host's memory in pages, all zero at first."""

    def __init__(self) -> None:
        self._pages: dict[int, bytearray] = {}

    def page(self, frame: int) -> bytearray:
        """Return the page of a machine frame, shared with whoever else asks for it."""
        page = self._pages.get(frame)
        return self._pages.setdefault(frame, bytearray(PAGE_SIZE)) if page is None else page

    def window(self, address: int) -> memoryview:
        """Return the memory from an address to the end of its page, for a message to be written there.

        Where too little is left for any message, a page of its own takes the place: no page is shared across its end.
        """
        frame, offset = address >> PAGE_SHIFT, address & PAGE_MASK
        if offset > PAGE_SIZE - SMALLEST_WINDOW:
            return memoryview(self.page(-1 - address))
        return memoryview(self.page(frame))[offset:]


class FrameRanges:
    """A set of frames, kept as ranges: Xen's rangeset."""

    def __init__(self, ranges: tuple[tuple[int, int], ...] = ()) -> None:
        self._ranges = list(ranges)

    @property
    def ranges(self) -> tuple[tuple[int, int], ...]:
        """The ranges (start, end), rising, the end not included."""
        return tuple(self._ranges)

    def add(self, start: int, end: int) -> None:
        """Add frames from `start` up to `end`, not included; ranges that touch become one."""
        if start < end:
            low, high = self._touching(start, end)
            touched = self._ranges[low:high]
            first, last = (touched[0][0], touched[-1][1]) if touched else (start, end)
            self._ranges[low:high] = [(min(start, first), max(end, last))]

    def remove(self, start: int, end: int) -> None:
        """Take frames from `start` up to `end`, not included, away."""
        if start < end:
            low, high = self._touching(start, end)
            cut = [piece for first, last in self._ranges[low:high] for piece in ((first, start), (end, last))]
            self._ranges[low:high] = [(first, last) for first, last in cut if first < last]

    def _touching(self, start: int, end: int) -> tuple[int, int]:
        """Return from and to which index ranges overlap with these frames, or touch them."""
        return (
            bisect_left(self._ranges, start, key=lambda each: each[1]),
            bisect_right(self._ranges, end, key=lambda each: each[0]),
        )

    def covers(self, start: int, end: int) -> bool:
        """Whether all frames from `start` up to `end`, not included, are in the set."""
        at = bisect_right(self._ranges, start, key=lambda each: each[0]) - 1
        return at >= 0 and end <= self._ranges[at][1]


class AddressSpace:
    """A domain's stage 2: guest frame → machine frame, in ranges, the last mapping winning."""

    def __init__(self, memory: PhysicalMemory) -> None:
        self._memory = memory
        self._mappings: list[tuple[int, int, int]] = []
        self._pages: dict[int, bytearray] = {}

    @property
    def mappings(self) -> tuple[tuple[int, int, int], ...]:
        """What is mapped, rising: (guest frame, number of frames, machine frame)."""
        return tuple(self._mappings)

    def map(self, guest_frame: int, frame: int, count: int = 1) -> None:
        """Map `count` frames; what was mapped there before is replaced."""
        self._replace(guest_frame, count, [(guest_frame, count, frame)])

    def unmap(self, guest_frame: int, count: int = 1) -> None:
        """Take `count` frames away; what is not mapped stays so."""
        self._replace(guest_frame, count, [])

    def _replace(self, start: int, count: int, new: list[tuple[int, int, int]]) -> None:
        """Put other mappings in the place of `count` guest frames; others may look up pages meanwhile."""
        end, mappings = start + count, self._mappings
        low = bisect_right(mappings, start, key=lambda each: each[0] + each[1])
        high = bisect_left(mappings, end, key=lambda each: each[0])
        before = [(guest, start - guest, frame) for guest, _, frame in mappings[low:high] if guest < start]
        after = [
            (end, guest + size - end, frame + end - guest)
            for guest, size, frame in mappings[low:high]
            if end < guest + size
        ]
        self._mappings, self._pages = [*mappings[:low], *before, *new, *after, *mappings[high:]], {}

    def frame(self, guest_frame: int) -> int | None:
        """Return the machine frame behind a guest frame; None if nothing is mapped."""
        mappings = self._mappings
        at = bisect_right(mappings, guest_frame, key=lambda each: each[0]) - 1
        if at < 0:
            return None
        guest, count, frame = mappings[at]
        return frame + guest_frame - guest if guest_frame < guest + count else None

    def guest_frame(self, frame: int) -> int | None:
        """Return the first guest frame behind which a machine frame lies; None if there is none."""
        return next(
            (guest + frame - first for guest, count, first in self._mappings if first <= frame < first + count), None
        )

    def page(self, address: int) -> bytearray:
        """Return the page behind a guest physical address. Raises DataAbort if nothing is mapped."""
        pages = self._pages
        guest_frame = address >> PAGE_SHIFT
        page = pages.get(guest_frame)
        if page is None:
            frame = self.frame(guest_frame)
            if frame is None:
                raise DataAbort(address)
            page = pages[guest_frame] = self._memory.page(frame)
        return page

    def read(self, address: int, size: int) -> bytes:
        """Return `size` bytes. Raises DataAbort at the first page that is not mapped."""
        data = b""
        while len(data) < size:
            offset = address + len(data) & PAGE_MASK
            data += self.page(address + len(data))[offset : offset + size - len(data)]
        return data

    def write(self, address: int, data: bytes) -> None:
        """Write bytes. Raises DataAbort at the first page that is not mapped; what lies before it is written."""
        while data:
            offset = address & PAGE_MASK
            part = data[: PAGE_SIZE - offset]
            self.page(address)[offset : offset + len(part)] = part
            address, data = address + len(part), data[len(part) :]
