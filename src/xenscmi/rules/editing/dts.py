"""Edits of device-tree sources: numbers, strings, references and names, properties added and removed.

Every function returns None where the source does not say plainly what the tree has: a blob, a number made by a macro, a
property that dtc made.
"""

from __future__ import annotations

import re

from xenscmi.bindings.addresses import address_cells, size_cells, written_reg
from xenscmi.diagnostics import Edit
from xenscmi.host.passthrough import unit_address
from xenscmi.rules.cells import is_misread
from xenscmi.rules.editing.lines import BEHIND_PROPERTY, end_of_line, indent_of, is_plain, newline_of, whole_line
from xenscmi.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from xenscmi.devicetree.tree import Node, Property, Tree
    from xenscmi.source import Source

_NUMBER = re.compile(r"(?P<base>0[xX])?(?P<digits>[0-9a-fA-F]+)(?P<suffix>[uU]?[lL]{0,2})")
_DECIMAL = 1 << 12
"""From here on, numbers are addresses, sizes and function ids, which people write in hexadecimal."""
_LABEL = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_REFERENCE = re.compile(r"&(?:\w+|\{[^{}]*\})")
_BRACE = re.compile(r"(?:\s|/\*.*?\*/|//[^\n]*)*\{", re.DOTALL)
_OTHER = re.compile(
    r"""(?P<passed>"(?:\\.|[^"\\])*+"|/\*.*?\*/|//[^\n]*|&\{[^}]*\})|[{}]|^[ \t]*#[ \t]*(?:if|el|endif)""",
    re.DOTALL | re.MULTILINE,
)
"""What ends the properties of a node: the first brace, or the preprocessor, which may drop what follows."""
_BELOW = re.compile(r"\r?\n([ \t]+)\S")


def property_of(tree: Tree | None, path: str, name: str) -> Property | None:
    """Return a property of the node at a path; None where there is no such node or property."""
    node = tree.node(path) if tree else None
    return node.get(name) if node else None


def number(span: Span, old: int, new: int) -> Edit | None:
    """Replace a number by another one, written in the same base, case and width.

    A small number in decimal does not make an address decimal.
    """
    match = _NUMBER.fullmatch(span.text)
    if match is None or _value(match) != old or old == new:
        return None
    digits = match["digits"]
    if match["base"]:
        written = f"{new:X}" if digits != digits.lower() else f"{new:x}"
        written = match["base"] + (written.zfill(len(digits)) if digits.startswith("0") else written)
    else:
        written = hex(new) if old < _DECIMAL <= new else str(new)
    return Edit(span=span, text=written + match["suffix"])


def _value(match: re.Match[str]) -> int | None:
    digits = match["digits"]
    if match["base"]:
        return int(digits, 16)
    octal = len(digits) > 1 and digits.startswith("0")
    return int(digits) if digits.isdecimal() and not octal else None


def cells(prop: Property | None, new: Sequence[int], first: int = 0) -> tuple[Edit, ...] | None:
    """Replace the cells of a property from cell `first` on; those that have their value already stay."""
    if prop is None or len(prop.value) < 4 * (first + len(new)) or not all(0 <= value < 1 << 32 for value in new):
        return None
    edits = []
    for at, value in enumerate(new, first):
        old = int.from_bytes(prop.value[4 * at : 4 * at + 4], "big")
        if old != value:
            edit = number(prop.place(4 * at, 4), old, value)
            if edit is None:
                return None
            edits.append(edit)
    return tuple(edits)


def split(number: int, count: int) -> list[int]:
    """Return a number as so many cells, the high one first, which is too large if the number is."""
    return [number >> 32 * at & (0xFFFFFFFF if at < count - 1 else -1) for at in reversed(range(count))]


def address(node: Node, new: int, first: int = 0) -> tuple[Edit, ...] | None:
    """Replace an address of a node's `reg`, as it is written there: cell `first` is its first.

    If the first address is that of the node's name, it is something else that is wrong, such as `ranges`.
    """
    written = written_reg(node)
    if not written or is_misread(node) or (not first and written[0].address == unit_address(node)):
        return None
    return cells(node.get("reg"), split(new, address_cells(node)), first)


def size(node: Node, new: int) -> tuple[Edit, ...] | None:
    """Replace the first size of a node's `reg`."""
    if is_misread(node) or not written_reg(node):
        return None
    return cells(node.get("reg"), split(new, size_cells(node)), address_cells(node))


