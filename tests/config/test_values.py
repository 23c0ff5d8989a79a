"""Values at the edges, a line each added to a small guest: which of libxl's fields the real xl set, or what it said.

Each row of values.jsonl was answered by the real xl (4.23-unstable of August 2026, with the series' part).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from xenscmi.config.errors import ConfigError
from xenscmi.config.json import to_json
from xenscmi.config.parse import parse_xlcfg
from xenscmi.source import Source

GUEST = 'name = "g"\nkernel = "/k"\n'
UUID = bytes.fromhex("00112233445566778899aabbccddeeff")
ROWS = [json.loads(line) for line in (Path(__file__).parent / "values.jsonl").read_text().splitlines()]


def fields(text: str) -> dict[str, Any]:
    """Return libxl's JSON as one level of dotted names."""
    document = json.loads(to_json(parse_xlcfg(Source("f", text), new_uuid=UUID).config))
    flat: dict[str, Any] = {}

    def flatten(prefix: str, entries: dict[str, Any]) -> None:
        for name, value in entries.items():
            if isinstance(value, dict):
                flatten(f"{prefix}{name}.", value)
            else:
                flat[prefix + name] = value

    flatten("", document)
    return flat


BASE = fields(GUEST)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["line"])
def test_line(row: dict[str, Any]) -> None:
    text = f"{GUEST}{row['line']}\n"
    if "sets" in row:
        found = fields(text)
        assert {name: value for name, value in found.items() if BASE.get(name) != value} == row["sets"]
        assert BASE.keys() <= found.keys()
        return
    with pytest.raises(ConfigError) as caught:
        parse_xlcfg(Source("f", text))
    assert caught.value.exit_code == row["exit"]
    assert row["says"] in str(caught.value)


def test_lists_that_we_bound_and_xl_does_not() -> None:
    assert fields(f'{GUEST}llc_colors = [ "0-65535" ]\n')["b_info.llc_colors"] == list(range(1 << 16))
    with pytest.raises(ConfigError, match="Invalid LLC color range: 0-65536"):
        fields(f'{GUEST}llc_colors = [ "0-65536" ]\n')
    assert fields(f"{GUEST}vcpus = 65536\n")["b_info.max_vcpus"] == 65536
    with pytest.raises(ConfigError, match="65537 virtual CPUs are more than xenscmi accepts"):
        fields(f"{GUEST}vcpus = 65537\n")
    with pytest.raises(ConfigError, match="100000 virtual nodes are more than xenscmi accepts"):
        fields(f"{GUEST}vnuma = [ {'[],' * 100_000} ]\n")
    with pytest.raises(ConfigError, match="Invalid vcpu range: 0-65535"):
        fields(f"{GUEST}vnuma = [ [ 'vcpus={'0-65535,' * 10_000}' ] ]\n")


def test_a_generation_id_is_made_up() -> None:
    assert fields(f'{GUEST}type = "hvm"\nms_vm_genid = "generate"\n')["b_info.type.hvm.ms_vm_genid"] == list(UUID)
