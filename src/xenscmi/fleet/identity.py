"""What a verdict depends on beside the host's files: xenscmi itself, Python, and the programs that it starts."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from hashlib import sha256

import xenscmi
from xenscmi.fleet.outcome import to_json
from xenscmi.fleet.states import States
from xenscmi.version import __version__

_PROGRAMS = ("dtc", "cpp", "fdtoverlay")


def tool_digest(states: States) -> str:
    """Return a hash of xenscmi's version and every file of its package, of Python, and of the programs it finds."""
    folder = os.path.dirname(os.path.abspath(xenscmi.__file__))  # noqa: PTH100, PTH120
    files = [(path[len(folder) :], states.now(path)) for path in sorted(_files(folder))]
    return digest_of(__version__, sys.version, files, [_program(name) for name in _PROGRAMS])


def digest_of(*parts: object) -> str:
    """Return a hash of values that JSON can have."""
    return sha256(to_json(parts)).hexdigest()


def _files(folder: str) -> Iterator[str]:
    for entry in os.scandir(folder):
        if entry.is_dir():
            if entry.name != "__pycache__":
                yield from _files(entry.path)
        else:
            yield entry.path


def _program(name: str) -> Sequence[object]:
    """Return the path, the size and the time of change of a program, as it would be started."""
    for folder in os.get_exec_path():
        path = os.path.join(folder, name)  # noqa: PTH118
        if os.access(path, os.X_OK):
            status = os.stat(path)  # noqa: PTH116
            return os.path.realpath(path), status.st_size, status.st_mtime_ns
    return ()
