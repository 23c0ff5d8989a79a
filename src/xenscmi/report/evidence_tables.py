"""The tables of the evidence, as CSV: the agents, the messages, and what was answered."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from xenscmi.scmi.header import ProtocolId
from xenscmi.scmi.status import status_name
from xenscmi.simulation.campaign import Campaign

_AGENT = 4  # bytes of the sender's id


def agents_table(campaign: Campaign | None) -> str:
    """Return the agents, and what the files give to them."""
    rows = (
        (
            each.agent,
            each.domain,
            "Xen" if each.through_xen else "EL3",
            _yes(each.trusted),
            " ".join(map(str, sorted(each.devices))),
        )
        for each in (campaign.speakers if campaign else ())
    )
    return _csv(("agent", "domain", "through", "trusted", "devices"), rows)


def messages_table(campaign: Campaign | None) -> str:
    """Return each message as it is sent, for each resource, device or agent that it can be about."""
    rows = (
        (
            f"{each.command.protocol_id:#x}",
            each.command.name,
            f"{each.command.id:#x}",
            each.about,
            "" if each.number is None else each.number,
            each.name,
            "{agent}" + each.payload[_AGENT:].hex() if each.names_sender else each.payload.hex(),
        )
        for each in (campaign.variants if campaign else ())
    )
    return _csv(("protocol", "message", "message_id", "about", "number", "name", "payload"), rows)


def permissions_table(campaign: Campaign | None) -> str:
    """Return what each agent was answered: a row for all resources for which a message had one answer."""
    domains = {each.agent: each.domain for each in (campaign.speakers if campaign else ())}
    rows = (
        (
            each.agent,
            domains[each.agent],
            f"{each.protocol:#x}",
            ProtocolId(each.protocol).name.lower(),
            each.message,
            numbers_in_ranges(each.resources),
            len(each.resources),
            status_name(each.expected.status),
            each.expected.reason,
            each.answer.hex(),
            each.fault or "ok",
        )
        for each in (campaign.trials if campaign else ())
    )
    head = (
        "agent",
        "domain",
        "protocol",
        "name",
        "message",
        "about",
        "tries",
        "expected",
        "because",
        "answer",
        "verdict",
    )
    return _csv(head, rows)


def numbers_in_ranges(numbers: Sequence[int | None]) -> str:
    """Return numbers as `0-3 7`; empty for a message that is about none."""
    return " ".join(f"{first}-{last}" if last > first else str(first) for first, last in _ranges(numbers))


def _ranges(numbers: Iterable[int | None]) -> Iterator[tuple[int, int]]:
    first = last = None
    for number in sorted(number for number in numbers if number is not None):
        if last is not None and number <= last + 1:
            last = number
            continue
        if first is not None and last is not None:
            yield first, last
        first = last = number
    if first is not None and last is not None:
        yield first, last


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _csv(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue()