def widen(reg: Property | None) -> tuple[Edit, ...] | None:
    """Write an address and a size of a cell each as two cells each, if the node above declares that.

    The address must be the one in the node's name.
    """
    node = reg.node if reg and len(reg.value) == 8 else None
    if reg is None or node is None or (address_cells(node), size_cells(node)) != (2, 2):
        return None
    places = [reg.place(at, 4) for at in (0, 4)]
    if unit_address(node) != reg.cells()[0] or not all(_NUMBER.fullmatch(place.text) for place in places):
        return None
    return tuple(Edit(span=Span(place.source, place.start, place.start), text="0x0 ") for place in places)


def string(prop: Property | None, old: str, new: str) -> Edit | None:
    """Replace one string of a property."""
    if prop is None or not prop.value.endswith(b"\0") or not is_plain(new):
        return None
    offset = 0
    for each in prop.value[:-1].split(b"\0"):
        if each == old.encode():
            span = prop.place(offset, len(each) + 1)
            return Edit(span=span, text=f'"{new}"') if span.text == f'"{old}"' else None
        offset += len(each) + 1
    return None


def reference(span: Span, target: Node | None) -> Edit | None:
    """Replace a reference `&label` by one to another node of the same tree."""
    if target is None or not _REFERENCE.fullmatch(span.text):
        return None
    return Edit(span=span, text=name_of(target))


def name_of(node: Node) -> str:
    """Return how a property refers to a node: by its label, or by its path."""
    label = next((each for each in node.labels if _LABEL.fullmatch(each)), None)
    return f"&{label}" if label else f"&{{{node.path}}}"


def rename(prop: Property | None, name: str) -> Edit | None:
    """Give a property another name, which no other of its node has."""
    if prop is None or not _is_written(prop) or name in prop.node:
        return None
    start = prop.span.start
    return Edit(span=Span(prop.span.source, start, start + len(prop.name)), text=name)


def rename_node(node: Node, name: str) -> Edit | None:
    """Give a node, written once, another name."""
    if len(node.spans) != 1 or node.span.text != node.name:
        return None
    return Edit(span=node.span, text=name)


def append(prop: Property, value: str) -> Edit | None:
    """Add a value behind those that a property has."""
    at = prop.span.end - 1
    return Edit(span=Span(prop.span.source, at, at), text=f", {value}") if _is_written(prop) and prop.value else None


def remove(prop: Property | None) -> Edit | None:
    """Remove a property, with its line if it has one of its own."""
    return (
        Edit(span=whole_line(prop.span, BEHIND_PROPERTY), text="") if prop is not None and _is_written(prop) else None
    )


def _is_written(prop: Property) -> bool:
    return prop.span.text.startswith(prop.name) and prop.span.text.endswith(";")


def insert(node: Node, *statements: str, first: bool = False) -> Edit | None:
    """Add properties that a node lacks, behind those that it has or, where `compatible` belongs, before them."""
    if any(re.split(r"[ ;]", each)[0] in node for each in statements):
        return None
    own = [span for span in node.spans if span.source is node.tree.source] or list(node.spans)
    for span in own:
        opening = _BRACE.match(span.source.text, span.end)
        if opening:
            written = [] if first else _written(node, span.source, opening.end())
            return _insert(span.source, opening.end(), written, statements)
    return None


def _written(node: Node, source: Source, opening: int) -> list[Span]:
    """Return the properties of a node that stand behind a brace."""
    found = (each.start() for each in _OTHER.finditer(source.text, opening) if not each["passed"])
    closing = next(found, len(source.text))
    return [
        prop.span
        for prop in node.properties
        if prop.span.source is source and opening <= prop.span.start < closing and _is_written(prop)
    ]


def _insert(source: Source, opening: int, written: list[Span], statements: tuple[str, ...]) -> Edit:
    behind = max(written, key=lambda span: span.start, default=None)
    at = behind.end if behind else opening
    line_end = end_of_line(source, at, BEHIND_PROPERTY)
    if line_end is None:
        return Edit(span=Span(source, at, at), text="".join(f" {each}" for each in statements))
    before = newline_of(source, line_end) + (indent_of(source, behind.start) if behind else _inner(source, line_end))
    return Edit(span=Span(source, line_end, line_end), text="".join(f"{before}{each}" for each in statements))


def _inner(source: Source, line_end: int) -> str:
    """Return the blanks before what stands in a node: as on the line below its brace, or else one step more."""
    outer = indent_of(source, line_end)
    below = _BELOW.match(source.text, line_end)
    if below and len(below[1]) > len(outer):
        return below[1]
    return outer + ("\t" if outer.startswith("\t") or "\n\t" in source.text else "    ")
