"""Trees that several hosts have in common: compiled once in a process, as often as they are read."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from threading import Lock

from xenscmi.devicetree import DeviceTreeError, ParseTree, Tree, parse_tree
from xenscmi.devicetree.includes import Watch
from xenscmi.diagnostics import Diagnostic

_MOST = 8 << 20
"""Bytes of sources and blobs whose trees are kept; in memory a tree takes some tens of times as much."""

_Key = tuple[bytes, Path, tuple[Path, ...], Path | None]
_Kept = tuple[Tree | tuple[Diagnostic, ...], list[tuple[Path, bytes | None]], int]


class SharedTrees:
    """Keeps trees by the bytes of their file, those used last; also the errors of files that are no tree."""

    def __init__(self) -> None:
        self._kept: OrderedDict[_Key, _Kept] = OrderedDict()
        self._size = 0
        self._lock = Lock()  # the trees of a folder are parsed in threads

    def parser(self, watch: Watch) -> ParseTree:
        """Return what makes trees for one host; `watch` is told of each file that their includes look for."""

        def parse(data: bytes, path: Path, include: Sequence[Path], within: Path | None) -> Tree:
            key = (sha256(data).digest(), path, tuple(include), within)
            with self._lock:
                kept = self._kept.get(key)
                if kept:
                    self._kept.move_to_end(key)
            if kept is None:
                kept = _parse(data, path, include, within)
                self._keep(key, kept)
            result, looked_for, _ = kept
            for each in looked_for:
                watch(*each)
            if isinstance(result, Tree):
                return result
            raise DeviceTreeError(*result)

        return parse

    def _keep(self, key: _Key, kept: _Kept) -> None:
        with self._lock:
            if key not in self._kept:
                self._kept[key] = kept
                self._size += kept[2]
            while self._size > _MOST and len(self._kept) > 1:
                self._size -= self._kept.popitem(last=False)[1][2]


def _parse(data: bytes, path: Path, include: Sequence[Path], within: Path | None) -> _Kept:
    looked_for: list[tuple[Path, bytes | None]] = []
    result: Tree | tuple[Diagnostic, ...]
    try:
        result = parse_tree(data, path, include, within, lambda *each: looked_for.append(each))
    except DeviceTreeError as error:
        result = error.diagnostics
    return result, looked_for, len(data) + sum(len(content or b"") for _, content in looked_for)
