"""Limits on grants and event channels."""

from __future__ import annotations

from xenscmi.config.options.table import Build, Option, number
from xenscmi.xlcfg.numbers import INT_MAX


def _limit(key: str, doc: str) -> Option:
    sets = f"b_info.{key}"

    def read(build: Build) -> None:
        span = build.span(key)
        if span is None:
            return
        found = build.reader.long(key, 0, INT_MAX, quiet=True)
        if found is None:
            # xl ends here without a message.
            message = f"{key} is not a number in 0..{INT_MAX}"
            build.fail(message, span, "write such a number; the real xl exits here without a message")
        build.set(sets, found, span)

    return Option(key=key, takes="number", sets=sets, doc=doc, read=read)


GRANTS = (
    _limit("max_grant_frames", "Maximum number of grant table frames. Default: Xen's."),
    _limit("max_maptrack_frames", "Maximum number of frames that track mapped grants. Default: Xen's."),
    _limit("max_grant_version", "Highest grant table version that the domain may use: 1 or 2."),
)
EVENTS = (number("max_event_channels", "b_info.event_channels", "Highest event channel. Default: 1023, also for 0."),)
