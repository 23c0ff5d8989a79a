"""ImageBuilder's configuration (uboot-script-gen): which files the boot loader loads as boot modules.

It is a shell script of assignments. These matter here: `DEVICE_TREE`, `XEN_CMD`, `NUM_DOMUS`, and for domain N, whose
node will be /chosen/domUN, `DOMU_KERNEL[N]`, `DOMU_CMD[N]` and `DOMU_PASSTHROUGH_DTB[N]`. Nothing in it is run: words
are unquoted, and what a shell would expand is left alone.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from xenscmi.source import Source, Span

_ASSIGNMENT = re.compile(
    r"^[ \t]*(?:export[ \t]+)?(?P<name>[A-Z][A-Z0-9_]*)(?:\[(?P<index>[0-9]{1,5})\])?=(?P<value>.*)$", re.M
)

_LONGEST_VALUE = 4096
"""Characters of a value that is unquoted: as long as Linux allows a path to be."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable's value, unquoted, and where the assignment stands."""

    value: str
    span: Span


@dataclass(frozen=True, slots=True)
class ImageBuilder:
    """The variables of a configuration, plain ones by name, those of domains by name and number; the last one wins."""

    variables: dict[str, Variable]
    indexed: dict[tuple[str, int], Variable]

    @property
    def device_tree(self) -> Variable | None:
        """The host device tree."""
        return self.variables.get("DEVICE_TREE")

    def partial_trees(self) -> dict[str, Variable]:
        """Return the partial trees by the names of their domains' nodes."""
        return {f"domU{n}": found for (name, n), found in self.indexed.items() if name == "DOMU_PASSTHROUGH_DTB"}


def read_imagebuilder(source: Source) -> ImageBuilder:
    """Return the assignments of a configuration; everything else in it is ignored."""
    variables: dict[str, Variable] = {}
    indexed: dict[tuple[str, int], Variable] = {}
    for match in _ASSIGNMENT.finditer(source.text):
        found = Variable(_unquoted(match["value"]), Span(source, match.start("name"), match.end()))
        if match["index"]:
            indexed[match["name"], int(match["index"])] = found
        else:
            variables[match["name"]] = found
    return ImageBuilder(variables, indexed)


def looks_like_imagebuilder(text: str) -> bool:
    """Return whether a text is such a configuration: it gives the number of domains, or a device tree and a Xen."""
    names = {match["name"] for match in _ASSIGNMENT.finditer(text)}
    return "NUM_DOMUS" in names or ("DEVICE_TREE" in names and "XEN" in names)


def _unquoted(value: str) -> str:
    if len(value) > _LONGEST_VALUE:
        return value
    try:
        words = shlex.split(value, comments=True)
    except ValueError:
        return value.strip().strip("\"'")
    return words[0] if words else ""
