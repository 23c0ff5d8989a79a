"""Reads the parts of a host that its manifest names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path, PurePath

from xenscmi.bindings.names import CHOSEN
from xenscmi.devicetree import Tree
from xenscmi.diagnostics import Annotation, Diagnostic, Severity, XenscmiError
from xenscmi.host.configuration import Configuration
from xenscmi.host.files import HostFiles
from xenscmi.host.imagebuilder import ImageBuilder, Variable, mark_devices, missing_parts, read_imagebuilder
from xenscmi.host.manifest import Manifest, check_path
from xenscmi.host.named_files import NamedFiles, Names, each
from xenscmi.host.parts import HostParts
from xenscmi.host.target_tree import target_tree
from xenscmi.source import Source, Span

_ELSEWHERE = "if the target has it, name a copy of the target's files with --root DIR; or its folder with -I DIR"


def read_by_manifest(files: HostFiles, path: Path, listing: Sequence[Path]) -> HostParts:
    """Return the parts that the manifest at `path` names; `listing` are the files in its folder."""
    source = files.text(path)
    manifest, places = files.parsed.manifest(source)
    named = NamedFiles(files, path, manifest, places)
    trees = named.trees([*_trees_of(manifest)])
    if trees[manifest.device_tree].is_overlay:
        help = "name the board's tree there, and this one in overlays"
        raise _error(f"{manifest.device_tree} is an overlay, not a host device tree", places.at("$.device_tree"), help)
    overlays = [trees[name] for name in manifest.overlays]
    tree = files.parsed.with_overlays(trees[manifest.device_tree], overlays)
    partial: dict[str, Tree] = {}
    toolstack: list[tuple[Configuration, Tree | None]] = []
    given: dict[str, Span] = {}
    sources = [source]
    builder = None
    if manifest.imagebuilder:
        sources.append(named.text(manifest.imagebuilder, "$.imagebuilder"))
        builder = read_imagebuilder(sources[-1])
        tree = _booted(named, tree, builder)
        partial |= _built_trees(named, builder)
    profile = manifest.firmware.profile
    own_profile = named.text(profile, "$.firmware.profile") if profile.endswith(".toml") else None
    if own_profile:
        sources.append(own_profile)
    for number, domain in enumerate(manifest.domain):
        key = f"$.domain[{number}]"
        place = places.at(f"{key}.device_tree")
        own = _own_tree(named, trees, domain.device_tree, place) if domain.device_tree else None
        if domain.config:
            configuration = files.parsed.configuration(named.text(domain.config, f"{key}.config"))
            toolstack.append((configuration, own or _tree_on_target(named, configuration)))
            given |= {configuration.source.name: place} if own else {}
        elif domain.name and tree.node(f"{CHOSEN}/{domain.name}") is None:
            raise _error(f"there is no domain /chosen/{domain.name} in the host tree", places.at(f"{key}.name"))
        elif domain.name and own:
            partial[domain.name] = own
            given[f"{CHOSEN}/{domain.name}"] = place
    return HostParts(
        tree=tree,
        partial=partial,
        toolstack=tuple(toolstack),
        given=given,
        named=named,
        own_profile=own_profile,
        unlisted=tuple(_unlisted(named, listing)),
        notes=(
            *(missing_parts(tree, builder) if builder else ()),
            *(note for configuration, _ in toolstack for note in _joined_lines(configuration.source)),
        ),
        sources=tuple(sources),
    )


def _trees_of(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Yield the names of the manifest's device trees, each with its key."""
    yield manifest.device_tree, "$.device_tree"
    yield from each(manifest.overlays, "$.overlays")
    for number, domain in enumerate(manifest.domain):
        yield from each(domain.device_tree or (), f"$.domain[{number}].device_tree")


