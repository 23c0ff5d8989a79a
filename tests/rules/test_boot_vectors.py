"""What the rules say against what a real Xen did with each host (vectors/boot).

A host is bad where Xen refused it, or where a domain that its files meant to have an agent was not answered, was
another agent, was denied a device that its files give it, or could read another agent's page: then there must be an
error. A host on which everything went as its files mean must have none.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.rules.judge import went_wrong

from xenscmi.diagnostics import Severity
from xenscmi.host.types import Host
from xenscmi.rules.engine import check

FOLDER = Path(__file__).parents[1] / "vectors" / "boot"
NAMES = sorted(path.name for path in FOLDER.iterdir() if path.is_dir())

# Documented in docs/check.md: what went wrong there is nothing that the files of a host say.
EXCEPTIONS = {"domU-shmem-not-mapped": "the test guest is told on its own command line to look elsewhere"}


@pytest.mark.parametrize("name", NAMES)
def test_the_rules_agree_with_what_xen_did(name: str, boot_vectors: dict[str, Host]) -> None:
    expected = json.loads((FOLDER / name / "expected.json").read_text())
    host = boot_vectors[name]
    wrong = went_wrong(host, expected)
    found = check(host)
    errors = [each for each in found if each.severity is Severity.ERROR]
    if name in EXCEPTIONS:
        assert wrong
        assert not errors
    elif wrong:
        assert errors, wrong
        assert all(each.span and each.span.source.text for each in found)
    else:
        assert not errors, errors
