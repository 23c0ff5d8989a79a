"""The contents of an xl.cfg file: settings, in order, whose values know their place in it.

As in libxlu (`XLU_ConfigValue`), a value is a string or a list; a number is a string without quotes.
"""

from __future__ import annotations

from xenscmi.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from xenscmi.source import Source


class Value:
    """A value and its place: characters `start` to `end` of `source`."""

    __slots__ = ("end", "source", "start")

    def __init__(self, source: Source, start: int, end: int) -> None:
        self.source = source
        self.start = start
        self.end = end

    @property
    def span(self) -> Span:
        return Span(self.source, self.start, self.end)

    @property
    def line(self) -> int:
        """The line on which the value begins; libxlu reports this line."""
        return self.source.position(self.start)[0]


class StringValue(Value):
    """A quoted string with its escapes resolved, or a bare number as it was written."""

    __slots__ = ("_as_written", "text")

    def __init__(self, source: Source, start: int, end: int, text: str) -> None:
        # Without super(), for speed: a large file has millions of strings.
        self.source = source
        self.start = start
        self.end = end
        self.text = text
        self._as_written: bool | None = None

    def __repr__(self) -> str:
        return f"StringValue({self.text!r})"

    @property
    def quoted(self) -> bool:
        """Whether the string is quoted in the source (a bare number is not)."""
        return self.source.text[self.start : self.start + 1] in ("'", '"')

    def part(self, start: int, end: int) -> Span:
        """Return the place of a part of the text, or the whole place if the source has escapes or `+=`."""
        if self._as_written is None:
            self._as_written = self.quoted and self.source.text[self.start + 1 : self.end - 1] == self.text
        if self._as_written:
            return Span(self.source, self.start + 1 + start, self.start + 1 + end)
        return self.span


class ListValue(Value):
    """A list; its items may be lists again."""

    __slots__ = ("items",)

    def __init__(self, source: Source, start: int, end: int, items: list[Value]) -> None:
        super().__init__(source, start, end)
        self.items = items

    def __repr__(self) -> str:
        return f"ListValue({len(self.items)} items)"

    def string(self, index: int) -> StringValue | None:
        """Return an item, or None if there is no such item or it is a list (`xlu_cfg_get_listitem`)."""
        item = self.items[index] if index < len(self.items) else None
        return item if isinstance(item, StringValue) else None

    def leading_strings(self) -> Iterator[StringValue]:
        """Yield the items up to the first that is not a string, where most of xl's loops stop silently."""
        for item in self.items:
            if not isinstance(item, StringValue):
                return
            yield item


class Setting:
    """One `key = value` or `key += value`.

    After several `+=` to a key, the last has the whole sum as its value; each of the others has the piece it added.
    """

    __slots__ = ("added", "key", "start", "value")

    def __init__(self, key: str, start: int, value: Value, added: bool) -> None:
        self.key = key
        self.start = start
        self.value = value
        self.added = added

    def __repr__(self) -> str:
        return f"Setting({self.key}{'+=' if self.added else '='}{self.value!r})"

    @property
    def key_span(self) -> Span:
        return Span(self.value.source, self.start, self.start + len(self.key))


class Settings:
    """All settings of a file: `all` has them in order; iteration and `get` return the last of each key (libxlu)."""

    __slots__ = ("_last", "all", "source")

    def __init__(self, source: Source, settings: list[Setting]) -> None:
        self.source = source
        self.all = settings
        self._last = {setting.key: setting for setting in settings}

    def __contains__(self, key: str) -> bool:
        return key in self._last

    def __iter__(self) -> Iterator[Setting]:
        return iter(self._last.values())

    def get(self, key: str) -> Setting | None:
        return self._last.get(key)
