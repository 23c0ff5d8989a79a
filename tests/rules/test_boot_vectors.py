"""What the rules say against what a real Xen did with each host (vectors/boot).

A host is bad where Xen refused it, or where a domain that its files meant to have an agent went unanswered, was another
agent, or was denied a device that its files give it: then there must be an error or a warning. A host on which
everything went as its files mean must bring no error.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from xenscmi.diagnostics import Severity
from xenscmi.host.types import DomainKind, Host
from xenscmi.host.view import View, guest_channel, wanted_agent
from xenscmi.rules.engine import check

FOLDER = Path(__file__).parents[1] / "vectors" / "boot"
NAMES = sorted(path.name for path in FOLDER.iterdir() if path.is_dir())

# Documented in docs/check.md: what went wrong there is nothing that the files of a host say.
EXCEPTIONS = {"domU-shmem-not-mapped": "the test guest is told on its own command line to look elsewhere"}


def _went_wrong(host: Host, expected: dict[str, object]) -> list[str]:
    """Return what did not go as the host's files mean it."""
    if not expected["boots"]:
        return [f"panic: {expected['panic']}"]
    domains = expected["domains"]
    assert isinstance(domains, dict)
    view = View(host)
    wrong = []
    first_id = 0 if host.domains[0].kind is DomainKind.DOM0 else 1
    for number, domain in enumerate(host.domains, first_id):
        seen, wanted = domains[f"d{number}"], wanted_agent(domain)
        offers = bool(seen["channel"]) if domain.kind is DomainKind.DOM0 else guest_channel(domain) is not None
        if wanted is None and not offers:
            continue
        if not seen["answered"]:
            wrong.append(f"d{number} was not answered")
            continue
        if wanted is None or seen["agent_id"] != wanted.value:
            wrong.append(f"d{number} is agent {seen['agent_id']}")
        meant = {
            entry.arguments[0] if entry.arguments else None
            for each in view.assignments
            if each.domain is domain
            for entry in each.device.entries or ()
        }
        if wanted is not None and not meant <= set(seen["allowed"]):
            wrong.append(f"d{number} was denied {meant - set(seen['allowed'])}")
    return wrong


@pytest.mark.parametrize("name", NAMES)
def test_the_rules_agree_with_what_xen_did(name: str, boot_vectors: dict[str, Host]) -> None:
    expected = json.loads((FOLDER / name / "expected.json").read_text())
    host = boot_vectors[name]
    wrong = _went_wrong(host, expected)
    found = check(host)
    severities = {each.severity for each in found}
    if name in EXCEPTIONS:
        assert wrong
        assert Severity.ERROR not in severities
    elif wrong:
        assert severities & {Severity.ERROR, Severity.WARNING}, wrong
        assert all(each.span and each.span.source.text for each in found)
    else:
        assert Severity.ERROR not in severities, [each for each in found if each.severity is Severity.ERROR]
