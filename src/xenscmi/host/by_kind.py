"""Reads the parts of a host from files that no manifest names: what they are tells their kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from xenscmi.bindings.names import CHOSEN
from xenscmi.devicetree import Tree
from xenscmi.diagnostics import Diagnostic, Severity, XenscmiError
from xenscmi.host import kinds
from xenscmi.host.configuration import Configuration
from xenscmi.host.files import HostFiles
from xenscmi.host.imagebuilder import (
    ImageBuilder,
    in_boot_order,
    looks_like_imagebuilder,
    mark_devices,
    missing_parts,
    read_imagebuilder,
)
from xenscmi.host.manifest import NAME
from xenscmi.host.parts import HostParts
from xenscmi.host.target_tree import target_tree
from xenscmi.source import Source, Span


def read_by_kind(files: HostFiles, paths: Sequence[Path], folder: Path | None = None) -> HostParts:
    """Return the parts of a host in files that are told apart by their kinds.

    Where they were found in a folder, not named, notes of the host say what each was taken for.
    """
    found = folder is not None
    texts = [files.text(path) for path in paths if path.suffix not in (*kinds.TREES, *kinds.OVERLAYS)]
    fragments = [each for each in texts if kinds.looks_like_kconfig(each.text)]
    if fragments and not found:
        message = f"{fragments[0].name} is a Kconfig fragment, not an xl.cfg"
        raise _error(message, Span(fragments[0], 0, 0), "leave it out: it configures a kernel, U-Boot or Xen")
    builders = [each for each in texts if looks_like_imagebuilder(each.text)]
    images = [read_imagebuilder(each) for each in builders]
    host, partial, overlays = _trees(files, paths, images, ordered=not found)
    configurations = [
        files.parsed.configuration(each) for each in texts if each not in builders and each not in fragments
    ]
    if host is None and not configurations:
        where = "here" if found else "among " + ", ".join(map(str, paths))
        message, help = f"there is neither a host device tree nor an xl.cfg {where}", f"name them, or write {NAME}"
        raise _error(message, Span(Source(str(folder or paths[0]), ""), 0, 0), help)
    tree = _booted(files, host, images) if host else None
    trees = {name: files.parsed.with_overlays(stack.base, stack.overlays) for name, stack in partial.items()}
    for image in images:
        for name, variable in image.partial_trees().items():
            built = trees.get(Path(variable.value).stem) or _on_target(files, variable.value, variable.span)
            if built:
                trees[name] = built
    return HostParts(
        tree=tree,
        partial=trees,
        toolstack=tuple((each, _own_tree(files, each, trees)) for each in configurations),
        sources=tuple(builders),
        notes=(
            *(_notes(tree, overlays, configurations, trees, fragments) if found else ()),
            *(note for image in images if tree for note in missing_parts(tree, image)),
        ),
    )


def _booted(files: HostFiles, host: kinds.Stack, images: Sequence[ImageBuilder]) -> Tree:
    """Return the host tree with its overlays, changed as U-Boot does it for these configurations of ImageBuilder."""
    overlays: Sequence[Tree] = host.overlays
    for image in images:
        given = {Path(each.source.name).stem for each in overlays}
        named = [each for each in image.overlays() if Path(each.value).stem not in given]
        built = (_on_target(files, each.value, each.span) for each in named)
        overlays = in_boot_order([*overlays, *(each for each in built if each)], image)
    tree = files.parsed.with_overlays(host.base, overlays)
    for image in images:
        tree = mark_devices(tree, image)
    return tree


def _trees(
    files: HostFiles, paths: Sequence[Path], images: Sequence[ImageBuilder], *, ordered: bool
) -> tuple[kinds.Stack | None, dict[str, kinds.Stack], list[tuple[Tree, str]]]:
    """Return the host's tree, the partial trees by their names, and each overlay with what it was taken for.

    `ordered` says that somebody gave the overlays in their order.
    """
    trees = files.trees(_sources_first(paths, *kinds.TREES))
    given = files.trees(_sources_first(paths, *kinds.OVERLAYS))
    partial = {Path(each.source.name).stem: kinds.Stack(each) for each in trees if kinds.is_partial(each)}
    tree = _host_tree([each for each in trees if not kinds.is_partial(each)]) or _built_tree(files, images)
    host = kinds.Stack(tree) if tree else None
    overlays = []
    guests = list(partial.values())
    for overlay in given if ordered else kinds.in_order(given, [host, *guests] if host else guests):
        base = kinds.base_of(overlay, host, guests)
        if base is None:
            raise _unclear(overlay, partial.values())
        base.add(overlay)
        what = "the host device tree" if base is host else f"the partial device tree {base.base.source.name}"
        overlays.append((overlay, what))
    return host, partial, overlays


def _built_tree(files: HostFiles, images: Sequence[ImageBuilder]) -> Tree | None:
    """Return the host tree that ImageBuilder's configuration names, where its file is here."""
    for image in images:
        if image.device_tree is not None:
            return _on_target(files, image.device_tree.value, image.device_tree.span)
    return None


