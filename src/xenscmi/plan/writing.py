"""Parts of a plan's text, for what writes plans: the imports."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from xenscmi.plan.rendering.quoting import quoted
from xenscmi.xlcfg import ListValue, StringValue, Value


def further_ids(ids: Mapping[int, Mapping[str, Sequence[int]]]) -> str:
    """Return `further_ids` of a device, from the SCMI device ids with the resources of each by kind."""
    return f"further_ids = [{', '.join(_further_id(number, resources) for number, resources in ids.items())}]"


def _further_id(number: int, resources: Mapping[str, Sequence[int]]) -> str:
    parts = [f"{kind} = {list(numbers)}" for kind, numbers in resources.items() if numbers]
    return f"{{ id = {number}, {', '.join(parts)} }}" if parts else str(number)


def bare_number(text: str) -> str:
    """Return a bare number of an xl.cfg as TOML: xl reads 010 as 8."""
    try:
        return str(int(text, 0) if not re.fullmatch(r"0[0-7]+", text) else int(text, 8))
    except ValueError:
        return quoted(text)


def xl_value(value: Value) -> str:
    """Return a value of an xl.cfg as TOML."""
    if isinstance(value, ListValue):
        return f"[{', '.join(map(xl_value, value.items))}]"
    assert isinstance(value, StringValue)
    return quoted(value.text) if value.quoted else bare_number(value.text)
