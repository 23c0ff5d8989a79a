"""Which files a source includes, checked before dtc and cpp run, since both open whatever a source names.

A file is included only if it is a regular one of bounded size and lies, symlinks followed, below the folder of the main
source or below a folder that the user named for includes. What cannot be told from the text (a macro as the name of a
file) is refused. The scanners follow the lexers of dtc (dtc-lexer.l) and of cpp (libcpp/lex.cc), and where these would
stop with an error, they read on to the end: no file is missed by that.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from xenscmi.devicetree.tree import DeviceTreeError
from xenscmi.diagnostics import Diagnostic
from xenscmi.source import Source, Span

LARGEST_SOURCE = 16 << 20
"""Bytes that a tree's source, its blob, and all the files that it includes may have. Xen and Linux take 2 MiB."""

_LINE_MARKER = re.compile(rb'^#(?:line)?[ \t]+[0-9]+[ \t]+"[^"\n]*"[^\n]*', re.MULTILINE)

_SPLICE = re.compile(rb"\\[ \t\f\v]*\r?\n")
_CPP_COMMENT_OR_STRING = re.compile(
    rb"""/\*.*?(?:\*/|\Z)|//[^\n]*|("(?:[^"\\\n]|\\[^\n])*+"?|'(?:[^'\\\n]|\\[^\n])*+'?)""", re.DOTALL
)
_DIRECTIVE = re.compile(
    rb"(?:^[ \t\f\v\0]*+(?:#|%:)[ \t\f\v\0]*+(?P<what>include|include_next|import|embed|pragma)\b"
    rb"|\b(?P<has>__has_(?:include|include_next|embed)\b[ \t\f\v\0]*+\(?)|\b(?P<pragma>_Pragma)\b)[ \t\f\v\0]*+"
    rb"""(?:"(?P<quoted>[^"\n]*)"|<(?P<angled>[^>\n]*)>)?""",
    re.MULTILINE,
)
_ONCE = re.compile(rb"[ \t]*once[ \t\r]*(?:\n|\Z)")
_PRAGMA = "a device tree has no use for pragmas, some of which open files"
_COMPUTED = "the name of an included file must stand in its directive"

