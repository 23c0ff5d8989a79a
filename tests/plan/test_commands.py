"""`xenscmi plan` as people use it: init, render, diff, check, import, and what happens to files that they changed."""

from __future__ import annotations

import random
import re
import shutil
from pathlib import Path

import pytest
from tests.plan.boards import HEAD, SMALL, Workplace

from xenscmi.cli import main

EXAMPLES = Path(__file__).parents[2] / "examples"
PLAN = HEAD + '[dom0]\ndevices = "rest"\n[[domain]]\nname = "domd"\ndevices = ["mmc"]\n'


@pytest.fixture
def rendered(place: Workplace, capsys: pytest.CaptureFixture[str]) -> Workplace:
    place.write(PLAN)
    assert place.plan("render") == 0
    assert re.search(r"\d+ of \d+ files written", capsys.readouterr().err)
    return place


def test_render_again_has_nothing_to_do(rendered: Workplace, capsys: pytest.CaptureFixture[str]) -> None:
    assert rendered.plan("render") == 0
    assert capsys.readouterr().err == "nothing to change\n"
    assert rendered.plan("check") == 0
    assert rendered.plan("diff") == 0
    assert capsys.readouterr().out == ""


def test_diff_says_in_words_and_in_lines_what_changes(rendered: Workplace, capsys: pytest.CaptureFixture[str]) -> None:
    rendered.write(PLAN + '[[domain]]\nname = "domu2"\ndevices = ["can"]\n')
    assert rendered.plan("diff") == 1
    out = capsys.readouterr().out
    assert "domu2 gets agent 4 (function id 0x82000006, page 0xbff04000)\n" in out
    assert "/soc/can@e0130000 gets SCMI device id 13\n" in out
    assert "--- /dev/null\n+++ b/domu2.cfg\n" in out
    assert '+arm_sci = "type=scmi_smc_multiagent,agent_id=4"\n' in out
    assert not (rendered.host / "domu2.cfg").exists()


def test_check_names_what_is_not_as_planned(rendered: Workplace, capsys: pytest.CaptureFixture[str]) -> None:
    (rendered.host / "domd.cfg").write_text("by hand\n")
    (rendered.host / "xen.dtso").unlink()
    assert rendered.plan("check") == 1
    said = capsys.readouterr().err
    assert "domd.cfg: was changed by hand" in said
    assert "xen.dtso: is missing" in said


def test_any_changed_bit_is_found(rendered: Workplace) -> None:
    """In every generated file, whichever bit it is."""
    chosen = random.Random(10)
    for path in [path for path in rendered.host.rglob("*") if path.is_file()]:
        good = path.read_bytes()
        for _ in range(3):
            at, bit = chosen.randrange(len(good)), 1 << chosen.randrange(8)
            path.write_bytes(good[:at] + bytes([good[at] ^ bit]) + good[at + 1 :])
            assert rendered.plan("check") == 1, (path, at, bit)
        path.write_bytes(good)
    assert rendered.plan("check") == 0


def test_a_changed_file_is_not_overwritten_without_force(
    rendered: Workplace, capsys: pytest.CaptureFixture[str]
) -> None:
    changed = rendered.read("domd.cfg") + "# mine\n"
    (rendered.host / "domd.cfg").write_text(changed)
    rendered.write(PLAN.replace('name = "domd"', 'name = "domd"\nmemory = 512'))
    before = rendered.snapshot()
    assert rendered.plan("render") == 2
    assert "domd.cfg was changed since it was rendered" in capsys.readouterr().err
    assert rendered.snapshot() == before
    assert rendered.plan("render", "--force") == 0
    assert "# mine" not in rendered.read("domd.cfg")
    assert rendered.plan("check") == 0


def test_a_file_of_somebody_else_is_not_overwritten(place: Workplace, capsys: pytest.CaptureFixture[str]) -> None:
    place.host.mkdir()
    (place.host / "xen.dtso").write_text("not ours")
    place.write(PLAN)
    assert place.plan("render") == 2
    assert (place.host / "xen.dtso").read_text() == "not ours"
    assert not (place.folder / "plan.lock").exists()


