"""Phrases that several rules share, so that one thing always has one name."""

from __future__ import annotations

from collections.abc import Sequence

from xenscmi.host.types import DomainKind, HostDomain

FIRST_FUNC_ID = 0x0200_0000
"""Cells below it are not a function id of a SiP call: phandles, agent ids."""


def has_rows_of(listing: Sequence[int], width: int) -> bool:
    """Return whether the list of agents has rows of so many cells: each begins with a function id."""
    return bool(listing) and len(listing) % width == 0 and all(cell >= FIRST_FUNC_ID for cell in listing[::width])


PROBE_FAILS = "the mediator's probe fails, and every domain runs without SCMI"
NO_SCMI = "The mediator's probe fails. That is not fatal: Xen boots, and every domain runs without SCMI."

GIVEN = "the domain gets its tree here"


def refusal(domain: HostDomain, errno: int) -> str:
    """Return what happens when Xen refuses to create a domain: a panic at boot, or an error of `xl create`."""
    if domain.is_dom0:
        return f"Xen panics at boot (rc = {-errno})"
    if domain.kind is not DomainKind.TOOLSTACK:
        return f'Xen panics: "Error creating domain {domain.name} (rc = {-errno})"'
    words = {2: "No such file or directory", 17: "File exists", 22: "Invalid argument"}
    return f'`xl create` fails: "domain creation fail: {words[errno]}"'
