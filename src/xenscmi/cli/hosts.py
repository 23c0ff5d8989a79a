"""Finding and reading the files of a host: by its manifest, by their kinds in a folder, or as a boot vector."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from xenscmi.cli.files import read_source
from xenscmi.devicetree import DeviceTreeError, Tree, apply_overlays, load, load_all
from xenscmi.diagnostics import Diagnostic, Severity, XenscmiError
from xenscmi.host.configuration import Configuration, read_configuration
from xenscmi.host.imagebuilder import ImageBuilder, looks_like_imagebuilder, read_imagebuilder
from xenscmi.host.manifest import NAME, Manifest, Places, check_path, firmware_of, read_manifest
from xenscmi.host.reader import read_host
from xenscmi.host.types import Host
from xenscmi.host.vector import read_vector_firmware
from xenscmi.rules.engine import Selection
from xenscmi.source import Span

_TREES = (".dts", ".dtb")
_OVERLAYS = (".dtso", ".dtbo")
_IMAGEBUILDER = ("config", "imagebuilder.cfg", "imagebuilder.config")


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A host as its files say it, and which rules its manifest wants."""

    host: Host
    selection: Selection = field(default_factory=Selection)


def load_host(paths: Sequence[str]) -> Loaded:
    """Return the host of a folder, of a manifest, or of single files.

    Raises XenscmiError where a file cannot be read, or where the files do not make a host.
    """
    first = Path(paths[0]) if paths else Path()
    if len(paths) < 2 and (first.is_dir() or not paths):
        manifest = first / NAME
        return _by_manifest(manifest) if _exists(manifest) else _by_kind(_listing(first), aloud=True)
    if len(paths) == 1 and first.suffix == ".toml":
        return _by_manifest(first)
    return _by_kind([Path(path) for path in paths], aloud=False)


def load_boot_vector(folder: Path) -> Loaded:
    """Return the host of a folder as in vectors/boot: host.dts, domU1.dts, …, and the firmware of expected.json."""
    names = [path for path in _listing(folder) if path.suffix == ".dts" and path.stem != "host"]
    firmware = read_vector_firmware(read_source(str(folder / "expected.json")))
    tree, *trees = _load_all([folder / "host.dts", *names])
    partial = {path.stem: each for path, each in zip(names, trees, strict=True)}
    return Loaded(host=read_host(tree, partial=partial, firmware=firmware))


def _by_manifest(path: Path) -> Loaded:
    source = read_source(str(path))
    manifest, places, folder = read_manifest(source), Places(source), path.parent

    def inside(name: str, key: str) -> Path:
        span = places.at(key)
        found = folder / check_path(name, span)
        if not found.resolve().is_relative_to(folder.resolve()):
            raise _error(f"{name} leads out of the host's folder", span, "name a file below the manifest's folder")
        return found

    include = [inside(name, "$.include") for name in manifest.include]
    tree = load(inside(manifest.device_tree, "$.device_tree"), include)
    if manifest.overlays:
        tree = apply_overlays(tree, [load(inside(name, "$.overlays"), include) for name in manifest.overlays])
    partial: dict[str, Tree] = {}
    toolstack: list[tuple[Configuration, Tree | None]] = []
    sources = [source]
    if manifest.imagebuilder:
        sources.append(read_source(str(inside(manifest.imagebuilder, "$.imagebuilder"))))
        builder = read_imagebuilder(sources[-1])
        partial |= _built(builder, folder, include)
    for number, domain in enumerate(manifest.domain):
        key = f"$.domain[{number}]"
        own = load(inside(domain.device_tree, f"{key}.device_tree"), include) if domain.device_tree else None
        if domain.config:
            configuration = read_configuration(read_source(str(inside(domain.config, f"{key}.config"))))
            toolstack.append((configuration, own))
        elif domain.name and tree.node(f"/chosen/{domain.name}") is None:
            raise _error(f"there is no domain /chosen/{domain.name} in the host tree", places.at(f"{key}.name"))
        elif domain.name and own:
            partial[domain.name] = own
    return Loaded(
        host=read_host(
            tree,
            partial=partial,
            toolstack=toolstack,
            firmware=firmware_of(manifest.firmware, source),
            xen_profile=manifest.xen.profile,
            sources=sources,
        ),
        selection=_selection(manifest, folder),
    )


def _selection(manifest: Manifest, folder: Path) -> Selection:
    rules = manifest.rules
    per_file = {str(folder / name): names for name, names in rules.per_file.items()}
    return Selection(select=rules.select, ignore=rules.ignore, per_file=per_file, severities=rules.severity)


