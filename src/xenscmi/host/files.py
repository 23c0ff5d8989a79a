"""The files of a host, read by a function that the caller gives: the file system's, or an editor's over its buffers.

Every file of a host but those that a DTS includes is read by `HostFiles`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from errno import ENOENT
from os import strerror
from pathlib import Path

from xenscmi.devicetree import DeviceTreeError, Tree, parse_trees
from xenscmi.diagnostics import Annotation, Diagnostic, XenscmiError
from xenscmi.host.parsed import ParsedFiles
from xenscmi.host.search import Links, Place, SearchPath
from xenscmi.source import Source, Span
from xenscmi.spelling import did_you_mean

Read = Callable[[Path], bytes]
"""Returns a file's bytes, or raises OSError, as `Path.read_bytes`."""

ListFolder = Callable[[Path], Sequence[Path] | None]
"""Returns the files in a folder, by name; None for what is not a folder. Raises OSError."""

TreeFile = tuple[Place, bytes, Span | None]
"""A device tree's file: where it is, its bytes, and the place that names it."""


class HostFiles:
    """Reads files by the caller's functions. Raises XenscmiError, at the place that names the file if there is one.

    `search` says where files may lie that are not where they are named, `parsed` has what was read before.
    """

    def __init__(
        self,
        read: Read,
        list_folder: ListFolder | None = None,
        search: SearchPath | None = None,
        parsed: ParsedFiles | None = None,
    ) -> None:
        self._read = read
        self._list = list_folder
        self.search = search or SearchPath()
        self.links = Links()
        self.parsed = parsed or ParsedFiles()

    def read_if_there(self, path: Path, span: Span | None = None) -> bytes | None:
        """Return a file's bytes; None where there is no such file."""
        try:
            return self._read(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError) as error:
            raise unreadable(path, error, span, self._advice_on_folder(path)) from None

    def read(self, path: Path, span: Span | None = None) -> bytes:
        """Return a file's bytes."""
        return self.read_first([Place(path, path.parent)], span)[1]

    def read_first(self, places: Iterable[Place], span: Span | None = None, elsewhere: str = "") -> tuple[Place, bytes]:
        """Return the first of these files that is there; if none is, the error is about the first.

        `elsewhere` says what to do if its folder is not there.
        """
        missing = None
        for place in places:
            data = self.read_if_there(place.path, span)
            if data is not None:
                return place, data
            missing = missing or place.path
        assert missing is not None
        raise unreadable(missing, FileNotFoundError(ENOENT, strerror(ENOENT)), span, self._advice(missing, elsewhere))

    def text(self, path: Path, span: Span | None = None) -> Source:
        """Return a file's text; bytes that are not UTF-8 are kept."""
        return self.parsed.text(path, self.read(path, span))

    def trees(self, paths: Iterable[Path]) -> list[Tree]:
        """Return the trees of several files. Raises XenscmiError with the errors of all of them."""
        return self.parse([(Place(path, path.parent), self.read(path), None) for path in paths], self.search.include)

    def parse(self, files: Iterable[TreeFile], include: Sequence[Path]) -> list[Tree]:
        """Return the trees in files that were read. Raises XenscmiError with the errors of all of them."""
        files = list(files)
        known = [self.parsed.known_tree(data, place.path, include, place.within) for place, data, _ in files]
        fresh = [
            (place.path, data, place.within) for (place, data, _), tree in zip(files, known, strict=True) if not tree
        ]
        parsed = iter(parse_trees(fresh, include, self.parsed.tree))
        results = [tree or next(parsed) for tree in known]
        errors = [
            _named_at(diagnostic, span)
            for result, (_, _, span) in zip(results, files, strict=True)
            if isinstance(result, DeviceTreeError)
            for diagnostic in result.diagnostics
        ]
        if errors:
            raise XenscmiError(*errors)
        return [each for each in results if isinstance(each, Tree)]

    def _advice_on_folder(self, path: Path) -> str:
        """Return what to do if it is a folder that stands for a file."""
        try:
            is_folder = self._list is not None and self._list(path) is not None
        except OSError:
            return ""
        return "it is a folder: name its files, or give one folder alone" if is_folder else ""

    def _advice(self, path: Path, elsewhere: str) -> str:
        """Return what to do about a file that is not there."""
        try:
            listing = self._list(path.parent) if self._list else ()
        except OSError:
            return ""
        if listing is None:
            return f"there is no folder {path.parent}{elsewhere}"
        return did_you_mean(path.name, (each.name for each in listing))


def unreadable(path: Path, error: OSError | ValueError, span: Span | None = None, help: str = "") -> XenscmiError:
    """Return the error that a file cannot be read, at the place that names it if there is one."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    place = span or Span(Source(str(path), ""), 0, 0)
    return XenscmiError(Diagnostic(message=f"cannot read {path}: {reason}", span=place, help=help))


def _named_at(diagnostic: Diagnostic, span: Span | None) -> Diagnostic:
    """Return a finding about a whole file with the place that names the file."""
    whole = diagnostic.span is not None and not diagnostic.span.source.text
    if span is None or not whole:
        return diagnostic
    return diagnostic.replace(related=(*diagnostic.related, Annotation(span=span, label="named here")))
