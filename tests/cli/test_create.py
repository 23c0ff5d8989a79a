"""`create` and `destroy` on the modelled host, held against what the real xl and Xen said."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from xenscmi.cli import main

if TYPE_CHECKING:
    from tests.cli.conftest import Lab

TRANSCRIPT = (Path(__file__).parents[1] / "vectors" / "xl-create" / "transcript.txt").read_text()
STEPS = dict(re.findall(r"^=== (\S+)\.cfg\n(.*?)(?=^===|\Z)", TRANSCRIPT, re.MULTILINE | re.DOTALL))
DEVICE = 'dtdev = [ "/soc/fakedev@a003000" ]\n'


def step(lab: Lab, name: str) -> tuple[int, str]:
    """Create a step's domain; return exit code and what was said."""
    path = lab.folder / f"{name}.cfg"
    path.write_text(re.sub("^    ", "", STEPS[name].partition("xl:")[0], flags=re.MULTILINE))
    code, _, err = lab.run("create", str(path))
    assert err.startswith(f"Parsing config from {path}\n")
    return code, err


def xl_said(name: str) -> list[str]:
    """What libxl and xl said of a step, without the names of their functions; the second line only says again."""
    said = re.findall(r"^xl: (?:libxl: error: \S+: )?([A-Z].*|domain creation.*)$", STEPS[name], re.MULTILINE)
    return [line for line in said if not line.startswith(("Parsing", "Name", "Domain-0"))]


def test_the_transcript_of_the_real_xl(lab: Lab) -> None:
    """Success or errno, xl's words, Xen's lines and the domain ids of every step."""
    assert step(lab, "00-good")[0] == 0
    code, said = step(lab, "01-twice")
    assert code == 3
    assert xl_said("01-twice") == ["domain creation fail: File exists"]
    assert "error: domain creation fail: File exists" in said
    assert lab.run("destroy", "good") == (0, "", "")
    assert step(lab, "00-good")[0] == 0
    assert [row["domid"] for row in lab.json("list")] == [0, 3]
    assert lab.run("destroy", "3")[0] == 0
    for name in ("02-agent0", "05-agent254", "12-scmismc"):
        code, said = step(lab, name)
        (message,) = xl_said(name)
        assert code == 3
        assert f"error: {message}" in said
        assert "  = help: " in said
    code, said = step(lab, "13-badtype")
    assert (code, "Unknown ARM_SCI type: scmi_ma" in said) == (1, True)
    assert step(lab, "14-nosci")[0] == 0
    assert [row["domid"] for row in lab.json("list")] == [0, 7]
    expected = re.findall(r"^\(XEN\) (scmi: .*)$", TRANSCRIPT, re.MULTILINE)
    log = [line for line in lab.json("dmesg") if re.search(r"domain_id = [1-9]|Failed to acquire|Free domain", line)]
    assert log == expected


def test_a_failure_shows_place_errno_and_xens_line(lab: Lab) -> None:
    lab.create("one", 2)
    code, out, err = lab.create("two", 2)
    assert (code, out) == (3, "")
    assert err.splitlines() == [
        "(XEN) scmi: Failed to acquire SCMI channel for agent_id 2: -17",
        f"{lab.folder}/two.cfg:5:37: error: domain creation fail: File exists (step createdomain, errno 17 EEXIST)",
        '  5 | arm_sci = "type=scmi_smc_multiagent,agent_id=2"',
        "    |                                     ^^^^^^^^^^",
        "  = help: agent 2 belongs to domain 1 (one): destroy that domain, or take another agent; free are 3, 4",
    ]


@pytest.mark.parametrize(
    ("agent_id", "text", "code", "message", "help_text"),
    [
        (1, "", 3, "domain creation fail: File exists", "agent 1 is Xen's own: take another agent; free are 2, 3, 4"),
        (0, "", 3, "domain creation fail: File exists", "agent 0 belongs to domain 0 (Domain-0): take another agent"),
        (9, "", 3, "domain creation fail: No such file or directory", "not in scmi-secondary-agents"),
        (2, 'arm_sci = "type=scmi_smc"\n', 3, "domain creation fail: Invalid argument", "scmi_smc_multiagent"),
        (2, "vcpus = 200\nmaxvcpus = 200\n", 3, "domain creation fail: Invalid argument", "vcpus"),
        (2, 'gic_version = "v2"\n', 3, "domain creation fail: No such device", "GICv3"),
        (2, 'iomem = [ "47ff2,1@22001", "47ff4,1@22002" ]\n', 3, "iomem range 47ff4-47ff4", "agent 4's page"),
        (2, 'iomem = [ "47ff1,1@22001" ]\n', 3, "iomem range 47ff1-47ff1", "Xen's own channel"),
        (
            2,
            'iomem = [ "50000,2@22001" ]\n',
            3,
            "50000-50001: Operation not permitted",
            "dom0 cannot give these frames away",
        ),
        (2, 'name = "Domain-0"\n', 3, 'Domain with name "Domain-0" already exists.', "choose another name"),
        (2, 'dtdev = [ "/soc/fakdev@a003000" ]\n', 1, "xc_assign_dtdevice failed: -1", "mean /soc/fakedev@a003000?"),
    ],
)
def test_what_is_refused_leaves_nothing_and_says_what_to_do(
    lab: Lab, agent_id: int, text: str, code: int, message: str, help_text: str
) -> None:
    found = lab.create("bad", agent_id, text)
    assert found[0] == code
    assert message in found[2]
    assert help_text in found[2]
    assert [row["domid"] for row in lab.json("list")] == [0]
    assert lab.owners() == {0: "Domain-0", 1: "Xen"}
    assert lab.create("good", 2)[0] == 0
    assert [row["domid"] for row in lab.json("list")] == [0, 2]


