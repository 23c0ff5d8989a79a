"""Finds the partial device tree of a domain whose xl.cfg file names one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from xenscmi.devicetree import Tree, parse_tree
from xenscmi.host.files import HostFiles
from xenscmi.host.types import DomainKind, Host
from xenscmi.source import Span


def partial_tree_of(
    host: Host, file: str, device_tree: str, files: HostFiles, folders: Iterable[Path], span: Span | None = None
) -> Tree | None:
    """Return the partial tree of the domain of an xl.cfg `file`; None where it cannot be found.

    The host's own files come first: the tree that its manifest gives this file. Else it is what the file names as
    `device_tree`, at `span`, in one of these folders or in the file's, or the DTS source beside it. Raises XenscmiError
    for a tree that cannot be read.
    """
    for domain in host.domains:
        of_file = (
            domain.kind is DomainKind.TOOLSTACK and Path(domain.span.source.name).resolve() == Path(file).resolve()
        )
        if of_file and domain.tree is not None:
            return domain.tree.tree
    for path in _places(Path(device_tree), Path(file).parent, folders):
        data = files.read_if_there(path, span)
        if data is not None:
            return parse_tree(data, path)
    return None


def _places(named: Path, beside: Path, folders: Iterable[Path]) -> Iterator[Path]:
    for folder in (Path(), beside, *folders):
        for path in (folder / named, folder / named.name):
            yield path
            yield path.with_suffix(".dts")
