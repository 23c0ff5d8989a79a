"""EPAM's products: the tools of the field apply what `convert` writes, and then only people's questions are left.

`gate` speaks the dialect of the Raspberry Pi 5 product (dom0less, a board's tree with an overlay), `tower` that of the
R-Car product (xl).
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from tests.conversion.conftest import Tools

from xenscmi import api
from xenscmi.cli import main
from xenscmi.diagnostics import Diagnostic, Severity
from xenscmi.host.load import LoadedHost


def convert(host: Path, folder: Path, *options: str) -> Path:
    assert main(["convert", str(host), "-o", str(folder), *options]) == 0
    return folder


def wrong(host: LoadedHost) -> list[Diagnostic]:
    return [each for each in api.check(host) if each.severity is not Severity.INFO]


def test_a_host_of_the_raspberry_pi_dialect(
    hosts: Path, tools: Tools, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gate = hosts / "gate"
    assert {"XS103", "XS124"} <= {each.code for each in wrong(api.load_host(gate))}
    made = convert(gate, tmp_path / "v8")
    said = capsys.readouterr().err
    assert "domain driver gets agent 2, which is the first free one" in said
    assert "once all of this is applied, xenscmi check finds nothing" in said

    blob = tools.overlay(
        tools.compile(gate / "board.dts"), tools.compile(gate / "xen-scmi.dtso"), tools.compile(made / "board-v8.dtso")
    )
    guest = tools.overlay(
        tools.compile(gate / "driver.dts"), tools.compile(made / "driver-v8.dtso"), name="driver.new.dtb"
    )
    new = tmp_path / "new"
    new.mkdir()
    (new / "host.toml").write_text(
        'device_tree = "board.dtb"\n[firmware]\nprofile = "tfa-rpi5"\n'
        '[[domain]]\nname = "driver"\ndevice_tree = "driver.dtb"\n'
    )
    guest.rename(new / "driver.dtb")
    blob.rename(new / "board.dtb")
    assert {each.code for each in wrong(api.load_host(new))} == {"XS124"}  # which no overlay can mend
    tools.delete(new / "board.dtb", made / "board-v8-removals.cmd")
    after = api.load_host(new)
    assert wrong(after) == []
    assert "XS103" not in {each.code for each in api.check(after)}
    reached = api.simulate(after)
    assert not reached.deviations
    (driver,) = (each for each in after.host.domains if each.name == "driver")
    assert driver.agent_id
    assert driver.agent_id.value == 2


def test_the_labels_of_a_blob_stay_and_later_overlays_find_them(hosts: Path, tools: Tools, tmp_path: Path) -> None:
    """A product puts more overlays on a tree: `&scmi_reset` must lead to the node that the guest gets."""
    gate = hosts / "gate"
    made = convert(gate, tmp_path / "v8")
    later = hosts / "later.dtso"
    later.write_text(
        "/dts-v1/;\n/plugin/;\n&{/passthrough/mmc@107d101000} {\n\tresets = <&scmi_reset 1>, <&scmi_reset 2>;\n};\n"
    )
    guest = tools.overlay(
        tools.compile(gate / "driver.dts"), tools.compile(made / "driver-v8.dtso"), tools.compile(later)
    )
    symbols = subprocess.run(
        ["fdtget", guest, "/__symbols__", "scmi_reset"], capture_output=True, text=True, check=True
    )
    assert symbols.stdout.strip() == "/passthrough/scmi/protocol@16"


def test_a_host_of_the_rcar_dialect(
    hosts: Path, tools: Tools, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tower = hosts / "tower"
    made = convert(tower, tmp_path / "v8")
    said = capsys.readouterr().err
    assert "2 agents are taken from the pages behind Xen's own" in said
    assert "domain domd gets agent 2, which is the first free one if xl creates the domains in this order" in said
    assert "once all of this is applied, xenscmi check finds nothing" in said
    text = (made / "domd.cfg").read_text()
    assert 'arm_sci = "type=scmi_smc_multiagent,agent_id=2"\n' in text
    assert '"ee140,2", "57002,1@22001",   # the card\n' in text
    assert 'dtdev = [ "/soc/mmc@ee140000" ]\n' in text
    for gone in ("arm_mem_WB", 'scmi = "on"', "force_assign", "dt_passthrough_nodes"):
        assert gone not in text
    assert text.startswith("# The driver domain, in the words of EPAM's xl.\n")

    new = tmp_path / "new"
    new.mkdir()
    tools.overlay(tools.compile(tower / "host.dts"), tools.compile(made / "host-v8.dtso")).rename(new / "host.dtb")
    tools.delete(new / "host.dtb", made / "host-v8-removals.cmd")
    guest = tools.overlay(tools.compile(tower / "domd.dts"), tools.compile(made / "domd-v8.dtso"), name="domd.new.dtb")
    guest.rename(new / "domd.dtb")
    (new / "domd.cfg").write_text(text)
    after = api.load_host(new)
    assert wrong(after) == []
    assert not api.simulate(after).deviations


def test_a_host_that_is_spread(hosts: Path, tools: Tools, tmp_path: Path) -> None:
    """An xl.cfg of two fragments, a partial tree with an overlay: each file keeps its own part."""
    tower = hosts / "tower"
    head, rest = (tower / "domd.cfg").read_text().split("dt_passthrough_nodes", 1)
    (tower / "domd.cfg").write_text(head)
    (tower / "devices.cfg").write_text("dt_passthrough_nodes" + rest)
    (tower / "more.dtso").write_text(
        "/dts-v1/;\n/plugin/;\n&{/passthrough/mmc@ee140000} {\n\tassigned-clocks = <&scmi_clock 6>;\n};\n"
    )
    (tower / "host.toml").write_text(
        'device_tree = "host.dts"\n[[domain]]\nconfig = ["domd.cfg", "devices.cfg"]\n'
        'device_tree = ["domd.dts", "more.dtso"]\n'
    )
    made = convert(tower, tmp_path / "v8")
    assert (made / "domd.cfg").read_text() == head.replace(
        'arm_sci = "scmi_smc"\nscmi = "on"\nforce_assign_without_iommu = 1\n',
        'arm_sci = "type=scmi_smc_multiagent,agent_id=2"\n',
    )
    devices = (made / "devices.cfg").read_text()
    assert '"ee140,2", "57002,1@22001"' in devices
    assert 'dtdev = [ "/soc/mmc@ee140000" ]\n' in devices
    overlay = (made / "domd-v8.dtso").read_text()
    assert "\t\t\tclocks = <&scmi_clock 5>;\n" in overlay
    assert "\t\t\tassigned-clocks = <&scmi_clock 6>;\n" in overlay
    for name in ("domd.cfg", "devices.cfg"):
        (tower / name).write_text((made / name).read_text())
    (tower / "domd-v8.dtso").write_text(overlay)
    (tower / "host-v8.dtso").write_text((made / "host-v8.dtso").read_text())
    manifest = (tower / "host.toml").read_text().replace('"more.dtso"', '"more.dtso", "domd-v8.dtso"')
    (tower / "host.toml").write_text(manifest.replace("[[", 'overlays = ["host-v8.dtso"]\n[[', 1))
    assert {each.code for each in wrong(api.load_host(tower))} == {"XS124"}


def test_two_domains_of_xl_get_two_agents(hosts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In the order of the manifest, as `xl create` would have made them."""
    tower = hosts / "tower"
    host = (tower / "host.dts").read_text()
    page = '\tscp-shmem@57003000 { compatible = "arm,scmi-shmem"; reg = <0x0 0x57003000 0x0 0x1000>; };\n\n'
    usb = (
        "\t\tusb@ee000000 { reg = <0x0 0xee000000 0x0 0x1000>; interrupts = <0 102 4>; "
        "iommus = <&ipmmu 33>; scmi_devid = <8>; xen,passthrough; };\n\t};\n\n\tipmmu:"
    )
    host = host.replace("\treserved-memory", page + "\treserved-memory").replace(
        "0x57000000 0x0 0x3000", "0x57000000 0x0 0x4000"
    )
    (tower / "host.dts").write_text(host.replace("\t};\n\n\tipmmu:", usb))
    tree, text = (tower / "domd.dts").read_text(), (tower / "domd.cfg").read_text()
    for old, new in (("mmc@ee140000", "usb@ee000000"), ("0xee140000 0x0 0x2000", "0xee000000 0x0 0x1000")):
        tree = tree.replace(old, new)
    for old, new in (("<0 440 4>", "<0 102 4>"), ("<5>", "<8>"), ("&scmi_clock 5", "&scmi_clock 8")):
        tree = tree.replace(old, new)
    (tower / "doma.dts").write_text(tree)
    for old, new in (("domd", "doma"), ("ee140,2", "ee000,1"), ("472", "134"), ("0001", "0002")):
        text = text.replace(old, new)
    (tower / "doma.cfg").write_text(text)
    (tower / "host.toml").write_text(
        'device_tree = "host.dts"\n[[domain]]\nconfig = "doma.cfg"\ndevice_tree = "doma.dts"\n'
        '[[domain]]\nconfig = "domd.cfg"\ndevice_tree = "domd.dts"\n'
    )
    made = convert(tower, tmp_path / "v8")
    assert "once all of this is applied, xenscmi check finds nothing" in capsys.readouterr().err
    assert 'agent_id=2"' in (made / "doma.cfg").read_text()
    assert '"ee000,1", "57002,1@22001"' in (made / "doma.cfg").read_text()
    assert 'agent_id=3"' in (made / "domd.cfg").read_text()
    assert '"ee140,2", "57003,1@22001"' in (made / "domd.cfg").read_text()
    assert "arm,smc-id = <0x82000005>;" in (made / "domd-v8.dtso").read_text()


