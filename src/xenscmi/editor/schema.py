"""The keys of host.toml and plan.toml by table, from their own schemas."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec

from xenscmi.host.manifest import Manifest
from xenscmi.plan import json_schema
from xenscmi.plan.schema import NAME as PLAN

_REFERENCE = "#/$defs/"


@dataclass(frozen=True, slots=True)
class SchemaKey:
    """A key: the type of its value in a word, what it means, and all words that it may be, where these are few."""

    type: str
    doc: str
    values: tuple[str, ...] = ()


@cache
def _schema(name: str) -> dict[str, Any]:
    return json_schema.schema() if name == PLAN else msgspec.json.schema(Manifest)


def keys_of(name: str, table: str) -> dict[str, SchemaKey]:
    """Return the keys of a table of a file: the table named as in its header (`firmware.agents`, "" for the top).

    There are none if the table is not known.
    """
    schema = _schema(name)
    definitions = schema["$defs"]
    at = _table(schema, definitions)
    for step in table.split(".") if table else ():
        at = _table(at.get("properties", {}).get(step, {}), definitions)
    return {key: _key(each) for key, each in at.get("properties", {}).items()}


def _key(schema: dict[str, Any]) -> SchemaKey:
    first = _first(schema)
    values = tuple(str(each) for each in first.get("enum", ()))
    kind = "string" if values else str(first.get("type", "table"))
    return SchemaKey(kind, schema.get("description") or first.get("description", ""), values)


def _first(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema, or of several that are possible the first."""
    found: dict[str, Any] = schema["anyOf"][0] if "anyOf" in schema else schema
    return found


def _table(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Return the table that a schema means: of several that are possible that which has keys; of a list, its items'."""
    for each in (*schema.get("anyOf", ()), schema):
        at = _first(each["items"]) if "items" in each else each
        reference = at.get("$ref") or next((part["$ref"] for part in at.get("allOf", ()) if "$ref" in part), None)
        found: dict[str, Any] = definitions[reference.removeprefix(_REFERENCE)] if reference else at
        if "properties" in found:
            return found
    return {}
