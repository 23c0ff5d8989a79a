"""`xenscmi simulate`: the matrix, and deviations."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from boot_vector import read_vector
from tests.rules.judge import went_wrong

from xenscmi.cli import main
from xenscmi.model.devices import device_paths
from xenscmi.report.matrix import render
from xenscmi.rules.example import FILES
from xenscmi.simulation.simulate import simulate

BOOT = Path(__file__).parents[1] / "vectors" / "boot"


def matrix(name: str) -> tuple[bool, str]:
    """Simulate a boot vector; return whether there are deviations, and the matrix."""
    host = read_vector(BOOT / name)
    assert host.tree is not None
    simulation = simulate(host)
    return bool(simulation.deviations), render(simulation, device_paths(host.tree))


# What went wrong there `simulate` does not see: nothing gives the domain to Xen, or its
# guest is told to look elsewhere.
UNSEEN = ("domU-shmem-not-mapped", "domain-node-deeper")
# What no test guest of the vectors tried: one device in two hands, other agents' pages in reserved memory.
UNTRIED = ("dev-without-xen-passthrough", "mem-reserved-nomap", "one-device-two-domUs")


@pytest.mark.parametrize("name", sorted(folder.name for folder in BOOT.iterdir() if folder.is_dir()))
def test_every_host_has_a_matrix(name: str) -> None:
    deviates, out = matrix(name)
    expected = json.loads((BOOT / name / "expected.json").read_text())
    assert deviates == ("deviations (" in out)
    assert out.startswith("Xen panics at boot: ") == (not expected["boots"])
    wrong = bool(went_wrong(read_vector(BOOT / name), expected))
    assert deviates == ((wrong and name not in UNSEEN) or name in UNTRIED)


@pytest.fixture
def board(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def test_a_good_host_as_expected(board: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", str(board)]) == 0
    said = capsys.readouterr()
    assert "no deviation in " in said.out
    assert said.out.startswith("DOMAIN  ID  AGENT  ")
    assert main(["simulate", "--json", str(board)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["boots"], found["deviations"]) == (True, [])
    for domain in found["domains"]:
        assert domain["reached"] == domain["expected"]
        assert all(each["seen"] == each["expected"] for each in domain["forbidden"])
        assert {each["subject"].split()[0] for each in domain["forbidden"]} >= {"smc-id", "page"}


def test_every_mistake_is_a_deviation(board: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tree = board / "guest.dts"
    tree.write_text(tree.read_text().replace("0x82000006", "0x82000005"))
    assert main(["simulate", str(board)]) == 1
    assert "guest   agent     agent 4   no answer" in capsys.readouterr().out


def test_a_domain_whose_tree_is_not_at_hand_uses_its_agents_channel(
    board: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (board / "guest.dts").unlink()
    assert main(["simulate", str(board)]) == 0
    assert main(["simulate", "--json", str(board)]) == 0
    capsys.readouterr()


def test_what_is_refused_is_shown_at_its_place(board: Path, capsys: pytest.CaptureFixture[str]) -> None:
    guest = board / "guest.cfg"
    guest.write_text(guest.read_text().replace("agent_id=4", "agent_id=9"))
    assert main(["simulate", str(board)]) == 1
    said = capsys.readouterr()
    assert "guest   create  created   domain creation fail: No such file or directory" in said.out
    assert f"{guest}:5:37: error: domain creation fail: No such file or directory (step createdomain, " in said.err
    assert "= help: agent 9 is not in scmi-secondary-agents" in said.err


def test_a_device_that_a_domain_should_not_reach() -> None:
    assert "dom0    page 0x47ff1000  out of reach  mapped at 0x47ff1000" in matrix("mem-reserved-nomap")[1]


def test_a_panic(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", str(BOOT / "same-agent-dom0-domU")]) == 1
    said = capsys.readouterr()
    assert said.out.startswith("Xen panics at boot: Error creating domain domU1 (rc = -17)\n\ndeviations (1)\n")
    assert "(XEN) scmi: Failed to acquire SCMI channel for agent_id 0: -17\n" in said.err
    assert "error: Xen panics at boot: Error creating domain domU1 (rc = -17)\n" in said.err


def test_a_folder_without_a_host(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", str(tmp_path)]) == 2
    assert "neither a host device tree nor an xl.cfg" in capsys.readouterr().err
    (tmp_path / "guest.cfg").write_text(FILES["guest.cfg"])
    assert main(["simulate", str(tmp_path)]) == 2
    assert "there is no host device tree to boot" in capsys.readouterr().err
