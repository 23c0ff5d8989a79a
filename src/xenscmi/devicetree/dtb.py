"""DTBs, read and written: chapter 5 of the Devicetree Specification, "Flattened Devicetree (DTB) Format".

A DTB is a header, the memory reservation block, the structure block (a sequence of tokens) and the strings block (the
names of properties), all of it in big-endian words. Nothing in it is trusted: every offset is checked before it is
followed, and an error names the byte that is wrong. What is accepted is what dtc and libfdt both accept, less what the
specification forbids: blocks that are not aligned, a property after its node's children, two parts of one name.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from xenscmi.devicetree.tree import Builder, DeviceTreeError, Node, Tree
from xenscmi.diagnostics import Diagnostic
from xenscmi.source import Source, Span

MAGIC = b"\xd0\x0d\xfe\xed"

MAX_DEPTH = 64
"""How deep nodes may nest: what Linux reads (FDT_MAX_DEPTH, drivers/of/fdt.c). Xen's early boot stops at 16."""

MAX_NAME = 1024
"""Bytes that a name may have. The specification says 31; labels, the names in /__symbols__, have more."""

_BEGIN_NODE, _END_NODE, _PROP, _NOP, _END = 1, 2, 3, 4, 9

# magic, totalsize, off_dt_struct, off_dt_strings, off_mem_rsvmap, version, last_comp_version, boot_cpuid_phys,
# size_dt_strings; then, from version 17 on, size_dt_struct.
_HEADER = struct.Struct(">10I")
_HEADER_16_SIZE = 36
_VERSION = 17
_FIRST_VERSION = 16
_MAX_TOTAL_SIZE = (1 << 31) - 1  # libfdt counts in an int

_RESERVATION = struct.Struct(">2Q")
_WORD = struct.Struct(">I")
_PROPERTY = struct.Struct(">2I")  # the value's length, the name's offset in the strings block

# What dtc's checks node_name_chars and property_name_chars allow.
_NODE_NAME = re.compile(r"[A-Za-z0-9,._+@-]+")
_PROPERTY_NAME = re.compile(rb"[A-Za-z0-9,._+*#?-]+")

_HELP = "make the DTB again from its source with dtc; a copy may have been cut short"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodePlaces:
    """Where a node and its properties were written; nothing for what was not written but made."""

    labels: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()
    properties: Mapping[str, Span] = field(default_factory=dict)


_NOWHERE = NodePlaces()


def read_dtb(data: bytes, name: str) -> Tree:
    """Return the tree in a DTB; `name` is the file's, for messages.

    Raises DeviceTreeError for anything that is not a valid DTB of version 16 or 17: truncated, with offsets out of
    bounds, nested deeper than MAX_DEPTH, or with names that are doubled or that dtc would refuse.
    """
    return build(data, Source(name, ""), lambda name, depth: _NOWHERE).finish()


def build(data: bytes, source: Source, places: Callable[[str, int], NodePlaces]) -> Builder:
    """Return a builder that has read a whole DTB, which came from `source`.

    `places` is asked for each node by name and depth (the root's is 0), in the order of the tree.
    """
    header = _read_header(data, source)
    reader = _Reader(data, source, places, header)
    reader.builder.set_boot_cpu(header.boot_cpuid_phys)
    reader.builder.reserve(*_read_reservations(data, source, header.reservations))
    reader.read()
    return reader.builder


@dataclass(frozen=True, slots=True)
class _Block:
    """The bytes `start` to `end` (exclusive) of a DTB, and what they are."""

    what: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Header:
    """What the header says, checked: where the blocks lie, and the number of the boot CPU."""

    reservations: _Block
    structure: _Block
    strings: _Block
    boot_cpuid_phys: int


def _read_header(data: bytes, source: Source) -> _Header:
    """Return the header of a DTB (section 5.2). Raises DeviceTreeError where it cannot be true."""
    size, whole = len(data), Span(source, 0, 0)
    if not data.startswith(MAGIC):
        found = data[:4].hex() or "nothing"
        raise _invalid(whole, 0, f"it begins with {found}, not with the magic number {MAGIC.hex()}")
    if size < _HEADER.size:
        raise _invalid(whole, size, f"it ends inside its header of {_HEADER.size} bytes")
    fields = _HEADER.unpack_from(data)
    total, structure, strings, reservations, version, compatible, boot_cpuid_phys, strings_size = fields[1:9]
    if version < _FIRST_VERSION or compatible > min(version, _VERSION):
        help = "versions 16 and 17 are read; `dtc -I dtb -O dtb` makes version 17 of an older one"
        raise _invalid(whole, 20, f"it has version {version}, compatible with version {compatible}", help)
    start = _HEADER.size if version >= _VERSION else _HEADER_16_SIZE
    if not start <= total <= _MAX_TOTAL_SIZE:
        raise _invalid(whole, 4, f"its header says that it has {total} bytes, not {start} to {_MAX_TOTAL_SIZE}")
    if total > size:
        raise _invalid(whole, 4, f"its header says that it has {total} bytes, but it ends after {size}")

    def block(what: str, field: int, start_at: int, length: int | None = None, align: int = 1) -> _Block:
        """Return a block that starts where the header's byte `field` says; without `length` it has all the rest."""
        end = total if length is None else start_at + length
        if not start <= start_at <= end <= total:
            place = f"{start_at:#x} to {end:#x}, outside of {start:#x} to {total:#x}"
            raise _invalid(whole, field, f"its header says that the {what} lies at {place}")
        if start_at % align:
            reason = f"its header says that the {what} starts at {start_at:#x}, which is not a multiple of {align}"
            raise _invalid(whole, field, reason)
        return _Block(what, start_at, end)

    return _Header(
        reservations=block("memory reservation block", 16, reservations, align=8),
        structure=block("structure block", 8, structure, fields[9] if version >= _VERSION else None, align=4),
        strings=block("strings block", 12, strings, strings_size),
        boot_cpuid_phys=boot_cpuid_phys,
    )


