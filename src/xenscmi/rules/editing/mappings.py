"""Edits of what a guest is given of the host's memory: `iomem` of an xl.cfg, or `xen,reg` of a partial tree."""

from __future__ import annotations

import re

from xenscmi.bindings.addresses import mapping_cells
from xenscmi.bindings.names import XEN_REG
from xenscmi.config.constants import PAGE_SIZE
from xenscmi.diagnostics import Edit
from xenscmi.host.guest_memory import mappings
from xenscmi.host.index import Index
from xenscmi.host.types import DomainKind, GuestMapping, HostDomain
from xenscmi.rules.editing import dts, xlcfg
from xenscmi.rules.misspelling import like

TYPE_CHECKING = False
if TYPE_CHECKING:
    from xenscmi.devicetree.tree import Node

_IOMEM = re.compile(
    r"""(?P<open>["'])(?P<host>(?:0[xX])?[0-9a-fA-F]+),(?P<size>(?:0[xX])?[0-9a-fA-F]+)"""
    r"""(?:@(?P<guest>(?:0[xX])?[0-9a-fA-F]+))?(?P<close>["'])"""
)


def map_pages(
    index: Index, domain: HostDomain, node: Node | None, host: int, size: int, guest: int
) -> Edit | tuple[Edit, ...] | None:
    """Return the edits that map `size` bytes of the host from `host` on to the guest address `guest`, whole pages.

    `node` is the node of the partial tree that stands for the memory: a dom0less domain's mapping is written there. A
    mapping of what the host does not have was meant to be this one; of two, nobody knows which.
    """
    astray = [each for each in mappings(domain) if not _is_known(index, each)]
    if (host | size | guest) % PAGE_SIZE or not size or len(astray) > 1:
        return None
    if astray:
        return change(domain, astray[0], host=host, size=size, guest=guest)
    if domain.kind is DomainKind.TOOLSTACK:
        settings = domain.configuration.settings if domain.configuration else None
        same = f"@{guest // PAGE_SIZE:x}" if guest != host else ""
        frames = f"{host // PAGE_SIZE:x},{size // PAGE_SIZE:x}{same}"
        return xlcfg.append(settings, "iomem", frames, behind="arm_sci")
    row = _row(node, host, size, guest) if node is not None else None
    if node is None or row is None:
        return None
    written = f"<{' '.join(f'{cell:#x}' for cell in row)}>"
    prop = node.get(XEN_REG)
    if prop and len(prop.value) % (4 * len(row)):
        return None
    if prop is None and (misspelled := like(node, XEN_REG)):
        return dts.rename(misspelled, XEN_REG)
    return dts.append(prop, written) if prop else dts.insert(node, f"{XEN_REG} = {written};")


def _is_known(index: Index, mapping: GuestMapping) -> bool:
    """Return whether a device of the host or an agent's page begins or lies behind a mapping."""
    end = mapping.host + max(mapping.size, 1)
    known = any(index.passthrough.registers_of_dom0.within(mapping.host, end))
    return known or any(page * PAGE_SIZE < end and mapping.host < (page + 1) * PAGE_SIZE for page in index.owners)


def _row(node: Node, host: int, size: int, guest: int) -> list[int] | None:
    """Return a row of `xen,reg` in the cells of the node's parent; None where a number does not fit."""
    addresses, sizes = mapping_cells(node)
    row: list[int] = []
    for value, count in ((host, addresses), (size, sizes), (guest, addresses)):
        if count not in (1, 2) or value >= 1 << 32 * count:
            return None
        row += dts.split(value, count)
    return row


def change(
    domain: HostDomain,
    mapping: GuestMapping,
    *,
    host: int | None = None,
    size: int | None = None,
    guest: int | None = None,
) -> Edit | tuple[Edit, ...] | None:
    """Return the edits that give a mapping another host address, size or guest address."""
    new = (
        mapping.host if host is None else host,
        mapping.size if size is None else size,
        mapping.guest if guest is None else guest,
    )
    if any(each % PAGE_SIZE for each in new):
        return None
    if domain.kind is DomainKind.TOOLSTACK:
        return _iomem(mapping, *new)
    for each in domain.tree.nodes if domain.tree else ():
        rows = each.mappings.value or () if each.mappings else ()
        at = next((at for at, row in enumerate(rows) if row is mapping), None)
        node = domain.tree.tree.node(each.path) if domain.tree and at is not None else None
        row = _row(node, *new) if node is not None else None
        if node is not None and row is not None and at is not None:
            return dts.cells(node.get(XEN_REG), row, at * len(row))
    return None


def _iomem(mapping: GuestMapping, host: int, size: int, guest: int) -> Edit | None:
    written = _IOMEM.fullmatch(mapping.span.text)
    if written is None:
        return None
    text = f"{_hex(written['host'], mapping.host, host)},{_hex(written['size'], mapping.size, size)}"
    if written["guest"] or guest != host:
        text += f"@{_hex(written['guest'] or written['host'], mapping.guest, guest)}"
    return Edit(span=mapping.span, text=f"{written['open']}{text}{written['close']}")


def _hex(like: str, old: int, new: int) -> str:
    """Return a page frame, written as another one was; one that stays is kept as it is."""
    if old == new and int(like, 16) == old // PAGE_SIZE:
        return like
    prefix = like[:2] if like[1:2] in "xX" and len(like) > 1 else ""
    digits = f"{new // PAGE_SIZE:x}"
    return prefix + (digits.upper() if like[len(prefix) :] != like[len(prefix) :].lower() else digits)
