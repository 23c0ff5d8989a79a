"""What a stream that people read can show: how wide its lines may be, and whether there are colours."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

LEAST = 20
"""Characters below which no terminal is taken to be: lines are not folded any further."""


def width_of(stream: TextIO) -> int | None:
    """Return how many characters a line of a stream may have: as COLUMNS says, or else the terminal that it is.

    None for a pipe or a file: programs want one line for one thing.
    """
    stated = os.environ.get("COLUMNS", "")
    if stated.isascii() and stated.isdecimal() and int(stated[:6]) > 0:
        return max(int(stated[:6]), LEAST)
    try:
        columns = os.get_terminal_size(stream.fileno()).columns if stream.isatty() else 0
    except (OSError, ValueError):  # a stream without a file
        return None
    return max(columns, LEAST) if columns else None  # a serial console does not tell: it has 0


def has_colours(stream: TextIO) -> bool:
    """Return whether to write in colours: on a terminal, unless NO_COLOR says otherwise."""
    return stream.isatty() and "NO_COLOR" not in os.environ
