"""The keys of host.toml by table, from the manifest's own schema."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec

from xenscmi.host.manifest import Manifest


@dataclass(frozen=True, slots=True)
class SchemaKey:
    """A key: the type of its value in a word, and what it means."""

    type: str
    doc: str


@cache
def _schema() -> tuple[dict[str, Any], dict[str, Any]]:
    (found,), definitions = msgspec.json.schema_components([Manifest], ref_template="{name}")
    return found, definitions


def keys_of(table: str) -> dict[str, SchemaKey]:
    """Return the keys of a table, named as in its header (`firmware.agents`, "" for the top); none if unknown."""
    schema, definitions = _schema()
    at = _resolved(schema, definitions)
    for step in table.split(".") if table else ():
        at = _resolved(at.get("properties", {}).get(step, {}), definitions)
    return {
        name: SchemaKey(
            str(_one(each).get("type", "table")), each.get("description") or _one(each).get("description", "")
        )
        for name, each in at.get("properties", {}).items()
    }


def _one(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema, or of several that are possible the first."""
    found: dict[str, Any] = schema["anyOf"][0] if "anyOf" in schema else schema
    return found


def _resolved(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Return the table that a schema means: its definition, or that of the items of a list."""
    at = _one(schema)
    if "items" in at:
        at = _one(at["items"])
    reference = at.get("$ref") or next((each["$ref"] for each in at.get("allOf", ()) if "$ref" in each), None)
    found: dict[str, Any] = definitions[reference] if reference else at
    return found
