"""What the rules say against what a real Xen did with each host (vectors/boot).

A host is bad where Xen refused it, or where a domain that its files meant to have an agent went unanswered, was another
agent, or was denied a device that its files give it: then there must be an error or a warning. A host on which
everything went as its files mean must bring no error.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xenscmi.diagnostics import Severity
from xenscmi.host.types import Host
from xenscmi.rules.engine import check

Judge = Callable[[Host, dict[str, Any]], list[str]]
FOLDER = Path(__file__).parents[1] / "vectors" / "boot"
NAMES = sorted(path.name for path in FOLDER.iterdir() if path.is_dir())

# Documented in docs/check.md: what went wrong there is nothing that the files of a host say.
EXCEPTIONS = {"domU-shmem-not-mapped": "the test guest is told on its own command line to look elsewhere"}


@pytest.mark.parametrize("name", NAMES)
def test_the_rules_agree_with_what_xen_did(name: str, boot_vectors: dict[str, Host], went_wrong: Judge) -> None:
    expected = json.loads((FOLDER / name / "expected.json").read_text())
    host = boot_vectors[name]
    wrong = went_wrong(host, expected)
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
