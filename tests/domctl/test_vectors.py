"""The same xl.cfg gives the bytes of the vectors in every profile, as far as the profile has their fields."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from xenscmi.domctl.createdomain import DomctlError, decode, encode, read_fields
from xenscmi.domctl.profiles import CDF_TRAP_UNMAPPED_ACCESSES, PROFILES

VECTORS = Path(__file__).parents[1] / "vectors" / "xlcfg"
RECORDED = PROFILES["4.22+sci-ma"]


@pytest.mark.parametrize("name", PROFILES)
def test_the_fields_are_those_of_the_vectors(name: str) -> None:
    profile = PROFILES[name]
    same = 0
    for path in sorted(VECTORS.glob("*.jsonl")):
        for line in path.read_text().splitlines():
            recorded = json.loads(line).get("create", {}).get("createdomain_hex")
            if not recorded:
                continue
            data = bytes.fromhex(recorded)
            try:
                encoded = encode(decode(data, RECORDED), profile)
            except DomctlError:
                continue  # this Xen cannot be told all of it
            expected = read_fields(data, RECORDED)
            if profile.always_traps:
                flags = expected["flags"]
                assert isinstance(flags, int)
                expected["flags"] = flags & ~CDF_TRAP_UNMAPPED_ACCESSES
            fields = read_fields(encoded, profile)
            assert {key: fields[key] for key in fields if key in expected} == {
                key: value for key, value in expected.items() if key in fields
            }
            same += 1
    assert same > 100
