"""The files of hosts as the editor has them: unsaved buffers first, then the file system."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from xenscmi import api, filesystem
from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.host.load import LoadedHost
from xenscmi.host.manifest import NAME
from xenscmi.host.occurrences import Occurrence, occurrences

_HIGHEST = 6
"""How many folders above a file may hold its manifest."""


@dataclass(frozen=True, slots=True)
class HostView:
    """A host at one moment: `loaded` is None where its files do not make one, and the findings say why.

    `found` are the places of its files that name an agent, a page, a domain or a device.
    """

    folder: Path
    loaded: LoadedHost | None
    findings: tuple[Diagnostic, ...]
    found: tuple[Occurrence, ...] = field(default=(), repr=False)


def host_folder(path: Path) -> Path:
    """Return the folder of the host that a file belongs to: the nearest one with a manifest, else the file's own."""
    above = [path.parent, *path.parents][: _HIGHEST + 1]
    return next((folder for folder in above if (folder / NAME).is_file()), path.parent)


def view(folder: Path, buffers: Mapping[Path, bytes]) -> HostView:
    """Return the host of a folder, with the unsaved texts in place of those in its files."""

    def read(path: Path) -> bytes:
        unsaved = buffers.get(path)
        return filesystem.read_file(path) if unsaved is None else unsaved

    try:
        loaded = api.load_host(folder, read=read)
        findings = api.check(loaded)
    except XenscmiError as error:
        return HostView(folder, None, error.diagnostics)
    return HostView(folder, loaded, (*findings, *loaded.host.notes), occurrences(loaded.host))
