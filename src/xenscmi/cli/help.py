"""The texts of `--help`: 80 columns wide, or as narrow as the terminal, and never broken inside a word."""

from __future__ import annotations

import sys
from argparse import Action, RawDescriptionHelpFormatter

from xenscmi.cli.terminal import width_of
from xenscmi.report.wrapping import fold

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

_WIDTH = 80
_MORE = "    "
_ENDLESS = 1 << 20
_NARROW = 60
"""Below this, what an option means stands below it."""

_OPTIONS = {
    "-h, --help": "show this text; `xenscmi COMMAND --help` that of a command",
    "-V, --version": "show the version",
}
_EXAMPLES = {
    "xenscmi create -n guest.cfg": "show what xl makes of guest.cfg, as libxl's JSON",
    "xenscmi domctl guest.cfg": "show what Xen is told, byte by byte",
    "xenscmi check board/": "report where the files of a host disagree",
    "xenscmi simulate board/": "show which domain reaches which device",
}


class Formatter(RawDescriptionHelpFormatter):
    """Writes the help of a command: paragraphs are filled, and indented lines begin where they did."""

    def __init__(self, prog: str) -> None:
        width = help_width()
        super().__init__(prog, width=width, max_help_position=24 if width >= _NARROW else 8)

    def _split_lines(self, text: str, width: int) -> list[str]:
        return fold(" ".join(text.split()), width)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n\n".join(_filled(text, width))

    def _format_action_invocation(self, action: Action) -> str:
        indent = " " * self._current_indent
        first, *others = fold(super()._format_action_invocation(action), self._width - self._current_indent)
        return "\n".join((first, *(indent + line for line in others)))

    def _format_usage(self, *arguments: Any) -> str:
        width, self._width = self._width, _ENDLESS
        try:
            usage = super()._format_usage(*arguments)
        finally:
            self._width = width
        return "\n".join(_fold_usage(" ".join(usage.split()), width)) + "\n\n"


def help_width() -> int:
    """Return how wide help may be."""
    return min(width_of(sys.stdout) or _WIDTH, _WIDTH)


def overview(commands: Mapping[str, str]) -> str:
    """Return the help of xenscmi itself: the commands with what they do."""
    width = help_width()
    parts = (
        "usage: xenscmi COMMAND [ARGUMENT…]",
        "\n".join(fold("A toolstack for SCMI multi-agent on Xen/Arm.", width)),
        "\n".join(("commands:", *_listed(commands, width))),
        "\n".join(("options:", *_listed(_OPTIONS, width))),
        "\n".join(("examples:", *_listed(_EXAMPLES, width))),
    )
    return "\n\n".join(parts)


def _listed(words: Mapping[str, str], width: int) -> Iterator[str]:
    """Yield a list of words and what they mean: side by side, or one below the other where it is narrow."""
    column = max(map(len, words))
    for word, meaning in words.items():
        if width >= _NARROW:
            yield from fold(f"  {word:{column}}  {meaning}", width, " " * (column + 4))
        else:
            yield f"  {word}"
            yield from fold(f"      {meaning}", width, "      ")


def _fold_usage(usage: str, width: int) -> list[str]:
    """Return the usage in lines: an option and its value, in brackets, stay together as far as there is room."""
    lines, line = [], ""
    for part in _parts(usage, {"[": "]"}):
        if line and len(line) + 1 + len(part) > width:
            lines += fold(line, width, _MORE * 2)
            line = _MORE + part
        else:
            line = f"{line} {part}".lstrip(" ") if not lines else f"{line} {part}"
    return [*lines, *fold(line, width, _MORE * 2)]


def _parts(text: str, pairs: Mapping[str, str]) -> list[str]:
    """Return the parts of a text between its spaces, but for those between an opening character and its closing one."""
    parts, closing = [""], ""
    for character in text:
        if character == " " and not closing:
            parts.append("")
            continue
        if not closing:
            closing = pairs.get(character, "")
        elif character == closing:
            closing = ""
        parts[-1] += character
    return [part for part in parts if part]


def _filled(text: str, width: int) -> Iterator[str]:
    """Yield the paragraphs of a text, filled; their indented lines stay apart, and examples can be copied."""
    for paragraph in text.split("\n\n"):
        lines = paragraph.strip("\n").split("\n")
        fold_line = _fold_example if lines[0] == "examples:" else _fold_line
        yield "\n".join(folded for line in _joined(lines) for folded in fold_line(line, width))


def _joined(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines of a paragraph, those of its running text joined."""
    text: list[str] = []
    for line in lines:
        if line[:1] != " ":
            text.append(line)
            continue
        if text:
            yield " ".join(text)
            text = []
        yield line
    if text:
        yield " ".join(text)


def _fold_line(line: str, width: int) -> list[str]:
    """Return a line folded: what follows the first column of an indented one stays behind it, where there is room."""
    if line[:1] != " ":
        return fold(line, width)
    column = line.rstrip().rfind("  ") + 2
    return fold(line, width, " " * (column if width >= _NARROW else len(_MORE) * 2))


def _fold_example(line: str, width: int) -> list[str]:
    """Return a command folded as a shell reads it: with a backslash, and not inside of quotes."""
    if len(line) <= width or line[:1] != " ":
        return [line]
    lines, current = [], ""
    for part in _parts(line, {"'": "'", '"': '"'}):
        if current and len(current) + len(part) + len("  \\") > width:
            lines.append(f"{current} \\")
            current = _MORE + part
        else:
            current = f"{current} {part}" if current else f"  {part}"
    return [*lines, current]
