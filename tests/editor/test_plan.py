"""The language server on a plan: a copy of the example, as an editor drives it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.editor.client import Client

pytest.importorskip("pygls", reason="pygls is not installed (xenscmi[editor])")

EXAMPLE = Path(__file__).parents[2] / "examples" / "plan"
PLAN = "plan.toml"


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    found = Client(shutil.copytree(EXAMPLE, tmp_path / "plan"))
    found.open(PLAN)
    yield found
    assert found.stop() == 0


def errors(found: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    return [each for each in found.get(PLAN, []) if each["severity"] == 1]


def test_mistakes_show_while_the_plan_is_written(client: Client) -> None:
    client.until_findings(lambda found: PLAN in found)
    assert not errors(client.findings)
    client.change(PLAN, '["canfd"]', '["canfx"]')
    client.until_findings(errors)
    (finding,) = errors(client.findings)
    assert "canfx" in finding["message"]
    assert finding["range"]["start"] == client.at(PLAN, '"canfx"')["position"]
    client.change(PLAN, '["canfx"]', '["canfd"]')
    client.until_findings(lambda found: not errors(found))
    client.change(PLAN, "memory = 2048", "memroy = 2048")
    client.until_findings(errors)
    assert "did you mean `memory'?" in errors(client.findings)[0]["message"]
    client.change(PLAN, "memroy = 2048", "memory = ")
    client.until_findings(lambda found: any("Invalid value" in each["message"] for each in errors(found)))
    assert not (client.folder / "host").exists()
    assert not (client.folder / "plan.lock").exists()


def test_a_change_of_the_board_shows_in_the_plan(client: Client) -> None:
    client.until_findings(lambda found: PLAN in found)
    client.open("board.dts")
    client.change("board.dts", "canfd: ", "canfx: ")
    client.until_findings(errors)
    assert "canfd" in errors(client.findings)[0]["message"]


def test_hover(client: Client) -> None:
    def shown(piece: str, into: int = 0) -> str:
        found = client.request("textDocument/hover", client.at(PLAN, piece, into))
        return str(found["contents"]["value"]) if found else ""

    assert shown("pages = ").startswith("`pages`: integer")
    assert "virtual CPUs" in shown("vcpus = 2")
    assert "- agent 2: SMC function id 0x82000004" in shown('"domd"', 2)
    assert "- domd: SCMI device" in shown('"ethernet0"', 2)


def test_completion(client: Client) -> None:
    def offered(piece: str) -> dict[str, str]:
        found = client.request("textDocument/completion", client.at(PLAN, piece, len(piece)))
        return {each["label"]: each.get("detail", "") for each in found["items"]}

    assert offered('kind = "') == {"dom0less": "a value of kind", "toolstack": "a value of kind"}
    assert {"tfa-rcar-gen4", "scp"} <= {*offered('profile = "')}
    client.change(PLAN, 'kernel = "Image"', 'kernel = "Image"\nma')
    assert {"maxmem", "devices", "static_mem", "on_crash"} <= {*offered('kernel = "Image"\nma')}
    assert "dom0" not in offered('kernel = "Image"\nma')
    devices = offered('devices = ["can')
    assert devices["canfd"] == "given to domu"
    assert "free" in devices.values()


def test_where_a_device_of_the_board_is(client: Client) -> None:
    (place,) = client.request("textDocument/definition", client.at(PLAN, '"canfd"', 2))
    assert place["uri"] == client.uri("board.dts")
    board = (client.folder / "board.dts").read_text().splitlines()
    assert "can@" in board[place["range"]["start"]["line"]]
