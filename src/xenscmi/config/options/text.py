"""Pieces of strings that know their place in the file, split as C's string functions split them."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from xenscmi.source import Span
    from xenscmi.xlcfg import StringValue


class Text:
    """A piece of a string value: `text`, which begins at character `start` of the value."""

    __slots__ = ("start", "text", "value")

    def __init__(self, value: StringValue, start: int = 0, text: str | None = None) -> None:
        self.value = value
        self.start = start
        self.text = value.text if text is None else text

    @property
    def span(self) -> Span:
        return self.value.part(self.start, self.start + len(self.text))

    def slice(self, start: int, end: int | None = None) -> Text:
        return Text(self.value, self.start + start, self.text[start:end])

    def tokens(self, separators: str) -> Iterator[Text]:
        """Yield the pieces between separators, without empty ones (strtok)."""
        start = None
        for index, character in enumerate(self.text + separators[0]):
            if character not in separators:
                start = index if start is None else start
            elif start is not None:
                yield self.slice(start, index)
                start = None

    def lstrip(self) -> Text:
        """Return the piece without leading spaces; like xl, it skips spaces only."""
        return self.slice(len(self.text) - len(self.text.lstrip(" ")))

    def strip(self) -> Text:
        """Return the piece without white space around it (isspace)."""
        stripped = self.text.lstrip(" \t\n\v\f\r")
        start = len(self.text) - len(stripped)
        return self.slice(start, start + len(stripped.rstrip(" \t\n\v\f\r")))

    def option(self, name: str) -> Text | None:
        """Return what follows `name=` if the piece begins with exactly this (xl's MATCH_OPTION), else None."""
        prefix = f"{name}="
        return self.slice(len(prefix)) if self.text.startswith(prefix) else None

    def split(self, separator: str) -> tuple[Text, Text] | None:
        """Return the parts before and after the first separator; None if there is none."""
        at = self.text.find(separator)
        return None if at < 0 else (self.slice(0, at), self.slice(at + 1))
