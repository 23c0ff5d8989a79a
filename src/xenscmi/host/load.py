"""Loads a host from its files: those that host.toml names, or else files that are told apart by their kinds.

Files come through functions that the caller gives: a command gives the file system, an editor its unsaved buffers.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.host.by_kind import read_by_kind
from xenscmi.host.by_manifest import read_by_manifest
from xenscmi.host.files import HostFiles, ListFolder, Read, unreadable
from xenscmi.host.firmware import firmware_of
from xenscmi.host.kinds import belongs
from xenscmi.host.manifest import NAME, RulesSection
from xenscmi.host.named_files import NamedFiles
from xenscmi.host.parsed import ParsedFiles
from xenscmi.host.parts import HostParts
from xenscmi.host.reader import read_host
from xenscmi.host.search import SearchPath
from xenscmi.host.types import Host
from xenscmi.source import Source, Span
from xenscmi.spelling import did_you_mean


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
    search: SearchPath | None = None,
    parsed: ParsedFiles | None = None,
) -> LoadedHost:
    """Return the host of a folder, of a manifest, or of single files; without paths, of the current folder.

    `search` says where files may lie besides where they are named, `parsed` has what was read before. Raises
    XenscmiError where a file cannot be read, or where the files do not make a host.
    """
    parts = read_parts(paths, HostFiles(read, list_folder, search, parsed), list_folder)
    named = parts.named
    manifest = named.manifest if named else None
    host = read_host(
        parts.tree,
        partial=parts.partial,
        toolstack=parts.toolstack,
        given=parts.given,
        firmware=firmware_of(manifest.firmware, named.places, parts.own_profile) if named and manifest else None,
        xen_profile=manifest.xen.profile if manifest else None,
        sci_driver=manifest.xen.driver if manifest else None,
        unlisted=parts.unlisted,
        notes=parts.notes,
        sources=parts.sources,
    )
    return LoadedHost(host=host, rules=_rules(named, host)) if named else LoadedHost(host=host)


def read_parts(paths: Sequence[str], files: HostFiles, list_folder: ListFolder) -> HostParts:
    """Return the files that make a host, read and told apart, as `load_host` finds them. Raises XenscmiError."""
    given = [Path(path) for path in paths] or [Path()]
    for each in given if len(given) > 1 else ():
        if each.suffix == ".toml":
            whole = Span(Source(str(each), ""), 0, 0)
            raise _error(f"{each} names the files of its host", "give it alone, or the files without it", whole)
    path, listing = given[0], None
    if len(given) == 1:
        try:
            listing = list_folder(path.parent if path.suffix == ".toml" else path)
        except OSError as error:
            raise unreadable(path, error) from None
    if len(given) == 1 and path.suffix == ".toml":
        return read_by_manifest(files, path, listing or ())
    if any(each.name == NAME for each in listing or ()):
        return read_by_manifest(files, path / NAME, listing or ())
    for name in files.search.named:
        raise _error(f"--root {name}=…: there is no {NAME} with [paths] that has it", "give the folder with -I")
    if listing is None:
        return read_by_kind(files, given)
    return read_by_kind(files, [each for each in listing if belongs(each)], path)


def _rules(named: NamedFiles, host: Host) -> RulesSection:
    """Return the manifest's rules, `per_file` by the names of the host's sources.

    Raises XenscmiError for a file that is none of the host's: nothing would be found there, and nothing ignored.
    """
    section = named.manifest.rules
    known = {os.path.normpath(source.name): source.name for source in host.sources}
    per_file = {}
    for name, rules in section.per_file.items():
        key = f"$.rules.per_file.{name}"
        paths = [os.path.normpath(place.path) for place in named.looked_for(name, key)]
        found = [path for path in paths if path in known]
        if not found:
            raise _unknown_file(name, key, named, known)
        per_file[known[found[0]]] = rules
    return RulesSection(select=section.select, ignore=section.ignore, per_file=per_file, severity=section.severity)


def _unknown_file(name: str, key: str, named: NamedFiles, known: dict[str, str]) -> XenscmiError:
    names = sorted(named.name_of(Path(path)) for path in known)
    help = did_you_mean(name, names, f"the files are {', '.join(names)}")
    message = f"rules.per_file: {name} is not a file of this host"
    return XenscmiError(Diagnostic(message=message, span=named.places.at(key), help=help))


def _error(message: str, help: str, span: Span | None = None) -> XenscmiError:
    return XenscmiError(Diagnostic(message=message, span=span, help=help))