def _read_reservations(data: bytes, source: Source, block: _Block) -> list[tuple[int, int]]:
    """Return the entries of the memory reservation block (section 5.3). As in libfdt, a size of 0 is the end."""
    found: list[tuple[int, int]] = []
    at = block.start
    while at + _RESERVATION.size <= block.end:
        address, size = _RESERVATION.unpack_from(data, at)
        if not size:
            return found
        found.append((address, size))
        at += _RESERVATION.size
    raise _invalid(Span(source, 0, 0), at, "the memory reservation block has no end: an entry of zeros")


class _Reader:
    """Reads the structure block (section 5.4) into `builder`, with the names of the strings block (section 5.5)."""

    def __init__(self, data: bytes, source: Source, places: Callable[[str, int], NodePlaces], header: _Header) -> None:
        self.data = data
        self.places = places
        self.structure = header.structure
        self.strings = header.strings
        self.names: dict[int, str] = {}  # of properties, by their offset in the strings block
        self.place = places("", 0)  # of the node whose properties are read
        self.builder = Builder(source, labels=self.place.labels, spans=self.place.spans)

    def read(self) -> None:
        """Read the structure block from its start to its end."""
        at = self._read_root(self.structure.start)
        depth = 0
        while depth >= 0:
            start = at
            token, at = self._next_token(at)
            if token == _PROP:
                at = self._read_property(start, at)
            elif token == _BEGIN_NODE:
                depth += 1
                at = self._begin_node(start, at, depth)
            elif token == _END_NODE:
                depth -= 1
                if depth >= 0:
                    self.builder.end()
            else:
                raise self._invalid(start, f"{self.builder.node.path} is not closed where the structure block ends")
        # As libfdt does, leave what follows FDT_END unread.
        token, _ = self._next_token(at)
        if token != _END:
            raise self._invalid(at, f"token {token:#x} follows the root node, where FDT_END must stand")

    def _next_token(self, at: int) -> tuple[int, int]:
        """Return the token at `at` and where it ends; FDT_NOP is skipped."""
        while at + 4 <= self.structure.end:
            (token,) = _WORD.unpack_from(self.data, at)
            at += 4
            if token in (_BEGIN_NODE, _END_NODE, _PROP, _END):
                return token, at
            if token != _NOP:
                raise self._invalid(at - 4, f"{token:#x} is not a token of the structure block")
        raise self._invalid(at, "the structure block ends without FDT_END")

    def _node_name(self, at: int) -> tuple[str, int]:
        """Return the name of the node whose token ends at `at`, and where what follows the name starts."""
        end = self._end_of_name(self.structure, at)
        return self.data[at:end].decode("ascii", "surrogateescape"), _aligned(end + 1)

    def _read_root(self, at: int) -> int:
        """Read the beginning of the root node, and return where its properties start."""
        token, after = self._next_token(at)
        if token != _BEGIN_NODE or after != at + 4:  # for libfdt the root is at 0, with no FDT_NOP before it
            raise self._invalid(at, "the structure block does not begin with the root node")
        name, after = self._node_name(after)
        if name:
            raise self._invalid(at, f"the root node has a name: {name!a}")
        return after

    def _begin_node(self, start: int, at: int, depth: int) -> int:
        """Open the child whose token starts at `start` and ends at `at`; return where its properties start."""
        node = self.builder.node
        if depth > MAX_DEPTH:
            raise self._invalid(start, f"nodes nest deeper than {MAX_DEPTH} levels")
        name, at = self._node_name(at)
        if not _NODE_NAME.fullmatch(name):
            raise self._invalid(start, f"{node.path} has a node whose name dtc would refuse: {name!a}")
        if node.child(name) is not None:
            raise self._invalid(start, f"{node.path} has two nodes named {name}")
        self.place = self.places(name, depth)
        self.builder.begin(name, labels=self.place.labels, spans=self.place.spans)
        return at

    def _read_property(self, start: int, at: int) -> int:
        """Add the property whose token starts at `start` and ends at `at`; return where what follows it starts."""
        node = self.builder.node
        value = at + _PROPERTY.size
        if value > self.structure.end:
            raise self._invalid(start, f"the structure block ends inside a property of {node.path}")
        length, offset = _PROPERTY.unpack_from(self.data, at)
        name = self.names.get(offset)
        if name is None:
            name = self.names[offset] = self._property_name(start, node, offset)
        if name in node:
            raise self._invalid(start, f"{node.path} has two properties named {name}")
        if node.children:
            raise self._invalid(start, f"{node.path} has a property, {name}, that follows its children")
        end = value + length
        if end > self.structure.end:
            room = self.structure.end - value
            raise self._invalid(
                start, f"{node.path}: {name} has {length} bytes, but the structure block ends after {room}"
            )
        self.builder.add(name, self.data[value:end], self.place.properties.get(name))
        return _aligned(end)

    def _property_name(self, at: int, node: Node, offset: int) -> str:
        """Return the name at `offset` of the strings block; `at` is the property that has it."""
        start = self.strings.start + offset
        if start >= self.strings.end:
            size = self.strings.end - self.strings.start
            text = f"a property of {node.path} has its name at byte {offset:#x} of the strings block, which has {size}"
            raise self._invalid(at, text)
        name = self.data[start : self._end_of_name(self.strings, start)]
        if not _PROPERTY_NAME.fullmatch(name):
            text = name.decode("ascii", "surrogateescape")
            raise self._invalid(start, f"{node.path} has a property whose name dtc would refuse: {text!a}")
        return name.decode("ascii")

    def _end_of_name(self, block: _Block, at: int) -> int:
        """Return where the zero byte stands that ends the name at `at`."""
        end = self.data.find(b"\0", at, min(block.end, at + MAX_NAME + 1))
        if end >= 0:
            return end
        if block.end - at > MAX_NAME:
            raise self._invalid(at, f"a name in the {block.what} is longer than {MAX_NAME} bytes")
        raise self._invalid(at, f"the {block.what} ends inside a name")

    def _invalid(self, at: int, reason: str) -> DeviceTreeError:
        return _invalid(self.builder.node.span, at, reason)