def test_a_plan_with_a_mistake_changes_nothing(rendered: Workplace) -> None:
    before = rendered.snapshot()
    rendered.write(PLAN.replace('["mmc"]', '["mmc", "ethernet"]'))
    assert rendered.plan("render") == 2
    assert rendered.snapshot() == before


def test_nothing_temporary_is_left(rendered: Workplace) -> None:
    assert not list(rendered.folder.rglob(".*"))


def test_sums_that_lead_out_of_the_folder_are_nobodys(rendered: Workplace) -> None:
    victim = rendered.folder / "victim"
    victim.write_text("mine")
    sums = rendered.host / "SHA256SUMS"
    sums.write_text(sums.read_text() + f"{'0' * 64}  ../victim\n{'0' * 64}  {victim}\n")
    assert rendered.plan("render", "--force") == 0
    assert victim.read_text() == "mine"


@pytest.mark.parametrize("name", ["/etc/passwd", "../board.dts"])
def test_files_outside_of_the_plans_folder_are_not_read(
    place: Workplace, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    place.write(PLAN.replace('"board.dts"', f'"{name}"'))
    assert place.plan("render") == 2
    assert "lies outside of the plan's folder" in capsys.readouterr().err


def test_a_link_out_of_the_folder_is_not_followed(place: Workplace, capsys: pytest.CaptureFixture[str]) -> None:
    place.write(PLAN)
    (place.folder / "board.dts").unlink()
    (place.folder / "board.dts").symlink_to("/etc/hostname")
    assert place.plan("render") == 2
    assert "lies outside of the plan's folder" in capsys.readouterr().err


def test_an_output_folder_of_ones_own(place: Workplace, tmp_path: Path) -> None:
    place.write(PLAN)
    assert place.plan("render", "-o", str(tmp_path / "out")) == 0
    assert (tmp_path / "out" / "host.toml").exists()
    assert not place.host.exists()


def test_init_writes_a_plan_that_renders(
    place: Workplace, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    place.write("")
    monkeypatch.chdir(place.folder)
    assert main(["plan", "init", "board.dts", "--map", "small.toml"]) == 0
    text = capfdbinary.readouterr().out.decode()
    assert '    ["/soc/i2c@e0160000", "/soc/i2c@e0160800"],' in text
    assert "#   /soc/mmc@e0120000 (mmc): clocks 3, 112; resets 212; power domains 2; behind an IOMMU" in text
    assert "#   /soc/timer@e01d0000: /soc/clock-controller@e0e00000" in text
    (place.folder / "plan.toml").write_text(text)
    assert place.plan("render") == 0
    assert place.check() == 0
    assert place.simulate()["deviations"] == []


def test_init_says_what_keeps_xen_from_booting(
    place: Workplace, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    board = SMALL.replace(
        '"simple-bus";\n\t\t#address-cells = <2>;\n\t\t#size-cells = <2>;\n\t\tranges;', '"simple-bus";'
    )
    board = board.replace(
        "#address-cells = <2>;\n\t\t\t#size-cells = <2>;\n\t\t\tranges;\n\t\t\tcore",
        "#address-cells = <2>;\n#size-cells = <1>; ranges = <0 0 0 0 16>;\ncore",
    )
    place.write("", board)
    monkeypatch.chdir(place.folder)
    assert main(["plan", "init", "board.dts"]) == 0
    assert "What keeps Xen from booting on this board:" in capfdbinary.readouterr().out.decode()


@pytest.mark.parametrize("arguments", [["init"], ["import", "x"], ["init", "nowhere.dtb"], ["render", "nowhere"]])
def test_arguments_that_cannot_be_used(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", *arguments]) == 2
    assert capsys.readouterr().err


def test_import_takes_generic_for_firmware_that_a_plan_cannot_have(
    place: Workplace, capsys: pytest.CaptureFixture[str]
) -> None:
    host = place.folder / "old"
    shutil.copytree(EXAMPLES / "spider", host)
    manifest = host / "host.toml"
    manifest.write_text(manifest.read_text().replace("tfa-rcar-gen4", "tfa-epam"))
    new = place.folder / "new"
    assert main(["plan", "import", str(host), "-o", str(new)]) == 0
    assert "a plan cannot have the firmware profile tfa-epam: it says generic" in capsys.readouterr().err
    assert Workplace(new).plan("render") == 0


def test_what_is_not_there_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["plan", "render"]) == 2
    assert "error: there is no plan.toml\n  = help: write one: xenscmi plan init BOARD" in capsys.readouterr().err
    shutil.copy(EXAMPLES / "plan" / "board.dts", tmp_path)
    assert main(["plan", "init", "board.dts", "--map", "r8a779h9"]) == 2
    said = capsys.readouterr().err
    assert "error: there is no resource map r8a779h9\n  = help: write " in said
    assert "r8a779g0" in said


def test_import_does_not_write_over_a_plan(place: Workplace, capsys: pytest.CaptureFixture[str]) -> None:
    place.write(PLAN)
    assert main(["plan", "import", str(EXAMPLES / "spider"), "-o", str(place.folder)]) == 2
    assert (place.folder / "plan.toml").read_text() == PLAN
    assert "is there already" in capsys.readouterr().err


def test_the_firmwares_tables_become_a_plan_with_the_same_numbers(place: Workplace) -> None:
    place.write(PLAN.replace("[dom0]", 'tables = ["tfa", "optee"]\n[dom0]'))
    assert place.plan("render") == 0
    for firmware in ("tfa", "optee"):
        table = place.host / "firmware" / firmware / "plan_scmi_tables.c"
        new = place.folder / firmware
        assert main(["plan", "import", str(table), "--board", str(place.folder / "board.dts"), "-o", str(new)]) == 0
        text = (
            (new / "plan.toml")
            .read_text()
            .replace("[firmware]", '[firmware]\nmap = "small.toml"\ntables = ["tfa", "optee"]')
        )
        (new / "plan.toml").write_text(text)
        shutil.copy(place.folder / "small.toml", new)
        again = Workplace(new)
        assert again.plan("render") == 0
        name = f"firmware/{firmware}/plan_scmi_tables.c"
        assert again.read(name) == place.read(name)


LOPPER = """\
domains:
  xen:
    compatible: openamp,domain-v1
    domains:
      dom0:
        memory: [{ start: 0x80000000, size: 0x20000000 }]
      domU1:
        compatible: openamp,domain-v1
        id: 1
        cpus: [{ cluster: cpus_a53, cpumask: 0x3, mode: { secure: false, el: 0x1 } }]
        memory: [{ start: 0x90000000, size: 0x10000000 }, { start: 0xa0000000, size: 0x10000000 }]
        access: [{ dev: can }, { dev: /soc/adc@500000000 }, { flags: 3 }]
"""


def test_loppers_domains_become_a_plan(place: Workplace) -> None:
    pytest.importorskip("yaml", reason="PyYAML is not installed")
    place.write("")
    (place.folder / "domains.yaml").write_text(LOPPER)
    new, board = place.folder / "new", str(place.folder / "board.dts")
    assert main(["plan", "import", str(place.folder / "domains.yaml"), "--board", board, "-o", str(new)]) == 0
    text = (new / "plan.toml").read_text()
    assert '[[domain]]\nname = "domU1"\nkind = "dom0less"\nkernel = "Image"\nvcpus = 2\nmemory = 512\n' in text
    assert 'devices = ["can", "/soc/adc@500000000"]\n' in text
    (new / "plan.toml").write_text(text + '[firmware]\nmap = "small.toml"\n')
    shutil.copy(place.folder / "small.toml", new)
    again = Workplace(new)
    assert again.plan("render") == 0
    assert again.check() == 0


@pytest.mark.parametrize(
    "text", ["", "a: [", "domains: 3", "domains: {a: 1}", "- x", "domains: {a: {access: 3, memory: {}, cpus: [1]}}"]
)
def test_other_yaml_is_refused_or_has_no_domains(place: Workplace, text: str) -> None:
    pytest.importorskip("yaml", reason="PyYAML is not installed")
    place.write("")
    (place.folder / "domains.yaml").write_text(text)
    arguments = ["--board", str(place.folder / "board.dts"), "-o", str(place.folder / "new")]
    code = main(["plan", "import", str(place.folder / "domains.yaml"), *arguments])
    assert code == (0 if "domains: {" in text else 2)
