"""Applies the fixes of findings to files: `check --fix` writes them, `check --diff` shows them. This is not a command.

All passes run in memory, on texts that the rules check again; then the files that changed are written, each as a whole.
A file is written only if it is one of those that were given, or lies in the folder that was given; a symlink stays, and
the file that it leads to is written.
"""

from __future__ import annotations

import os
import stat
from os.path import realpath
from pathlib import Path

from xenscmi.cli.files import put, read_file, say
from xenscmi.cli.writing import write_files
from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.plan.rendering.header import made_by_plan
from xenscmi.report.text import counted
from xenscmi.rules.drafts import Drafts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from xenscmi.rules.fixing import FixResult


class FilesToFix(Drafts):
    """The files that were given, which fixes may change; on disk, nothing changes before `write`."""

    def __init__(self, paths: Sequence[str]) -> None:
        super().__init__(read_file)
        self._given = [_root(path) for path in paths or ["."]]
        self._names: dict[str, list[str]] = {}  # by the real path
        self.refused: dict[str, str] = {}

    def read(self, path: Path) -> bytes:
        name = str(path)
        is_new = name not in self.first
        data = super().read(path)
        if is_new:
            self._names.setdefault(realpath(name), []).append(name)
        return data

    def can_change(self, diagnostic: Diagnostic) -> bool:
        """Return the same as `Drafts`; `refused` says why a file may not."""
        names = {edit.span.source.name for edit in diagnostic.fix.edits} if diagnostic.fix else set()
        for name in names - self.refused.keys():
            reason = self._refusal(name)
            if reason:
                self.refused[name] = reason
        return self.refused.keys().isdisjoint(names)

    def _refusal(self, name: str) -> str:
        if name not in self.first:
            return "other files include it"
        real = realpath(name)
        if not any(real == root or (inside and Path(real).is_relative_to(root)) for root, inside in self._given):
            return "it lies outside of what was given"
        if len(self._names[real]) > 1:
            return "the host has it under two names"
        if made_by_plan(self.first[name]):
            return "`xenscmi plan' made it: change the plan, and render it again"
        mode = Path(real).stat().st_mode
        if not mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH) or not os.access(real, os.W_OK):
            return "it is read-only"
        return ""

    def diff(self) -> str:
        """Return a unified diff that `git apply` and `patch -p1` take."""
        from xenscmi.cli.diff import unified

        texts = ((name, self.first[name], data) for name, data in sorted(self.changed().items()))
        return "".join(unified(name, old, new) for name, old, new in texts)

    def write(self) -> None:
        """Write the files that changed. Raises XenscmiError, before the first, where one is not as it was read."""
        changed = self.changed()
        for name in changed:
            try:
                same = read_file(Path(name)) == self.first[name]
            except OSError:
                same = False
            if not same:
                message = f"{name} has changed since it was read; no file was written"
                raise XenscmiError(Diagnostic(message=message, help="run it again"))
        write_files({realpath(name): data for name, data in changed.items()})


def _root(path: str) -> tuple[str, bool]:
    """Return the file or folder that may be changed by what was given, and whether it is a folder."""
    if path.endswith(".toml"):
        return realpath(Path(path).parent), True
    return realpath(path), Path(path).is_dir()


def put_diff(files: FilesToFix, done: FixResult) -> bool:
    """Print the diff, and what is not in it; return whether there is one."""
    put(files.diff())
    _say_refused(files)
    say(f"would fix {counted(len(done.fixed), 'finding')}")
    return bool(files.changed())


def report(files: FilesToFix, done: FixResult) -> None:
    """Print what was fixed, and which files were left alone."""
    for each in done.fixed:
        names = sorted({edit.span.source.name for edit in each.fix.edits}) if each.fix else []
        say(f"fixed {', '.join(names)}: {each.fix.title if each.fix else ''} [{each.code}]")
    _say_refused(files)


def _say_refused(files: FilesToFix) -> None:
    for name, reason in sorted(files.refused.items()):
        say(f"left {name} as it is: {reason}")
