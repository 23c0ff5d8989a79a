"""Whole configurations against what the real xl made of them: JSON, bytes, exit codes and words."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from xenscmi.config.defaults import setdefault
from xenscmi.config.errors import ConfigError
from xenscmi.config.json import to_json
from xenscmi.config.parse import parse_xlcfg
from xenscmi.domctl.createdomain import encode, from_config
from xenscmi.domctl.profiles import DEFAULT_PROFILE, PROFILES
from xenscmi.report.text import render
from xenscmi.source import Source

Vector = dict[str, Any]

FOLDER = Path(__file__).parents[1] / "vectors" / "xlcfg"
UUID = bytes.fromhex("00112233445566778899aabbccddeeff")
HYPERCALL_FAILED = 3

# xl exits 0 without having made the domain, since libxl returns the wrong sign: docs/differences.md.
WRONG_EXIT = {"max_grant_version-3": 1}
# What xl and libxl say beside the message that counts.
NOT_SAID = re.compile(
    "Failed to parse config: |Unable to set domain build info defaults$"
    "|warning:  ?(Arbitrary Python|See https)|Arm guest are now PVH|Please fix your configuration file/toolstack"
    "|qemu-xen is unavailable|qemu: |xl: libxl.c:.*Assertion|$"
)


def read_vectors(path: Path) -> list[Vector]:
    return [json.loads(line) for line in path.read_text().splitlines()]


VECTORS = [
    pytest.param(vector, id=f"{name}:{vector['name']}")
    for name in ("options", "language", "mixed", "options-x86")
    for vector in read_vectors(FOLDER / f"{name}.jsonl")
]


@pytest.mark.parametrize("vector", VECTORS)
def test_vector(vector: Vector) -> None:
    check(vector)


@pytest.mark.parametrize("index", range(14), ids="field:{}".format)
def test_vector_from_the_field(shared: Path, index: int) -> None:
    check(read_vectors(shared / "vectors" / "xlcfg" / "field.jsonl")[index])


@dataclass
class Outcome:
    """What we make of a configuration: as `create -n` and, where that went well, as `domctl`."""

    said: str
    dry_exit: int = 0
    text: str | None = None
    create_exit: int = HYPERCALL_FAILED
    createdomain: bytes | None = None


def run(cfg: str) -> Outcome:
    try:
        parsed = parse_xlcfg(Source("FILE", cfg), new_uuid=UUID)
    except ConfigError as error:
        return Outcome(render(error.diagnostics, "FILE"), dry_exit=error.exit_code, create_exit=error.exit_code)
    text, said = to_json(parsed.config), render(parsed.diagnostics, "FILE")
    try:
        complete, warnings = setdefault(parsed)
    except ConfigError as error:
        return Outcome(said + render(error.diagnostics, "FILE"), text=text, create_exit=error.exit_code)
    data = encode(from_config(complete), PROFILES[DEFAULT_PROFILE])
    return Outcome(said + render(warnings, "FILE"), text=text, createdomain=data)


def check(vector: Vector) -> None:
    dry_run, create, ours = vector["dry_run"], vector["create"], run(vector["cfg"])
    assert ours.dry_exit == expected(dry_run["exit"]), ours.said
    assert ours.create_exit == WRONG_EXIT.get(vector["name"], expected(create["exit"])), ours.said
    if ours.text is None:
        assert dry_run["json"] is None
    else:
        assert json.loads(ours.text) == dry_run["json"]
        assert sha256(ours.text.encode("utf-8", "surrogateescape")).hexdigest() == dry_run["stdout_sha256"]
    assert (ours.createdomain is not None) == create["reached_hypercall"]
    assert ours.createdomain is None or ours.createdomain.hex() == create["createdomain_hex"]
    check_messages(dry_run["messages"], ours.said)
    check_messages(create["messages"][: -2 if create["reached_hypercall"] else None], ours.said)


def expected(exit_code: int) -> int:
    """Return our exit code for xl's: where xl dies of a signal, we give a clean error."""
    return exit_code if exit_code >= 0 else 1


def check_messages(messages: list[str], said: str) -> None:
    """Assert that we say what xl says, at the same lines."""
    for message in messages:
        text = re.sub(r"^libxl: \w+: [\w.]+:\d+:\w+: (Domain \d+:)?", "", message)
        located = re.match(r"FILE:(\d+):(?:0:)? (?:warning: )?(.*)", text)
        if located:
            assert any(line.startswith(f"FILE:{located[1]}:") and located[2] in line for line in said.splitlines())
        elif not NOT_SAID.match(text):
            assert text.removeprefix("FILE: ") in said
