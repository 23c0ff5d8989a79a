"""`xenscmi domctl` and `xenscmi profiles` as a user runs them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xenscmi.cli import main
from xenscmi.domctl.profiles import PROFILES

Result = subprocess.CompletedProcess[bytes]
Run = Callable[..., Result]

AGENT = 'arm_sci="type=scmi_smc_multiagent,agent_id=3"'
HEX = (
    "0c000000" + "00112233445566778899aabbccddeeff" + "03010000" + "00000000" + "01000000" + "ff030000"
    "ffffffff"
    + "ffffffff"
    + "01000000"
    + "00000000"
    + "00000000"
    + "00000000"
    + "000000000000000000000000"
    + "02030000"
)


def document(done: Result) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_file_field_by_field(xenscmi: Run, guest: Path) -> None:
    assert document(xenscmi("domctl", "guest.cfg", AGENT)) == {
        "profile": "4.22+sci-ma",
        "interface_version": 0x18,
        "size": 76,
        "hex": HEX,
        "fields": {
            "ssidref": 12,
            "handle": "00112233445566778899aabbccddeeff",
            "flags": 0x103,
            "iommu_opts": 0,
            "max_vcpus": 1,
            "max_evtchn_port": 1023,
            "max_grant_frames": -1,
            "max_maptrack_frames": -1,
            "grant_opts": 1,
            "altp2m": {"opts": 0, "nr": 0},
            "vmtrace_size": 0,
            "cpupool_id": 0,
            "arch": {
                "gic_version": 0,
                "sve_vl": 0,
                "tee_type": 0,
                "nr_spis": 0,
                "clock_frequency": 0,
                "arm_sci_type": 2,
                "arm_sci_agent_id": 3,
                "v8r_el1_msa": 0,
            },
        },
        "flags": ["hvm", "hap", "trap_unmapped_accesses"],
    }


def test_libxls_json_and_standard_input_do_as_well(xenscmi: Run, guest: Path, tmp_path: Path) -> None:
    expected = document(xenscmi("domctl", "guest.cfg", AGENT))
    text = xenscmi("create", "-n", "guest.cfg", AGENT).stdout
    (tmp_path / "guest.json").write_bytes(text)
    assert document(xenscmi("domctl", "guest.json")) == expected
    assert document(xenscmi("domctl", "-", stdin=text)) == expected
    assert document(xenscmi("domctl", "-", AGENT, stdin=guest.read_bytes())) == expected


@pytest.mark.parametrize("profile", PROFILES)
def test_its_own_output_decodes_in_every_profile(xenscmi: Run, guest: Path, profile: str) -> None:
    for full in ([], ["--full"]):
        made = document(xenscmi("domctl", "guest.cfg", "--profile", profile, *full))
        assert made["profile"] == profile
        assert made["size"] == PROFILES[profile].size
        assert len(made["hex"]) == 2 * (144 if full else PROFILES[profile].size)
        assert document(xenscmi("domctl", "--profile", profile, *full, "--decode", made["hex"])) == made


def test_bytes_may_be_written_in_several_ways(xenscmi: Run) -> None:
    expected = document(xenscmi("domctl", "--decode", HEX))
    assert expected["fields"]["arch"]["arm_sci_agent_id"] == 3
    for text in (f"0x{HEX}", HEX.upper(), " ".join(HEX), ":".join(HEX[at : at + 2] for at in range(0, len(HEX), 2))):
        assert document(xenscmi("domctl", "--decode", text)) == expected
    assert document(xenscmi("domctl", "--decode", "-", stdin=f"{HEX}\n".encode())) == expected


def test_no_flag_and_no_byte_is_lost(xenscmi: Run) -> None:
    flags = HEX[:40] + "00010080" + HEX[48:]
    assert document(xenscmi("domctl", "--decode", flags))["flags"] == ["trap_unmapped_accesses", "0x80000000"]
    done = xenscmi("domctl", "--decode", "-", stdin=HEX.encode() + b"\n" * (1 << 16) + b"00")
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"has 76 bytes, not 77" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--decode", "zz"], "`zz' is not hexadecimal"),
        (["--decode", "0:c 0"], "an odd number of digits: 3"),
        (["--decode", ""], "createdomain of profile 4.22+sci-ma has 76 bytes, not 0"),
        (["--decode", HEX[:-2]], "createdomain of profile 4.22+sci-ma has 76 bytes, not 75"),
        (["--decode", HEX, "--profile", "4.19"], "createdomain of profile 4.19 has 72 bytes, not 76"),
        (["--decode", HEX, "--profile", "4.22+sci-ma-pad"], None),
        (["--decode", HEX, "--profile", "4.22.1+sci-ma-pad"], None),
        (["--decode", HEX, "--profile", "4.21"], "byte 73 is 0x03, but profile 4.21 has padding there"),
        (["--decode", "00" * 144], "domctl 0 is not createdomain (1)"),
        (["--decode", HEX, "guest.cfg"], "name one file, or give bytes with --decode"),
        ([], "name one file, or give bytes with --decode"),
        (["guest.cfg", "guest.cfg"], "name one file, or give bytes with --decode"),
        (["guest.cfg", "--profile", "4.16"], "there is no profile `4.16'; profiles are 4.17,"),
    ],
)
def test_bad_arguments_and_bytes(xenscmi: Run, guest: Path, arguments: list[str], message: str | None) -> None:
    done = xenscmi("domctl", *arguments)
    if message is None:
        # To the layout with the field in the padding, the agent is a memory system.
        assert document(done)["fields"]["arch"]["v8r_el1_msa"] == 3
        return
    assert (done.returncode, done.stdout) == (2, b"")
    assert message in done.stderr.decode()


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        (["guest.cfg", 'tee="x"'], 3, 'guest.cfg:6:6: error: Unknown tee "x" specified'),
        (["guest.cfg", 'pool="x"'], 6, "guest.cfg:6:6: error: Illegal pool specified: x"),
        (["guest.cfg", "irqs=[40]", "nr_spis=1"], 3, "guest.cfg:7:9: error: Provided nr_spis value is too small"),
        (["nowhere.cfg"], 3, "Failed to read config file: nowhere.cfg"),
        (
            ["guest.cfg", AGENT, "--profile", "4.21"],
            1,
            "guest.cfg:6:10: error: Xen 4.21 cannot be told an SCMI agent id",
        ),
    ],
)
def test_refusals(xenscmi: Run, guest: Path, arguments: list[str], exit_code: int, message: str) -> None:
    done = xenscmi("domctl", *arguments)
    assert (done.returncode, done.stdout) == (exit_code, b"")
    assert message in done.stderr.decode()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"b_info": {', "json-c parse error: "),
        ('{"c_info": {"type": "zz"}}', 'c_info.type: "zz" is not one of'),
        ("{}", "invalid domain type"),
    ],
)
def test_bad_json(xenscmi: Run, text: str, message: str) -> None:
    done = xenscmi("domctl", "-", stdin=text.encode())
    assert done.returncode in (3, 6)
    assert message in done.stderr.decode()
    assert b"Traceback" not in done.stderr


def test_profiles(xenscmi: Run) -> None:
    lines = xenscmi("profiles").stdout.decode().splitlines()
    assert lines[0].split() == ["PROFILE", "INTERFACE", "SIZE", "AGENT", "IDS", "SOURCE"]
    assert [line.split()[0] for line in lines[1:-1]] == [
        f"{name}*" if name == "4.22+sci-ma" else name for name in PROFILES
    ]
    assert lines[-1] == "* is the default"
    rows = json.loads(xenscmi("profiles", "--json").stdout)
    assert [(row["name"], row["size"], row["agent_ids"]) for row in rows] == [
        (profile.name, profile.size, profile.agent_ids) for profile in PROFILES.values()
    ]
    assert [row["name"] for row in rows if row["default"]] == ["4.22+sci-ma"]
    assert rows[0]["layout"][1] == {"name": "handle", "offset": 4, "size": 16}


def test_settings_are_not_added_to_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "saved.json").write_text("{}")
    assert main(["domctl", str(tmp_path / "saved.json"), "memory=512"]) == 1
    assert "memory=512: settings can be added to an xl.cfg file, not to JSON" in capsys.readouterr().err
