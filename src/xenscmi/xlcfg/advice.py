"""How to mend what libxlu does not understand."""

from __future__ import annotations

HEX_ESCAPE = "libxlu never accepts \\x escapes: write the character itself"
OCTAL_ESCAPE = "libxlu drops octal escapes even where it accepts them: write the character itself"
ESCAPE = "write \\\\ for a backslash; known escapes are \\a \\b \\f \\n \\r \\t \\v \\\\ \\' \\\""
NUL = "remove the NUL byte: xl itself aborts on it"
SUM = "a list can only be added to a list, a string or number to a string or number"

_JSON = "this looks like JSON; `xenscmi domctl` reads libxl's"
_STATEMENT = "a line is KEY = VALUE, with the key in lower case"
_LONGEST_VALUE = 200

# What the bad piece begins with.
_BEGINNINGS = (
    ("#", "a comment must end with a newline: add one at the end of the file"),
    ("'", "close the string on the same line"),
    ('"', "close the string on the same line"),
    ("\r", "the file has DOS line ends: convert it with dos2unix"),
    ("\ufeff", "remove the byte order mark at the beginning of the file"),
)


def for_piece(text: str, start: int, end: int) -> str:
    """Return how to mend the characters `start` to `end`, which are no token."""
    piece = text[start:end]
    for beginning, advice in _BEGINNINGS:
        if piece.startswith(beginning):
            return advice
    value = _value_start(text, start)
    if value is None:
        return _JSON if piece.startswith("{") else _STATEMENT
    before = text[value:start]
    if not before.strip() and piece[:1] == "-" and piece[1:].strip().isdigit():
        return "numbers are not negative in xl.cfg; leave the setting out for the default"
    if before.isdigit() and piece.strip().isalpha():
        return "a number has no unit: memory, for one, counts MiB"
    return quoted(text, value)


def quoted(text: str, start: int) -> str:
    """Return the advice to put what stands from `start` to the end of the line, without a comment, in quotes."""
    end = text.find("\n", start, start + _LONGEST_VALUE)
    value = text[start : end if end >= 0 else start + _LONGEST_VALUE].partition("#")[0].strip(" \t\r;")
    quote = "'" if '"' in value else '"'
    return f"put the value in quotes: {quote}{value}{quote}"


def _value_start(text: str, at: int) -> int | None:
    """Return where the value begins behind the first equals sign of the line of `at`; None before it."""
    line = text.rfind("\n", max(at - _LONGEST_VALUE, 0), at) + 1
    sign = text.find("=", line, at)
    if sign < 0:
        return None
    return next((index for index in range(sign + 1, at) if text[index] not in " \t"), at)
