"""`xenscmi simulate --evidence`: the folder, its bytes, and what it takes to be clean."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.report.openfasttrace import Item, defects, read_items

from xenscmi.cli import main
from xenscmi.firmware import Firmware
from xenscmi.rules.registry import all_rules
from xenscmi.rules.trial import findings_on_bad_example
from xenscmi.scmi.header import Header
from xenscmi.scmi.status import Status

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def spider(tmp_path: Path) -> Path:
    shutil.copytree(EXAMPLES / "spider", tmp_path / "spider")
    return tmp_path / "spider"


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(newline="") as file:
        return list(csv.DictReader(file))


def manifest(folder: Path) -> Any:
    return json.loads((folder / "manifest.json").read_text())


def items(folder: Path) -> list[Item]:
    return [item for path in sorted((folder / "trace").iterdir()) for item in read_items(path.read_text())]


def test_two_runs_in_two_folders_are_identical(spider: Path, tmp_path: Path) -> None:
    """Of copies of a host with findings in different places, named differently, into folders of different names."""
    (spider / "domd.cfg").write_text((spider / "domd.cfg").read_text().replace("arm_sci", "arm_scmi"))
    other = tmp_path / "some-other-place" / "deep" / "host"
    shutil.copytree(spider, other)
    one, two = tmp_path / "one", tmp_path / "results" / "two"
    assert main(["simulate", "--evidence", str(one), str(spider)]) == 1
    command = [sys.executable, "-m", "xenscmi", "simulate", "--evidence", "../../../results/two", "host.toml"]
    environment = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"}
    assert subprocess.run(command, cwd=other, env=environment, capture_output=True, check=False).returncode == 1
    assert content(one) == content(two)
    assert json.loads((one / "findings.json").read_text())["diagnostics"][0]["file"] == "domd.cfg"
    everything = b"".join(content(one).values())
    for private in (os.fsencode(tmp_path), os.uname().nodename.encode() + b"\n", b"some-other-place"):
        assert private not in everything


def test_a_sound_host_is_clean(spider: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "evidence"
    assert main(["simulate", "--json", "--evidence", str(folder), str(spider)]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["clean"] is True
    assert said["messages_sent"] == said["messages_possible"] > 1000
    assert said["rules_that_find_their_example"] == said["rules"] == len(all_rules())
    assert "Nothing is wrong" in (folder / "README.md").read_text()
    assert {row["verdict"] for row in rows(folder, "permissions.csv")} == {"ok"}


def test_the_sums_and_the_inputs_are_right(spider: Path, tmp_path: Path) -> None:
    """Files that a device tree includes are inputs, too, also those that only define macros."""
    (spider / "numbers.h").write_text("#define CAN_CLOCK 28\n")
    board = (spider / "panel.dts").read_text()
    (spider / "panel.dts").write_text('#include "numbers.h"\n' + board)
    assert main(["simulate", "--evidence", str(tmp_path / "evidence"), str(spider)]) == 0
    folder = tmp_path / "evidence"
    for line in (folder / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    assert len(content(folder)) == len((folder / "SHA256SUMS").read_text().splitlines()) + 1
    inputs = {each["name"]: (each["bytes"], each["sha256"]) for each in manifest(folder)["inputs"]}
    assert inputs == {
        path.name: (len(path.read_bytes()), hashlib.sha256(path.read_bytes()).hexdigest()) for path in spider.iterdir()
    }


def test_an_include_folder_elsewhere_has_a_name_that_does_not_tell_where(spider: Path, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "common.dtsi").write_text("/ { };\n")
    (spider / "panel.dts").write_text((spider / "panel.dts").read_text() + '/include/ "common.dtsi"\n')
    folder = tmp_path / "evidence"
    assert main(["simulate", "--evidence", str(folder), "-i", str(shared), str(spider)]) == 0
    assert "elsewhere-1/common.dtsi" in [each["name"] for each in manifest(folder)["inputs"]]


def test_a_tool_that_differs_has_another_hash(spider: Path, tmp_path: Path) -> None:
    """The hash is over the package's sources as they are: it can be worked out by hand."""
    assert main(["simulate", "--evidence", str(tmp_path / "evidence"), str(spider)]) == 0
    package = EXAMPLES.parent / "src" / "xenscmi"
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(package).as_posix()}\n"
        for path in sorted(package.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    ]
    assert (
        manifest(tmp_path / "evidence")["tool"]["sources_sha256"] == hashlib.sha256("".join(lines).encode()).hexdigest()
    )


