"""Where a piece of text came from."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class Source:
    """A text and the name under which it is shown.

    `name` is a path, `<stdin>` or the like. `text` is empty for sources that have no text (a DTB): a span in such a
    source names the file alone. Lines end with LF only; lines and columns count from 1, columns in characters. What
    stands from character `appended` on is not in the file: it was given on the command line. `parts` are the files of a
    text that was joined of several (`join`), else there are none: a span in such a text is one in a part.
    """

    __slots__ = ("_starts", "appended", "name", "parts", "text")

    def __init__(self, name: str, text: str, appended: int | None = None, parts: tuple[Source, ...] = ()) -> None:
        self.name = name
        self.text = text
        self.appended = len(text) if appended is None else appended
        self.parts = parts
        self._starts: list[int] = []

    def __repr__(self) -> str:
        return f"Source({self.name!r}, {len(self.text)} characters)"

    @property
    def files(self) -> tuple[Source, ...]:
        """The sources that a person can open: the parts, or this one."""
        return self.parts or (self,)

    @property
    def starts(self) -> list[int]:
        """The offset at which each line starts, found on first use."""
        if not self._starts:
            starts, at = [0], -1
            while (at := self.text.find("\n", at + 1)) >= 0:
                starts.append(at + 1)
            self._starts = starts
        return self._starts

    def position(self, offset: int) -> tuple[int, int]:
        """Return line and column of the character at `offset`; before the text (-1) that is line 0."""
        if offset < 0:
            return 0, 1
        from bisect import bisect_right  # here, because a file without errors needs no positions

        line = bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1] + 1

    def offset(self, line: int, column: int = 1) -> int:
        """Return the offset of a line and column; past the end of the line or text, the nearest place there is."""
        line = min(max(line, 1), len(self.starts))
        end = self.starts[line] - 1 if line < len(self.starts) else len(self.text)
        return min(self.starts[line - 1] + max(column, 1) - 1, end)

    def line(self, number: int) -> str:
        """Return the text of a line without its newline; empty where there is no such line."""
        if not 1 <= number <= len(self.starts):
            return ""
        end = self.starts[number] - 1 if number < len(self.starts) else len(self.text)
        return self.text[self.starts[number - 1] : end]

    def within_part(self, start: int, end: int) -> tuple[Source, int, int]:
        """Return the part in which characters `start` to `end` begin, and the numbers of those in it that it has."""
        *others, last = self.parts
        for part in others:
            size = len(part.text)
            if start < size:
                return part, start, min(end, size)
            start, end = start - size, end - size
        return last, start, end


def join(sources: Sequence[Source]) -> Source:
    """Return one text of several, one after the other as `cat` joins files; one alone stays itself."""
    if len(sources) == 1:
        return sources[0]
    name = " + ".join(source.name for source in sources)
    return Source(name, "".join(source.text for source in sources), parts=tuple(sources))


class Span:
    """A stretch of a source: characters `start` to `end` (exclusive).

    In a text joined of several files it is a stretch of the file in which it begins: the one to edit.
    """

    __slots__ = ("end", "source", "start")

    def __init__(self, source: Source, start: int, end: int) -> None:
        if source.parts:
            source, start, end = source.within_part(start, end)
        self.source = source
        self.start = start
        self.end = end

    def __repr__(self) -> str:
        return f"Span({self.source.name}:{self.line}:{self.column})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Span):
            return NotImplemented
        return (self.source.name, self.start, self.end) == (other.source.name, other.start, other.end)

    def __hash__(self) -> int:
        return hash((self.source.name, self.start, self.end))

    @property
    def line(self) -> int:
        return self.source.position(self.start)[0]

    @property
    def column(self) -> int:
        return self.source.position(self.start)[1]

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]
