"""What the server knows of a host, or of a plan, at one moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from xenscmi import api
from xenscmi.diagnostics import Diagnostic, Safety, XenscmiError
from xenscmi.editor.edits import difference
from xenscmi.editor.files import Disk, Outdated, reader
from xenscmi.editor.planning import planned_occurrences
from xenscmi.host.files import Read
from xenscmi.host.load import LoadedHost
from xenscmi.host.manifest import NAME
from xenscmi.host.occurrences import Occurrence, occurrences
from xenscmi.host.parsed import ParsedFiles
from xenscmi.plan.lock import NAME as LOCK
from xenscmi.plan.opening import open_project
from xenscmi.plan.project import Project
from xenscmi.plan.rendering.header import made_by_plan
from xenscmi.plan.schema import NAME as PLAN
from xenscmi.rules.drafts import Drafts
from xenscmi.rules.engine import check_files
from xenscmi.rules.fixing import fix
from xenscmi.source import Span

_HIGHEST = 6
"""How many folders above a file may hold its manifest."""


class _Drafts(Drafts):
    """The texts of a host as fixes would change them; what a plan made stays as it is."""

    def can_change(self, diagnostic: Diagnostic) -> bool:
        edits = diagnostic.fix.edits if diagnostic.fix else ()
        by_plan = any(made_by_plan(self.first.get(each.span.source.name, b"")) for each in edits)
        return not by_plan and super().can_change(diagnostic)


@dataclass(frozen=True)
class View:
    """What follows from the files of a host, in the folder `home`, or from a plan, the file `home`, at one moment.

    `loaded` is None where the files do not make a host, `project` where the plan is wrong: `findings` say why.
    """

    home: Path
    findings: tuple[Diagnostic, ...]
    loaded: LoadedHost | None = None
    project: Project | None = None

    @property
    def is_good(self) -> bool:
        """Whether the files made a host, or the plan a project."""
        return bool(self.loaded or self.project)

    @cached_property
    def found(self) -> tuple[Occurrence, ...]:
        """The places of the files that name an agent, a page, a domain or a device."""
        if self.project:
            return planned_occurrences(self.project)
        return occurrences(self.loaded.host) if self.loaded else ()


def home_of(path: Path) -> Path:
    """Return what a file belongs to: a plan, if it is one or its lock, else the folder of a host.

    That is the nearest folder with a manifest, or without one the file's own.
    """
    if path.name in (PLAN, LOCK):
        return path.with_name(PLAN)
    above = [path.parent, *path.parents][: _HIGHEST + 1]
    return next((folder for folder in above if (folder / NAME).is_file()), path.parent)


def homes_of(path: Path) -> tuple[Path, ...]:
    """Return all that a file may matter to: what it belongs to, and the plan beside it, whose board it may be."""
    home, plan = home_of(path), path.with_name(PLAN)
    return (home, plan) if home != plan and plan.is_file() else (home,)


class Looker:
    """Looks at one host or plan again and again: what did not change since the last time is not read anew."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._disk = Disk()
        self._parsed = ParsedFiles(self._disk.read)

    def look(self, texts: Mapping[Path, bytes], is_outdated: Callable[[], bool]) -> View | None:
        """Return the view with the unsaved `texts` in place of those on the disk; None where it is outdated already."""
        read = reader(self._disk, texts, is_outdated)
        try:
            return self._plan(read) if self._home.name == PLAN else self._host(read, texts, is_outdated)
        except Outdated:
            return None

    def fix(self, texts: Mapping[Path, bytes]) -> tuple[tuple[Span, str], ...]:
        """Return the edits that apply all safe fixes, one for each file. Raises XenscmiError for a broken host."""
        drafts = _Drafts(reader(self._disk, texts, lambda: False))

        def check(read: Read) -> tuple[Sequence[Diagnostic], Sequence[Diagnostic]]:
            return api.check(api.load_host(self._home, read=read, parsed=self._parsed)), ()

        fix(drafts, check, (Safety.SAFE,))
        return tuple(difference(source, text) for source, text in drafts.texts())

    def _plan(self, read: Read) -> View:
        try:
            project = open_project(self._home, read, self._parsed)
        except XenscmiError as error:
            return View(self._home, error.diagnostics)
        return View(self._home, tuple(project.notes), project=project)

    def _host(self, read: Read, texts: Mapping[Path, bytes], is_outdated: Callable[[], bool]) -> View:
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
