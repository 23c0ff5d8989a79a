"""Reads specification items as OpenFastTrace's Markdown importer does (user guide, MdPattern.java), and traces them.

Only what the evidence uses: a title, an id, a description, `Rationale:`, `Comment:`, a list after `Covers:`, and
`Needs:` in a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

ID = re.compile(r"`?(?P<type>[a-zA-Z]+)~(?P<name>[^\W\d_][\w-]*(?:\.[\w-]+)*)~(?P<revision>\d+)`?.*")
REFERENCE = re.compile(r" {0,3}[*+-](?:.*\W)?([a-zA-Z]+~[^\W\d_][\w-]*(?:\.[\w-]+)*~\d+)(?:\W.*)?")
NEEDS = re.compile(r"Needs:(\s*\w+\s*(?:,\s*\w+\s*)*)")


@dataclass
class Item:
    id: str
    title: str
    description: list[str] = field(default_factory=list)
    covers: list[str] = field(default_factory=list)
    needs: list[str] = field(default_factory=list)

    @property
    def kind(self) -> str:
        return self.id.partition("~")[0]


def read_items(text: str) -> Iterator[Item]:
    item, title, part = None, "", ""
    for line in text.split("\n"):
        found = ID.fullmatch(line)
        needs = NEEDS.fullmatch(line)
        if line.startswith("#"):
            if item is not None:
                yield item
            item, title, part = None, line.lstrip("# "), ""
        elif found and item is None:
            item, part = Item(f"{found['type']}~{found['name']}~{found['revision']}", title), "description"
        elif item is None:
            continue
        elif needs:
            item.needs += [each.strip() for each in needs[1].split(",")]
        elif line in ("Rationale:", "Comment:", "Covers:"):
            part = line
        elif part == "Covers:" and (reference := REFERENCE.fullmatch(line)):
            item.covers.append(reference[1])
        elif part == "description" and line:
            item.description.append(line)
    if item is not None:
        yield item


def defects(items: Iterable[Item]) -> list[str]:
    """Return what a trace complains about: duplicates, coverage of nothing or not asked for, what is not covered."""
    items = list(items)
    by_id = {item.id: item for item in items}
    found = [f"duplicate {item.id}" for item in items if by_id[item.id] is not item]
    for item in items:
        for covered in item.covers:
            if covered not in by_id:
                found.append(f"{item.id} covers {covered}, which there is not")
            elif item.kind not in by_id[covered].needs:
                found.append(f"{item.id} covers {covered}, which does not need it")
        for kind in item.needs:
            if not any(item.id in other.covers and other.kind == kind for other in items):
                found.append(f"{item.id} lacks {kind}")
    return found
