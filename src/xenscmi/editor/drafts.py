"""The texts of a host as fixes would change them: nothing of it is written, the editor gets the difference as edits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from xenscmi.diagnostics import Diagnostic
from xenscmi.editor.edits import difference
from xenscmi.host.files import Read
from xenscmi.source import Source, Span


class Drafts:
    """Files as they are by now, for `rules.fixing.fix`; only those that were read may change, not what DTS includes."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._known: set[str] = set()
        self._first: dict[str, Source] = {}
        self._last: dict[str, str] = {}
        self._data: dict[str, bytes] = {}

    def read(self, path: Path) -> bytes:
        """Return a file's bytes. Raises OSError."""
        name = str(path)
        data = self._data.get(name)
        if data is None:
            data = self._read(path)
            self._known.add(name)
        return data

    def can_change(self, diagnostic: Diagnostic) -> bool:
        """Return whether all files of a fix were read here."""
        edits = diagnostic.fix.edits if diagnostic.fix else ()
        return all(each.span.source.name in self._known for each in edits)

    def change(self, source: Source, text: str) -> None:
        """Give a file a new text."""
        self._first.setdefault(source.name, source)
        self._last[source.name] = text
        self._data[source.name] = text.encode("utf-8", "surrogateescape")

    def changed(self) -> dict[str, bytes]:
        """Return the files that differ from what they were at first, by name."""
        return {name: self._data[name] for name, text in self._last.items() if text != self._first[name].text}

    def snapshot(self) -> dict[str, bytes]:
        """Return what to give `restore` to undo later changes."""
        return dict(self._data)

    def restore(self, snapshot: dict[str, bytes]) -> None:
        """Undo the changes since a snapshot."""
        self._data = snapshot
        self._last = {name: data.decode("utf-8", "surrogateescape") for name, data in snapshot.items()}

    def edits(self) -> Iterator[tuple[Span, str]]:
        """Yield the edit of each file that changed."""
        for name in self.changed():
            yield difference(self._first[name], self._last[name])
