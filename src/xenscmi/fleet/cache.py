"""The folder in which outcomes are kept, found again by what they depend on.

`runs/` has, for a command on a host, the states of all paths that decided the outcome, for the last few outcomes;
`results/` has the outcomes, named by the command and the states together; `texts/` has the sources that they quote, and
`known/` what paths looked like when they were last read.

Every file begins with a hash of itself, names what it is of, and is written whole: a damaged file, one of another
version or one under another's name counts as not there. Nothing in them is executed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from stat import S_ISREG
from tempfile import NamedTemporaryFile
from time import time
from typing import Any, TypeVar

import msgspec

from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.fleet.outcome import HostOutcome, OutcomeError, decode, encode, text_digest, to_json
from xenscmi.fleet.states import Signature, States

_MAGIC = b"xenscmi-cache-1 "
_LARGEST = 64 << 20
_ALTERNATIVES = 8
"""Outcomes that are kept of one command on one host, for whoever goes to and fro between branches."""
_DAY = 86400
_UNUSED = 30 * _DAY
"""Seconds after which a file that no run has used is removed."""
_TAG = b"Signature: 8a477f597d28d172789f06886806bc55\n# A cache of xenscmi: backups may leave it out.\n"


class _Runs(msgspec.Struct, forbid_unknown_fields=True):
    key: str
    states: list[dict[str, str]]


class _Result(msgspec.Struct, forbid_unknown_fields=True):
    key: str
    outcome: dict[str, Any]


class _Known(msgspec.Struct, forbid_unknown_fields=True):
    key: str
    paths: dict[str, tuple[Signature, str]]


_Form = TypeVar("_Form", _Runs, _Result, _Known)


class Cache:
    """A folder of outcomes. Raises XenscmiError if it cannot be one, or if others may have written in it."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder).absolute()
        self._texts: dict[str, bytes] = {}
        try:
            if not self._folder.exists():
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._write("CACHEDIR.TAG", _TAG)
            status = self._folder.stat()
            next(self._folder.iterdir(), None)  # refuses what is not a folder
        except OSError as error:
            raise _refused(f"cannot use {folder} as a cache: {error.strerror}") from None
        if status.st_mode & 0o002:
            raise _refused(f"{folder} cannot be trusted as a cache: everybody may write in it", f"chmod o-w {folder}")
        if status.st_uid not in (os.geteuid(), 0):
            whose = f"{folder} cannot be trusted as a cache: it belongs to user {status.st_uid}"
            raise _refused(whose, "name a folder of your own")

    def known(self, key: str) -> dict[str, tuple[Signature, str]]:
        """Return what an earlier run with this key knew of paths."""
        found = self._load("known", key, _Known)
        return found.paths if found else {}

    def store_known(self, key: str, states: States) -> None:
        """Keep what a run knows of paths."""
        self._save("known", key, {"paths": states.used})

    def find(self, key: str, states: States) -> tuple[HostOutcome, Mapping[str, str]] | str:
        """Return what came of a command on a host and what that depends on, if all is as it was; else say why not."""
        runs = self._load("runs", key, _Runs)
        if runs is None or not runs.states:
            return "not in the cache"
        for then in runs.states:
            if all(states.now(path) == state for path, state in then.items()):
                outcome = self._outcome(_result_key(key, then))
                return (outcome, then) if outcome else "its result is not in the cache"
        changed = [path for path, state in runs.states[0].items() if states.now(path) != state]
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        return f"{changed[0]}{more} changed"

    def store(self, key: str, states: Mapping[str, str], outcome: HostOutcome) -> None:
        """Keep what came of a command on a host, and the states of all that it depends on."""
        value, texts = encode(outcome)
        for digest, text in texts.items():
            if self._read(_place("texts", digest)) is None:
                self._write(_place("texts", digest), text)
        self._save("results", _result_key(key, states), {"outcome": value})
        runs = self._load("runs", key, _Runs)
        others = [each for each in runs.states if each != states] if runs else []
        self._save("runs", key, {"states": [dict(states), *others[: _ALTERNATIVES - 1]]})

    def remove_unused(self) -> None:
        """Once a day, remove what no run has used for a month."""
        now, swept = time(), self._folder / "swept"
        if swept.exists() and now - swept.stat().st_mtime < _DAY:
            return
        self._write(swept.name, b"")
        for kind in ("known", "runs", "results", "texts"):
            for path in (self._folder / kind).glob("*/*"):
                try:
                    if now - path.stat().st_mtime > _UNUSED:
                        path.unlink()
                except OSError:
                    continue  # another run was faster

    def _outcome(self, key: str) -> HostOutcome | None:
        result = self._load("results", key, _Result)
        try:
            return decode(result.outcome, self._text) if result else None
        except OutcomeError:
            return None

    def _text(self, digest: str) -> bytes:
        """Return the text of a source. Raises KeyError if it is not there."""
        if digest not in self._texts:
            data = self._read(_place("texts", digest))
            if data is None or text_digest(data) != digest:
                raise KeyError(digest)
            self._texts[digest] = data
        return self._texts[digest]

    def _load(self, kind: str, key: str, form: type[_Form]) -> _Form | None:
        try:
            found = msgspec.convert(json.loads(self._read(_place(kind, key)) or b""), form)
        except (ValueError, RecursionError):  # msgspec's and json's errors are ValueErrors
            return None
        return found if found.key == key else None

    def _save(self, kind: str, key: str, value: dict[str, Any]) -> None:
        self._write(_place(kind, key), to_json({"key": key, **value}))

    def _read(self, name: str) -> bytes | None:
        path = self._folder / name
        try:
            with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:  # noqa: PTH123
                status = os.fstat(file.fileno())
                if not S_ISREG(status.st_mode) or status.st_size > _LARGEST:
                    return None
                head, _, content = file.read(_LARGEST).partition(b"\n")
        except OSError:
            return None
        if head != _MAGIC + sha256(content).hexdigest().encode():
            return None
        if time() - status.st_mtime > _DAY:
            path.touch()  # used
        return content

    def _write(self, name: str, content: bytes) -> None:
        """Write a file as a whole or not at all; a cache that cannot be written is one that finds nothing."""
        target = self._folder / name
        data = content if name == "CACHEDIR.TAG" else _MAGIC + sha256(content).hexdigest().encode() + b"\n" + content
        try:
            target.parent.mkdir(mode=0o700, exist_ok=True, parents=True)
            with NamedTemporaryFile("wb", dir=target.parent, prefix=".", delete=False) as file:
                try:
                    file.write(data)
                    file.close()
                    Path(file.name).replace(target)
                except BaseException:
                    Path(file.name).unlink(missing_ok=True)
                    raise
        except OSError:
            return


def _place(kind: str, key: str) -> str:
    return f"{kind}/{key[:2]}/{key}"


def _result_key(key: str, states: Mapping[str, str]) -> str:
    return sha256(to_json([key, sorted(states.items())])).hexdigest()


def _refused(message: str, help: str = "") -> XenscmiError:
    return XenscmiError(Diagnostic(message=message, help=help))
