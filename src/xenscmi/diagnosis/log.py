"""A log as people paste it: each line without colours, timestamps, prefixes and line noise, and its place."""

from __future__ import annotations

import re
from collections.abc import Iterator

from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.record import Record
from xenscmi.source import Source, Span

# Escape sequences of a terminal; then whatever no log line is made of: white space, control characters, stray bytes.
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_NOISE = re.compile(r"[^\x21-\x7e]+")
# What stands before a line's own text: quoting, serial numbers and times of loggers, levels, who speaks.
_PREFIX = re.compile(r"^(?:[>|]|\[[\d.:\-T+]*\]|<\d+>|\(XEN\)|\(d\d+\))+")

_LONGEST = 2000

# How a file begins that is not a text; the text has bytes that are not UTF-8 as surrogates.
_BINARIES = {
    "\x1f\udc8b": "compressed by gzip",
    "\udcfd7zXZ": "compressed by xz",
    "\x28\udcb5\x2f\udcfd": "compressed by zstd",
    "BZh": "compressed by bzip2",
    "PK\x03\x04": "a zip archive",
    "\x7fELF": "an ELF program",
    "\udcd0\r\udcfe\udced": "a device tree (DTB)",
}


class LogLine(Record):
    """A line of a log: `text` has no white space, so that a wrapped or badly spaced line still matches."""

    text: str
    span: Span


def require_text(log: Source) -> None:
    """Raise XenscmiError for a file that is not a text: nothing would be found in it, whatever it says."""
    kind = next((kind for beginning, kind in _BINARIES.items() if log.text.startswith(beginning)), None)
    if kind is not None:
        packed = kind.startswith(("compressed", "a zip"))
        help = "unpack it first, for example with zcat, and give it as `-'" if packed else "name the log first"
        raise XenscmiError(
            Diagnostic(message=f"{log.name} is {kind}, not a log", span=Span(Source(log.name, ""), 0, 0), help=help)
        )


def lines(log: Source) -> Iterator[LogLine]:
    """Yield the lines of a log that have a text."""
    for number, start in enumerate(log.starts, 1):
        raw = log.line(number)
        text = _PREFIX.sub("", _NOISE.sub("", _ESCAPES.sub("", raw[:_LONGEST])))
        if text:
            indent = len(raw) - len(raw.lstrip())
            yield LogLine(text=text, span=Span(log, start + indent, start + len(raw.rstrip())))
