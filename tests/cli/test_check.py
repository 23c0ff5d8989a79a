"""`xenscmi check`, `explain` and `rules` as a user runs them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from xenscmi.cli import main
from xenscmi.rules.example import FILES

MANIFEST = """\
device_tree = "host.dts"

[[domain]]
config = "guest.cfg"
device_tree = "guest.dts"

[[domain]]
name = "panel"
device_tree = "panel.dts"
"""


@pytest.fixture
def board(tmp_path: Path) -> Path:
    """A folder with the example host of the rules."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def _json(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[dict[str, object]]]:
    code = main(["check", "--format", "json", *arguments])
    found = json.loads(capsys.readouterr().out)["diagnostics"]
    return code, found


def test_a_clean_folder(board: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(board)]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.endswith("nothing found\n")
    for name, what in (
        ("host.dts", "the host device tree"),
        ("panel.dts", "a partial device tree"),
        ("guest.cfg", "an xl.cfg"),
    ):
        assert f"{board / name}: taken for {what}" in said.err


def test_a_folder_with_a_manifest_says_no_guesses(board: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (board / "host.toml").write_text(MANIFEST)
    assert main(["check", str(board)]) == 0
    assert capsys.readouterr().err == "nothing found\n"


def test_single_files_make_a_host(board: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(board / name) for name in FILES]
    assert _json(capsys, *files) == (0, [])
    code, found = _json(capsys, files[0])
    assert code == 0
    assert [each["code"] for each in found] == ["XS408"]


def test_findings_and_exit_codes(board: Path, capsys: pytest.CaptureFixture[str]) -> None:
    guest = board / "guest.cfg"
    guest.write_text(guest.read_text().replace("agent_id=4", "agent_id=3").replace("47ff4,1", "47ff3,1"))
    tree = board / "guest.dts"
    tree.write_text(tree.read_text().replace("0x82000006", "0x82000005"))
    code, found = _json(capsys, str(board))
    assert (code, [each["code"] for each in found]) == (1, ["XS201"])
    assert found[0]["file"] == str(guest)
    assert found[0]["line"] == 5
    assert main(["check", "--exit-zero", str(board)]) == 0
    assert main(["check", "--ignore", "XS2", str(board)]) == 0
    assert main(["check", "--select", "XS1,XS3", str(board)]) == 0


def test_the_manifest_selects_and_overrides(board: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cfg = board / "guest.cfg"
    cfg.write_text(cfg.read_text() + "maxmemory = 1\n")
    (board / "host.toml").write_text(MANIFEST + '[rules.severity]\nunknown-key = "info"\n')
    code, found = _json(capsys, str(board))
    assert (code, [(each["code"], each["severity"]) for each in found]) == (0, [("XS004", "info")])
    for rules in ('ignore = ["unknown-key"]', 'per_file = { "guest.cfg" = ["XS004"] }'):
        (board / "host.toml").write_text(f"{MANIFEST}[rules]\n{rules}\n")
        assert _json(capsys, str(board)) == (0, [])
    (board / "host.toml").write_text(MANIFEST + '[rules]\nper_file = { "panel.dts" = ["XS004"] }\n')
    assert [each["code"] for each in _json(capsys, str(board))[1]] == ["XS004"]


@pytest.mark.parametrize(
    ("good", "bad", "message", "line"),
    [
        ('name = "panel"', 'name = "pannel"', "there is no domain /chosen/pannel in the host tree", 8),
        ("\n[[domain]]", '\n[xen]\nprofile = "4.2"\n\n[[domain]]', "there is no Xen profile 4.2", 4),
    ],
)
def test_the_manifest_names_what_is_not_there(
    good: str, bad: str, message: str, line: int, board: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (board / "host.toml").write_text(MANIFEST.replace(good, bad, 1))
    code, found = _json(capsys, str(board))
    assert (code, found[0]["message"], found[0]["line"]) == (2, message, line)


def test_an_imagebuilder_configuration_finds_the_partial_tree(board: Path, capsys: pytest.CaptureFixture[str]) -> None:
    host = board / "host.dts"
    host.write_text(host.read_text().replace("\t\tpanel {", "\t\tdomU0 {"))
    assert [each["code"] for each in _json(capsys, str(board))[1]] == ["XS408"]
    (board / "config").write_text('NUM_DOMUS=1\nDOMU_PASSTHROUGH_DTB[0]="panel.dtb"\n')
    assert _json(capsys, str(board)) == (0, [])
    (board / "host.toml").write_text(MANIFEST.replace('[[domain]]\nname = "panel"\ndevice_tree = "panel.dts"\n', ""))
    assert [each["code"] for each in _json(capsys, str(board))[1]] == ["XS408"]
    manifest = (board / "host.toml").read_text()
    (board / "host.toml").write_text('imagebuilder = "config"\n' + manifest)
    assert _json(capsys, str(board)) == (0, [])


def test_unusable_input_ends_with_two(board: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (board / "host.dts").write_text("/dts-v1/;\n/ { broken };\n")
    code, found = _json(capsys, str(board))
    assert code == 2
    assert (found[0]["line"], found[0]["severity"]) == (2, "error")
    assert _json(capsys, str(board / "missing.dts"))[0] == 2
    assert _json(capsys, str(board / "missing"))[0] == 2


@pytest.mark.parametrize("path", ["../outside.dts", "/etc/passwd", "link/outside.dts"])
def test_a_manifest_may_not_leave_its_folder(path: str, board: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = board / "inner"
    folder.mkdir()
    shutil.copy(board / "host.dts", board / "outside.dts")
    (folder / "link").symlink_to(board)
    (folder / "host.toml").write_text(f'device_tree = "{path}"\n')
    code, found = _json(capsys, str(folder))
    assert code == 2
    assert "the host's folder" in str(found[0]["message"])


def test_a_folder_among_files_is_called_that(board: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(board / "guest.cfg"), str(board)]) == 2
    assert f"cannot read {board}: it is a folder" in capsys.readouterr().err


def test_a_folder_without_a_host_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = _json(capsys, str(tmp_path))
    assert code == 2
    assert "neither a host device tree nor an xl.cfg" in str(found[0]["message"])


def test_a_misspelt_rule_in_the_manifest_is_shown_there(board: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (board / "host.toml").write_text(MANIFEST + '\n[rules]\nignore = ["XS999"]\nseverity = { page-in-rom = "info" }\n')
    assert main(["check", str(board)]) == 2
    said = capsys.readouterr().err
    assert f"{board / 'host.toml'}:12:11: error: there is no rule `XS999'\n" in said
    assert f"{board / 'host.toml'}:13:14: error: there is no rule `page-in-rom'\n" in said
    assert "did you mean `page-in-ram'?" in said


def test_a_manifest_is_not_one_file_among_others(board: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (board / "host.toml").write_text(MANIFEST)
    assert main(["check", str(board / "host.toml"), str(board / "guest.cfg")]) == 2
    assert "host.toml names the files of its host\n  = help: give it alone" in capsys.readouterr().err
    assert main(["check", str(board / "guest.dts")]) == 2
    assert f"nor an xl.cfg among {board / 'guest.dts'}\n" in capsys.readouterr().err


def test_rules_are_listed_and_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules"]) == 0
    assert "XS201  duplicate-agent-id" in capsys.readouterr().out
    assert main(["rules", "--json"]) == 0
    assert {"code", "name", "severity", "summary"} == set(json.loads(capsys.readouterr().out)[0])
    assert main(["explain", "duplicate-agent-id", "XS404"]) == 0
    said = capsys.readouterr().out
    assert "XS201 duplicate-agent-id (error)" in said
    assert "Bad, in host.dts\n  xen,sci-agent-id = <2>;" in said
    assert main(["explain", "XS999"]) == 2
    assert "there is no rule `XS999'" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--select", "--ignore"])
def test_a_misspelt_rule_does_not_pass(board: Path, option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", option, "XS2,duplicate-agent", str(board)]) == 2
    said = capsys.readouterr().err
    assert "error: there is no rule `duplicate-agent'\n  = help: did you mean `duplicate-agent-id'?\n" in said
    assert "XS2'" not in said


@pytest.mark.parametrize("option", ["--select", "--ignore"])
def test_rules_are_not_passed_over_where_none_run(board: Path, option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--from", "4.20", "--to", "4.22", option, "XS2", str(board)]) == 2
    assert "--from and --to do not go with --select and --ignore" in capsys.readouterr().err


def test_a_host_is_shown_as_a_table(board: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (board / "host.toml").write_text(MANIFEST)
    assert main(["show", str(board)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "container: /chosen/xen/agents (v8)"
    assert "4      0x82000006  0x47ff4000  domain guest  2 /soc/audio@e0002000" in lines
    assert "5      0x82000007  0x47ff5000  -             -" in lines
    assert main(["show", "--json", str(board)]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [row["owners"] for row in document["agents"]] == [["Xen"], ["dom0"], ["domain panel"], ["domain guest"], []]
    assert document["domains"][1] == {"name": "panel", "kind": "dom0less", "agent_id": 3}
    assert main(["show", str(board / "missing")]) == 2


def test_a_domain_of_an_overlay_has_its_partial_tree(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(Path(__file__).parents[2] / "examples" / "spider", tmp_path / "host")
    (tmp_path / "host" / "host.toml").unlink()
    assert main(["check", str(tmp_path / "host")]) == 0
    said = capsys.readouterr().err
    assert "panel.dts: taken for a partial device tree" in said
    assert "belongs to no domain" not in said
