"""A host over several trees in the editor: its fragments and overlays belong to it, wherever its manifest is."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from time import sleep
from typing import Any

import pytest
from tests.editor.client import Client

pytest.importorskip("pygls", reason="pygls is not installed (xenscmi[editor])")

EXAMPLES = Path(__file__).parents[2] / "examples"
DEVICES, SCMI = "product/meta-domd/domd-devices.cfg", "product/meta-domd/scmi.dtso"


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    for name in ("spider", "product"):
        shutil.copytree(EXAMPLES / name, tmp_path / name)
    found = Client(tmp_path)
    yield found
    if found.process.poll() is None:
        assert found.stop() == 0
    else:
        found.stop()


def codes(client: Client, name: str) -> set[str]:
    return {each.get("code", "") for each in client.findings.get(Path(name).name, [])}


def until_known(client: Client, name: str, piece: str, wanted: str) -> str:
    """Ask until the host of another tree has claimed a file; return what the server says of a place in it."""
    for _ in range(100):
        said = str(client.request("textDocument/hover", client.at(name, piece)))
        if wanted in said:
            break
        sleep(0.1)
    return said


def test_a_fragment_is_no_file_of_its_own(client: Client) -> None:
    client.open(DEVICES)
    assert "SCMI device 11" in until_known(client, DEVICES, "/soc/mmc@ee140000", "SCMI device")
    client.until_findings(lambda _: codes(client, DEVICES) == set())


def test_a_mistake_in_one_tree_is_shown_over_unsaved_text_of_another(client: Client) -> None:
    client.open(DEVICES)
    client.open(SCMI)
    client.change(SCMI, "<0x82000004>", "<0x82000005>")
    client.until_findings(lambda _: "XS208" in codes(client, SCMI))
    client.change(DEVICES, "71, 268", "72, 268")
    client.until_findings(lambda _: {"XS314", "XS322"} <= codes(client, DEVICES))
    client.change(SCMI, "<0x82000005>", "<0x82000004>")
    client.until_findings(lambda _: codes(client, SCMI) == set())


def test_places_are_found_in_all_trees(client: Client) -> None:
    client.open(SCMI)
    until_known(client, SCMI, "0x82000004", "agent 2")
    asked = {**client.at(SCMI, "0x82000004", 2), "context": {"includeDeclaration": True}}
    places: list[dict[str, Any]] = client.request("textDocument/references", asked)
    assert {"xen.dtso", "scmi.dtso"} <= {Path(each["uri"]).name for each in places}
