"""Finds the partial device tree of a domain whose xl.cfg file names one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from xenscmi.devicetree import Tree, load
from xenscmi.host.types import DomainKind, Host


def partial_tree_of(host: Host, file: str, device_tree: str, folders: Iterable[Path]) -> Tree | None:
    """Return the partial tree of the domain of an xl.cfg `file`; None where it is not at hand.

    The host's own files come first: the tree that its manifest gives this file. Else it is what the file names as
    `device_tree`, in one of these folders or in the file's, or the DTS source beside it. Raises DeviceTreeError for a
    tree that cannot be read.
    """
    for domain in host.domains:
        of_file = (
            domain.kind is DomainKind.TOOLSTACK and Path(domain.span.source.name).resolve() == Path(file).resolve()
        )
        if of_file and domain.tree is not None:
            return domain.tree.tree
    found = next((path for path in _places(Path(device_tree), Path(file).parent, folders) if path.is_file()), None)
    return None if found is None else load(found)


def _places(named: Path, beside: Path, folders: Iterable[Path]) -> Iterator[Path]:
    for folder in (Path(), beside, *folders):
        for path in (folder / named, folder / named.name):
            yield path
            yield path.with_suffix(".dts")
