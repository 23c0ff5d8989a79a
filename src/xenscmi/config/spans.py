"""The span that set each field of a configuration, by libxl's path of the field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from xenscmi.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from xenscmi.xlcfg import Value


class Spans(Mapping[str, Span]):
    """A mapping from paths (`c_info.name`, `b_info.irqs[1]`) to spans.

    Lists can be long and few of their items are ever looked up, so the span of an item is made when it is asked for.
    """

    def __init__(self) -> None:
        self._spans: dict[str, Span] = {}
        self._items: dict[str, Sequence[Value]] = {}

    def set(self, path: str, span: Span | None) -> None:
        """Record the span that set a field; None forgets an earlier one."""
        if span is None:
            self._spans.pop(path, None)
        else:
            self._spans[path] = span

    def set_items(self, path: str, items: Sequence[Value]) -> None:
        """Record the values that set the items of a list."""
        self._items[path] = items

    def __getitem__(self, path: str) -> Span:
        if path in self._spans:
            return self._spans[path]
        name, _, index = path.removesuffix("]").rpartition("[")
        items = self._items.get(name, ())
        if not index.isdecimal() or int(index) >= len(items):
            raise KeyError(path)
        return items[int(index)].span

    def __iter__(self) -> Iterator[str]:
        yield from self._spans
        for path, items in self._items.items():
            yield from (f"{path}[{index}]" for index in range(len(items)))

    def __len__(self) -> int:
        return len(self._spans) + sum(map(len, self._items.values()))