def _invalid(span: Span, at: int, reason: str, help: str = _HELP) -> DeviceTreeError:
    """Return the error that byte `at` of a DTB is wrong. For a source it names no byte: users never see that DTB."""
    if span.source.text:
        return DeviceTreeError(Diagnostic(message=f"this is not a valid device tree: {reason}", span=span))
    message = f"this is not a valid DTB: at byte {at:#x}: {reason}"
    return DeviceTreeError(Diagnostic(message=message, span=span, help=help))


def write_dtb(tree: Tree) -> bytes:
    """Return the tree as a DTB of version 17, byte for byte as dtc writes it."""
    structure, strings = bytearray(), _Strings()
    open_nodes: list[Node] = []
    for node in tree.walk():
        while open_nodes and open_nodes[-1] is not node.parent:
            open_nodes.pop()
            structure += _WORD.pack(_END_NODE)
        open_nodes.append(node)
        structure += _WORD.pack(_BEGIN_NODE) + _padded(node.name.encode("ascii") + b"\0")
        for each in node.properties:
            structure += _WORD.pack(_PROP) + _PROPERTY.pack(len(each.value), strings.offset(each.name))
            structure += _padded(each.value)
    structure += _WORD.pack(_END_NODE) * len(open_nodes) + _WORD.pack(_END)
    reservations = b"".join(_RESERVATION.pack(*each) for each in (*tree.reservations, (0, 0)))
    structure_at = _HEADER.size + len(reservations)
    strings_at = structure_at + len(structure)
    total = strings_at + len(strings.block)
    header = _HEADER.pack(
        int.from_bytes(MAGIC, "big"),
        total,
        structure_at,
        strings_at,
        _HEADER.size,
        _VERSION,
        _FIRST_VERSION,
        tree.boot_cpuid_phys,
        len(strings.block),
        len(structure),
    )
    return b"".join((header, reservations, structure, strings.block))


class _Strings:
    """A strings block that grows. As in dtc's, a name that ends an earlier one (`cells`, `#cells`) shares its bytes."""

    def __init__(self) -> None:
        self.block = bytearray()
        self._offsets: dict[str, int] = {}

    def offset(self, name: str) -> int:
        """Return the offset of a name, which is added where it is new."""
        if name not in self._offsets:
            for start in range(len(name)):
                self._offsets.setdefault(name[start:], len(self.block) + start)
            self.block += name.encode("ascii") + b"\0"
        return self._offsets[name]


def _aligned(at: int) -> int:
    """Return the next multiple of 4. Blocks of tokens start at one."""
    return at + 3 & ~3


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
