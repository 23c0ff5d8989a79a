"""Files as fixes change them, in memory: a command then writes them, an editor is told the difference."""

from __future__ import annotations

from xenscmi.diagnostics import Diagnostic, XenscmiError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from xenscmi.host.files import Read
    from xenscmi.source import Source

_CODECS = (("utf-8", "surrogateescape"), ("latin-1", "strict"))
"""How the files of a host are read: device-tree sources that are not UTF-8 are Latin-1."""


class Drafts:
    """What files hold by now. Only those that were read here may change, not what a DTS includes."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self.first: dict[str, bytes] = {}
        self._last: dict[str, bytes] = {}
        self._codecs: dict[str, tuple[str, str]] = {}
        self._sources: dict[str, Source] = {}

    def read(self, path: Path) -> bytes:
        """Return a file's bytes. Raises OSError."""
        name = str(path)
        if name not in self.first:
            self.first[name] = self._read(path)
        return self._last.get(name, self.first[name])

    def can_change(self, diagnostic: Diagnostic) -> bool:
        """Return whether all files of a fix may be changed."""
        edits = diagnostic.fix.edits if diagnostic.fix else ()
        return all(each.span.source.name in self.first for each in edits)

    def change(self, source: Source, text: str) -> None:
        """Give a file a new text, in the encoding in which it was read. Raises XenscmiError if that is not known."""
        name = source.name
        old = self._last.get(name, self.first[name])
        for codec, errors in _CODECS:
            if old.decode(codec, errors) == source.text:
                self._last[name] = text.encode(codec, errors)
                self._codecs[name] = codec, errors
                self._sources.setdefault(name, source)
                return
        raise XenscmiError(Diagnostic(message=f"{name} is in no encoding that can be written back"))

    def texts(self) -> Iterator[tuple[Source, str]]:
        """Yield each file that differs, as it was at first, and its text by now."""
        for name, data in self.changed().items():
            yield self._sources[name], data.decode(*self._codecs[name])

    def changed(self) -> dict[str, bytes]:
        """Return the files that differ from what they were at first, by name."""
        return {name: data for name, data in self._last.items() if data != self.first[name]}

    def snapshot(self) -> dict[str, bytes]:
        """Return what to give `restore` to undo later changes."""
        return dict(self._last)

    def restore(self, snapshot: dict[str, bytes]) -> None:
        """Undo the changes since a snapshot."""
        self._last = snapshot
