"""Phandle lists with arguments, as Xen walks them (dt_parse_phandle_with_args)."""

from __future__ import annotations

import errno
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from xenscmi.bindings.errors import BindingError
from xenscmi.bindings.properties import read_u32
from xenscmi.devicetree.tree import Node, Property


@dataclass(frozen=True, slots=True, kw_only=True)
class PhandleEntry:
    """An entry of a phandle list: the node it points to, its arguments, and its offset in the property, in bytes."""

    target: Node
    arguments: tuple[int, ...]
    offset: int


class PhandleError(BindingError):
    """An entry that ends Xen's walk: `target` is the node it points to, None where no node has the phandle."""

    def __init__(
        self, prop: Property, offset: int, message: str, *, target: Node | None, errno: int, printed: str | None
    ) -> None:
        path = prop.node.path
        super().__init__(
            f"{path}: {prop.name} {message}",
            span=prop.place(offset),
            errno=errno,
            printed=None if printed is None else f"{path}: {printed}",
        )
        self.target = target


def phandle_entries(node: Node, name: str, cells_name: str) -> Iterator[PhandleEntry]:
    """Yield the entries of a list, `cells_name` of each target counting its arguments; nothing without the list.

    Raises PhandleError at the first entry that Xen cannot parse, after those before it. Phandle 0 is an empty entry to
    Xen, which says nothing; but its callers ask for one index after the other until the first error, so they stop too.
    """
    prop = node.get(name)
    if prop is None:
        return
    length = len(prop.value) // 4
    cells = struct.unpack_from(f">{length}I", prop.value)
    at = 0
    while at < length:
        target, phandle = node.tree.by_phandle(cells[at]), cells[at]
        message, printed, code = "", None, errno.EINVAL
        count = read_u32(target, cells_name) if target else None
        end = at + 1 + (count or 0)
        if phandle == 0:
            message, code = "has an empty entry, phandle 0, at which Xen stops", errno.ENOENT
        elif target is None:
            message, printed = f"refers to phandle {phandle:#x}, which no node has", "could not find phandle"
        elif count is None:
            message = printed = f"could not get {cells_name} for {target.path}"
        elif end > length:
            printed = "arguments longer than property"
            message = f"{printed}: {target.path} takes {count}"
        else:
            yield PhandleEntry(target=target, arguments=cells[at + 1 : end], offset=4 * at)
            at = end
            continue
        raise PhandleError(prop, 4 * at, message, target=target, errno=code, printed=printed)
