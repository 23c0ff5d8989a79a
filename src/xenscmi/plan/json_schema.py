"""The JSON Schema of `plan.toml`, by which editors complete and check it (docs/plan.schema.json)."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from xenscmi.config.options import KEYS
from xenscmi.plan.reading import WORKED_OUT
from xenscmi.plan.schema import DomainPlan, Plan

XL_KEY = "As in an xl.cfg."
"""What the schema says of xl.cfg's keys."""
_XL_VALUE = {"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "boolean"}, {"type": "array"}]}


def schema() -> dict[str, Any]:
    """Return the schema: of the structures, and of xl.cfg's keys where the plan takes them."""
    found = msgspec.json.schema(Plan)
    own = DomainPlan.__struct_fields__
    keys = sorted(key for key in KEYS if key not in own and key not in WORKED_OUT)
    xl = {key: {**_XL_VALUE, "description": XL_KEY} for key in keys}
    domain = found["$defs"][DomainPlan.__name__]
    domain["properties"] |= xl
    # Defaults are what any domain may say, but its name.
    plan = found["$defs"][Plan.__name__]
    properties = {key: value for key, value in domain["properties"].items() if key != "name"}
    plan["properties"]["defaults"] |= {"properties": properties, "additionalProperties": False}
    return found


def schema_text() -> str:
    """Return the schema as it is published."""
    return json.dumps(schema(), indent=2) + "\n"
