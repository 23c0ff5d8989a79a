"""Renaming an agent: the edits in every file of a host, or the reason why there are none."""

from __future__ import annotations

import re

from xenscmi.config.constants import INVALID_AGENT_ID
from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.host.occurrences import Occurrence, Subject
from xenscmi.source import Span

_NUMBER = re.compile(r"0|[1-9][0-9]{0,2}")
"""As all files of a host read it: 010 is 8 to a DTS, 10 to xl, and an error to TOML."""


def rename_agent(found: tuple[Occurrence, ...], old: int, new: str) -> tuple[Span, ...]:
    """Return the places of all files that are to hold the new number of an agent.

    Raises XenscmiError where the new one is not an agent id or is taken, or where a place cannot be edited.
    """
    if not (_NUMBER.fullmatch(new) and int(new) < INVALID_AGENT_ID):
        raise _error(f"{new} is not an agent id: write a number from 0 to {INVALID_AGENT_ID - 1}")
    agents = [each for each in found if each.subject is Subject.AGENT]
    if int(new) != old and (taken := next((each for each in agents if each.value == int(new)), None)):
        place = f"{taken.place.source.name}:{taken.place.line}"
        raise _error(f"there is an agent {new} already: {place}", taken.place)
    places = []
    for each in agents:
        if each.value == old:
            if each.literal is None:
                place = f"{each.span.source.name}:{each.span.line}"
                raise _error(
                    f"{place} does not hold the number {old} itself: rename the agent there by hand", each.span
                )
            places.append(each.literal)
    return tuple(places)


def _error(message: str, span: Span | None = None) -> XenscmiError:
    return XenscmiError(Diagnostic(message=message, span=span))
