"""The files of a plan on disk: reading what it names, and writing what follows from it, as a whole or not at all.

Beside the files stands SHA256SUMS with what was written last, in sha256sum's format: a file that is there and has
another sum was changed by a person, and is not overwritten unasked.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path, PurePosixPath

from xenscmi.cli.diff import unified
from xenscmi.cli.files import read_text
from xenscmi.cli.writing import write_files
from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.filesystem import read_file
from xenscmi.plan.lock import NAME as LOCK
from xenscmi.plan.lock import Lock, read_lock
from xenscmi.plan.opening import open_project
from xenscmi.plan.project import Project
from xenscmi.plan.schema import NAME
from xenscmi.source import Source, Span

SUMS = "SHA256SUMS"


def find_plan(path: str | None) -> Path:
    """Return the plan that an argument means. Raises XenscmiError if there is none."""
    given = Path(path or ".")
    found = given / NAME if given.is_dir() else given
    if not found.exists():
        raise _error(f"there is no {found}", help=f"write one: xenscmi plan init BOARD.dts > {found}")
    return found


def load(path: Path) -> Project:
    """Return the plan at a path with all that it names. Raises XenscmiError."""
    return open_project(path, read_file)


def map_source(name: str) -> Source:
    """Return a resource map by the name of one that is shipped, or of a file. Raises XenscmiError if there is none."""
    from xenscmi.plan.resource_map import shipped

    known = shipped()
    if name in known:
        return known[name]
    if not Path(name).exists():
        raise _error(f"there is no resource map {name}", help=f"write {', '.join(sorted(known))}, or a file's path")
    return read_text(name)


def write_new(folder: Path, files: dict[str, bytes], *, force: bool) -> None:
    """Write files that are not there yet. Raises XenscmiError, before anything is written, for one that is."""
    there = [name for name, data in files.items() if (folder / name).exists() and (folder / name).read_bytes() != data]
    if there and not force:
        raise _error(f"{folder / there[0]} is there already", help="write over it with --force, or name another folder")
    for name, data in files.items():
        _write(folder / name, data)


def _write(path: Path, data: bytes) -> None:
    """Write a file, and make its folder. Raises XenscmiError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _error(f"cannot make {path.parent}: {error.strerror}") from None
    write_files({str(path): data})


class Output:
    """The folder that a plan is rendered into, and the lock beside the plan."""

    def __init__(self, folder: Path, plan: Path) -> None:
        self.folder = folder
        self.lock_path = plan.parent / LOCK

    def lock(self) -> Lock:
        """Return what the lock says now."""
        return read_lock(read_text(str(self.lock_path))) if self.lock_path.exists() else Lock()

    def changes(self, project: Project) -> list[tuple[Path, str]]:
        """Return the files that are not as the plan says, and what is wrong with each."""
        found: list[tuple[Path, str]] = []
        before = self._sums()
        for name, data in self._all(project).items():
            there = self._read(name)
            if there is None:
                found.append((self.folder / name, "is missing"))
            elif there != data:
                changed = name in before and before[name] != sha256(there).hexdigest()
                found.append((self.folder / name, "was changed by hand" if changed else "is not what the plan says"))
        found += [
            (self.folder / name, "belongs to a domain that the plan no longer has") for name in self._stale(project)
        ]
        if not self.lock_path.exists():
            found.append((self.lock_path, "is missing"))
        elif self.lock_path.read_bytes() != project.lock.encode():
            found.append((self.lock_path, "is not what the plan says"))
        return found

    def diff(self, project: Project) -> Iterator[str]:
        """Yield the unified diffs of all text files, as `git apply` takes them."""
        for name, data in self._all(project).items():
            there = self._read(name)
            if there == data or name == SUMS:
                continue
            is_text = _is_text(there or b"") and _is_text(data)
            yield unified(name, there, data) if is_text else f"{self.folder / name}: binary, differs\n"
        for name in self._stale(project):
            yield unified(name, self._read(name), None)

    def write(self, project: Project, *, force: bool) -> list[str]:
        """Write what differs, and remove what is left of domains that are gone; return the names.

        Raises XenscmiError, before anything is written, where a file would be lost that a person changed.
        """
        before, wanted = self._sums(), self._all(project)
        differing = [name for name, data in wanted.items() if self._read(name) != data]
        stale = self._stale(project)
        if not force:
            errors = [
                Diagnostic(
                    message=f"{self.folder / name} was changed since it was rendered",
                    help="put the change into the plan (fragments), or write over it with --force",
                )
                for name in (*differing, *stale)
                if name != SUMS
                and (there := self._read(name)) is not None
                and before.get(name) != sha256(there).hexdigest()
            ]
            if errors:
                raise XenscmiError(*errors)
        for name in differing:
            _write(self.folder / name, wanted[name])
        for name in stale:
            (self.folder / name).unlink(missing_ok=True)
        lock = project.lock.encode()
        if not self.lock_path.exists() or self.lock_path.read_bytes() != lock:
            _write(self.lock_path, lock)
        return [name for name in differing if name != SUMS]

    def _all(self, project: Project) -> dict[str, bytes]:
        sums = "".join(f"{sha256(data).hexdigest()}  {name}\n" for name, data in project.files.items())
        return {**project.files, SUMS: sums.encode()}

    def _stale(self, project: Project) -> list[str]:
        return [name for name in self._sums() if name not in project.files and (self.folder / name).is_file()]

    def _sums(self) -> dict[str, str]:
        """Return the sums of what was written last; names that lead out of the folder are ignored."""
        data = self._read(SUMS) or b""
        rows = (line.partition("  ") for line in data.decode("utf-8", "replace").splitlines())
        return {
            name: total
            for total, _, name in rows
            if name and not PurePosixPath(name).is_absolute() and ".." not in PurePosixPath(name).parts
        }

    def _read(self, name: str) -> bytes | None:
        try:
            return read_file(self.folder / name)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _error(f"cannot read {self.folder / name}: {error.strerror or error}") from None


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _error(message: str, span: Span | None = None, help: str = "") -> XenscmiError:
    return XenscmiError(Diagnostic(message=message, span=span, help=help))
