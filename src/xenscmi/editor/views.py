"""What the server knows of a host, or of a plan, at one moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from xenscmi import api
from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.editor.files import Disk, Outdated, reader
from xenscmi.host.load import LoadedHost
from xenscmi.host.manifest import NAME
from xenscmi.host.occurrences import Occurrence, occurrences
from xenscmi.host.parsed import ParsedFiles
from xenscmi.rules.engine import check_files

_HIGHEST = 6
"""How many folders above a file may hold its manifest."""


@dataclass(frozen=True)
class View:
    """What follows from the files of a host, in the folder `home`, at one moment.

    `loaded` is None where its files do not make a host, and `findings` say why.
    """

    home: Path
    findings: tuple[Diagnostic, ...]
    loaded: LoadedHost | None = None

    @cached_property
    def found(self) -> tuple[Occurrence, ...]:
        """The places of the files that name an agent, a page, a domain or a device."""
        return occurrences(self.loaded.host) if self.loaded else ()


def home_of(path: Path) -> Path:
    """Return the folder of the host that a file belongs to: the nearest one with a manifest, else the file's own."""
    above = [path.parent, *path.parents][: _HIGHEST + 1]
    return next((folder for folder in above if (folder / NAME).is_file()), path.parent)


class Looker:
    """Looks at one host again and again: what did not change since the last time is not read anew."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._disk = Disk()
        self._parsed = ParsedFiles()

    def look(self, texts: Mapping[Path, bytes], is_outdated: Callable[[], bool]) -> View | None:
        """Return the view with the unsaved `texts` in place of those on the disk; None where it is outdated already."""
        try:
            return self._host(texts, is_outdated)
        except Outdated:
            return None

    def _host(self, texts: Mapping[Path, bytes], is_outdated: Callable[[], bool]) -> View:
        read = reader(self._disk, texts, is_outdated)
        try:
            loaded = api.load_host(self._home, read=read, parsed=self._parsed)
            if is_outdated():
                raise Outdated
            return View(self._home, (*api.check(loaded), *loaded.host.notes), loaded)
        except XenscmiError as error:
            return View(self._home, (*error.diagnostics, *self._alone(texts)))

    def _alone(self, texts: Mapping[Path, bytes]) -> tuple[Diagnostic, ...]:
        """Return what the open xl.cfg files say by themselves, where there is no host to check them against."""
        own = [path for path in texts if path.suffix == ".cfg" and home_of(path) == self._home]
        return check_files([self._parsed.configuration(self._parsed.text(path, texts[path])) for path in own])