def test_every_rule_traces_to_an_example_that_breaks_it(spider: Path, tmp_path: Path) -> None:
    """Rule → requirement → test; and each test is true: the rule finds its bad example."""
    assert main(["simulate", "--evidence", str(tmp_path / "evidence"), str(spider)]) == 0
    found = items(tmp_path / "evidence")
    assert defects(found) == []
    by_id = {item.id: item for item in found}
    for rule in all_rules():
        name = f"{rule.code.lower()}.{rule.name}"
        assert by_id[f"req~{name}~1"].needs == ["utest"]
        assert rule.summary in "\n".join(by_id[f"req~{name}~1"].description)
        assert by_id[f"utest~{name}~1"].covers == [f"req~{name}~1"]
        assert {each.code for each in findings_on_bad_example(rule)} == {rule.code}


@pytest.mark.skipif(shutil.which("oft") is None, reason="OpenFastTrace (oft) is not installed")
def test_openfasttrace_traces_it(spider: Path, tmp_path: Path) -> None:
    assert main(["simulate", "--evidence", str(tmp_path / "evidence"), str(spider)]) == 0
    trace = ["oft", "trace", "-v", "summary", str(tmp_path / "evidence")]
    done = subprocess.run(trace, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, f"{2 * len(all_rules()) + 14} total" in done.stdout) == (0, True), done.stdout
    tests = tmp_path / "evidence" / "trace" / "tests.md"
    tests.write_text(tests.read_text().replace("req~xs001", "req~xs000", 1))
    assert subprocess.run(trace, capture_output=True, timeout=60, check=False).returncode != 0


