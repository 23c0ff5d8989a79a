"""A log as people paste it: each line without colours, timestamps, prefixes and line noise, and its place."""

from __future__ import annotations

import re
from collections.abc import Iterator

from xenscmi.record import Record
from xenscmi.source import Source, Span

# Escape sequences of a terminal; then whatever no log line is made of: white space, control characters, stray bytes.
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_NOISE = re.compile(r"[^\x21-\x7e]+")
# What stands before a line's own text: quoting, serial numbers and times of loggers, levels, who speaks.
_PREFIX = re.compile(r"^(?:[>|]|\[[\d.:\-T+]*\]|<\d+>|\(XEN\)|\(d\d+\))+")

_LONGEST = 2000


class LogLine(Record):
    """A line of a log: `text` has no white space, so that a wrapped or badly spaced line still matches."""

    text: str
    span: Span


def lines(log: Source) -> Iterator[LogLine]:
    """Yield the lines of a log that have a text."""
    for number, start in enumerate(log.starts, 1):
        raw = log.line(number)
        text = _PREFIX.sub("", _NOISE.sub("", _ESCAPES.sub("", raw[:_LONGEST])))
        if text:
            indent = len(raw) - len(raw.lstrip())
            yield LogLine(text=text, span=Span(log, start + indent, start + len(raw.rstrip())))
