"""Interrupts, memory and I/O ports of the host that the domain gets."""

from __future__ import annotations

from xenscmi.config.options.table import Build, custom
from xenscmi.config.options.text import Text
from xenscmi.xlcfg.numbers import UINT32_MAX, sscanf_hex, strtoul

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def _ranges(build: Build, key: str, message: str, read: Callable[[Build, Text], Any]) -> None:
    """Read a list of strings. Raises OptionError at an item that is a list, with its index in `message`."""
    found = build.reader.list_value(key)
    if found is None:
        return
    values = [read(build, Text(item)) for item in found.leading_strings()]
    if len(values) < len(found.items):
        help_text = "write it as a number or a string"
        build.fail(message.format(len(values)), found.items[len(values)].span, help_text)
    build.set_items(f"b_info.{key}", values, found.span, found.items)


@custom("ioports", "list of `HEX` or `HEX-HEX`", "b_info.ioports", "I/O ports; Arm has none.", x86=True)
def _ioports(build: Build) -> None:
    _ranges(build, "ioports", "xl: Unable to get element #{} in ioport list", _ioport)


def _ioport(build: Build, item: Text) -> dict[str, int]:
    text, wrong = item.text, f"xl: Invalid argument parsing ioport: {item.text}"
    first, end, _ = strtoul(text, 16)
    if end == 0:
        build.fail(wrong, item.span, 'write it in hexadecimal: "3f8" or "3f8-3ff"')
    last = first
    if text[end : end + 1] == "-":
        last, after, _ = strtoul(text, 16, end + 1)
        if after == end + 1 or after < len(text):
            build.fail(wrong, item.span, 'write it in hexadecimal: "3f8-3ff"')
    elif end < len(text):
        build.warn(wrong, item.span, "remove what follows the number; xl ignores it")
    for port in (first, last):
        if port >= UINT32_MAX:
            build.fail(f"xl: ioport {port:x} too big", item.span, f"write a port below {UINT32_MAX:#x}")
    return {"first": first, "number": last - first + 1}


@custom("irqs", "list of numbers", "b_info.irqs", "Interrupts of the host, by GIC number in base 10; SPI n is 32 + n.")
def _irqs(build: Build) -> None:
    _ranges(build, "irqs", "xl: Unable to get element {} in irq list", _irq)


def _irq(build: Build, item: Text) -> int:
    value, end, _ = strtoul(item.text, 10)
    if end == 0 or end < len(item.text):
        build.fail(f"xl: Invalid argument parsing irq: {item.text}", item.span, "write the GIC number in base 10")
    if value >= UINT32_MAX:
        build.fail(f"xl: irq {value:x} too big", item.span, "write a GIC number; the largest is 1019")
    return value


@custom(
    "iomem",
    'list of `"MFN,COUNT[@GFN]"`',
    "b_info.iomem",
    "Memory of the host: COUNT pages from page frame MFN, mapped at guest page frame GFN (default: MFN); all in"
    " hexadecimal. List the page of the domain's SCMI agent here.",
)
def _iomem(build: Build) -> None:
    _ranges(build, "iomem", "xl: Unable to get element {} in iomem list", _iomem_range)


def _iomem_range(build: Build, item: Text) -> dict[str, int]:
    # sscanf("%lx,%lx%n@%lx%n"), and nothing may be left.
    text = item.text
    start, end = sscanf_hex(text)
    number, used = sscanf_hex(text, end + 1) if end and text[end : end + 1] == "," else (0, 0)
    found = {"start": start, "number": number}
    if used > end + 1 and text[used : used + 1] == "@":
        gfn, after = sscanf_hex(text, used + 1)
        if after > used + 1:
            found["gfn"], used = gfn, after
    if used <= end + 1 or used < len(text):
        help_text = 'write it as "47ff2,1@22001": page frames, in hexadecimal'
        build.fail(f"xl: Invalid argument parsing iomem: {text}", item.span, help_text)
    return found


OPTIONS = (_ioports, _irqs, _iomem)