def test_what_was_not_shown_is_not_covered(
    spider: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Firmware that lets agent 3 use clock 11: the row says so, the trace has a gap, and the command fails."""
    sound = Firmware.answer

    def answer(self: Firmware, agent: int, header: Header, payload: bytes) -> bytes:
        about_clock_11 = header >> 10 & 0xFF == 0x14 and header & 0xFF == 6 and payload == (11).to_bytes(4, "little")
        return sound(self, 0 if agent == 3 and about_clock_11 else agent, header, payload)

    monkeypatch.setattr(Firmware, "answer", answer)
    folder = tmp_path / "evidence"
    assert main(["simulate", "--evidence", str(folder), str(spider)]) == 1
    wrong = [row for row in rows(folder, "permissions.csv") if row["verdict"] != "ok"]
    assert [(row["agent"], row["message"], row["about"], row["verdict"]) for row in wrong] == [
        ("3", "CLOCK_RATE_GET", "11", "SUCCESS (0) instead of DENIED (-3)")
    ]
    assert wrong[0]["answer"].startswith("00000000")
    assert defects(items(folder)) == ["req~permission.refused~1 lacks itest"]
    assert "agent 3, clock, CLOCK_RATE_GET, 11" in (folder / "README.md").read_text()


def test_a_rule_that_misses_its_example_is_not_covered(
    spider: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = all_rules()[5]
    monkeypatch.setitem(rule.__dict__, "findings", lambda *_: ())
    folder = tmp_path / "evidence"
    assert main(["simulate", "--evidence", str(folder), str(spider)]) == 1
    assert defects(items(folder)) == [f"req~{rule.code.lower()}.{rule.name}~1 lacks utest"]


def test_what_the_files_silence_is_said(spider: Path, tmp_path: Path) -> None:
    text = (spider / "host.toml").read_text()
    (spider / "host.toml").write_text(
        text + '\n[rules]\nignore = ["XS303"]\n\n[rules.per_file]\n"domd.cfg" = ["XS007"]\n'
    )
    (spider / "guest.cfg").write_text((spider / "guest.cfg").read_text() + "# xenscmi: ignore-file[XS001]\n")
    folder = tmp_path / "evidence"
    main(["simulate", "--evidence", str(folder), str(spider)])
    said = (folder / "coverage.md").read_text()
    assert "- Of `check`, host.toml ignores XS303." in said
    assert "- Of `check`, host.toml ignores XS007 in domd.cfg." in said
    last = len((spider / "guest.cfg").read_text().splitlines())
    assert f"- Of `check`, a comment ignores XS001 at guest.cfg:{last}." in said


def test_each_row_has_the_bytes_of_the_refusal(spider: Path, tmp_path: Path) -> None:
    folder = tmp_path / "evidence"
    assert main(["simulate", "--evidence", str(folder), str(spider)]) == 0
    refused = [
        row for row in rows(folder, "permissions.csv") if row["because"] == "the resource is not given to the agent"
    ]
    assert {row["answer"] for row in refused} == {Status.DENIED.to_bytes(4, "little", signed=True).hex()}
    assert (
        sum(int(row["tries"]) for row in rows(folder, "permissions.csv")) == manifest(folder)["result"]["messages_sent"]
    )
    sent = {(row["protocol"], row["message"], row["number"]): row["payload"] for row in rows(folder, "messages.csv")}
    assert sent["0x14", "CLOCK_RATE_GET", "11"] == "0b000000"
    assert sent["0x10", "BASE_SET_DEVICE_PERMISSIONS", "10"] == "{agent}0a00000001000000"


def test_a_host_that_does_not_boot(spider: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (spider / "xen.dtso").read_text()
    assert text.count("xen,sci-agent-id = <") == 1
    (spider / "xen.dtso").write_text(text.replace("xen,sci-agent-id = <", "xen,sci-agent-id = <9"))
    folder = tmp_path / "evidence"
    assert main(["simulate", "--evidence", str(folder), str(spider)]) == 1
    assert "Xen does not boot" in capsys.readouterr().out
    assert manifest(folder)["result"]["boots"] is False
    assert "No message was tried" in (folder / "README.md").read_text()
    assert len([each for each in defects(items(folder)) if "lacks itest" in each]) == 6


# The folder


def test_evidence_is_replaced_as_a_whole(spider: Path, tmp_path: Path) -> None:
    folder = tmp_path / "evidence"
    assert main(["simulate", "--evidence", str(folder), str(spider)]) == 0
    before = content(folder)
    (folder / "left-over.txt").write_text("of an older version\n")
    with (folder / "SHA256SUMS").open("a") as sums:
        sums.write(f"{hashlib.sha256(b'').hexdigest()}  left-over.txt\n")
    assert main(["simulate", "--evidence", str(folder), str(spider)]) == 0
    assert content(folder) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["evidence", "spider"]


def test_a_folder_of_something_else_is_kept(spider: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, text in (("notes.txt", "mine"), ("manifest.json", '{"name": "mine"}')):
        mine = tmp_path / name.partition(".")[0]
        mine.mkdir()
        (mine / name).write_text(text)
        assert main(["simulate", "--evidence", str(mine), str(spider)]) == 2
        assert content(mine) == {name: text.encode()}
        assert "is not a folder of evidence" in capsys.readouterr().err
    link = tmp_path / "link"
    link.symlink_to(spider)
    assert main(["simulate", "--evidence", str(link), str(spider)]) == 2
    assert link.is_symlink()


@pytest.mark.parametrize("name", ["notes.txt", ".git/config", "trace/features.md"])
def test_what_a_person_put_beside_the_evidence_is_kept(
    spider: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """The folder may be under version control, with requirements of others in `trace`; it would go as a whole."""
    folder = tmp_path / "evidence"
    assert main(["simulate", "--evidence", str(folder), str(spider)]) == 0
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text("mine\n")
    before = content(folder)
    assert main(["simulate", "--evidence", str(folder), str(spider)]) == 2
    assert content(folder) == before
    assert f"{folder} holds something else than evidence: {folder / name.partition('/')[0]}" in capsys.readouterr().err


def test_nothing_is_left_where_it_cannot_be_written(
    spider: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("not a folder\n")
    assert main(["simulate", "--evidence", str(tmp_path / "file" / "evidence"), str(spider)]) == 2
    assert "cannot" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "spider"]


@pytest.mark.parametrize("also", [["--format", "html"], ["--on", "board"]])
def test_evidence_is_of_the_model_alone(also: list[str], spider: Path, tmp_path: Path) -> None:
    assert main(["simulate", "--evidence", str(tmp_path / "evidence"), *also, str(spider)]) == 2
    assert not (tmp_path / "evidence").exists()
