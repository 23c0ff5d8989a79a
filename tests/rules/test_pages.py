"""The documentation of the rules, and the manifest's schema, are generated: they must be in step with the code."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec

from xenscmi.host.manifest import Manifest
from xenscmi.report.rule_page import index, page
from xenscmi.rules.registry import RULES, UNUSED_SUPPRESSION

DOCS = Path(__file__).parents[2] / "docs"


def test_the_pages_are_in_step() -> None:
    rules = (*RULES, UNUSED_SUPPRESSION)
    wanted = {f"{rule.code}.md": page(rule) for rule in rules} | {"index.md": index(rules)}
    assert {path.name: path.read_text() for path in (DOCS / "rules").iterdir()} == wanted, "run tools/rule_pages.py"


def test_the_published_schema_is_the_manifests() -> None:
    wanted = json.loads(msgspec.json.encode(msgspec.json.schema(Manifest)))
    assert json.loads((DOCS / "host.schema.json").read_text()) == wanted, "run tools/rule_pages.py"
