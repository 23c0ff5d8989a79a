"""Device-tree source as text: nodes with labels, properties in order, and values as they are to be written."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

_PRINTABLE = frozenset(range(0x20, 0x7F))
_PER_LINE = 8


@dataclass(slots=True)
class DtsNode:
    """A node to be written: its name, a label where something refers to it, properties (name, value text), children.

    A property whose text is empty is written without a value.
    """

    name: str
    label: str = ""
    properties: dict[str, str] = field(default_factory=dict)
    children: list[DtsNode] = field(default_factory=list)
    comment: str = ""

    def add(self, name: str, *, label: str = "", comment: str = "", **properties: str) -> DtsNode:
        """Append a child and return it."""
        child = DtsNode(name, label, dict(properties), comment=comment)
        self.children.append(child)
        return child

    def lines(self, depth: int = 0) -> Iterator[str]:
        """Yield the lines of the node, indented by tabs."""
        tabs = "\t" * depth
        if self.comment:
            yield from (f"{tabs}/* {line} */" for line in self.comment.splitlines())
        yield f"{tabs}{self.label + ': ' if self.label else ''}{self.name} {{"
        for name, value in self.properties.items():
            yield f"{tabs}\t{name}{' = ' + value if value else ''};"
        for index, child in enumerate(self.children):
            if index or self.properties:
                yield ""
            yield from child.lines(depth + 1)
        yield f"{tabs}}};"


def cells(*values: int | str) -> str:
    """Return one group of cells; strings are references (`&label`) or already written."""
    return f"<{' '.join(value if isinstance(value, str) else _cell(value) for value in values)}>"


def decimal(value: int) -> str:
    """Return a cell in decimal, as people write ids and interrupts."""
    return str(value)


def rows(groups: Iterable[Iterable[int | str]]) -> str:
    """Return several groups of cells, parted by commas."""
    return ", ".join(cells(*group) for group in groups)


def number(value: int, count: int = 2) -> tuple[int, ...]:
    """Return a number as cells, the high one first."""
    return tuple(value >> 32 * place & 0xFFFFFFFF for place in reversed(range(count)))


def strings(*values: str) -> str:
    """Return a list of strings."""
    return ", ".join('"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values)


def raw(value: bytes) -> str:
    """Return a property's bytes as they look: strings, cells or bytes; empty for no bytes."""
    if not value:
        return ""
    parts = value[:-1].split(b"\0")
    if value[-1] == 0 and all(part and _PRINTABLE.issuperset(part) for part in parts):
        return strings(*(part.decode("ascii") for part in parts))
    if len(value) % 4:
        return f"[{value.hex(' ')}]"
    numbers = struct.unpack(f">{len(value) // 4}I", value)
    return rows(numbers[at : at + _PER_LINE] for at in range(0, len(numbers), _PER_LINE))


def _cell(value: int) -> str:
    return str(value) if value < 10 else f"{value:#x}"


def fragment(target: str, content: DtsNode) -> DtsNode:
    """Return a fragment of an overlay that adds `content` (a node called __overlay__) to the node at a path."""
    return DtsNode("fragment", properties={"target-path": strings(target)}, children=[content])


def overlay(head: str, fragments: Iterable[DtsNode], address: int, size: int) -> str:
    """Return an overlay; `address` and `size` are the cell counts of content whose addresses translate.

    Fragments are written out, since dtc's short form `&{/path}` cannot say what it then misses: the cell counts.
    """
    root = DtsNode("/", properties={"#address-cells": cells(address), "#size-cells": cells(size)})
    for number_, each in enumerate(fragments):
        each.name = f"fragment@{number_}"
        root.children.append(each)
    return "\n".join([head.rstrip("\n"), "/dts-v1/;", "/plugin/;", "", *root.lines()]) + "\n"


def source(head: str, root: DtsNode) -> str:
    """Return a device tree."""
    return "\n".join([head.rstrip("\n"), "/dts-v1/;", "", *root.lines()]) + "\n"
