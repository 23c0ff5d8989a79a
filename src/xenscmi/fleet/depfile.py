"""Dependencies in the syntax of Make, as compilers write them for Make and ninja."""

from __future__ import annotations

import os
import re
from pathlib import Path

from xenscmi.fleet.states import ABSENT, LEADS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


def depfile(target: str, states: Iterable[Mapping[str, str]]) -> bytes:
    """Return a rule: `target` depends on all paths that were looked at.

    A folder stands for its listing. For a file that is not there, the folder does in which it would appear: to Make, a
    missing file is an error, and to ninja it is always new. For a link, the folder does in which it would be replaced.
    """
    paths = sorted({path for each in states for path in _paths(each)})
    lines = [f"{_escaped(target)}:", *map(_escaped, paths)]
    return os.fsencode(" \\\n ".join(lines) + "\n")


def _paths(states: Mapping[str, str]) -> Iterator[str]:
    for path, state in states.items():
        is_elsewhere = state == ABSENT or path.endswith(LEADS)
        shown = _there(Path(path)) if is_elsewhere else path.rstrip("/") or "/"
        if "\n" not in shown:  # no syntax has a way to write it
            yield shown


def _there(path: Path) -> str:
    """Return the nearest folder above a path that is there."""
    return next((str(folder) for folder in path.parents if folder.is_dir()), ".")


def _escaped(path: str) -> str:
    """Return a path as both Make and ninja read it."""
    path = re.sub(r"(\\*)([ \t])", r"\1\1\\\2", path)
    return re.sub(r"([#:])", r"\\\1", path).replace("$", "$$")
