"""Quick fixes of the language server, applied as an editor applies them, on a copy of the example host."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.editor.client import Client, apply

from xenscmi.api import check, load_host
from xenscmi.plan.rendering.header import hashes

pytest.importorskip("pygls", reason="pygls is not installed (xenscmi[editor])")

EXAMPLE = Path(__file__).parents[2] / "examples" / "spider"
FIX_ALL = "source.fixAll.xenscmi"


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    found = Client(shutil.copytree(EXAMPLE, tmp_path / "spider"))
    yield found
    assert found.stop() == 0


def actions(client: Client, name: str, piece: str, only: list[str] | None = None) -> list[dict[str, Any]]:
    """Return what the client is offered at the line of a text."""
    start = client.at(name, piece)
    asked = {"diagnostics": [], "triggerKind": 1} | ({"only": only} if only else {})
    params = {"range": {"start": start["position"], "end": start["position"]}, "context": asked}
    found = client.request("textDocument/codeAction", {"textDocument": start["textDocument"], **params})
    assert isinstance(found, list)
    return found


def saved(client: Client, edit: dict[str, Any]) -> dict[str, str]:
    """Apply an edit to the texts of the client, open or not, and save them all; return the texts."""
    texts = {path.name: path.read_text() for path in client.folder.iterdir()} | client.texts
    texts |= apply(edit, texts)
    for name, text in texts.items():
        (client.folder / name).write_text(text)
    return texts


def test_the_fixes_of_a_line(client: Client) -> None:
    client.open("guest.cfg")
    assert actions(client, "guest.cfg", "arm_sci") == []
    client.change("guest.cfg", "agent_id=4", "agent_id=2")
    (found,) = actions(client, "guest.cfg", "arm_sci", ["quickfix"])
    assert found["title"] == "Ask for agent 4, whose function id and page the domain has"
    assert found["isPreferred"]
    assert {each["code"] for each in found["diagnostics"]} == {"XS201", "XS208"}
    (change,) = found["edit"]["documentChanges"]
    assert change["textDocument"] == {"uri": client.uri("guest.cfg"), "version": 2}
    (unsafe,) = actions(client, "guest.cfg", "iomem", ["quickfix"])
    assert unsafe["title"] == "Map the domain's own page 0x47ff2000 (look at what it changes)"
    assert not unsafe["isPreferred"]
    saved(client, found["edit"])
    assert check(load_host(client.folder)) == ()


def test_all_that_is_safe_in_every_file(client: Client) -> None:
    (client.folder / "guest.dts").write_text((EXAMPLE / "guest.dts").read_text().replace("0x82000006", "0x82000005"))
    before = {path.name: path.read_bytes() for path in client.folder.iterdir()}
    for name in ("guest.cfg", "xen.dtso"):
        client.open(name)
    client.change("guest.cfg", "vcpus = 1", "vcpu = 1  # 𝄞")
    client.change("xen.dtso", "#access-controller-cells = <1>", "#access-controller-cells = <0>")
    (action,) = actions(client, "guest.cfg", "memory", [FIX_ALL])
    assert action["kind"] == FIX_ALL
    assert {path.name: path.read_bytes() for path in client.folder.iterdir()} == before
    versions = {Path(each["textDocument"]["uri"]).name: each for each in action["edit"]["documentChanges"]}
    assert {name: each["textDocument"]["version"] for name, each in versions.items()} == {
        "guest.cfg": 2,
        "xen.dtso": 2,
        "guest.dts": None,
    }
    texts = saved(client, action["edit"])
    assert "vcpus = 1  # 𝄞" in texts["guest.cfg"]
    assert check(load_host(client.folder)) == ()


def test_what_is_asked_for_is_what_comes(client: Client) -> None:
    client.open("guest.cfg")
    client.change("guest.cfg", "vcpus = 1", "vcpu = 1")

    def kinds(only: list[str] | None) -> set[str]:
        return {each["kind"] for each in actions(client, "guest.cfg", "vcpu = 1", only)}

    assert kinds(None) == {"quickfix", FIX_ALL}
    assert kinds(["quickfix"]) == {"quickfix"}
    assert kinds(["source.fixAll"]) == {FIX_ALL}
    assert kinds(["source"]) == {FIX_ALL}
    assert kinds(["refactor"]) == set()


def test_nothing_safe_to_fix_is_no_action(client: Client) -> None:
    client.open("guest.cfg")
    assert actions(client, "guest.cfg", "memory", [FIX_ALL]) == []
    client.open("host.toml")
    client.change("host.toml", "[xen]", "[xn]")
    assert actions(client, "guest.cfg", "memory") == []


def test_an_editor_without_versions_gets_plain_edits(tmp_path: Path) -> None:
    client = Client(shutil.copytree(EXAMPLE, tmp_path / "spider"), capabilities={})
    client.open("guest.cfg")
    client.change("guest.cfg", "vcpus = 1", "vcpu = 1")
    found, *_ = actions(client, "guest.cfg", "vcpu = 1")
    assert {*found["edit"]["changes"]} == {client.uri("guest.cfg")}
    assert "vcpus = 1" in saved(client, found["edit"])["guest.cfg"]
    assert client.stop() == 0


def test_a_file_of_a_plan_is_not_fixed_with_all_others(client: Client) -> None:
    path = client.folder / "guest.cfg"
    path.write_text(hashes() + path.read_text().replace("agent_id=4", "agent_id=0x4"))
    client.open("guest.cfg")
    client.open("domd.cfg")
    client.change("domd.cfg", "agent_id=2", "agent_id=0x2")
    (action,) = actions(client, "domd.cfg", "arm_sci", only=[FIX_ALL])
    assert list(apply(action["edit"], client.texts)) == ["domd.cfg"]
