"""The tree that every reader makes: nodes and properties in order, each knowing its place in a source.

Trees are made by a `Builder` and never changed afterwards. Values are kept as the bytes that Xen would read; the views
of `Property` turn them into cells, strings and references, or raise a `ShapeError` that says what is wrong and how the
expected size arises. Nothing here recurses: a tree may be as deep as its author was spiteful.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from xenscmi.devicetree.statement import Piece, pieces
from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.source import Source, Span

_NO_PHANDLE = (0, 0xFFFFFFFF)


class DeviceTreeError(XenscmiError):
    """Input that is not a device tree, or that could not be read."""


class ShapeError(DeviceTreeError):
    """A property, or the lack of one, that does not have the shape asked for.

    Carries exactly one diagnostic, whose code and name are empty: a rule gives them with `error.diagnostic.replace`.
    """

    def __init__(self, message: str, *, span: Span, help: str = "") -> None:
        super().__init__(Diagnostic(message=message, span=span, help=help))

    @property
    def diagnostic(self) -> Diagnostic:
        return self.diagnostics[0]


class Property:
    """A property: its name, its value as big-endian bytes, and where it was written.

    `span` covers the whole statement, or the node's name where the property was not written but made (`phandle`).
    `node` is the node it belongs to.
    """

    __slots__ = ("_pieces", "name", "node", "span", "value")

    def __init__(self, name: str, value: bytes, node: Node, span: Span) -> None:
        self.name = name
        self.value = value
        self.node = node
        self.span = span
        self._pieces: tuple[Piece, ...] | None = None

    def __repr__(self) -> str:
        return f"Property({self.node.path}:{self.name}, {len(self.value)} bytes)"

    def error(self, message: str, help: str = "", offset: int | None = None) -> ShapeError:
        """Return an error about this property, at the value's byte `offset` where that helps the reader."""
        span = self.span if offset is None else self.place(offset)
        return ShapeError(f"{self.node.path}: {self.name} {message}", span=span, help=help)

    def place(self, offset: int, size: int = 1) -> Span:
        """Return where the value's `size` bytes from `offset` were written; the whole property where nobody knows."""
        if self._pieces is None:
            self._pieces = pieces(self.span.text, len(self.value))
        first = bisect_right(self._pieces, offset, key=_offset) - 1
        last = bisect_right(self._pieces, offset + size - 1, key=_offset) - 1
        if first < 0:
            return self.span
        start = self.span.start
        return Span(self.span.source, start + self._pieces[first].start, start + self._pieces[last].end)

    def strings(self) -> tuple[str, ...]:
        """Return the value as a list of strings, of which there is at least one. Bytes beyond ASCII are escaped."""
        if not self.value.endswith(b"\0"):
            what = "is not a string: it does not end in a zero byte" if self.value else "is empty, not a string"
            raise self.error(what, f'write a string in quotes: {self.name} = "…";')
        return tuple(part.decode("ascii", "backslashreplace") for part in self.value[:-1].split(b"\0"))

    def string(self) -> str:
        """Return the value as the one string that it is."""
        strings = self.strings()
        if len(strings) != 1:
            raise self.error(f"holds {len(strings)} strings where one is expected")
        return strings[0]

    def cells(self) -> tuple[int, ...]:
        """Return the value as 32-bit cells; an empty value has none."""
        count, rest = divmod(len(self.value), 4)
        if rest:
            raise self.error(
                f"has {len(self.value)} bytes, which is not a whole number of cells",
                "a cell has 4 bytes: write cells as <…>",
            )
        return struct.unpack(f">{count}I", self.value)

    def u32(self) -> int:
        """Return the value as the one cell that it is."""
        if len(self.value) != 4:
            raise self.error(f"has {len(self.value)} bytes where one cell (4 bytes) is expected")
        return int.from_bytes(self.value, "big")

    def number(self) -> int:
        """Return the value as one number of one or two cells, the high cell first."""
        if len(self.value) not in (4, 8):
            raise self.error(
                f"has {len(self.value)} bytes where a number of one or two cells (4 or 8 bytes) is expected"
            )
        return int.from_bytes(self.value, "big")

    def rows(self, *columns: int, hint: str) -> tuple[tuple[int, ...], ...]:
        """Return the value as rows of numbers, `columns` giving how many cells each number has (0 reads as 0).

        `hint` says how the row's size arises: "#address-cells is 2 and #size-cells 1 in /soc".
        """
        width = sum(columns)
        cells = self.cells()
        if (len(cells) % width if width else len(cells)) != 0:
            raise self.error(f"has {len(cells)} cells, which is not a whole number of rows of {width} cells", hint)
        return tuple(split_cells(cells[at : at + width], columns) for at in range(0, len(cells), width or 1))

    def node_at(self, index: int = 0) -> Node:
        """Return the node whose phandle is the value's cell `index`."""
        cells = self.cells()
        if index >= len(cells):
            raise self.error(f"has {len(cells)} cells; the phandle is expected in cell {index}")
        return self._target(cells[index], index)

    def _target(self, phandle: int, index: int) -> Node:
        node = self.node.tree.by_phandle(phandle)
        if node is None:
            raise self.error(f"refers to phandle {phandle:#x}, which no node has", offset=4 * index)
        return node

    def references(self, cells_name: str) -> Iterator[Reference]:
        """Yield the references of a list `<&target arguments …>`, the target's `cells_name` counting the arguments.

        Raises ShapeError at the first entry that cannot be read, after those before it: a walk in Xen ends there too.
        """
        cells, at = self.cells(), 0
        while at < len(cells):
            target = self._target(cells[at], at)
            count_property = target.get(cells_name)
            if count_property is None:
                raise self.error(f"refers to {target.path}, which has no {cells_name}", offset=4 * at)
            count = count_property.u32()
            end = at + 1 + count
            if end > len(cells):
                raise self.error(
                    f"ends after {len(cells) - at - 1} of {count} arguments for {target.path}",
                    f"{cells_name} of {target.path} is {count}",
                    4 * at,
                )
            yield Reference(target, cells[at + 1 : end], self.place(4 * at, 4 * (1 + count)))
            at = end


