"""Trees as DTS text: dtc makes the same tree of it again, to the byte."""

from __future__ import annotations

from xenscmi.devicetree.tree import Property, Tree

_TEXT = frozenset(b"\0\t\n") | frozenset(range(0x20, 0x7F))
_ESCAPES = str.maketrans({'"': r"\"", "\\": r"\\", "\n": r"\n", "\t": r"\t"})


def write_dts(tree: Tree) -> str:
    """Return the tree as DTS text, labels included.

    Values are shown as what they look like: strings where all of it is text, else cells, else bytes. Compile it
    without `-@` to get this very tree; with `-@`, dtc adds symbols and phandles where labels lack them.
    """
    lines = ["/dts-v1/;"]
    lines += [f"/memreserve/ {address:#x} {size:#x};" for address, size in tree.reservations]
    depth = 0
    for node in tree.walk():
        above = sum(1 for _ in node.ancestors())
        lines += ["\t" * level + "};" for level in reversed(range(above, depth))]
        depth = above + 1
        labels = "".join(f"{label}: " for label in node.labels if tree.by_label(label) is node)
        lines += ["", "\t" * above + f"{labels}{node.name or '/'} {{"]
        lines += ["\t" * depth + _statement(each, "\n" + "\t" * (depth + 1)) for each in node.properties]
    lines += ["\t" * level + "};" for level in reversed(range(depth))]
    return "\n".join(lines) + "\n"


def _statement(prop: Property, new_line: str) -> str:
    value = prop.value
    if not value:
        return f"{prop.name};"
    if value[-1] == 0 != value[0] and b"\0\0" not in value and _TEXT.issuperset(value):
        strings = ", ".join(f'"{each.translate(_ESCAPES)}"' for each in prop.strings())
        return f"{prop.name} = {strings};"
    if len(value) % 4 == 0:
        cells = [f"{cell:#x}" for cell in prop.cells()]
        return f"{prop.name} = <{_lines(cells, 8, new_line)}>;"
    return f"{prop.name} = [{_lines([f'{byte:02x}' for byte in value], 16, new_line)}];"


def _lines(items: list[str], count: int, new_line: str) -> str:
    """Return the items parted by blanks, `count` of them a line."""
    return new_line.join(" ".join(items[at : at + count]) for at in range(0, len(items), count))
