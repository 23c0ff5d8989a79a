"""The domain's memory, and its cache colors."""

from __future__ import annotations

from xenscmi.config.options.table import KIB_PER_MIB, Build, custom, number
from xenscmi.xlcfg.numbers import UINT32_MAX, strtoul

TYPE_CHECKING = False
if TYPE_CHECKING:
    from xenscmi.config.options.text import Text

_MOST_COLORS = 1 << 16


@custom(
    "llc_colors", "list of `N` or `N-M`", "b_info.llc_colors", "Colors of the last-level cache for the domain's memory."
)
def _llc_colors(build: Build) -> None:
    found = build.reader.list_value("llc_colors")
    if found is None:
        return
    items = list(build.strings("llc_colors") or ())
    colors: list[int] = []
    for item in items:
        first, last = _color_range(build, item)
        # With the largest number, xl's loop never ends.
        if last - first + len(colors) >= _MOST_COLORS or last == UINT32_MAX:
            build.fail(f"xl: Invalid LLC color range: {item.text}", item.span, f"write at most {_MOST_COLORS} colors")
        colors.extend(range(first, last + 1))
    if len(items) < len(found.items):
        message = f"xl: Can't get element {len(items)} in LLC color list"
        build.fail(message, found.items[len(items)].span, "write it as a number or a string")
    build.set("b_info.llc_colors", colors, found.span)


def _color_range(build: Build, item: Text) -> tuple[int, int]:
    # sscanf("%u-%u"), else sscanf("%u"): what follows is ignored.
    text = item.text
    first, end, _ = strtoul(text, 10)
    if end == 0:
        build.fail(f"xl: Invalid LLC color range: {text}", item.span, 'write it as 4 or "0-3"')
    last, after, _ = strtoul(text, 10, end + 1) if text[end : end + 1] == "-" else (first, end, False)
    if after <= end + 1:
        last = first
    first, last = first & UINT32_MAX, last & UINT32_MAX
    if first > last:
        message = f"xl: Start LLC color is greater than end: {text}"
        build.fail(message, item.span, "write the smaller number first")
    return first, last


OPTIONS = (
    number("memory", "b_info.target_memkb", "Memory at the start of the domain, in MiB.", times=KIB_PER_MIB),
    number("maxmem", "b_info.max_memkb", "Most memory that the domain may ever have, in MiB.", times=KIB_PER_MIB),
    _llc_colors,
)