def test_too_many_cpus_are_shown_where_they_stand(lab: Lab) -> None:
    code, _, err = lab.create("one", 2, "vcpus = 200\n")
    assert code == 3
    assert "one.cfg:8:9: error: domain creation fail: Invalid argument (step createdomain, errno 22 EINVAL)\n" in err
    assert "look at vcpus" in err


def test_the_firmware_refuses_a_device(lab: Lab) -> None:
    text = (lab.host / "host.dts").read_text().replace("<&scmi_xen 3>", "<&scmi_xen 99>")
    lab.host = lab.folder
    (lab.folder / "host.dts").write_text(text)
    (lab.folder / "host.toml").write_text(
        'device_tree = "host.dts"\n[firmware]\n'
        + "".join(f"[[firmware.devices]]\nid = {n}\nclocks = [{n}]\n" for n in range(8))
    )
    code, _, err = lab.create("one", 2, DEVICE)
    assert code == 1
    assert "(XEN) scmi: could not assign dev for d1 agent:2 dev_id:99 (-2)" in err
    assert "(step assign_device, errno 2 ENOENT)" in err
    assert "the firmware does not know the device id" in err


def test_of_several_files_all_or_none(lab: Lab) -> None:
    one, two, bad = lab.file("one", 2), lab.file("two", 3), lab.file("bad", 2)
    assert lab.run("create", "-q", one, two, bad)[0] == 3
    assert lab.owners() == {0: "Domain-0", 1: "Xen"}
    made = lab.json("create", "-q", one, two)
    assert made == [{"domid": 4, "name": "one", "agent_id": 2}, {"domid": 5, "name": "two", "agent_id": 3}]
    assert lab.owners() == {0: "Domain-0", 1: "Xen", 2: "one", 3: "two"}


def test_a_firmware_that_resets_no_agent_leaves_the_first_of_them_dying(lab: Lab) -> None:
    text = re.sub(r"access-controllers = <&scmi_xen \d>;", "", (lab.host / "host.dts").read_text())
    lab.host = lab.folder
    (lab.folder / "host.dts").write_text(text)
    (lab.folder / "host.toml").write_text('device_tree = "host.dts"\n[firmware]\ntrusted_agent = 4\n')
    code, _, err = lab.run("create", "-q", lab.file("one", 2), lab.file("bad", 2))
    assert (code, "domain creation fail: File exists" in err) == (3, True)
    assert [row["state"] for row in lab.json("list")] == ["r-----", "-b---d"]


def test_libxls_refusals_keep_their_exit_code(lab: Lab) -> None:
    code, _, err = lab.create("one", 2, 'passthrough = "disabled"\n' + DEVICE)
    assert code == 6
    assert "passthrough disabled but devices are specified" in err
    assert not lab.state.exists() or [row["domid"] for row in lab.json("list")] == [0]


def test_a_host_without_iommu_passes_no_devices(lab: Lab) -> None:
    text = re.sub(r"iommu@f000000.*", "", (lab.host / "host.dts").read_text())
    lab.host = lab.folder
    (lab.folder / "host.dts").write_text(text)
    code, _, err = lab.create("one", 2, DEVICE)
    assert (code, "passthrough not supported on this platform" in err) == (6, True)


def test_xen_sees_only_what_the_bytes_of_its_profile_say(lab: Lab) -> None:
    (lab.folder / "host.dts").write_text((lab.host / "host.dts").read_text())
    (lab.folder / "host.toml").write_text('device_tree = "host.dts"\n[xen]\nprofile = "4.21"\n')
    lab.host = lab.folder
    code, _, err = lab.create("one", 2)
    assert (code, "Xen 4.21 cannot be told an SCMI agent id" in err) == (1, True)


