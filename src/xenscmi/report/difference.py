"""What a host has that another one has not: agents, domains, devices, interrupts, findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from xenscmi.diagnostics import Diagnostic
from xenscmi.report.holdings import DomainHolding, Holdings, runs
from xenscmi.report.host import AgentRow

NOTHING = "–"
"""Stands for what one of the hosts has not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldingDifference:
    """A difference between two hosts: what it is about, and what each of them has."""

    subject: str
    here: str
    there: str


def differences(here: Holdings, there: Holdings) -> tuple[HoldingDifference, ...]:
    """Return where two hosts give something else: by agent id and function id, then by the names of domains."""
    return (
        *_compare({"the firmware": _firmware(here)}, {"the firmware": _firmware(there)}),
        *_compare({_name(row): _agent(row) for row in here.agents}, {_name(row): _agent(row) for row in there.agents}),
        *_compare(
            {f"domain {each.name}": _domain(each) for each in here.domains},
            {f"domain {each.name}": _domain(each) for each in there.domains},
        ),
    )


def new_findings(here: Sequence[Diagnostic], there: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return the findings of a host that another one has not: by rule and message, wherever they stand."""
    known = {(each.code, each.message) for each in there}
    return tuple(each for each in here if (each.code, each.message) not in known)


def _compare(
    here: Mapping[str, Mapping[str, str]], there: Mapping[str, Mapping[str, str]]
) -> Iterator[HoldingDifference]:
    for subject in dict.fromkeys((*here, *there)):
        ours, theirs = here.get(subject), there.get(subject)
        if ours is None or theirs is None:
            shown = (NOTHING if each is None else ", ".join(_said(each)) or "there" for each in (ours, theirs))
            first, second = shown
            yield HoldingDifference(subject=subject, here=first, there=second)
            continue
        for key in dict.fromkeys((*ours, *theirs)):
            first, second = ours.get(key, NOTHING), theirs.get(key, NOTHING)
            if first != second:
                yield HoldingDifference(subject=f"{subject}: {key}", here=first, there=second)


def _said(values: Mapping[str, str]) -> Iterator[str]:
    return (f"{key} {value}" for key, value in values.items() if value != NOTHING)


def _firmware(host: Holdings) -> dict[str, str]:
    return {"profile": host.host.firmware, "trusted agent": _number(host.host.trusted_agent)}


def _name(row: AgentRow) -> str:
    return f"agent of {_hex(row.func_id)}" if row.agent_id is None else f"agent {row.agent_id}"


def _agent(row: AgentRow) -> dict[str, str]:
    return {"func_id": _hex(row.func_id), "page": _hex(row.page), "owner": ", ".join(row.owners) or NOTHING}


def _domain(domain: DomainHolding) -> dict[str, str]:
    return {
        "made by": domain.kind,
        "agent": _number(domain.agent_id),
        **{f"device {each.path}": "given" for each in domain.devices},
        "interrupts": runs(domain.interrupts) or NOTHING,
        "memory": ", ".join(
            f"{each.host:#x}–{each.host + each.size - 1:#x} at {each.guest:#x}" for each in domain.memory
        )
        or NOTHING,
    }


def _number(value: int | None) -> str:
    return NOTHING if value is None else str(value)


def _hex(value: int | None) -> str:
    return NOTHING if value is None else f"{value:#x}"