_DTC_TOKEN = re.compile(
    rb"""/\*.*?(?:\*/|\Z)|//[^\n]*|(?P<incbin>/incbin/)|(?P<include>/include/)\s*(?=")"""
    rb"""|"(?P<string>(?:[^"\\]|\\.)*+)(?:"|\Z)|'(?:\\'|[^'])*+(?:'|\Z)""",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class _Named:
    """A file that a source names, and whether it is looked for beside the source first, and in all folders."""

    name: bytes
    beside: bool = True
    every: bool = False


Watch = Callable[[Path, bytes | None], None]
"""Is told of each file that an include looks for, and its content; None where there is no such file."""

_Scan = Callable[[bytes], Iterator[tuple[_Named, bool]]]
"""Finds the files that a text names, and whether their texts name others in turn."""


class Included:
    """The files that a main source may include, by their real paths, with their texts as far as they were read.

    They are looked for in `directory`, the main source's folder, and in `include`; they may lie `within` another, too.
    `watch` is told of each.
    """

    def __init__(
        self, main: Source, directory: Path, include: Sequence[Path], within: Path | None, watch: Watch | None
    ) -> None:
        self.texts: dict[Path, bytes] = {}
        self._watch = watch
        self._main = main
        self._folders = [folder.absolute() for folder in (directory, *include)]
        # Path.resolve() raises for links in a circle.
        self._roots = [os.path.realpath(folder) for folder in (directory, *include, *([within] if within else []))]
        self._size = 0

    def for_cpp(self, text: bytes) -> None:
        """Find what cpp will include. Raises DeviceTreeError where it is not to be read."""
        self._follow(text, self._of_cpp)

    def for_dtc(self, text: bytes) -> None:
        """Find what dtc will include, in the text that it is given. Raises DeviceTreeError."""
        self._follow(text, self._of_dtc)

    def _follow(self, text: bytes, scan: _Scan) -> None:
        waiting, seen = [(text, self._folders[0])], set[Path]()
        while waiting:
            text, folder = waiting.pop()
            for each, names_others in scan(text):
                for path in self._found(each, folder):
                    if path not in seen:
                        seen.add(path)
                        content = self._read(path, each.name)
                        if self._watch:
                            self._watch(path, content)
                        waiting += [(content, path.parent)] if names_others else []

    def _found(self, named: _Named, folder: Path) -> Iterator[Path]:
        """Yield the paths that may be opened for a name: of those that are there, the first one, or all of them."""
        name = os.fsdecode(named.name)
        if "\0" in name:
            raise self._refused(named.name, "its name has a zero byte")
        for each in dict.fromkeys([folder, *self._folders] if named.beside else self._folders):
            path = each / name
            if os.path.lexists(path) and not path.is_dir():
                yield path
                if not named.every:
                    return
            elif self._watch:
                self._watch(path, None)

    def _read(self, path: Path, name: bytes) -> bytes:
        try:
            real = path.resolve(strict=True)
            status = real.stat()
            if not any(real.is_relative_to(root) for root in self._roots):
                raise self._refused(name, "it lies outside the folder of the device tree")
            if not stat.S_ISREG(status.st_mode):
                raise self._refused(name, "it is not a regular file")
            if real in self.texts:
                return self.texts[real]
            self._size += status.st_size
            if self._size > LARGEST_SOURCE:
                raise self._refused(name, f"a device tree and its includes have at most {LARGEST_SOURCE >> 20} MiB")
            with real.open("rb") as file:
                self.texts[real] = file.read(LARGEST_SOURCE)
        except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
            raise self._refused(name, getattr(error, "strerror", None) or str(error)) from None
        return self.texts[real]

    def _of_cpp(self, text: bytes) -> Iterator[tuple[_Named, bool]]:
        text = _CPP_COMMENT_OR_STRING.sub(lambda match: match[1] or b" ", _SPLICE.sub(b"", text))
        for match in _DIRECTIVE.finditer(text):
            if match["pragma"] or match["what"] == b"pragma":
                if match["pragma"] or not _ONCE.match(text, match.end()):
                    raise self._refused(b"pragma", _PRAGMA)
                continue
            name = match["quoted"] if match["quoted"] is not None else match["angled"]
            if name is None:
                raise self._refused(match["what"] or match["has"], _COMPUTED)
            every = b"next" in (match["what"] or match["has"])
            yield _Named(name, beside=match["quoted"] is not None, every=every), not match["has"]

    def _of_dtc(self, text: bytes) -> Iterator[tuple[_Named, bool]]:
        before = None
        for match in _DTC_TOKEN.finditer(text):
            if match["incbin"] or match["include"]:
                before = match
            elif match["string"] is not None and before is not None:
                if before["incbin"] and b"\\" in match["string"]:
                    raise self._refused(match["string"], "its name has an escape")
                yield _Named(match["string"]), bool(before["include"])
                before = None

    def _refused(self, name: bytes, reason: str) -> DeviceTreeError:
        """Return the error that a name is not followed, where a source has it, as far as it is found there."""
        shown = name.decode("utf-8", "surrogateescape")
        at = self._main.text.find(shown)
        span = Span(self._main, at, at + len(shown)) if at >= 0 else Span(self._main, 0, 0)
        if reason in (_COMPUTED, _PRAGMA):
            return DeviceTreeError(Diagnostic(message=reason, span=span))
        help = "copy it beside the device tree, or name its folder with --include"
        return DeviceTreeError(Diagnostic(message=f"cannot include {shown}: {reason}", span=span, help=help))


def without_line_markers(text: bytes) -> bytes:
    """Return a source in which lines `# 1 "file"` are blank, so that all places are places of this source.

    Line markers name files that were preprocessed once, elsewhere, by somebody else.
    """
    return _LINE_MARKER.sub(b"", text)
