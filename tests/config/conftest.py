"""Configurations to try things on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from xenscmi.config.errors import ConfigError
from xenscmi.config.parse import parse_xlcfg
from xenscmi.config.parsed import Parsed
from xenscmi.config.types.domain import DomainConfig
from xenscmi.source import Source

VECTORS = Path(__file__).parents[1] / "vectors" / "xlcfg"
UUID = bytes.fromhex("00112233445566778899aabbccddeeff")

Make = Callable[..., DomainConfig]


def parse(text: str) -> Parsed:
    return parse_xlcfg(Source("guest.cfg", text), new_uuid=UUID)


@pytest.fixture(scope="session")
def make() -> Make:
    """Make the configuration of a small guest, with more lines where wanted."""

    def make(*lines: str) -> DomainConfig:
        return parse("\n".join(('name = "g"', 'kernel = "/k"', "memory = 64", *lines)) + "\n").config

    return make


@pytest.fixture(scope="session")
def vector_texts() -> dict[str, str]:
    """The files of all vectors by name."""
    lines = [line for path in sorted(VECTORS.glob("*.jsonl")) for line in path.read_text().splitlines()]
    return {vector["name"]: vector["cfg"] for vector in map(json.loads, lines)}


@pytest.fixture(scope="session")
def vector_configs(vector_texts: dict[str, str]) -> dict[str, DomainConfig]:
    """The configurations of all vectors that xl accepts."""
    found = {}
    for name, text in vector_texts.items():
        try:
            found[name] = parse(text).config
        except ConfigError:
            continue
    return found