@dataclass(frozen=True, slots=True)
class Reference:
    """One entry of a list of references: the target, its arguments, and where the entry was written."""

    target: Node
    arguments: tuple[int, ...]
    span: Span


class Node:
    """A node: its full name, its place, its properties and children in order.

    `labels` in order of appearance; `spans` are the places where the node was written (declared, then amended), each
    covering the name; `source` of a span tells the file, an overlay's too.
    """

    __slots__ = ("_children", "_path", "_properties", "labels", "name", "parent", "spans", "tree")

    def __init__(
        self, tree: Tree, name: str, parent: Node | None, labels: tuple[str, ...], spans: tuple[Span, ...]
    ) -> None:
        self.tree = tree
        self.name = name
        self.parent = parent
        self.labels = labels
        self.spans = spans
        self._path = ""
        self._children: dict[str, Node] = {}
        self._properties: dict[str, Property] = {}

    def __repr__(self) -> str:
        return f"Node({self.path})"

    def __contains__(self, name: str) -> bool:
        return name in self._properties

    @property
    def path(self) -> str:
        """The full path, from the root down."""
        if not self._path:
            names = [node.name for node in self.ancestors()]
            self._path = "/".join([*reversed(names), self.name]) if names else "/"
        return self._path

    @property
    def base_name(self) -> str:
        """The name without its unit address."""
        return self.name.partition("@")[0]

    @property
    def unit_address(self) -> str | None:
        """What follows `@` in the name; None without `@`."""
        _, at, address = self.name.partition("@")
        return address if at else None

    @property
    def span(self) -> Span:
        """Where the node was first written."""
        return self.spans[0]

    @property
    def children(self) -> Collection[Node]:
        return self._children.values()

    @property
    def properties(self) -> Collection[Property]:
        return self._properties.values()

    def get(self, name: str) -> Property | None:
        """Return the property of this name; None where the node has none."""
        return self._properties.get(name)

    def child(self, name: str) -> Node | None:
        """Return the child of this full name; None where there is none."""
        return self._children.get(name)

    def walk(self) -> Iterator[Node]:
        """Yield this node and everything below it, in the order of the tree."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack.extend(reversed(node._children.values()))

    def ancestors(self) -> Iterator[Node]:
        """Yield the parent, its parent, and so on up to the root."""
        node = self.parent
        while node is not None:
            yield node
            node = node.parent

    def missing(self, name: str, help: str = "") -> ShapeError:
        """Return the error that this node has no property `name`."""
        return ShapeError(f"{self.path} has no {name}", span=self.span, help=help)


class Tree:
    """A device tree, or an overlay.

    `source` is the file it was read from, `sources` are all files that had a part in it; `reservations` are the
    (address, size) pairs of the memory reservation block, in bytes; `boot_cpuid_phys` is the boot CPU's number, as the
    DTB's header has it; `warnings` are what dtc had to say. `answers` belongs to `once`.
    """

    __slots__ = (
        "_aliases",
        "_labels",
        "_phandles",
        "answers",
        "boot_cpuid_phys",
        "reservations",
        "root",
        "source",
        "sources",
        "warnings",
    )

    def __init__(self, source: Source, root_spans: tuple[Span, ...], root_labels: tuple[str, ...] = ()) -> None:
        self.source = source
        self.root = Node(self, "", None, root_labels, root_spans)
        self.sources: tuple[Source, ...] = (source,)
        self.reservations: tuple[tuple[int, int], ...] = ()
        self.boot_cpuid_phys = 0
        self.answers: dict[object, dict[Any, Any]] = {}
        self.warnings: tuple[Diagnostic, ...] = ()
        self._phandles: dict[int, Node] = {}
        self._labels: dict[str, Node] = {}
        self._aliases: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"Tree({self.source.name!r})"

    def walk(self) -> Iterator[Node]:
        """Yield every node, in the order of the tree."""
        return self.root.walk()

    def node(self, path: str) -> Node | None:
        """Return the node at an absolute path, full names and all; None where there is none."""
        if not path.startswith("/"):
            return None
        node: Node | None = self.root
        for name in path.strip("/").split("/") if path != "/" else ():
            node = node.child(name) if node else None
        return node

    def resolve(self, text: str) -> Node | None:
        """Return the node that a path, or an alias with what may follow it, means; options after `:` are dropped."""
        path = text.partition(":")[0]
        if not path.startswith("/"):
            alias, slash, rest = path.partition("/")
            path = self._aliases.get(alias, "") + slash + rest
        return self.node(path)

    def by_phandle(self, phandle: int) -> Node | None:
        """Return the first node of this phandle; None where there is none."""
        return self._phandles.get(phandle)

    def by_label(self, label: str) -> Node | None:
        """Return the node of this label, from the source or `/__symbols__`; None where there is none."""
        return self._labels.get(label)

    @property
    def is_overlay(self) -> bool:
        """Whether this is an overlay: a child of the root holds `__overlay__`."""
        return any(node.child("__overlay__") for node in self.root.children)


class Builder:
    """Makes a tree from its parts in order: `begin` and `end` a node, `add` its properties, and `finish`.

    The root is open from the start; `node` is the open node. Names must be new in their node: the readers see to it.
    """

    def __init__(self, source: Source, *, spans: tuple[Span, ...] = (), labels: tuple[str, ...] = ()) -> None:
        self._tree = Tree(source, spans or (Span(source, 0, 0),), labels)
        self.node = self._tree.root

    def reserve(self, *reservations: tuple[int, int]) -> None:
        """Add (address, size) pairs to the memory reservations."""
        self._tree.reservations += reservations

    def set_boot_cpu(self, number: int) -> None:
        """Set the boot CPU's number; without, it is 0."""
        self._tree.boot_cpuid_phys = number

    def begin(self, name: str, *, spans: tuple[Span, ...] = (), labels: tuple[str, ...] = ()) -> Node:
        """Open a child of the open node; without spans it stands where its parent does."""
        node = Node(self._tree, name, self.node, labels, spans or self.node.spans)
        self.node._children[name] = node
        self.node = node
        return node

    def add(self, name: str, value: bytes, span: Span | None = None) -> Property:
        """Add a property to the open node; without a span it stands where the node does."""
        added = Property(name, value, self.node, span or self.node.span)
        self.node._properties[name] = added
        return added

    def end(self) -> None:
        """Close the open node."""
        assert self.node.parent is not None
        self.node = self.node.parent

    def finish(self, *, sources: Sequence[Source] = (), warnings: Sequence[Diagnostic] = ()) -> Tree:
        """Return the tree, whatever is still open in it; the builder must not be used any more."""
        tree = self._tree
        tree.sources = tuple(sources) or (tree.source,)
        tree.warnings = tuple(warnings)
        for node in tree.walk():
            for name in ("phandle", "linux,phandle"):
                phandle = node.get(name)
                if phandle is not None and len(phandle.value) == 4 and phandle.u32() not in _NO_PHANDLE:
                    tree._phandles.setdefault(phandle.u32(), node)
            for label in node.labels:
                tree._labels.setdefault(label, node)
        tree._aliases = dict(_string_properties(tree.node("/aliases")))
        for label, path in _string_properties(tree.node("/__symbols__")):
            symbol = tree.node(path)
            if symbol is not None:
                tree._labels.setdefault(label, symbol)
        return tree


def _offset(piece: Piece) -> int:
    return piece.offset


def split_cells(cells: Sequence[int], columns: Sequence[int]) -> tuple[int, ...]:
    """Return cells joined to numbers, `columns` giving how many cells each number has."""
    numbers, at = [], 0
    for width in columns:
        number = 0
        for cell in cells[at : at + width]:
            number = number << 32 | cell
        numbers.append(number)
        at += width
    return tuple(numbers)


def _string_properties(node: Node | None) -> Iterator[tuple[str, str]]:
    for each in node.properties if node else ():
        if each.value.endswith(b"\0") and each.value.count(b"\0") == 1:
            yield each.name, each.string()
