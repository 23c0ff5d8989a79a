"""How to fix what libxlu does not understand: the help lines of its errors."""

from __future__ import annotations

HEX_ESCAPE = "libxlu does not accept \\x escapes: write the character itself"
OCTAL_ESCAPE = "libxlu drops octal escapes even if it accepts them: write the character itself"
ESCAPE = "write \\\\ for a backslash; known escapes are \\a \\b \\f \\n \\r \\t \\v \\\\ \\' \\\""
NUL = "remove the NUL byte: the real xl aborts on it"
SUM = "a list can only be added to a list, a string or number to a string or number"

_JSON = "this looks like JSON; `xenscmi domctl` reads libxl's JSON"
_STATEMENT = "write KEY = VALUE, with the key in lower case"
_NOT_A_TREE = "name the domain's xl.cfg file; its device_tree names the tree"
_LONGEST_VALUE = 200

# How a file begins that is not a text, and the advice.
_BINARIES = (
    ("\udcd0\r\udcfe\udced", "this is a device tree (DTB), not an xl.cfg file: name it in device_tree"),
    ("\x7fELF", "this is an ELF program, not an xl.cfg file: name it in kernel"),
    ("\x1f\udc8b", "this is a compressed file (gzip), not an xl.cfg file"),
)
_ARM64_MAGIC = 56  # where the header of an arm64 kernel has "ARMd"

# The beginning of the bad piece, and the advice.
_BEGINNINGS = (
    ("#", "a comment must end with a newline: add a newline at the end of the file"),
    ("'", "close the string on the same line"),
    ('"', "close the string on the same line"),
    ("\r", "the file has DOS line endings: convert it with dos2unix"),
    ("CONFIG_", "this is a Kconfig fragment, not an xl.cfg file: it configures a kernel, U-Boot or Xen"),
    ("/dts-v1/", f"this is a device tree source: {_NOT_A_TREE}"),
    ("\ufeff", "remove the byte order mark at the beginning of the file"),
)


def for_binary(text: str) -> str:
    """Return what a file is that is not a text; empty for a text."""
    if text.startswith("ARMd", _ARM64_MAGIC):
        return "this is an arm64 kernel (Image), not an xl.cfg file: name it in kernel"
    return next((advice for beginning, advice in _BINARIES if text.startswith(beginning)), "")


def for_piece(text: str, start: int, end: int) -> str:
    """Return how to fix the characters `start` to `end`, which are not a token."""
    piece = text[start:end]
    for beginning, advice in _BEGINNINGS:
        if piece.startswith(beginning):
            return advice
    value = _value_start(text, start)
    if value is None:
        return _JSON if piece.startswith("{") else _STATEMENT
    before = text[value:start]
    if not before.strip() and piece[:1] == "-" and piece[1:].strip().isdigit():
        return "xl.cfg has no negative numbers; remove the setting to get the default"
    if before.isdigit() and piece.strip().isalpha():
        return "write the number without a unit: memory, for example, is in MiB"
    return quoted(text, value)


def quoted(text: str, start: int) -> str:
    """Return the advice to put the text from `start` to the end of the line, without a comment, in quotes."""
    end = text.find("\n", start, start + _LONGEST_VALUE)
    value = text[start : end if end >= 0 else start + _LONGEST_VALUE].partition("#")[0].strip(" \t\r;")
    quote = "'" if '"' in value else '"'
    return f"put the value in quotes: {quote}{value}{quote}"


def _value_start(text: str, at: int) -> int | None:
    """Return where the value after the first equals sign in the line of `at` begins; None if `at` is before it."""
    line = text.rfind("\n", max(at - _LONGEST_VALUE, 0), at) + 1
    sign = text.find("=", line, at)
    if sign < 0:
        return None
    return next((index for index in range(sign + 1, at) if text[index] not in " \t"), at)