def _sources_first(paths: Sequence[Path], source: str, compiled: str) -> Iterator[Path]:
    """Yield the files of two kinds; where a source and what was compiled from it have one name, the source alone."""
    known = set(paths)
    for path in paths:
        if path.suffix == source or (path.suffix == compiled and path.with_suffix(source) not in known):
            yield path


def _unclear(overlay: Tree, partial: Iterable[kinds.Stack]) -> XenscmiError:
    names = ", ".join(stack.base.source.name for stack in partial)
    what = f"which partial device tree does it amend? {names}" if names else "there is no device tree that it amends"
    help = f'say so in {NAME}: device_tree = ["PARTIAL.dts", "OVERLAY.dtso"] of the domain'
    return _error(f"{overlay.source.name}: {what}", overlay.root.span, help)


def _own_tree(files: HostFiles, configuration: Configuration, partial: Mapping[str, Tree]) -> Tree | None:
    """Return the partial tree of an xl.cfg's domain: the one that it names, or else the one that is called as it."""
    if configuration.parsed is None:
        return None
    known = partial.get(_tree_name(configuration))
    device_tree = configuration.parsed.config.b_info.device_tree
    if known or not device_tree:
        return known
    return _on_target(files, device_tree, configuration.parsed.place("b_info.device_tree"))


def _on_target(files: HostFiles, name: str, span: Span | None) -> Tree | None:
    """Return the tree that a file names by its path on the target, at `span`."""
    beside = Path(span.source.name).parent if span else Path()
    return target_tree(name, beside, files, files.search.include, span)


def _notes(
    tree: Tree | None,
    overlays: Sequence[tuple[Tree, str]],
    configurations: Sequence[Configuration],
    partial: Mapping[str, Tree],
    fragments: Sequence[Source],
) -> Iterator[Diagnostic]:
    taken = [(tree.source, "the host device tree")] if tree else []
    taken += [(each.source, f"an overlay of {what}") for each, what in overlays]
    taken += [(each.source, "a partial device tree") for each in partial.values()]
    taken += [(each.source, "an xl.cfg") for each in configurations]
    taken += [(each, "a Kconfig fragment, and left out") for each in fragments]
    for source, what in taken:
        yield Diagnostic(message=f"{source.name}: taken for {what}", severity=Severity.INFO)
    for each in configurations:
        if each.settings and each.settings.get("name") is None:
            help = f'if it is a fragment, say so in {NAME}: config = ["FIRST.cfg", "{Path(each.source.name).name}"]'
            message = f"{each.source.name}: names no domain"
            yield Diagnostic(message=message, severity=Severity.INFO, span=Span(each.source, 0, 0), help=help)
    nodes = chosen.children if tree and (chosen := tree.node(CHOSEN)) else ()
    used = {node.name for node in nodes} | {_tree_name(each) for each in configurations}
    for name, own in partial.items():
        if name not in used:
            yield Diagnostic(message=f"{own.source.name}: belongs to no domain", severity=Severity.INFO)


def _tree_name(configuration: Configuration) -> str:
    """Return the name, without its suffix, of the partial tree of an xl.cfg's domain; empty where there is none."""
    if configuration.parsed is None:
        return ""
    config = configuration.parsed.config
    return Path(config.b_info.device_tree).stem if config.b_info.device_tree else config.c_info.name or ""


def _host_tree(trees: list[Tree]) -> Tree | None:
    if len(trees) > 1:
        names = ", ".join(tree.source.name for tree in trees)
        message, help = f"which of these is the host device tree? {names}", f"say so in {NAME}, or name the files"
        raise _error(message, trees[1].root.span, help)
    return trees[0] if trees else None


def _error(message: str, span: Span | None = None, help: str = "") -> XenscmiError:
    return XenscmiError(Diagnostic(message=message, span=span, help=help))
