"""SARIF against a model of the 2.1.0 schema that others keep (sarif-pydantic)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sarif_pydantic import Sarif

from xenscmi.cli import main

VECTORS = Path(__file__).parents[1] / "vectors" / "boot"

Json = object


def _without_defaults(given: Json, read: Json) -> Json:
    """Return what was read, without the entries that the model added at their default."""
    if isinstance(given, dict) and isinstance(read, dict):
        return {name: _without_defaults(given[name], value) for name, value in read.items() if name in given}
    if isinstance(given, list) and isinstance(read, list):
        return [_without_defaults(one, other) for one, other in zip(given, read, strict=True)]
    return read


@pytest.mark.parametrize("name", ["good-default", "same-agent-two-domU", "two-containers"])
def test_every_entry_is_one_of_the_schema(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", "--format", "sarif", "--exit-zero", str(VECTORS / name)])
    document = json.loads(capsys.readouterr().out)
    log = Sarif.model_validate(document)
    read = json.loads(log.model_dump_json(by_alias=True, exclude_none=True))
    assert _without_defaults(document, read) == document
    assert log.runs[0].results
