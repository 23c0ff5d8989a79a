"""Write what the documentation takes from the code: a page a rule, their table, the manifest's JSON Schema."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec

from xenscmi.host.manifest import Manifest
from xenscmi.report.rule_page import index, page
from xenscmi.rules.registry import RULES, UNUSED_SUPPRESSION

DOCS = Path(__file__).parents[1] / "docs"


def pages() -> dict[Path, str]:
    """Return the generated files and their texts."""
    rules = (*RULES, UNUSED_SUPPRESSION)
    found = {DOCS / "rules" / f"{rule.code}.md": page(rule) for rule in rules}
    found[DOCS / "rules" / "index.md"] = index(rules)
    found[DOCS / "host.schema.json"] = json.dumps(msgspec.json.schema(Manifest), indent=2) + "\n"
    return found


if __name__ == "__main__":
    for path, text in pages().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
