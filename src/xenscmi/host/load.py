"""Loads a host from its files: those that host.toml names, or else files that are told apart by their kinds.

Files come through functions that the caller gives: a command gives the file system, an editor its unsaved buffers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from os.path import realpath
from pathlib import Path, PurePath

from xenscmi.bindings.names import CHOSEN, PASSTHROUGH
from xenscmi.devicetree import Tree
from xenscmi.diagnostics import Diagnostic, Severity, XenscmiError
from xenscmi.host.configuration import Configuration
from xenscmi.host.files import HostFiles, ListFolder, Read, unreadable
from xenscmi.host.firmware import firmware_of
from xenscmi.host.imagebuilder import looks_like_imagebuilder, read_imagebuilder
from xenscmi.host.manifest import NAME, Manifest, RulesSection, check_path
from xenscmi.host.parsed import ParsedFiles
from xenscmi.host.reader import read_host
from xenscmi.host.toml_places import TomlPlaces
from xenscmi.host.types import Host
from xenscmi.source import Source, Span

_TREES = (".dts", ".dtb")
_OVERLAYS = (".dtso", ".dtbo")
_IMAGEBUILDER = ("config", "imagebuilder.cfg", "imagebuilder.config")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedHost:
    """A host as its files describe it, and the rules that its manifest selects, `per_file` by the names of sources."""

    host: Host
    rules: RulesSection = field(default_factory=RulesSection)


def load_host(
    paths: Sequence[str],
    *,
    read: Read,
    list_folder: ListFolder,
    include: Sequence[Path] = (),
    parsed: ParsedFiles | None = None,
) -> LoadedHost:
    """Return the host of a folder, of a manifest, or of single files; without paths, of the current folder.

    DTS files may include what lies in the folders `include`. `parsed` has what was read before. Raises XenscmiError
    where a file cannot be read, or where the files do not make a host.
    """
    files = HostFiles(read, include, parsed)
    given = [Path(path) for path in paths] or [Path()]
    if len(given) > 1:
        for each in given:
            if each.suffix == ".toml":
                raise _error(f"{each} names the files of its host", None, "give it alone, or the files without it")
        return _by_kind(files, given)
    (path,) = given
    manifest = path.suffix == ".toml"
    try:
        listing = list_folder(path.parent if manifest else path)
    except OSError as error:
        raise unreadable(path, error) from None
    if manifest:
        return _by_manifest(files, path, listing or ())
    if listing is None:
        return _by_kind(files, given)
    if any(each.name == NAME for each in listing):
        return _by_manifest(files, path / NAME, listing)
    return _by_kind(files, [each for each in listing if _belongs(each)], found=True)


class _Folder:
    """The files that a manifest names: paths relative to its folder, which they may not leave."""

    def __init__(self, files: HostFiles, path: Path, manifest: Manifest, places: TomlPlaces) -> None:
        self._files = files
        self._path = path
        self._places = places
        self._folders: dict[Path, str] = {}  # without symlinks
        self._include = [*(self.find(name, "$.include") for name in manifest.include), *files.include]

    def find(self, name: str, key: str) -> Path:
        """Return the path of a name that stands at a key of the manifest."""
        return self._inside(name, self._places.at(key))

    def _inside(self, name: str, span: Span) -> Path:
        found = self._path / check_path(name, span)
        if not self._is_below(found):
            raise _error(f"{name} leads out of the host's folder", span, "name a file below the manifest's folder")
        return found

    def _is_below(self, path: Path) -> bool:
        """Return whether a path stays below the folder, symlinks followed (Path.resolve() raises for circles)."""
        if path.is_symlink():
            return Path(realpath(path)).is_relative_to(self._real(self._path))
        return Path(self._real(path.parent)).is_relative_to(self._real(self._path))

    def _real(self, folder: Path) -> str:
        if folder not in self._folders:
            self._folders[folder] = realpath(folder)
        return self._folders[folder]

    def text(self, name: str, key: str) -> Source:
        return self._files.text(self.find(name, key), self._places.at(key))

    def configuration(self, name: str, key: str) -> Configuration:
        return self._files.configuration(self.find(name, key), self._places.at(key))

    def tree(self, name: str, key: str) -> Tree:
        path = self.find(name, key)
        return self._parse(self._files.read(path, self._places.at(key)), path)

    def _parse(self, data: bytes, path: Path) -> Tree:
        return self._files.parsed.tree(data, path, self._include, self._path)

    def built_trees(self, imagebuilder: Source) -> dict[str, Tree]:
        """Return the partial trees that an ImageBuilder configuration names, of the sources where these are there.

        A boot image is often built elsewhere: files that are not there are passed over.
        """
        found = {}
        for name, variable in read_imagebuilder(imagebuilder).partial_trees().items():
            path = self._inside(variable.value, variable.span)
            for each in (path.with_suffix(".dts"), path):
                data = self._files.read_if_there(each, variable.span)
                if data is not None:
                    found[name] = self._parse(data, each)
                    break
        return found


def _by_manifest(files: HostFiles, path: Path, listing: Sequence[Path]) -> LoadedHost:
    source = files.text(path)
    manifest, places = files.parsed.manifest(source)
    folder = _Folder(files, path.parent, manifest, places)
    tree = folder.tree(manifest.device_tree, "$.device_tree")
    if manifest.overlays:
        tree = files.parsed.with_overlays(tree, [folder.tree(name, "$.overlays") for name in manifest.overlays])
    partial: dict[str, Tree] = {}
    toolstack: list[tuple[Configuration, Tree | None]] = []
    sources = [source]
    if manifest.imagebuilder:
        sources.append(folder.text(manifest.imagebuilder, "$.imagebuilder"))
        partial |= folder.built_trees(sources[-1])
    profile = manifest.firmware.profile
    own_profile = folder.text(profile, "$.firmware.profile") if profile.endswith(".toml") else None
    if own_profile:
        sources.append(own_profile)
    for number, domain in enumerate(manifest.domain):
        key = f"$.domain[{number}]"
        own = folder.tree(domain.device_tree, f"{key}.device_tree") if domain.device_tree else None
        if domain.config:
            toolstack.append((folder.configuration(domain.config, f"{key}.config"), own))
        elif domain.name and tree.node(f"{CHOSEN}/{domain.name}") is None:
            raise _error(f"there is no domain /chosen/{domain.name} in the host tree", places.at(f"{key}.name"))
        elif domain.name and own:
            partial[domain.name] = own
    host = read_host(
        tree,
        partial=partial,
        toolstack=toolstack,
        firmware=firmware_of(manifest.firmware, places, own_profile),
        xen_profile=manifest.xen.profile,
        sci_driver=manifest.xen.driver,
        unlisted=tuple(_unlisted(files, manifest, listing)),
        sources=sources,
    )
    return LoadedHost(host=host, rules=_rules(manifest.rules, path.parent))


def _unlisted(files: HostFiles, manifest: Manifest, listing: Sequence[Path]) -> Iterator[Configuration]:
    """Yield the xl.cfg files of the folder that the manifest does not name; only what names a domain is one.

    Kernel configurations and fragments have this suffix, too.
    """
    named = {PurePath(each.config) for each in manifest.domain if each.config}
    named |= {PurePath(manifest.imagebuilder)} if manifest.imagebuilder else set()
    for path in listing:
        if path.suffix != ".cfg" or PurePath(path.name) in named:
            continue
        try:
            configuration = files.configuration(path)
        except XenscmiError:
            continue
        if configuration.settings and configuration.settings.get("name"):
            yield configuration


def _rules(section: RulesSection, folder: Path) -> RulesSection:
    per_file = {str(folder / name): rules for name, rules in section.per_file.items()}
    return RulesSection(select=section.select, ignore=section.ignore, per_file=per_file, severity=section.severity)


def _by_kind(files: HostFiles, paths: Sequence[Path], *, found: bool = False) -> LoadedHost:
    """Return the host of files that are told apart by their kinds.

    Where they were `found` in a folder, not named, notes of the host say what each was taken for.
    """
    # Where a source and what was compiled from it have one name, the source is read.
    sources = {path.with_suffix("") for path in paths if path.suffix == ".dts"}
    trees = files.trees(
        path
        for path in paths
        if path.suffix in _TREES and not (path.suffix == ".dtb" and path.with_suffix("") in sources)
    )
    overlays = files.trees(path for path in paths if path.suffix in _OVERLAYS)
    texts = [files.text(path) for path in paths if path.suffix not in (*_TREES, *_OVERLAYS)]
    builders = [each for each in texts if looks_like_imagebuilder(each.text)]
    partial = {Path(each.source.name).stem: each for each in trees if _is_partial(each)}
    tree = _host_tree([each for each in trees if not _is_partial(each)])
    for builder in builders:
        for name, variable in read_imagebuilder(builder).partial_trees().items():
            built = partial.get(Path(variable.value).stem)
            if built:
                partial[name] = built
    configurations = [files.parsed.configuration(each) for each in texts if each not in builders]
    if tree is None and not configurations:
        where = "here" if found else "among " + ", ".join(map(str, paths))
        raise _error(f"there is neither a host device tree nor an xl.cfg {where}", None, f"name them, or write {NAME}")
    whole = files.parsed.with_overlays(tree, overlays) if tree and overlays else tree
    host = read_host(
        whole,
        partial=partial,
        toolstack=[(each, partial.get(_tree_name(each))) for each in configurations],
        sources=builders,
        notes=tuple(_notes(whole, overlays, configurations, partial)) if found else (),
    )
    return LoadedHost(host=host)


def _notes(
    tree: Tree | None, overlays: list[Tree], configurations: list[Configuration], partial: dict[str, Tree]
) -> Iterable[Diagnostic]:
    taken = [(tree.source, "the host device tree")] if tree else []
    taken += [(each.source, "an overlay of the host device tree") for each in overlays]
    taken += [(each.source, "a partial device tree") for each in partial.values()]
    taken += [(each.source, "an xl.cfg") for each in configurations]
    for source, what in taken:
        yield Diagnostic(message=f"{source.name}: taken for {what}", severity=Severity.INFO)
    nodes = chosen.children if tree and (chosen := tree.node(CHOSEN)) else ()
    used = {node.name for node in nodes} | {_tree_name(each) for each in configurations}
    for name, each in partial.items():
        if name not in used:
            yield Diagnostic(message=f"{each.source.name}: belongs to no domain", severity=Severity.INFO)


def _tree_name(configuration: Configuration) -> str:
    """Return the name of a domain's partial tree, without suffix: what `device_tree` names, or the domain's name."""
    if configuration.parsed is None:
        return ""
    config = configuration.parsed.config
    return Path(config.b_info.device_tree).stem if config.b_info.device_tree else config.c_info.name or ""


def _belongs(path: Path) -> bool:
    """Return whether a file that was found in a folder may belong to a host."""
    return path.suffix in (*_TREES, *_OVERLAYS, ".cfg") or path.name in _IMAGEBUILDER


def _is_partial(tree: Tree) -> bool:
    return tree.node(PASSTHROUGH) is not None and tree.node("/cpus") is None and tree.node(CHOSEN) is None


def _host_tree(trees: list[Tree]) -> Tree | None:
    if len(trees) > 1:
        names = ", ".join(tree.source.name for tree in trees)
        raise _error(f"which of these is the host device tree? {names}", None, f"say so in {NAME}, or name the files")
    return trees[0] if trees else None


def _error(message: str, span: Span | None = None, help: str = "") -> XenscmiError:
    return XenscmiError(Diagnostic(message=message, span=span, help=help))
