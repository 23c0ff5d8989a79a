"""The partial device trees that an xl.cfg, or ImageBuilder's configuration, names by their paths on the target."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from xenscmi.devicetree import Tree, parse_tree
from xenscmi.host.files import HostFiles
from xenscmi.host.search import on_target
from xenscmi.host.types import DomainKind, Host
from xenscmi.source import Span


def target_tree(
    name: str, beside: Path, files: HostFiles, include: Sequence[Path], span: Span | None = None
) -> Tree | None:
    """Return the device tree that the target has at the path `name`; None where its file is not here.

    A file in the folder `beside` names it, at `span`. Raises XenscmiError for a file that is not a device tree.
    """
    for place in on_target(name, beside, files.search, files.links):
        data = files.read_if_there(place.path, span)
        if data is not None:
            return files.parse([(place, data, span)], include)[0]
    return None


def partial_tree_of(
    host: Host, file: str, device_tree: str, files: HostFiles, folders: Iterable[Path], span: Span | None = None
) -> Tree | None:
    """Return the partial tree of the domain of an xl.cfg `file` to create; None where it cannot be found.

    The host's own files come first: the tree that its manifest gives this file, or to a domain with the same path as
    `device_tree`. Else it is what the file names so, at `span`, in one of these folders or in the file's, or the DTS
    source beside it. Raises XenscmiError for a tree that cannot be read.
    """
    own = [each for each in host.domains if each.kind is DomainKind.TOOLSTACK and each.tree]
    of_file = [each for each in own if Path(each.span.source.name).resolve() == Path(file).resolve()]
    same = [each for each in own if each.tree_file and each.tree_file.value == device_tree]
    for domain in (*of_file, *same):
        if domain.tree is not None:
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