def _by_kind(paths: Sequence[Path], *, aloud: bool) -> Loaded:
    """Return the host of files that are told apart by their kinds; `aloud`, notes say what was taken for what."""
    # Of one name the source is read, not what was compiled from it.
    sources = {path.with_suffix("") for path in paths if path.suffix == ".dts"}
    trees = _load_all(
        path
        for path in paths
        if path.suffix in _TREES and not (path.suffix == ".dtb" and path.with_suffix("") in sources)
    )
    overlays = _load_all(path for path in paths if path.suffix in _OVERLAYS)
    texts = [read_source(str(path)) for path in paths if path.suffix not in (*_TREES, *_OVERLAYS)]
    builders = [each for each in texts if looks_like_imagebuilder(each.text)]
    partial_trees = {Path(each.source.name).stem: each for each in trees if _is_partial(each)}
    tree = _host_tree([each for each in trees if not _is_partial(each)])
    for builder in builders:
        for name, variable in read_imagebuilder(builder).partial_trees().items():
            found = partial_trees.get(Path(variable.value).stem)
            if found:
                partial_trees[name] = found
    configurations = [read_configuration(each) for each in texts if each not in builders]
    if tree is None and not configurations:
        raise _error("there is neither a host device tree nor an xl.cfg here", None, "name them, or write host.toml")
    whole = apply_overlays(tree, overlays) if tree and overlays else tree
    host = read_host(
        whole,
        partial=partial_trees,
        toolstack=[(each, _named_tree(each, partial_trees)) for each in configurations],
        sources=builders,
        notes=tuple(_notes(whole, overlays, configurations, partial_trees)) if aloud else (),
    )
    return Loaded(host=host)


def _notes(
    tree: Tree | None, overlays: list[Tree], configurations: list[Configuration], partial: dict[str, Tree]
) -> Iterable[Diagnostic]:
    taken = [(tree.source, "the host device tree")] if tree else []
    taken += [(each.source, "an overlay of the host device tree") for each in overlays]
    taken += [(each.source, "a partial device tree") for each in partial.values()]
    taken += [(each.source, "an xl.cfg") for each in configurations]
    for source, what in taken:
        yield Diagnostic(message=f"{source.name}: taken for {what}", severity=Severity.INFO)
    nodes = chosen.children if tree and (chosen := tree.node("/chosen")) else ()
    used = {node.name for node in nodes} | {_tree_name(each) for each in configurations}
    for name, each in partial.items():
        if name not in used:
            yield Diagnostic(message=f"{each.source.name}: belongs to no domain", severity=Severity.INFO)


def _named_tree(configuration: Configuration, trees: dict[str, Tree]) -> Tree | None:
    """Return the partial tree that a domain's device_tree names, or else the one that is called as the domain."""
    return trees.get(_tree_name(configuration))


def _tree_name(configuration: Configuration) -> str:
    if configuration.parsed is None:
        return ""
    config = configuration.parsed.config
    return Path(config.b_info.device_tree).stem if config.b_info.device_tree else config.c_info.name or ""


def _built(builder: ImageBuilder, folder: Path, include: Sequence[Path]) -> dict[str, Tree]:
    """Return the partial trees that an ImageBuilder configuration names, read from sources that stand beside them."""
    found = {}
    for name, variable in builder.partial_trees().items():
        path = folder / check_path(variable.value, variable.span)
        source = path.with_suffix(".dts")
        if _exists(source) or _exists(path):
            found[name] = load(source if _exists(source) else path, include)
    return found


def _load_all(paths: Iterable[Path]) -> list[Tree]:
    """Return the trees of several files. Raises XenscmiError with the errors of all of them."""
    loaded = load_all(paths)
    errors = [error for found in loaded if isinstance(found, DeviceTreeError) for error in found.diagnostics]
    if errors:
        raise XenscmiError(*errors)
    return [found for found in loaded if isinstance(found, Tree)]


def _is_partial(tree: Tree) -> bool:
    return tree.node("/passthrough") is not None and tree.node("/cpus") is None and tree.node("/chosen") is None


def _host_tree(trees: list[Tree]) -> Tree | None:
    if len(trees) > 1:
        names = ", ".join(tree.source.name for tree in trees)
        raise _error(f"which of these is the host device tree? {names}", None, f"say it in {NAME}, or name the files")
    return trees[0] if trees else None


def _listing(folder: Path) -> list[Path]:
    """Return the files of a folder that may belong to a host, by name."""
    try:
        found = sorted(folder.iterdir())
    except OSError as error:
        raise _error(f"cannot read {folder}: {error.strerror}") from None
    return [
        path
        for path in found
        if path.suffix in (*_TREES, *_OVERLAYS, ".cfg") or path.name in _IMAGEBUILDER
        if _exists(path)
    ]


def _exists(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError) as error:
        raise _error(f"cannot read {path}: {error}") from None


def _error(message: str, span: Span | None = None, help: str = "") -> XenscmiError:
    return XenscmiError(Diagnostic(message=message, span=span, help=help))
