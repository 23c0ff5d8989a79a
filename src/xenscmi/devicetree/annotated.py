"""The places of nodes and properties, from dtc's annotated output (`dtc -I dts -O dts -T -T`).

dtc ends the line of every node and property with its place in the source, the end exclusive:
`scmi { /* host.dts:87:8-95:4 */`; a node that is amended has several, parted by commas, and what dtc made by itself
(`phandle`, `__symbols__`) has `<no-file>:<no-line>`. A node's place starts at its brace, a property's at its name.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator
from itertools import accumulate

from xenscmi.devicetree.dtb import NodePlaces
from xenscmi.devicetree.tree import DeviceTreeError
from xenscmi.diagnostics import Diagnostic
from xenscmi.source import Source, Span

_LABELS = r"(?P<labels>(?:[A-Za-z_]\w*: )*)"
_NAME = r"(?P<name>/|[\w,.+*#?@-]+)"
_LINE = re.compile(rf"\t*{_LABELS}{_NAME}(?P<what> \{{|;| =.*;)(?: /\* (?P<places>.*) \*/)?")
_CHARACTER = r"[\w,.+*#?@-]"
_HEAD = re.compile(rf"(?:{_CHARACTER}+|&\w+|&\{{[^}}]*\}}|/)$")
_LONGEST_HEAD = 256
_LONGEST_LINE = 1024
_NAME_IN_TEXT = re.compile(rf"(?P<name>{_CHARACTER}++)\s*+(?P<follower>[{{=;])")
_OUTSIDE_STRINGS = re.compile(r'"(?:\\.|[^"\\])*+(?:"|\Z)|/\*.*?(?:\*/|\Z)|//[^\n]*|;', re.DOTALL)
_AFTER_NAME = frozenset(" \t\r\n=;/")
_PLACE = re.compile(r"(.*?):(\d+):(\d+)-\d+:\d+(?:, |$)")


class Places:
    """Answers where the nodes of a tree were written, asked for each in the order of the tree.

    `sources` finds the source of a file that dtc names.
    """

    def __init__(self, text: str, sources: Callable[[str], Source]) -> None:
        self._sources = sources
        self._texts: dict[str, _Text] = {}
        self._nodes = self._read(text)
        self._next = next(self._nodes, None)

    def __call__(self, name: str, depth: int) -> NodePlaces:
        """Return the places of the next node; those that `dtc -@` adds and the annotated text lacks have none."""
        if self._next and self._next[0] == name:
            found = self._next[1]
            self._next = next(self._nodes, None)
            return found
        if name == "__symbols__" and depth == 1:
            return NodePlaces()
        message = f"dtc's two runs differ at the node {name}: was a file changed meanwhile?"
        raise DeviceTreeError(Diagnostic(message=message, span=Span(self._sources("<stdin>"), 0, 0)))

    def _read(self, text: str) -> Iterator[tuple[str, NodePlaces]]:
        """Yield name and places of each node, in the order of the tree; the root's name is empty."""
        properties: dict[str, Span] = {}
        node: tuple[str, NodePlaces] | None = None
        for line in text.split("\n"):
            match = _LINE.fullmatch(line)
            if match is None:
                continue
            labels, name, what, places = match.groups()
            starts = self._starts(places or "")
            if what == " {":
                if node:
                    yield node
                properties = {}
                spans = tuple(text.head(at, name) for text, at in starts)
                found = NodePlaces(labels=tuple(labels.replace(":", "").split()), spans=spans, properties=properties)
                node = name.strip("/"), found
            else:
                properties.update((name, text.statement(at, name)) for text, at in starts)
        if node:
            yield node

    def _starts(self, places: str) -> Iterator[tuple[_Text, int]]:
        """Yield text and offset of each place. The ends are not used: macros shift them."""
        for file, line, column in _PLACE.findall(places):
            if file not in self._texts:
                self._texts[file] = _Text(self._sources(file))
            text = self._texts[file]
            yield text, text.offset(int(line), int(column))


class _Text:
    """A source in which names are found again; what is asked for twice is looked for once, however long a line is."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._lines: dict[int, dict[tuple[str, bool], list[int]]] = {}
        self._wide: dict[int, list[int]] = {}
        self._ends: list[int] | None = None

    def offset(self, line: int, column: int) -> int:
        """Return the offset of dtc's line and column, which counts bytes."""
        if self.source.text.isascii():
            return self.source.offset(line, column)
        if line not in self._wide:
            sizes = (len(each.encode("utf-8", "surrogatepass")) for each in self.source.line(line))
            self._wide[line] = list(accumulate(sizes, initial=0))
        starts = self._wide[line]
        return self.source.offset(line, bisect_left(starts, column - 1) + 1)

    def head(self, brace: int, name: str) -> Span:
        """Return the name, or the reference, that stands before the brace of a node."""
        text = self.source.text
        if text.startswith("{", brace):
            start = max(0, brace - _LONGEST_HEAD)
            before = text[start:brace].rstrip()
            match = _HEAD.search(before, max(before.rfind(blank) for blank in " \t\n") + 1)
            if match:
                return Span(self.source, start + match.start(), start + match.end())
        return self._on_line(brace, name, node=True)

    def statement(self, start: int, name: str) -> Span:
        """Return the span of a property, found again on its line where macros have shifted it."""
        found = Span(self.source, start, start + len(name))
        if found.text != name or self.source.text[found.end : found.end + 1] not in _AFTER_NAME:
            found = self._on_line(start, name, node=False)
            if found.text != name:  # a macro made it
                return found
        if self._ends is None:
            text = self.source.text
            self._ends = [match.end() for match in _OUTSIDE_STRINGS.finditer(text) if match[0] == ";"]
        at = bisect_left(self._ends, found.end + 1)
        return Span(self.source, found.start, self._ends[at]) if at < len(self._ends) else found

    def _on_line(self, offset: int, name: str, *, node: bool) -> Span:
        """Return where a name stands on the line of `offset`, the nearest one; if nowhere, the line."""
        line = self.source.position(offset)[0]
        start = self.source.offset(line)
        if line not in self._lines:
            names: dict[tuple[str, bool], list[int]] = {}
            for match in _NAME_IN_TEXT.finditer(self.source.line(line)):
                names.setdefault((match["name"], match["follower"] == "{"), []).append(start + match.start())
            self._lines[line] = names
        places = self._lines[line].get((name, node))
        if places:
            after = bisect_left(places, offset)
            nearest = min(places[max(after - 1, 0) : after + 1], key=lambda at: abs(at - offset))
            return Span(self.source, nearest, nearest + len(name))
        text = self.source.line(line)[:_LONGEST_LINE]
        return Span(self.source, start + len(text) - len(text.lstrip()), start + len(text.rstrip()))