def test_what_only_a_person_can_move_is_named(hosts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """EPAM's xl copied any node that it was told to; a current one does not."""
    tower = hosts / "tower"
    tree = (tower / "domd.dts").read_text()
    (tower / "domd.dts").write_text(tree.replace("\tpassthrough {", "\textal { };\n\n\tsoc { };\n\n\tpassthrough {"))
    text = (tower / "domd.cfg").read_text()
    (tower / "domd.cfg").write_text(text.replace('[ "/passthrough" ]', '[ "/passthrough", "/soc", "/extal" ]'))
    assert main(["convert", str(tower)]) == 0
    printed = capsys.readouterr()
    assert "domain domd does not get /extal, /soc: only /passthrough and /aliases are copied" in printed.err
    assert "dt_passthrough_nodes = " in printed.out  # until its nodes have moved
    assert "xl does not know the key `dt_passthrough_nodes'" in printed.err


def test_a_file_that_xl_refuses_is_left_to_a_person(hosts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tower = hosts / "tower"
    with (tower / "domd.cfg").open("a") as file:
        file.write('tee = "native"\n')
    assert main(["convert", str(tower)]) == 0
    printed = capsys.readouterr()
    assert "domd.cfg is left as it is, because xl refuses it" in printed.err
    assert "upstream has optee and ffa" in printed.err
    assert "domd.cfg <==" not in printed.out


def test_an_agent_is_told_by_what_a_domain_maps(hosts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gate = hosts / "gate"
    page = (
        "\t\tshm@22005000 {\n\t\t\treg = <0x0 0x22005000 0x0 0x1000>;\n"
        "\t\t\txen,reg = <0x0 0x3ff03000 0x0 0x1000 0x0 0x22005000>;\n\t\t};\n\n\t\tmmc@107d101000 {"
    )
    (gate / "driver.dts").write_text((gate / "driver.dts").read_text().replace("\t\tmmc@107d101000 {", page))
    assert main(["convert", str(gate)]) == 0
    printed = capsys.readouterr()
    assert "info: domain driver gets agent 3, whose page 0x3ff03000 it maps" in printed.err
    assert "xen,sci-agent-id = <3>;" in printed.out
    assert "sram@22005000 {" in printed.out


def test_a_domain_for_which_no_agent_is_left(hosts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gate = hosts / "gate"
    text = (gate / "xen-scmi.dtso").read_text()
    for row in ("2 0x82000004 &scmi_shm_2\n", "3 0x82000005 &scmi_shm_3\n"):
        text = text.replace(f"\t\t\t\t{row}", "")
    (gate / "xen-scmi.dtso").write_text(text)
    assert main(["convert", str(gate)]) == 0
    printed = capsys.readouterr()
    assert "error: domain driver asks for SCMI, and no agent of the list is left for it" in printed.err
    assert "xen,sci-agent-id" not in printed.out


def test_what_a_domain_of_xl_asks_for_stays_where_no_agent_is_left(
    hosts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tower = hosts / "tower"
    text = (tower / "host.dts").read_text()
    start = text.index("\tscp-shmem@57002000")
    (tower / "host.dts").write_text(text[:start] + text[text.index("\treserved-memory") :])
    assert main(["convert", str(tower)]) == 0
    printed = capsys.readouterr()
    assert "error: domain domd asks for SCMI, and no agent of the list is left for it" in printed.err
    assert 'arm_sci = "scmi_smc"\nscmi = "on"\n' in printed.out
    assert "force_assign_without_iommu" not in printed.out


def test_a_source_takes_the_removals_as_dts(hosts: Path, tools: Tools, tmp_path: Path) -> None:
    tower = hosts / "tower"
    made = convert(tower, tmp_path / "v8")
    whole = tower / "whole.dts"
    removals = made / "host-v8-removals.dtsi"
    whole.write_text(f'/include/ "host.dts"\n/include/ "{removals}"\n')
    blob = tools.overlay(tools.compile(whole), tools.compile(made / "host-v8.dtso"))
    assert (
        "scmi_devid"
        not in subprocess.run(
            ["dtc", "-q", "-I", "dtb", "-O", "dts", blob], capture_output=True, text=True, check=True
        ).stdout
    )


def test_a_blob_without_symbols_takes_the_overlay(hosts: Path, tools: Tools, tmp_path: Path) -> None:
    """Most boards' blobs have none: everything is named by its path."""
    tower = hosts / "tower"
    blob = tools.compile(tower / "host.dts", symbols=False)
    assert main(["convert", str(blob), "-o", str(tmp_path / "v8")]) == 0
    new = tools.overlay(blob, tools.compile(tmp_path / "v8" / "host-v8.dtso"), name="new.dtb")
    tools.delete(new, tmp_path / "v8" / "host-v8-removals.cmd")
    assert wrong(api.load_host(new)) == []


def test_one_tree_goes_to_standard_output(hosts: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["convert", str(hosts / "tower" / "host.dts")]) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("/* Made by xenscmi")
    assert "==>" not in printed.out
    assert "no overlay can: scmi_devid of /soc/mmc@ee140000" in printed.err
    convert(hosts / "tower" / "host.dts", tmp_path / "v8")
    assert (tmp_path / "v8" / "host-v8.dtso").read_text() == printed.out
    assert main(["convert", str(hosts / "tower")]) == 0
    assert "\n==> domd.cfg <==\n" in capsys.readouterr().out


def test_nothing_is_written_over_unasked(hosts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tower = hosts / "tower"
    before = (tower / "domd.cfg").read_text()
    assert main(["convert", str(tower), "-o", str(tower)]) == 2
    assert "domd.cfg is there already" in capsys.readouterr().err
    assert (tower / "domd.cfg").read_text() == before
    assert not list(tower.glob("*-v8*"))
    convert(tower, tower, "--force")
    assert (tower / "domd.cfg").read_text() != before
    assert not [each for each in tower.parent.iterdir() if each.name.startswith(".")]
    (tmp_path / "v8" / "board-v8.dtso").mkdir(parents=True)
    assert main(["convert", str(hosts / "gate"), "-o", str(tmp_path / "v8"), "--force"]) == 2
    assert [each.name for each in (tmp_path / "v8").iterdir()] == ["board-v8.dtso"]
    assert main(["convert", str(hosts / "gate"), "-o", str(tower / "domd.cfg" / "x")]) == 2
    assert "cannot write to" in capsys.readouterr().err


def test_a_converted_host_needs_nothing(hosts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tower = hosts / "tower"
    made = convert(tower, tmp_path / "v8")
    (tower / "domd.cfg").write_bytes((made / "domd.cfg").read_bytes())
    (tower / "domd.dts").unlink()
    (tower / "host.dtso").write_bytes((made / "host-v8.dtso").read_bytes())
    capsys.readouterr()
    assert main(["convert", str(tower / "domd.cfg"), str(tower / "host.dts"), str(tower / "host.dtso")]) == 0
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "nothing to convert" in printed.err


def test_a_program_reads_it_as_json(hosts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["convert", "--json", str(hosts / "gate")]) == 0
    said = json.loads(capsys.readouterr().out)
    assert list(said["files"]) == ["board-v8.dtso", "board-v8-removals.dtsi", "board-v8-removals.cmd", "driver-v8.dtso"]
    assert {"path": "/firmware/scmi", "property": "epam,secondary-agents"}.items() <= said["removals"][1].items()
    assert "gets agent 2" in said["notes"][0]["message"]
    assert said["left"] == []


def test_a_mistyped_rule_of_the_manifest_writes_nothing(
    hosts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gate = hosts / "gate"
    with (gate / "host.toml").open("a") as file:
        file.write('\n[rules]\nignore = ["shared-pge"]\n')
    assert main(["convert", str(gate), "-o", str(tmp_path / "v8")]) == 2
    assert "did you mean `shared-page'?" in capsys.readouterr().err
    assert not (tmp_path / "v8").exists()


def test_infos_that_are_left_are_counted(hosts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`check` shows them once all is applied, so that "nothing" alone would not be true."""
    convert(hosts / "tower", tmp_path / "v8")
    assert "once all of this is applied, xenscmi check finds nothing but 1 info\n" in capsys.readouterr().err
    convert(hosts / "gate", tmp_path / "gate")
    assert "once all of this is applied, xenscmi check finds nothing\n" in capsys.readouterr().err
