"""What a new rendering changes, in words: who gets what, who loses what."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.plan.allocation import SHMEM, Allocation
from xenscmi.plan.lock import Lock


def words(before: Lock, allocation: Allocation) -> Iterator[str]:
    """Yield what is given, taken or moved since the lock was written, one line each."""
    after = allocation.lock
    yield from _agents(before, allocation)
    for path in after.devices:
        old, new = before.device_ids(path), after.device_ids(path)
        if not old:
            yield f"{path} gets {_scmi_ids(new)}"
        elif old != new:
            yield f"{path} changes from {_scmi_ids(old)} to {', '.join(map(str, new))}"
    for path in before.devices:
        if path not in after.devices:
            yield f"{path} is no longer under SCMI control"
    for name, given in after.guests.items():
        was = before.guests.get(name, {})
        for host, guest in given.items():
            what = "its agent's page" if host == SHMEM else f"the registers at {host}"
            if host not in was:
                yield f"{name} finds {what} at {guest:#x}"
            elif was[host] != guest:
                yield f"{name} finds {what} at {guest:#x}, no longer at {was[host]:#x}"
        for host in was.keys() - given.keys():
            yield f"{name} no longer has " + ("an agent's page" if host == SHMEM else f"the registers at {host}")


def _scmi_ids(ids: tuple[int, ...]) -> str:
    return f"SCMI device id{'s' if len(ids) > 1 else ''} {', '.join(map(str, ids))}"


def _agents(before: Lock, allocation: Allocation) -> Iterator[str]:
    channels = {each.agent_id: each for each in allocation.channels}
    for name, number in allocation.lock.agents.items():
        channel = channels[number]
        if name not in before.agents:
            yield f"{name} gets agent {number} (function id {channel.func_id:#x}, page {channel.page:#x})"
        elif before.agents[name] != number:
            yield f"{name} changes from agent {before.agents[name]} to {number}"
    for name, number in before.agents.items():
        if name not in allocation.lock.agents:
            yield f"{name} is gone: agent {number} is free"