def test_without_the_mediator_nobody_gets_a_page_and_the_advice_says_why(lab: Lab) -> None:
    (lab.folder / "host.dts").write_text((lab.host / "host.dts").read_text())
    (lab.folder / "host.toml").write_text(
        'device_tree = "host.dts"\n[firmware]\nprofile = "generic"\nunsupported = ["BASE_DISCOVER_AGENT"]\n'
    )
    lab.host = lab.folder
    code, _, err = lab.create("one", 2)
    assert (code, "Xen's SCMI mediator does not run, so no domain gets an agent's page" in err) == (3, True)


def test_a_host_that_panics_is_said_so(lab: Lab) -> None:
    text = (lab.host / "host.dts").read_text().replace("xen,dom0-sci-agent-id = <0>", "xen,dom0-sci-agent-id = <9>")
    lab.host = lab.folder
    (lab.folder / "host.dts").write_text(text)
    code, _, err = lab.create("one", 2)
    assert code == 2
    assert "(XEN) scmi: Failed to acquire SCMI channel for agent_id 9: -2\n" in err
    assert "error: Xen panics at boot: Error creating domain 0 (rc = -2)" in err


def test_dry_runs_touch_no_host(lab: Lab) -> None:
    code, out, err = lab.run("create", "-n", lab.file("one", 2))
    assert (code, err) == (0, "")
    assert json.loads(out)["c_info"]["name"] == "one"
    assert not lab.state.exists()


def test_a_tree_that_is_not_at_hand_is_said_so(lab: Lab) -> None:
    path = lab.file("one", 2, 'device_tree = "/boot/other.dtb"\n')
    code, _, err = lab.run("create", path)
    assert code == 0
    assert "/boot/other.dtb is not here: the model assumes that it offers the agent's channel" in err


def test_the_manifest_says_which_tree_is_a_domains(lab: Lab) -> None:
    tree = (lab.host / "dom2.dts").read_text().replace("arm,smc-id = <0x82000004>", "arm,smc-id = <0x82000009>")
    (lab.folder / "host.dts").write_text((lab.host / "host.dts").read_text())
    (lab.folder / "tree.dts").write_text(tree)
    file = lab.file("one", 2)
    (lab.folder / "host.toml").write_text(
        'device_tree = "host.dts"\n[[domain]]\nconfig = "one.cfg"\ndevice_tree = "tree.dts"\n'
    )
    lab.host = lab.folder
    assert lab.run("create", file)[0] == 0
    code, out, _ = lab.run("scmi", "one", "base", "protocol_version")
    assert (code, "no answer: the SMC returned -1" in out) == (1, True)


def test_the_running_host_is_the_default(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(lab.folder))
    monkeypatch.chdir(lab.folder)
    assert main(["list"]) == 2
    assert "name the folder of the host to model: --host DIR" in lab.capsys.readouterr().err
    assert main(["create", "-q", "--host", str(lab.host), lab.file("one", 2)]) == 0
    assert (lab.folder / "xenscmi" / "host.db").exists()
    assert main(["destroy", "one"]) == 0
    assert main(["create", "-q", lab.file("two", 3)]) == 0


def test_another_host_does_not_take_the_place_of_a_running_one(lab: Lab) -> None:
    lab.create("one", 2)
    (lab.folder / "host.dts").write_text((lab.host / "host.dts").read_text().replace("0x47ff4000", "0x47ff8000"))
    running, lab.host = lab.host, lab.folder
    code, _, err = lab.run("list")
    assert code == 2
    assert f"another host is running, {running}, and domains run on it" in err
    assert lab.run("destroy", "--all") == (0, "", "")
    assert [row["domid"] for row in lab.json("list")] == [0]


def test_names_that_are_not_utf8(lab: Lab) -> None:
    path = lab.folder / "odd.cfg"
    path.write_bytes(Path(lab.file("one", 2)).read_bytes().replace(b'"one"', b'"\xff\xc3"'))
    assert lab.run("create", "-q", str(path))[0] == 0
    command = [sys.executable, "-m", "xenscmi", "list", "--state", str(lab.state)]
    assert b"\n\xff\xc3   " in subprocess.run(command, capture_output=True, check=True).stdout


def test_a_domain_of_the_model_has_no_console(lab: Lab) -> None:
    path = lab.folder / "00-good.cfg"
    path.write_text(re.sub("^    ", "", STEPS["00-good"].partition("xl:")[0], flags=re.MULTILINE))
    code, out, err = lab.run("create", "-c", str(path))
    assert (code, out) == (2, "")
    assert "a domain of the model has none" in err
    assert [row["domid"] for row in lab.json("list")] == [0]
