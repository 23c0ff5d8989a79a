"""`check --hosts` and `simulate --hosts` as a user sees them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest

from xenscmi.cli import main
from xenscmi.rules.example import FILES


@pytest.fixture
def hosts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four hosts without manifests: `clean`, `dirty` (two mistakes), `dirty2` (the same), `broken` (no tree)."""
    for name in ("clean", "dirty", "dirty2", "broken"):
        (tmp_path / "boards" / name).mkdir(parents=True)
        for file, text in FILES.items():
            (tmp_path / "boards" / name / file).write_text(text)
    for name in ("dirty", "dirty2"):
        path = tmp_path / "boards" / name / "guest.cfg"
        path.write_text(path.read_text().replace("agent_id=4", "agent_id=5"))
    (tmp_path / "boards" / "broken" / "host.dts").write_text("/dts-v1/; / {")
    monkeypatch.chdir(tmp_path)
    return tmp_path


Capture = pytest.CaptureFixture[str]


def test_text_names_each_host_with_findings_and_the_total(hosts: Path, capsys: Capture) -> None:
    assert main(["check", "--hosts", "boards/*"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    lines = [line for line in said.err.splitlines() if line.startswith(("boards/broken:", "boards/dirty", "4 hosts"))]
    assert lines[0] == "boards/broken: cannot be used: 1 error"
    assert lines[-1] == "4 hosts: 2 with findings, 1 that cannot be used"
    assert any(line.startswith("boards/dirty: ") for line in lines)
    assert "boards/clean:" not in said.err.replace("boards/clean/", "")


def test_the_worst_decides_the_exit_code(hosts: Path, capsys: Capture) -> None:
    assert main(["check", "--hosts", "boards/clean"]) == 0
    assert main(["check", "--hosts", "boards/*y", "--hosts", "boards/clean"]) == 1
    assert main(["check", "--hosts", "boards/*y", "--exit-zero"]) == 0
    assert main(["check", "--hosts", "boards/*", "--exit-zero"]) == 2
    assert "2 hosts: 1 with findings" in capsys.readouterr().err


def test_patterns(hosts: Path, capsys: Capture) -> None:
    def named(*patterns: str) -> list[str]:
        main(["check", "--format", "json", *(each for pattern in patterns for each in ("--hosts", pattern))])
        return [each["host"] for each in json.loads(capsys.readouterr().out)["hosts"]]

    assert named("boards/d*") == ["boards/dirty", "boards/dirty2"]
    assert named("boards/dirty2", "boards/d*") == ["boards/dirty", "boards/dirty2"]
    assert named("**/cle*") == ["boards/clean"]
    assert named(f"{hosts}/boards/clean") == [f"{hosts}/boards/clean"]


def test_a_pattern_without_a_host_is_an_error(hosts: Path, capsys: Capture) -> None:
    """A mistyped pattern must not pass for a clean fleet."""
    assert main(["check", "--hosts", "boards/*", "--hosts", "bords/*"]) == 2
    assert "no host matches bords/*" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--hosts", "boards/*", "boards/clean"], "--hosts does not go with boards/clean"),
        (["--hosts", "boards/*", "--format", "html"], "--hosts does not go with --format html"),
        (["--cache", "c", "--format", "html", "boards/clean"], "--cache does not go with --format html"),
        (["--cache", "c", "-"], "--cache does not go with standard input"),
        (["--cache", "", "boards/clean"], "--cache needs the name of a folder"),
        (["--hosts", "boards/*", "--select", "XS9999"], "there is no rule `XS9999'"),
        (["--hosts", "boards/*", "-o", "no/such/folder"], "cannot write no/such/folder"),
    ],
)
def test_what_does_not_go_together(hosts: Path, capsys: Capture, arguments: list[str], message: str) -> None:
    assert main(["check", *arguments]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("jobs", ["0", "-1", "x", "٣", "99999"])
def test_jobs_are_a_number(capsys: Capture, jobs: str) -> None:
    with pytest.raises(SystemExit):
        main(["check", "--jobs", jobs])
    assert "is not a number of processes" in capsys.readouterr().err


def test_json_has_a_record_for_each_host(hosts: Path, capsys: Capture) -> None:
    main(["check", "--hosts", "boards/*", "--format", "json"])
    document = json.loads(capsys.readouterr().out)
    assert document["summary"] == {"hosts": 4, "with_findings": 2, "unusable": 1}
    found = {each["host"]: each for each in document["hosts"]}
    assert [each["usable"] for each in found.values()] == [False, True, True, True]
    assert found["boards/clean"]["diagnostics"] == []
    assert found["boards/dirty"]["diagnostics"][0]["file"].startswith("boards/dirty/")
    assert found["boards/dirty"]["summary"]["errors"] > 0


def test_reviews_have_each_finding_once(hosts: Path, capsys: Capture) -> None:
    """Hosts that share a file share its findings."""
    for name in ("one", "two"):
        (hosts / f"boards/dirty/{name}.toml").write_text(
            'device_tree = "host.dts"\n[[domain]]\nconfig = "guest.cfg"\ndevice_tree = "guest.dts"\n'
        )
    main(["check", "boards/dirty/one.toml", "--format", "gitlab"])
    alone = json.loads(capsys.readouterr().out)
    main(["check", "--hosts", "boards/dirty/*.toml", "--format", "gitlab"])
    assert json.loads(capsys.readouterr().out) == alone
    main(["check", "--hosts", "boards/dirty/*.toml", "--format", "sarif"])
    assert len(json.loads(capsys.readouterr().out)["runs"][0]["results"]) == len(alone)
    main(["check", "--hosts", "boards/dirty/*.toml", "--format", "github"])
    assert capsys.readouterr().out.count("::error") <= len(alone)
    main(["check", "--hosts", "boards/dirty/*.toml"])
    assert f"boards/dirty/two.toml: {_words(alone)}, all of them shown above\n" in capsys.readouterr().err


def _words(issues: list[dict[str, str]]) -> str:
    errors = sum(each["severity"] == "critical" for each in issues)
    warnings = sum(each["severity"] == "major" for each in issues)
    infos = len(issues) - errors - warnings
    parts = [(errors, "error"), (warnings, "warning"), (infos, "info")]
    return ", ".join(f"{number} {word}{'s' if number != 1 else ''}" for number, word in parts if number)


def test_an_output_is_written_beside_what_a_person_reads(hosts: Path, capsys: Capture) -> None:
    assert main(["check", "boards/dirty", "--format", "sarif", "-o", "out.sarif"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "boards/dirty/guest.cfg:" in said.err
    assert json.loads(Path("out.sarif").read_text())["runs"][0]["results"]
    assert main(["check", "boards/clean", "-o", "out.txt"]) == 0
    assert Path("out.txt").read_text() == "nothing found\n"


def test_junit_has_a_test_for_each_host(hosts: Path, capsys: Capture) -> None:
    main(["check", "--hosts", "boards/*", "--format", "junit"])
    suite = ElementTree.fromstring(capsys.readouterr().out)
    cases = {case.get("name"): [each.tag for each in case] for case in suite.iter("testcase")}
    assert cases == {
        "boards/broken": ["error"],
        "boards/clean": [],
        "boards/dirty": ["failure"],
        "boards/dirty2": ["failure"],
    }
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("4", "2", "1")


def test_junit_fails_as_the_exit_code_does(hosts: Path, capsys: Capture) -> None:
    path = hosts / "boards" / "clean" / "guest.cfg"
    path.write_text(path.read_text() + 'nonsense = "x"\n')
    for severity, code in (("error", 0), ("info", 1)):
        got = main(["check", "--hosts", "boards/clean", "--format", "junit", "--severity", severity])
        suite = ElementTree.fromstring(capsys.readouterr().out)
        assert (got, suite.get("failures")) == (code, str(code))


def test_simulations(hosts: Path, capsys: Capture) -> None:
    assert main(["simulate", "--hosts", "boards/*"]) == 2
    said = capsys.readouterr()
    assert "boards/clean: no deviation in " in said.out
    assert "boards/broken: cannot be used\n" in said.out
    assert "boards/dirty:\nDOMAIN" in said.out
    assert said.err.endswith("4 hosts: 2 with deviations, 1 that cannot be used\n")
    shutil.rmtree("boards/broken")
    assert main(["simulate", "--hosts", "boards/*", "--format", "junit"]) == 1
    suite = ElementTree.fromstring(capsys.readouterr().out)
    assert [[each.tag for each in case] for case in suite.iter("testcase")] == [[], ["failure"], ["failure"]]
    assert main(["simulate", "--hosts", "boards/clean", "--json"]) == 0
    (host,) = json.loads(capsys.readouterr().out)["hosts"]
    assert (host["host"], host["simulation"]["deviations"]) == ("boards/clean", [])


def test_simulations_that_are_no_step_of_a_build(hosts: Path, capsys: Capture) -> None:
    assert main(["simulate", "--on", "board", "--cache", "c", "boards/clean"]) == 2
    assert "--cache does not go with --on board" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--output", "--depfile"])
def test_an_input_is_not_written_over(hosts: Path, capsys: Capture, option: str) -> None:
    path = hosts / "boards" / "clean" / "guest.cfg"
    before = path.read_bytes()
    others = ["--output", "out"] if option == "--depfile" else []
    assert main(["check", "boards/clean", *others, option, "boards/clean/guest.cfg"]) == 2
    assert "boards/clean/guest.cfg is a file of the host" in capsys.readouterr().err
    assert (path.read_bytes(), (hosts / "out").exists()) == (before, False)
    assert main(["check", "boards/clean", "--output", "same", "--depfile", "./same"]) == 2
    assert "name the same file" in capsys.readouterr().err
