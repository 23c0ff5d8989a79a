"""`xenscmi decode`: dumps and traces in words and as JSON."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from xenscmi.cli import main

TRACE = """\
 kworker-1 [000] 1.0: scmi_msg_dump: id=0 ch=10 pt=14 t=CMND msg_id=07 seq=0003 s=0 pyld=030000000100000000000000
 kworker-1 [000] 1.0: some_other_event: x=1
 kworker-1 [000] 1.1: scmi_msg_dump: id=0 ch=10 pt=14 t=RESP msg_id=07 seq=0003 s=-3 pyld=
"""
CUT = " kworker-1 [000] 1.2: scmi_msg_dump: id=0 ch=10 pt=14 t=RESP msg_\n"


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> io.BytesIO:
    buffer = io.BytesIO()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(buffer))
    return buffer


def test_a_trace_on_standard_input(stdin: io.BytesIO, capsys: pytest.CaptureFixture[str]) -> None:
    stdin.write(TRACE.encode())
    stdin.seek(0)
    assert main(["decode"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "line 1: CLOCK_CONFIG_SET request (protocol 0x14 clock, token 3)",
        "  clock_id             3           The clock",
        "  attributes           0x1         What to set",
        "    state              0x1 enable  Enable, disable, or leave unchanged",
        "  extended_config_val  0           Value of the extended setting",
        "",
        "line 3: CLOCK_CONFIG_SET response (protocol 0x14 clock, token 3)",
        "  status  DENIED (-3)  Refused",
    ]


def test_json_has_an_object_for_each_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "trace").write_text(TRACE)
    assert main(["decode", "--json", str(tmp_path / "trace")]) == 0
    request, response = json.loads(capsys.readouterr().out)
    assert (request["line"], request["message"], request["direction"]) == (1, "CLOCK_CONFIG_SET", "request")
    assert request["fields"]["attributes"] == {"value": 1, "extended_config_type": 0, "state": 1}
    assert (response["status"], response["status_name"], response["payload"]) == (-3, "DENIED", "fdffffff")


def test_one_bad_line_does_not_hide_the_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "trace").write_text(CUT + TRACE)
    assert main(["decode", str(tmp_path / "trace")]) == 2
    said = capsys.readouterr()
    assert said.out.count("CLOCK_CONFIG_SET") == 2
    assert f"{tmp_path}/trace:1:1: error: this scmi_msg_dump line is incomplete or damaged" in said.err


def test_a_page_of_shared_memory(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    area = bytes.fromhex("00000000 01000000 0000000000000000 00000000 08000000 07500400 fdffffff")
    (tmp_path / "page").write_text(area.hex(" ", -4) + "\n")
    assert main(["decode", "--json", str(tmp_path / "page")]) == 0
    (message,) = json.loads(capsys.readouterr().out)
    assert message["channel"]["channel_status"] == {"value": 1, "error": False, "free": True}
    assert message["status_name"] == "DENIED"


def test_what_cannot_be_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").write_text("nothing here\n")
    assert main(["decode", str(tmp_path / "empty"), str(tmp_path / "none")]) == 2
    err = capsys.readouterr().err
    assert "error: no SCMI message found" in err
    assert "No such file or directory" in err
