"""`list`, `destroy`, `agents` and `dmesg`: xl's columns, words and exit codes."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from xenscmi.cli import main

if TYPE_CHECKING:
    from tests.cli.conftest import Lab

SPIDER = Path(__file__).parents[2] / "examples" / "spider"
HEADING = "Name                                        ID   Mem VCPUs\tState\tTime(s)"
DOM0 = "Domain-0                                     0   512     1     r-----       0.0"


def test_the_list_has_xls_columns(lab: Lab) -> None:
    lab.create("good", 2)
    code, out, err = lab.run("list")
    assert (code, err) == (0, "")
    # xl-create/transcript.txt has: good                                         3    32     1     -b----       0.1
    good = "good                                         1    32     1     -b----       0.0"
    assert out.splitlines() == [HEADING, DOM0, good]
    assert lab.run("list", "good")[1].splitlines() == [HEADING, good]
    assert lab.run("list", "0")[1].splitlines() == [HEADING, DOM0]


def test_the_long_list_is_libxls_json(lab: Lab) -> None:
    lab.create("good", 2, 'uuid = "5b9e83c3-54d0-4b3a-a9a5-0cb6b9b7d2f1"\n')
    path = str(lab.folder / "good.cfg")
    main(["create", "-n", path])
    config = json.loads(lab.capsys.readouterr().out)
    code, out, _ = lab.run("list", "-l")
    assert code == 0
    assert json.loads(out) == [
        {"domid": 0, "config": {"c_info": {"name": "Domain-0"}}},
        {"domid": 1, "config": config},
    ]


def test_domains_that_are_not_there(lab: Lab) -> None:
    assert lab.run("list", "none") == (1, "", "none is an invalid domain identifier (rc=-6)\n")
    assert lab.run("list", "7") == (1, "", "Error: Domain '7' does not exist.\n")
    assert lab.run("destroy", "none") == (1, "", "none is an invalid domain identifier (rc=-6)\n")
    code, _, err = lab.run("destroy", "7")
    assert code == 1
    assert err.splitlines() == [
        "libxl: error: Domain 7:Non-existant domain",
        "libxl: error: Domain 7:Unable to destroy guest",
        "libxl: error: Domain 7:Destruction of domain failed",
        "destroy failed (rc=-21)",
    ]
    assert lab.run("destroy", "9" * 5000)[0] == 1


def test_dom0_has_two_names(lab: Lab) -> None:
    listed = lab.run("list", "0")
    assert listed[0] == 0
    assert lab.run("list", "dom0") == lab.run("list", "Domain-0") == listed
    answers = {lab.run("scmi", name, "base", "protocol_version")[1] for name in ("dom0", "Domain-0", "0")}
    assert len({re.sub(r"token \d+", "", answer) for answer in answers}) == 1
    assert lab.run("destroy", "dom0") == lab.run("destroy", "Domain-0")


def test_the_running_host_is_named_elsewhere(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command in another folder works on the host that runs: it says which one that is."""
    host, elsewhere = tmp_path / "host", tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.copytree(SPIDER, host)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "states"))

    def said(folder: Path, *arguments: str) -> str:
        monkeypatch.chdir(folder)
        assert main(arguments) == 0
        return lab.capsys.readouterr().err

    note = f"xenscmi: on the running host {host}\n"
    assert said(host, "list") == ""
    assert said(elsewhere, "list") == said(elsewhere, "agents", "--json") == note
    assert said(tmp_path, "dmesg") == "xenscmi: on the running host host\n"
    assert said(elsewhere, "list", "--host", str(host)) == said(host, "list") == ""


@pytest.mark.parametrize("content", [b"x" * 100, b"", None], ids=["garbage", "another program's", "a folder"])
def test_a_state_that_cannot_be_used_is_named(lab: Lab, content: bytes | None) -> None:
    lab.state.parent.mkdir()
    if content is None:
        lab.state.mkdir()
    elif content:
        lab.state.write_bytes(content)
        lab.state.chmod(0o600)
    else:
        with closing(sqlite3.connect(lab.state)) as connection:
            connection.execute("CREATE TABLE other (x)")
    code, _, err = lab.run("list")
    assert code == 2
    assert str(lab.state) in err
    assert "--state FILE" in err


