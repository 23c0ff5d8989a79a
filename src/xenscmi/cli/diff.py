"""Unified diffs of whole files, byte by byte as `git apply` and `patch` take them. This is not a command."""

from __future__ import annotations

from difflib import unified_diff

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_NOTHING = "/dev/null"
_ESCAPES = {
    ord('"'): '\\"',
    ord("\\"): "\\\\",
    7: "\\a",
    8: "\\b",
    9: "\\t",
    10: "\\n",
    11: "\\v",
    12: "\\f",
    13: "\\r",
}


def unified(name: str, old: bytes | None, new: bytes | None) -> str:
    """Return the diff of a file, None where it is not there; bytes that are not UTF-8 are kept as surrogates."""
    labels = (_NOTHING if old is None else _label("a", name), _NOTHING if new is None else _label("b", name))
    return "".join(map(_ended, unified_diff(_lines(old or b""), _lines(new or b""), *labels, lineterm="\n")))


def _lines(data: bytes) -> list[str]:
    """Return a file's lines, each with its newline; the last may lack it. Nothing but a newline ends a line."""
    text = data.decode("utf-8", "surrogateescape")
    return [f"{line}\n" for line in text.split("\n")[:-1]] + ([last] if (last := text.rpartition("\n")[2]) else [])


def _ended(line: str) -> str:
    return line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _label(side: str, name: str) -> str:
    """Return a file's name as git writes it: in C's escapes if it has other characters than plain ones."""
    path = f"{side}/{name.lstrip('/')}"
    data = path.encode("utf-8", "surrogateescape")
    if data.isascii() and path.isprintable() and '"' not in path and "\\" not in path:
        return f"{path}\t" if " " in path else path
    return f'"{"".join(_escaped(data))}"'


def _escaped(data: bytes) -> Iterator[str]:
    for byte in data:
        yield _ESCAPES.get(byte) or (chr(byte) if 0x20 <= byte < 0x7F else f"\\{byte:03o}")
