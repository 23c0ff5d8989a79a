"""Reads the example host of the rules, changed as a rule's bad example says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xenscmi.devicetree import Tree, parse_dts
from xenscmi.host.configuration import read_configuration
from xenscmi.host.index import Index, guest_channel, wanted_agent
from xenscmi.host.reader import read_host
from xenscmi.host.types import DomainKind, Host, HostFirmware
from xenscmi.rules.example import FILES
from xenscmi.rules.rule import Change
from xenscmi.source import Source

ReadExample = Callable[..., Host]


def _apply(changes: tuple[Change, ...]) -> dict[str, str]:
    files = dict(FILES)
    for change in changes:
        text = files.get(change.file, "")
        assert text.count(change.good) == 1 or not text, f"{change.file}: {change.good!r}"
        files[change.file] = text.replace(change.good, change.bad)
    return {name: text for name, text in files.items() if text}


def _tree(name: str, text: str) -> Tree:
    return parse_dts(text.encode(), name=name, directory=Path())


@pytest.fixture(scope="session")
def read_example() -> ReadExample:
    def read(
        changes: tuple[Change, ...] = (), firmware: HostFirmware | None = None, xen_profile: str | None = None
    ) -> Host:
        files = _apply(changes)
        trees = {Path(name).stem: _tree(name, text) for name, text in files.items() if name.endswith(".dts")}
        host, guest = trees.pop("host"), trees.pop("guest", None)
        configuration = read_configuration(Source("guest.cfg", files["guest.cfg"]))
        return read_host(
            host, partial=trees, toolstack=[(configuration, guest)], firmware=firmware, xen_profile=xen_profile
        )

    return read


def _went_wrong(host: Host, expected: dict[str, Any]) -> list[str]:
    """Return what did not go as the host's files mean it."""
    if not expected["boots"]:
        return [f"panic: {expected['panic']}"]
    domains = expected["domains"]
    index = Index(host)
    wrong = []
    first_id = 0 if host.domains[0].kind is DomainKind.DOM0 else 1
    for number, domain in enumerate(host.domains, first_id):
        seen, wanted = domains[f"d{number}"], wanted_agent(domain)
        offers = (
            seen.get("channel", {}) is not None if domain.kind is DomainKind.DOM0 else guest_channel(domain) is not None
        )
        if wanted is None and not offers:
            continue
        if not seen["answered"]:
            wrong.append(f"d{number} was not answered")
            continue
        if wanted is None or seen["agent_id"] != wanted.value:
            wrong.append(f"d{number} is agent {seen['agent_id']}")
        meant = {
            entry.arguments[0] if entry.arguments else None
            for each in index.assignments
            if each.domain is domain
            for entry in each.device.entries or ()
        }
        if wanted is not None and not meant <= set(seen["allowed"]):
            wrong.append(f"d{number} was denied {meant - set(seen['allowed'])}")
    return wrong


@pytest.fixture(scope="session")
def went_wrong() -> Callable[[Host, dict[str, Any]], list[str]]:
    """Says what did not go as a host's files mean it, by what became of it: a boot vector's expected.json."""
    return _went_wrong