def test_completion_asks_for_the_domains_and_boots_nothing(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    def domains() -> list[str]:
        assert main(["completion", "--domains"]) == 0
        return lab.capsys.readouterr().out.split()

    monkeypatch.setenv("XDG_STATE_HOME", str(lab.folder / "here"))
    assert domains() == []
    assert not (lab.folder / "here").exists()
    assert main(["list", "--host", str(lab.host)]) == 0
    lab.capsys.readouterr()
    assert domains() == ["Domain-0", "dom0"]


def test_domain_0_stays(lab: Lab) -> None:
    code, _, err = lab.run("destroy", "0")
    assert (code, err.splitlines()[0]) == (1, "Not destroying domain 0; use -f to force.")
    code, _, err = lab.run("destroy", "-f", "Domain-0")
    assert code == 1
    assert "xc_domain_destroy failed: Invalid argument" in err


@pytest.mark.parametrize("arguments", [[], ["good", "--all"]])
def test_what_to_destroy_must_be_said(lab: Lab, arguments: list[str]) -> None:
    assert lab.run("destroy", *arguments)[0] == 2


def test_a_firmware_that_refuses_the_reset(lab: Lab) -> None:
    """The domain stays, dying, with its agent: as on a real host."""
    lab.create("good", 2)
    text = (lab.host / "host.dts").read_text()
    other = lab.folder / "other"
    other.mkdir()
    (other / "host.dts").write_text(text)
    (other / "host.toml").write_text('device_tree = "host.dts"\n[firmware]\ntrusted_agent = 4\n')
    lab.run("destroy", "--all")
    lab.host = other
    for device in re.findall(r"access-controllers = <&scmi_xen \d>;", text):
        text = text.replace(device, "")
    (other / "host.dts").write_text(text)
    assert lab.create("good", 2)[0] == 0
    code, _, err = lab.run("destroy", "good")
    assert code == 1
    assert "(XEN) scmi: Error received: -13" in err
    assert "libxl: error: Domain 1:xc_domain_destroy failed: Permission denied" in err
    assert err.endswith("destroy failed (rc=-3)\n")
    assert lab.run("list", "1")[1].splitlines()[1].split()[4] == "-b---d"


def test_the_table_of_agents(lab: Lab) -> None:
    lab.create("good", 2, 'dtdev = [ "/soc/fakedev@a003000", "/soc/fakedev@a005000" ]\n')
    code, out, err = lab.run("agents")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "ID  NAME     FUNC_ID     PAGE        OWNER         DEVICES",
        "0   agent-0  0x82000002  0x47ff0000  Domain-0 (0)  0,1,2,4,6,7",
        "1*  agent-1  0x82000003  0x47ff1000  Xen           -",
        "2   agent-2  0x82000004  0x47ff2000  good (1)      3,5",
        "3   agent-3  0x82000005  0x47ff3000  -             -",
        "4   agent-4  0x82000006  0x47ff4000  -             -",
    ]
    good = lab.json("agents")[2]
    assert (good["owner"], good["paths"]) == (1, ["/soc/fakedev@a003000", "/soc/fakedev@a005000"])


def test_agents_without_a_mediator(lab: Lab) -> None:
    text = (lab.host / "host.dts").read_text().replace("cells = <3>", "cells = <4>")
    lab.host = lab.folder
    (lab.folder / "host.dts").write_text(text)
    code, out, err = lab.run("agents")
    assert code == 0
    assert "Xen's SCMI mediator does not run" in err
    assert "not listed" in out or out.count("\n") >= 1


def test_the_log_is_xens(lab: Lab) -> None:
    lab.create("good", 2)
    lab.run("destroy", "good")
    _, out, _ = lab.run("dmesg")
    assert out.splitlines()[-1] == "(XEN) scmi: Free domain 1"
    assert all(line.startswith("(XEN) ") for line in out.splitlines())
    assert len(lab.json("dmesg")) == len(out.splitlines())
