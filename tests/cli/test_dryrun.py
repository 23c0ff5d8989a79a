"""`xenscmi create -n` as a user runs it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

Result = subprocess.CompletedProcess[bytes]
Run = Callable[..., Result]

VECTORS = Path(__file__).parents[1] / "vectors" / "xlcfg"


def read_vectors(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (VECTORS / f"{name}.jsonl").read_text().splitlines()]


def sample() -> list[dict[str, Any]]:
    """Some of each kind; with a uuid in the file, as the real xl was given one where there is none."""
    found = read_vectors("language") + read_vectors("options")[::30] + read_vectors("mixed")[::30]
    return [one for one in found if one["dry_run"]["exit"] or "\nuuid" in one["cfg"]]


@pytest.mark.parametrize("vector", sample(), ids=lambda vector: vector["name"])
def test_vectors_through_the_command_line(xenscmi: Run, tmp_path: Path, vector: dict[str, Any]) -> None:
    (tmp_path / "FILE").write_bytes(vector["cfg"].encode("utf-8", "surrogateescape"))
    done = xenscmi("create", "-n", "FILE")
    wanted = vector["dry_run"]
    assert done.returncode == (wanted["exit"] if wanted["exit"] >= 0 else 1), done.stderr
    if wanted["exit"]:
        assert done.stdout == b""
        assert b" error: " in done.stderr
    else:
        assert sha256(done.stdout).hexdigest() == wanted["stdout_sha256"]


def test_one_file(xenscmi: Run, guest: Path) -> None:
    done = xenscmi("create", "-n", "guest.cfg")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b'{\n  "c_info":{\n    "type":"pvh",\n    "name":"g",\n')
    assert done.stdout.endswith(b"}")
    assert json.loads(done.stdout)["b_info"]["max_memkb"] == 65536


def test_other_ways_to_name_a_file(xenscmi: Run, guest: Path) -> None:
    expected = xenscmi("create", "-n", "guest.cfg").stdout
    assert xenscmi("create", "--dryrun", "-f", "guest.cfg").stdout == expected
    assert xenscmi("create", "--defconfig", "guest.cfg", "-n").stdout == expected
    assert xenscmi("create", "-n", "-", stdin=guest.read_bytes()).stdout == expected
    assert xenscmi("create", "-n", str(guest)).stdout == expected


@pytest.mark.parametrize("switches", [["-F"], ["-nq", "-pcdeVAi"], ["--vncviewer", "--ignore-global-affinity-masks"]])
def test_xls_switches_that_mean_nothing_here(xenscmi: Run, guest: Path, switches: list[str]) -> None:
    done = xenscmi("create", "-n", *switches, "guest.cfg")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == xenscmi("create", "-n", "guest.cfg").stdout


def test_several_files_make_an_array(xenscmi: Run, guest: Path, tmp_path: Path) -> None:
    (tmp_path / "second.cfg").write_text(guest.read_text().replace('"g"', '"second"'))
    done = xenscmi("create", "-n", "guest.cfg", "second.cfg", "vcpus=2")
    documents = json.loads(done.stdout)
    assert [one["c_info"]["name"] for one in documents] == ["g", "second"]
    assert [one["b_info"]["max_vcpus"] for one in documents] == [2, 2]


def test_settings_win_over_the_file(xenscmi: Run, guest: Path) -> None:
    agent = 'arm_sci="type=scmi_smc_multiagent,agent_id=3"'
    for arguments in (["guest.cfg", "memory=128", agent], ["memory=128", agent, "guest.cfg"]):
        b_info = json.loads(xenscmi("create", *arguments, "-n").stdout)["b_info"]
        assert b_info["max_memkb"] == 131072
        assert b_info["arch_arm"] == {"arm_sci": {"type": "scmi_smc_multiagent", "agent_id": 3}}
    done = xenscmi("create", "-n", "guest.cfg", "memory=")
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.startswith(b"guest.cfg:")


def test_a_file_without_a_newline_at_its_end_takes_settings(xenscmi: Run, tmp_path: Path) -> None:
    (tmp_path / "short.cfg").write_text('name="a";kernel="/k"')
    done = xenscmi("create", "-n", "short.cfg", "memory=1")
    assert json.loads(done.stdout)["b_info"]["max_memkb"] == 1024


def test_warnings_go_to_standard_error_and_can_be_silenced(xenscmi: Run, guest: Path) -> None:
    loud = xenscmi("create", "-n", "guest.cfg", "memory=x1'")
    assert loud.returncode == 1
    odd = xenscmi("create", "-n", "guest.cfg", "memory='1x'", 'boot="cd"')
    assert odd.returncode == 0
    assert b"guest.cfg:6:8: warning: parameter `memory' is not a valid number\n" in odd.stderr
    assert b"guest.cfg:7:1: info: `boot' is for x86 or HVM guests only" in odd.stderr
    quiet = xenscmi("create", "-n", "-q", "guest.cfg", "memory='1x'", 'boot="cd"')
    assert (quiet.stderr, quiet.stdout) == (b"", odd.stdout)
    assert b"error" in xenscmi("create", "-n", "-q", "guest.cfg", "type=1").stderr


def test_an_error_is_shown_with_its_place(xenscmi: Run, guest: Path) -> None:
    done = xenscmi("create", "-n", "guest.cfg", 'arm_sci="type=scmi_smc_multiagent,agent_id=255"')
    assert done.returncode == 1
    assert done.stdout == b""
    assert done.stderr.decode() == (
        "guest.cfg:6:44: error: An invalid ARM_SCI agent_id specified (255). Valid range [0..254]\n"
        '  6 | arm_sci="type=scmi_smc_multiagent,agent_id=255"\n'
        "    |                                            ^^^\n"
        "  = note: this line is from the command line; xl numbers it after the file's lines\n"
        "  = help: write the agent id that the firmware has for this domain, 0..254\n"
    )


def test_one_bad_file_of_several_gives_no_output(xenscmi: Run, guest: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.cfg").write_text('pci = [ "zz" ]\n' + guest.read_text())
    done = xenscmi("create", "-n", "guest.cfg", "bad.cfg", "nowhere.cfg")
    assert (done.returncode, done.stdout) == (6, b"")
    assert b"bad.cfg:1:10: error: unable to parse PCI_SPEC_STRING" in done.stderr
    assert b"nowhere.cfg: No such file or directory" in done.stderr


@pytest.mark.parametrize(
    ("path", "reason"), [("nowhere.cfg", "No such file or directory"), (".", "Is a directory"), ("", "No such file")]
)
def test_unreadable_files(xenscmi: Run, path: str, reason: str) -> None:
    done = xenscmi("create", "-n", path)
    assert (done.returncode, done.stdout) == (3, b"")
    assert f"error: Failed to read config file: {path}: {reason}" in done.stderr.decode()


def test_files_that_are_too_large(xenscmi: Run, tmp_path: Path) -> None:
    with (tmp_path / "large.cfg").open("wb") as file:
        file.truncate((64 << 20) + 1)
    done = xenscmi("create", "-n", "large.cfg")
    assert (done.returncode, done.stdout) == (3, b"")
    assert b"error: Failed to read config file: large.cfg: larger than 64 MiB" in done.stderr


def test_odd_bytes_come_back_as_they_are(xenscmi: Run, tmp_path: Path) -> None:
    (tmp_path / "odd.cfg").write_bytes(b'name = "\xff\xc3\xa9\x80"\nkernel = "/k"\n')
    done = xenscmi("create", "-n", "odd.cfg")
    assert (done.returncode, done.stderr) == (0, b"")
    assert b'"name":"\xff\xc3\xa9\x80"' in done.stdout
    (tmp_path / "odd.cfg").write_bytes(b'name = "\xff" x\n')
    assert b'1 | name = "\\xff" x\n' in xenscmi("create", "-n", "odd.cfg").stderr
    assert xenscmi("create", "-n", b"\xff.cfg").returncode == 3


def test_without_n_it_takes_a_host(xenscmi: Run, guest: Path) -> None:
    done = xenscmi("create", "guest.cfg")
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"xenscmi: error: there is no host device tree to boot" in done.stderr


def test_no_test_touches_the_host_of_the_user(xenscmi: Run, guest: Path, tmp_path: Path) -> None:
    xenscmi("create", "guest.cfg", env={"HOME": str(tmp_path / "home")})
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("arguments", [[], ["-n"], ["-n", "a=1"], ["--unknown"], ["-n", "guest.cfg", "--unknown"]])
def test_bad_arguments(xenscmi: Run, guest: Path, arguments: list[str]) -> None:
    done = xenscmi("create", *arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"error: " in done.stderr
