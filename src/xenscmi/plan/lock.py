"""The lock file beside the plan: what was given to whom, so that it stays given.

TOML, one line for each thing given, sorted, so that a difference of two versions says what changed. It holds nothing
that the plan says itself.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from xenscmi.host.toml_places import TomlPlaces
from xenscmi.plan.reading import convert, read_toml
from xenscmi.plan.schema import U32, Address, AgentId
from xenscmi.source import Source

NAME = "plan.lock"
_HEAD = """\
# What `xenscmi plan' gave to whom. Keep it with plan.toml, under version control: numbers that stand here stay.
# To have something given anew, remove its line.
version = 1
"""


class Lock(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was given: the first page where the plan does not say it, agent ids by domain, SCMI ids of devices by path
    (a number, or a list where there are several), and for each domain the guest addresses of host addresses (in
    hexadecimal)."""

    version: Annotated[int, msgspec.Meta(ge=1, le=1)] = 1
    pages: Address | None = None
    agents: dict[str, AgentId] = {}
    devices: dict[str, U32 | tuple[U32, ...]] = {}
    guests: dict[str, dict[str, Address]] = {}

    def device_ids(self, path: str) -> tuple[int, ...]:
        """Return the SCMI device ids of a device, by its path; none where it has none."""
        ids = self.devices.get(path, ())
        return (ids,) if isinstance(ids, int) else ids


def read_lock(source: Source) -> Lock:
    """Return the lock in a TOML text. Raises XenscmiError with the place of what is wrong."""
    places = TomlPlaces(source)
    return convert(read_toml(source, NAME), Lock, places)


def write_lock(lock: Lock) -> str:
    """Return a lock as text."""
    lines = [_HEAD.rstrip("\n")]
    if lock.pages is not None:
        lines.append(f"pages = {lock.pages:#x}")
    lines += ["", "[agents]", *(f"{_key(name)} = {number}" for name, number in sorted(lock.agents.items()))]
    lines += ["", "[devices]", *(f"{_key(path)} = {_ids(ids)}" for path, ids in sorted(lock.devices.items()))]
    for name, given in sorted(lock.guests.items()):
        lines += ["", f"[guests.{_key(name)}]"]
        lines += [f"{_key(host)} = {guest:#x}" for host, guest in sorted(given.items())]
    return "\n".join(lines) + "\n"


def _ids(ids: int | tuple[int, ...]) -> str:
    return str(ids if isinstance(ids, int) else list(ids))


def _key(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
