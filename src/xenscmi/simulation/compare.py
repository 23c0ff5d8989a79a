"""Two runs of one host, held against each other cell by cell: what one saw, the other must have seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from xenscmi.simulation.simulate import DomainView, Simulation


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Something that two runs do not agree on: a domain's (`subject`), as the `first` and the `second` saw it."""

    domain: str
    subject: str
    first: str
    second: str


def compare(first: Simulation, second: Simulation) -> tuple[Difference, ...]:
    """Return where two runs of a host differ: the boot, each domain's agent, each device, each forbidden thing."""
    return tuple(_differences(first, second))


def _differences(first: Simulation, second: Simulation) -> Iterator[Difference]:
    if first.panic != second.panic:
        yield Difference(domain="Xen", subject="boot", first=str(first.panic), second=str(second.panic))
    ones, others = ({view.name: _cells(view) for view in each.domains} for each in (first, second))
    for domain in dict.fromkeys((*ones, *others)):
        one, other = ones.get(domain, {}), others.get(domain, {})
        for subject in dict.fromkeys((*one, *other)):
            seen = one.get(subject, "not tried"), other.get(subject, "not tried")
            if seen[0] != seen[1]:
                yield Difference(domain=domain, subject=subject, first=seen[0], second=seen[1])


def _cells(view: DomainView) -> dict[str, str]:
    """Return everything that a domain saw, by what it is about."""
    agent = "no answer" if view.agent_id is None else f"agent {view.agent_id}"
    devices = {f"device {device}": access.value for device, access in sorted(view.devices.items())}
    return {"agent": agent, **devices, **{each.subject: each.seen for each in view.forbidden}}
