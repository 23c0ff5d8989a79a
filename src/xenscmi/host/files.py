"""The files of a host, read by a function that the caller gives: the file system's, or an editor's over its buffers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from errno import ENOENT
from os import strerror
from pathlib import Path

from xenscmi.devicetree import DeviceTreeError, Tree, parse_trees
from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.host.configuration import Configuration
from xenscmi.host.parsed import ParsedFiles
from xenscmi.source import Source, Span

Read = Callable[[Path], bytes]
"""Returns a file's bytes, or raises OSError, as `Path.read_bytes`."""

ListFolder = Callable[[Path], Sequence[Path] | None]
"""Returns the files in a folder, by name; None for what is not a folder. Raises OSError."""


class HostFiles:
    """Reads files by the caller's function. Raises XenscmiError, at the place that names the file if there is one.

    `include` are the folders for the includes of DTS files that the caller allows, `parsed` what was read before.
    """

    def __init__(self, read: Read, include: Sequence[Path] = (), parsed: ParsedFiles | None = None) -> None:
        self._read = read
        self.include = include
        self.parsed = parsed or ParsedFiles()

    def read_if_there(self, path: Path, span: Span | None = None) -> bytes | None:
        """Return a file's bytes; None where there is no such file."""
        try:
            return self._read(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError) as error:
            raise unreadable(path, error, span) from None

    def read(self, path: Path, span: Span | None = None) -> bytes:
        """Return a file's bytes."""
        data = self.read_if_there(path, span)
        if data is None:
            raise unreadable(path, FileNotFoundError(ENOENT, strerror(ENOENT)), span)
        return data

    def text(self, path: Path, span: Span | None = None) -> Source:
        """Return a file's text; bytes that are not UTF-8 are kept."""
        return self.parsed.text(path, self.read(path, span))

    def configuration(self, path: Path, span: Span | None = None) -> Configuration:
        """Return what an xl.cfg file says."""
        return self.parsed.configuration(self.text(path, span))

    def trees(self, paths: Iterable[Path]) -> list[Tree]:
        """Return the trees of several files. Raises XenscmiError with the errors of all of them."""
        results = parse_trees([(path, self.read(path)) for path in paths], self.include, self.parsed.tree)
        errors = [error for each in results if isinstance(each, DeviceTreeError) for error in each.diagnostics]
        if errors:
            raise XenscmiError(*errors)
        return [each for each in results if isinstance(each, Tree)]


def unreadable(path: Path, error: OSError | ValueError, span: Span | None = None) -> XenscmiError:
    """Return the error that a file cannot be read, at the place that names it if there is one."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    place = span or Span(Source(str(path), ""), 0, 0)
    return XenscmiError(Diagnostic(message=f"cannot read {path}: {reason}", span=place))
