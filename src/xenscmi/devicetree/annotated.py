"""The places of nodes and properties, from dtc's annotated output (`dtc -I dts -O dts -T -T`).

dtc ends the line of every node and property with its place in the source, the end exclusive:
`scmi { /* host.dts:87:8-95:4 */`; a node that is amended has several, parted by commas, and what dtc made by itself
(`phandle`, `__symbols__`) has `<no-file>:<no-line>`. A node's place starts at its brace, a property's at its name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

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
_OUTSIDE_STRINGS = re.compile(r'"(?:\\.|[^"\\])*"|/\*.*?\*/|//[^\n]*|;', re.DOTALL)
_AFTER_NAME = frozenset(" \t\r\n=;/")
_PLACE = re.compile(r"(.*?):(\d+):(\d+)-\d+:\d+(?:, |$)")


class Places:
    """Answers where the nodes of a tree were written, asked for each in the order of the tree.

    `sources` finds the source of a file that dtc names.
    """

    def __init__(self, text: str, sources: Callable[[str], Source]) -> None:
        self._sources = sources
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
                spans = tuple(_head(*start, name) for start in starts)
                found = NodePlaces(labels=tuple(labels.replace(":", "").split()), spans=spans, properties=properties)
                node = name.strip("/"), found
            else:
                properties.update((name, _statement(*start, name)) for start in starts)
        if node:
            yield node

    def _starts(self, places: str) -> Iterator[tuple[Source, int]]:
        """Yield source and offset of each place. The ends are not used: macros shift them."""
        for file, line, column in _PLACE.findall(places):
            source = self._sources(file)
            yield source, source.offset(int(line), int(column))


def _head(source: Source, brace: int, name: str) -> Span:
    """Return the name, or the reference, that stands before the brace of a node."""
    if source.text.startswith("{", brace):
        start = max(0, brace - _LONGEST_HEAD)
        before = source.text[start:brace].rstrip()
        match = _HEAD.search(before, max(before.rfind(blank) for blank in " \t\n") + 1)
        if match:
            return Span(source, start + match.start(), start + match.end())
    return _on_line(source, brace, name, r"\{")


def _statement(source: Source, start: int, name: str) -> Span:
    """Return the span of a property, found again on its line where macros, or wide characters, have shifted it."""
    found = Span(source, start, start + len(name))
    if found.text != name or source.text[found.end : found.end + 1] not in _AFTER_NAME:
        found = _on_line(source, start, name, "[=;]")
        if found.text != name:  # a macro made it
            return found
    for match in _OUTSIDE_STRINGS.finditer(source.text, found.end):
        if match[0] == ";":
            return Span(source, found.start, match.end())
    return found


def _on_line(source: Source, offset: int, name: str, follower: str) -> Span:
    """Return where `name`, then `follower`, stands on the line of `offset`, the nearest one; if nowhere, the line."""
    line = source.position(offset)[0]
    start, text = source.offset(line), source.line(line)
    found = [match.start() for match in re.finditer(rf"(?<!{_CHARACTER}){re.escape(name)}(?=\s*{follower})", text)]
    if found:
        nearest = min(found, key=lambda at: abs(start + at - offset))
        return Span(source, start + nearest, start + nearest + len(name))
    return Span(source, start + len(text) - len(text.lstrip()), start + len(text.rstrip()))