def _own_tree(named: NamedFiles, trees: Mapping[str, Tree], names: Names, place: Span) -> Tree:
    """Return a domain's partial tree, with the overlays on it applied."""
    first, *overlays = [trees[name] for name, _ in each(names, "")]
    if first.is_overlay:
        help = 'name the partial tree first: device_tree = ["PARTIAL.dts", "OVERLAY.dtso"]'
        raise _error(f"{first.source.name} is an overlay, not a partial device tree", place, help)
    return named.files.parsed.with_overlays(first, overlays)


def _joined_lines(source: Source) -> Iterator[Diagnostic]:
    """Yield where the first line of a fragment goes on the last line of the one before, as `cat` joins them."""
    for fragment, following in pairwise(part for part in source.parts if part.text):
        first = following.text.partition("\n")[0]
        if fragment.text.endswith("\n") or not first.strip() or first.lstrip().startswith("#"):
            continue
        start = fragment.starts[-1]
        yield Diagnostic(
            message=f"{fragment.name} ends without a newline: the first line of {following.name} continues this one",
            severity=Severity.WARNING,
            span=Span(fragment, start, len(fragment.text)),
            related=(Annotation(span=Span(following, 0, len(first)), label="the line that is joined to it"),),
            help="end the file with a newline",
        )


def _tree_on_target(named: NamedFiles, configuration: Configuration) -> Tree | None:
    """Return the partial tree that an xl.cfg names by its path on the target, where its file is here."""
    if configuration.parsed is None or not configuration.parsed.config.b_info.device_tree:
        return None
    place = configuration.parsed.place("b_info.device_tree")
    beside = Path(place.source.name).parent if place else named.folder
    name = configuration.parsed.config.b_info.device_tree
    return target_tree(name, beside, named.files, named.include, place)


def _booted(named: NamedFiles, tree: Tree, builder: ImageBuilder) -> Tree:
    """Return the host tree as U-Boot hands it to Xen: with ImageBuilder's overlays, but for those of the manifest.

    A boot image is often built elsewhere: files that are not there are left out, and `missing_parts` says so.
    """
    applied = {PurePath(name).stem for name in named.manifest.overlays}
    wanted = [each for each in builder.overlays() if PurePath(each.value).stem not in applied]
    overlays = [found for each in wanted if (found := _built(named, each)) is not None]
    return mark_devices(named.files.parsed.with_overlays(tree, overlays), builder)


def _built_trees(named: NamedFiles, builder: ImageBuilder) -> dict[str, Tree]:
    """Return the partial trees that ImageBuilder names, where these are there, by the names of their domains' nodes."""
    found = ((name, _built(named, variable)) for name, variable in builder.partial_trees().items())
    return {name: tree for name, tree in found if tree is not None}


def _built(named: NamedFiles, variable: Variable) -> Tree | None:
    """Return the tree that a variable of ImageBuilder names, of its source if that is there; None where neither is."""
    search = named.files.search
    if not (search.roots or search.include):
        check_path(variable.value, variable.span, help=_ELSEWHERE)
    return target_tree(variable.value, named.folder, named.files, named.include, variable.span)


def _unlisted(named: NamedFiles, listing: Sequence[Path]) -> Iterator[Configuration]:
    """Yield the xl.cfg files of the folder that the manifest does not name; only what names a domain is one.

    Kernel configurations and fragments have this suffix, too.
    """
    manifest = named.manifest
    names = [name for domain in manifest.domain for name, _ in each(domain.config or (), "")]
    names += [manifest.imagebuilder] if manifest.imagebuilder else []
    taken = {place.path for name in names for place in named.looked_for(name)}
    for path in listing:
        if path.suffix != ".cfg" or path in taken:
            continue
        try:
            configuration = named.files.parsed.configuration(named.files.text(path))
        except XenscmiError:
            continue
        if configuration.settings and configuration.settings.get("name"):
            yield configuration


def _error(message: str, span: Span | None = None, help: str = "") -> XenscmiError:
    return XenscmiError(Diagnostic(message=message, span=span, help=help))
