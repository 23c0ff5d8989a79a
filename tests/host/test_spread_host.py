"""A host whose files lie in three trees is used where it stands, and a mistake is found in the file that has it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from xenscmi.cli import main

EXAMPLES = Path(__file__).parents[2] / "examples"
BOARD, DOMD, PRODUCT = "spider", "product/meta-domd", "product/integration"

MISTAKES = [
    (f"{BOARD}/board.dts", "0x47ff1000", "0x47ff9000", "wrong-dom0-channel"),
    (f"{BOARD}/xen.dtso", "<&scmi_xen 11>", "<&scmi 11>", "foreign-access-controller"),
    (f"{BOARD}/panel.dts", "0x82000005", "0x82000004", "wrong-guest-func-id"),
    (f"{DOMD}/domd.dts", "/dts-v1/;\n", "", "syntax error"),
    (f"{DOMD}/domd.dts", "passthrough: passthrough", "passthrough: pass", "missing-passthrough"),
    (f"{DOMD}/scmi.dtso", "<0x82000004>", "<0x82000005>", "wrong-guest-func-id"),
    (f"{DOMD}/scmi.dtso", "reg = <0x0 0x22001000", "reg = <0x0 0x22002000", "wrong-guest-address"),
    (f"{DOMD}/ethernet.dtso", "&scmi_clock 11", "&scmi_clock 12", "unowned-resource"),
    (f"{DOMD}/phy.dtso", "<&phy>", "<77>", "dangling-phandle"),
    (f"{DOMD}/phy.dtso", "&ethernet {", "&ethernut {", "does not have"),
    (f"{DOMD}/mmc.dtso", "&scmi_reset 6", "&scmi_reset 99", "unowned-resource"),
    (f"{DOMD}/i2c.dtso", "&scmi_clock 22", "&scmi_power 5", "dangling-phandle"),
    (f"{DOMD}/domd.cfg", "memory = 1024", "memory = 1024x", "wrong-value-type"),
    (f"{DOMD}/domd.cfg", "vcpus = 2", "vcpuz = 2", "unknown-key"),
    (f"{DOMD}/domd-devices.cfg", "71, 268,", "72, 268,", "missing-interrupt"),
    (f"{DOMD}/domd-devices.cfg", '"e6800,1"', '"e6801,1"', "unknown-iomem"),
    (f"{PRODUCT}/domd-scmi.cfg", "agent_id=2", "agent_id=9", "agent-not-listed"),
    (f"{PRODUCT}/domd-scmi.cfg", "47ff2,1", "47ff4,1", "foreign-page"),
    (f"{PRODUCT}/host.toml", "page = 0x47ff2000", "page = 0x47ff6000", "firmware-mismatch"),
]


@pytest.fixture
def trees(tmp_path: Path) -> Path:
    """Return a folder with the three trees."""
    for name in ("spider", "product"):
        shutil.copytree(EXAMPLES / name, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize("command", ["check", "show", "simulate"])
def test_it_is_used_in_place(command: str, trees: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, str(trees / PRODUCT)]) == 0
    said = capsys.readouterr()
    shown = {
        "check": "nothing found",
        "show": "2      0x82000004  0x47ff2000  domain domd   10 /soc/ethernet@e6800000",
        "simulate": "domd    2   2      +   +   .   +   .",
    }
    assert shown[command] in said.out + said.err


@pytest.mark.parametrize(("file", "good", "bad", "what"), MISTAKES)
def test_a_mistake_is_found_in_its_file(
    file: str, good: str, bad: str, what: str, trees: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = trees / file
    text = path.read_text()
    assert good in text
    path.write_text(text.replace(good, bad, 1))
    assert main(["check", "--format", "json", str(trees / PRODUCT)]) in (1, 2)
    found = json.loads(capsys.readouterr().out)["diagnostics"]
    print(*((each["name"], Path(each["file"]).name, each["line"], each["message"]) for each in found), sep="\n")
    assert all(each["file"] for each in found)
    matching = [each for each in found if what in (each["name"] or each["message"]) or what in each["message"]]
    assert [each["file"] for each in matching] == [str(path)] * len(matching)
    assert matching


def test_the_joined_file_is_created_with_the_tree_of_its_fragments(
    trees: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(trees / "state"))
    fragments = (f"{DOMD}/domd.cfg", f"{DOMD}/domd-devices.cfg", f"{PRODUCT}/domd-scmi.cfg")
    (trees / "domd.cfg").write_text("".join((trees / name).read_text() for name in fragments))
    assert main(["create", "--host", str(trees / PRODUCT), str(trees / "domd.cfg")]) == 0
    assert "is not here" not in capsys.readouterr().err
    assert main(["scmi", "--host", str(trees / PRODUCT), "domd", "base", "protocol_version"]) == 0


def test_trees_exchanged_in_the_manifest_are_told_at_its_line(trees: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = trees / BOARD / "host.toml"
    text = manifest.read_text()
    manifest.write_text(text.replace("guest.dts", "?").replace("domd.dts", "guest.dts").replace("?", "domd.dts"))
    assert main(["check", "--format", "json", str(trees / BOARD)]) == 1
    found = json.loads(capsys.readouterr().out)["diagnostics"]
    assert {"foreign-device-tree", "wrong-guest-func-id", "missing-guest-node"} <= {each["name"] for each in found}
    for each in found:
        notes = {Path(note["file"]).name: note["line"] for note in each["related"]}
        assert notes["host.toml"] in (10, 14), each["name"]


@pytest.mark.parametrize(
    ("last", "next_file", "said"),
    [
        ("memory = 1024 # MiB", "dtdev = [ ]\n", True),  # the whole line becomes a comment
        ("memory = 1024", "dtdev = [ ]\n", True),
        ("memory = 1024", "# a comment\ndtdev = [ ]\n", False),
        ("memory = 1024", "\ndtdev = [ ]\n", False),
        ("memory = 1024\n", "dtdev = [ ]\n", False),
    ],
)
def test_a_fragment_without_a_newline_at_its_end(
    last: str, next_file: str, said: bool, trees: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As after `cat`, the first line of the next file continues its last one."""
    first, devices = trees / DOMD / "domd.cfg", trees / DOMD / "domd-devices.cfg"
    first.write_text(f'name = "domd"\nkernel = "/boot/Image"\n{last}')
    devices.write_text(next_file)
    main(["check", str(trees / PRODUCT)])
    err = capsys.readouterr().err
    assert (f"{first}:3:1: warning: {first} ends without a newline" in err) == said
    assert (f"{devices}:1:1: note: the line that is joined to it" in err) == said


def test_an_overlay_is_not_a_host_tree(trees: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = trees / BOARD / "host.toml"
    manifest.write_text(manifest.read_text().replace('device_tree = "board.dts"', 'device_tree = "xen.dtso"'))
    assert main(["check", str(trees / BOARD)]) == 2
    assert f"{manifest}:2:1: error: xen.dtso is an overlay, not a host device tree" in capsys.readouterr().err
