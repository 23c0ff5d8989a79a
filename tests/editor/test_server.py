"""The language server as an editor drives it: over standard input and output, on a copy of the example host."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.editor.client import Client, apply

from xenscmi.api import check, load_host

pytest.importorskip("pygls", reason="pygls is not installed (xenscmi[editor])")

EXAMPLE = Path(__file__).parents[2] / "examples" / "spider"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(EXAMPLE, tmp_path / "spider")
    return tmp_path / "spider"


@pytest.fixture
def client(folder: Path) -> Iterator[Client]:
    found = Client(folder)
    yield found
    if found.process.poll() is None:
        assert found.stop() == 0
    else:
        found.stop()


def codes(findings: list[dict[str, Any]]) -> set[str]:
    return {each.get("code", "") for each in findings}


def lines(places: list[dict[str, Any]]) -> set[tuple[str, int]]:
    return {(Path(each["uri"]).name, each["range"]["start"]["line"] + 1) for each in places}


def labels(answer: dict[str, Any]) -> list[str]:
    return [each["label"] for each in answer["items"]]


# Findings


def test_findings_of_unsaved_text_in_every_file_of_the_host(client: Client, folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    client.open("guest.cfg")
    client.open("domd.cfg")
    client.change("guest.cfg", "agent_id=4", "agent_id=2")
    client.until_findings(lambda found: "XS201" in codes(found.get("guest.cfg", [])))
    (finding,) = [each for each in client.findings["guest.cfg"] if each.get("code") == "XS201"]
    assert finding["severity"] == 1
    assert "fix: give every domain its own agent" in finding["message"]
    assert finding["range"]["start"] == {"line": 7, "character": 36}
    assert lines([each["location"] for each in finding["relatedInformation"]]) == {("domd.cfg", 9)}
    client.change("guest.cfg", "agent_id=2", "agent_id=4")
    client.until_findings(lambda found: not any(found.values()))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_syntax_error_shows_and_goes(client: Client) -> None:
    client.open("guest.cfg")
    client.change("guest.cfg", "vcpus = 1", "vcpus = [")
    client.until_findings(lambda found: any("syntax error" in each["message"] for each in found.get("guest.cfg", [])))
    client.change("guest.cfg", "vcpus = [", "vcpus = 1")
    client.until_findings(lambda found: not any(found.values()))


def test_a_broken_manifest_or_tree_is_a_finding(client: Client) -> None:
    client.open("host.toml")
    client.change("host.toml", "[xen]", "[xn]")
    client.until_findings(lambda found: any("xn" in each["message"] for each in found.get("host.toml", [])))
    client.change("host.toml", "[xn]", "[xen]")
    client.open("panel.dts")
    client.change("panel.dts", "passthrough {", "passthrough {{")
    client.until_findings(lambda found: found.get("panel.dts") and not found.get("host.toml"))


def test_columns_are_utf_16(client: Client) -> None:
    client.open("guest.cfg")
    client.change("guest.cfg", "arm_sci =", 'extra2 = "𝄞" ; arm_sci =')
    client.change("guest.cfg", "agent_id=4", "agent_id=99")
    start = client.at("guest.cfg", "agent_id=99")["position"]
    assert start["character"] == 52
    client.until_findings(lambda found: start in [each["range"]["start"] for each in found.get("guest.cfg", [])])


# What stands where


def test_hover(client: Client) -> None:
    for name in ("guest.cfg", "host.toml", "xen.dtso"):
        client.open(name)

    def shown(name: str, piece: str, into: int = 0) -> str:
        found = client.request("textDocument/hover", client.at(name, piece, into))
        return str(found["contents"]["value"]) if found else ""

    assert "**agent 4**\n- agent 4: domain guest" in shown("guest.cfg", "agent_id=4", 9)
    assert "page 0x47ff4000" in shown("guest.cfg", '"47ff4,1@22001"', 3)
    assert "The domain's SCMI agent" in shown("guest.cfg", "arm_sci")
    assert "agent 2: domain domd" in shown("xen.dtso", "0x82000004 &page_2", 2)
    assert "SCMI device 13" in shown("guest.cfg", "/soc/i2c@e66e0000")
    assert "`device_tree`: string\n\nA file, relative to the manifest's folder;" in shown("host.toml", "device_tree")
    assert "- dom0less, agent 3" in shown("host.toml", '"panel"', 2)
    assert shown("guest.cfg", "# A guest") == ""


def test_definitions_and_references_across_files(client: Client) -> None:
    client.open("guest.cfg")
    client.open("domd.dts")
    agent = client.at("guest.cfg", "agent_id=4", 9)
    assert lines(client.request("textDocument/definition", agent)) == {("xen.dtso", 49)}
    every = {**agent, "context": {"includeDeclaration": True}}
    assert lines(client.request("textDocument/references", every)) == {
        ("xen.dtso", 49),
        ("guest.cfg", 8),
        ("host.toml", 27),
    }
    func_id = client.at("domd.dts", "0x82000004", 3)
    assert lines(client.request("textDocument/definition", func_id)) == {("xen.dtso", 47)}
    page = client.at("guest.cfg", '"47ff4,1@22001"', 3)
    assert lines(client.request("textDocument/definition", page)) == {("xen.dtso", 77)}
    device = client.at("guest.cfg", "/soc/i2c@e66e0000", 3)
    assert lines(client.request("textDocument/definition", device)) == {("board.dts", 125)}
    assert client.request("textDocument/definition", client.at("guest.cfg", "# A guest")) == []


def test_completion(client: Client) -> None:
    for name in ("guest.cfg", "host.toml", "xen.dtso"):
        client.open(name)

    def offered(name: str, piece: str) -> list[str]:
        return labels(client.request("textDocument/completion", client.at(name, piece, len(piece))))

    assert {"arm_sci", "dtdev", "memory"} <= {*offered("guest.cfg", "\nmem")}
    assert offered("guest.cfg", "agent_id=") == ["5"]
    assert offered("guest.cfg", "type=") == ["none", "scmi_smc", "scmi_smc_multiagent"]
    assert "/soc/can@e6660000" in offered("guest.cfg", 'dtdev = [ "/soc/')
    assert "4.22+sci-ma" in offered("host.toml", 'profile = "')
    assert "imagebuilder" in offered("host.toml", "\nover")
    client.change("host.toml", "[xen]", "[xen]\n")
    keys = offered("host.toml", "[xen]\n")
    assert "profile" in keys
    assert "device_tree" not in keys
    assert offered("xen.dtso", "xen,sci-agent-id = <") == ["5"]


def test_the_edit_of_a_device_path_replaces_what_is_begun(client: Client) -> None:
    client.open("guest.cfg")
    found = client.request("textDocument/completion", client.at("guest.cfg", 'dtdev = [ "/soc/', 16))
    edit = found["items"][0]["textEdit"]
    assert edit["range"]["start"]["character"] == len('dtdev = [ "')


# Renaming


def test_renaming_an_agent_edits_every_file_and_check_stays_clean(client: Client, folder: Path) -> None:
    client.open("guest.cfg")
    place = client.at("guest.cfg", "agent_id=4", 9)
    assert client.request("textDocument/prepareRename", place)["start"]["character"] == 45
    edit = client.request("textDocument/rename", {**place, "newName": "9"})
    changes = {Path(each["textDocument"]["uri"]).name: each for each in edit["documentChanges"]}
    assert {*changes} == {"guest.cfg", "host.toml", "xen.dtso"}
    assert changes["guest.cfg"]["textDocument"]["version"] == 1
    assert changes["host.toml"]["textDocument"]["version"] is None
    for name, text in apply(edit, {path.name: path.read_text() for path in folder.iterdir()}).items():
        (folder / name).write_text(text)
    host = load_host(folder)
    assert check(host) == ()
    assert {domain.name: domain.agent_id.value for domain in host.host.domains if domain.agent_id}["guest"] == 9


def test_edits_fit_files_that_others_changed(client: Client, folder: Path) -> None:
    client.open("guest.cfg")
    place = client.at("guest.cfg", "agent_id=4", 9)
    assert client.request("textDocument/hover", place)
    (folder / "xen.dtso").write_text("\n\n" + (folder / "xen.dtso").read_text())
    edit = client.request("textDocument/rename", {**place, "newName": "9"})
    (tree,) = [each for each in edit["documentChanges"] if each["textDocument"]["uri"].endswith("xen.dtso")]
    assert [each["range"]["start"]["line"] + 1 for each in tree["edits"]] == [51]


def test_changes_on_the_disk_are_checked(client: Client, folder: Path) -> None:
    client.open("domd.cfg")
    client.until_findings(lambda found: found.get("domd.cfg") == [])
    guest = folder / "guest.cfg"
    guest.write_text(guest.read_text().replace("agent_id=4", "agent_id=2"))
    client.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": client.uri("guest.cfg"), "type": 2}]})
    client.until_findings(lambda found: "XS201" in codes(found.get("guest.cfg", [])))


@pytest.mark.parametrize(
    ("new", "why"),
    [
        ("2", "there is an agent 2 already"),
        ("255", "255 is not an agent id"),
        ("x", "x is not an agent id"),
        ("010", "010 is not an agent id"),
    ],
)
def test_a_wrong_new_name_changes_nothing(client: Client, new: str, why: str) -> None:
    client.open("guest.cfg")
    answer = client.answer("textDocument/rename", {**client.at("guest.cfg", "agent_id=4", 9), "newName": new})
    assert why in answer["error"]["message"]


def test_a_number_from_a_macro_is_left_to_its_author(client: Client, folder: Path) -> None:
    tree = folder / "xen.dtso"
    text = tree.read_text().replace("0x82000006 &page_4 4", "0x82000006 &page_4 GUEST_AGENT")
    tree.write_text(text.replace("/plugin/;", "/plugin/;\n#define GUEST_AGENT 4\n", 1))
    client.open("guest.cfg")
    answer = client.answer("textDocument/rename", {**client.at("guest.cfg", "agent_id=4", 9), "newName": "9"})
    assert "does not hold the number 4 itself" in answer["error"]["message"]


@pytest.mark.parametrize("character", ["\f", "\v", "\x85", "\u2028", "\x1e"])
def test_characters_that_end_no_line(client: Client, folder: Path, character: str) -> None:
    """The editor may send what it changed in the form that the server asked for, and counts lines as LSP does."""
    path = folder / "guest.cfg"
    path.write_text(f"# one{character}line\n{path.read_text()}", newline="")
    sync = client.capabilities["textDocumentSync"]
    assert (sync["change"] if isinstance(sync, dict) else sync) == 1  # whole texts
    client.open("guest.cfg")
    client.change("guest.cfg", "agent_id=4", "agent_id=5")
    client.until_findings(lambda found: "XS208" in codes(found.get("guest.cfg", [])))
    (found,) = [each for each in client.findings["guest.cfg"] if each["code"] == "XS208"]
    line = client.texts["guest.cfg"].split("\n").index('arm_sci = "type=scmi_smc_multiagent,agent_id=5"')
    assert found["range"]["start"]["line"] == line
