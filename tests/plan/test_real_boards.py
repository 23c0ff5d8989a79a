"""Real boards, from Debian's kernel: TI's AM62L as the tutorial plans it, and R-Car V4H's eMMC with the shipped map."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.plan.boards import Workplace, merge

from xenscmi.devicetree import load
from xenscmi.plan.starting import starting_plan

TUTORIAL = Path(__file__).parents[2] / "docs" / "plan-am62l.md"
AM62L, V4H = "ti/k3-am62l3-evm.dtb", "renesas/r8a779g0-white-hawk.dtb"

pytestmark = pytest.mark.slow


def test_the_tutorial_on_am62l(newest_dtbs: Path, place: Workplace) -> None:
    """The page's commands, as they stand there, with the tree from the package."""
    board = newest_dtbs / AM62L
    if not board.is_file():
        pytest.skip(f"this kernel has no {AM62L}")
    text = TUTORIAL.read_text()
    script = "\n".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL))
    script, replaced = re.subn(r"cp /usr/lib/modules/\S+ board\.dtb", f"cp {board} board.dtb", script)
    assert replaced == 1
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-ec", script], cwd=place.folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "nothing found" in done.stderr
    assert "no deviation" in done.stdout
    assert f"lists the {len(re.findall('^#   /', (place.folder / 'plan.toml').read_text(), re.M))} devices" in text
    (place.folder / "blobs").mkdir()
    merge(place.host, place.folder / "blobs")
    reached = {each["name"]: len(each["reached"]) for each in place.simulate()["domains"]}
    assert (reached["domd"], reached["domu1"], reached["domu2"]) == (3, 1, 2)
    assert reached["dom0"] > 10


def test_emmc_and_ethernet_of_r_car_v4h(newest_dtbs: Path, place: Workplace) -> None:
    board = newest_dtbs / V4H
    if not board.is_file():
        pytest.skip(f"this kernel has no {V4H}")
    shutil.copy(board, place.folder / "board.dtb")
    (place.folder / "plan.toml").write_text(
        '[board]\ndevice_tree = "board.dtb"\npins = "boot-loader"\n'
        '[firmware]\nprofile = "tfa-rcar-gen4"\nmap = "r8a779g0"\npages = 0x47ff0000\n'
        '[dom0]\ndevices = ["i2c0"]\n'
        '[[domain]]\nname = "domd"\nmemory = 2656\ndevices = ["mmc0", "avb0"]\n'
        '[[domain]]\nname = "domu1"\ndevices = ["i2c1"]\n'
        '[[domain]]\nname = "domu2"\nkind = "dom0less"\ndevices = ["canfd"]\n'
    )
    assert place.plan("render") == 0
    assert place.check() == 0
    assert place.simulate()["deviations"] == []
    (place.folder / "blobs").mkdir()
    host = load(merge(place.host, place.folder / "blobs"))
    mmc = host.node("/soc/mmc@ee140000")
    assert mmc is not None
    assert "xen,passthrough" in mmc
    assert "iommus" in mmc
    guest = load(place.folder / "blobs" / "domd.dts.dtb").node("/passthrough/mmc@ee140000")
    assert guest is not None
    assert guest.get("interrupts").cells() == (0, 440, 4)  # type: ignore[union-attr]
    numbers = {
        name: [each.arguments for each in guest.get(name).references(cells)]  # type: ignore[union-attr]
        for name, cells in (
            ("clocks", "#clock-cells"),
            ("resets", "#reset-cells"),
            ("power-domains", "#power-domain-cells"),
        )
    }
    assert numbers == {"clocks": [(153,), (48,)], "resets": [(68,)], "power-domains": [(64,)]}
    config = place.read("domd.cfg")
    assert '"47ff2,1@22001"' in config
    assert '"ee140,2"' in config
    assert "472" in config
    assert "/soc/mmc@ee140000" in config


def test_a_first_plan_of_any_board_renders(
    newest_dtbs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Some of each vendor: what `init` writes is rendered to trees that compile and apply, or it says what lacks."""
    done = 0
    for vendor in sorted(folder for folder in newest_dtbs.iterdir() if folder.is_dir()):
        boards = sorted(vendor.rglob("*.dtb"), key=lambda path: path.stat().st_size)
        for board in {boards[0], boards[len(boards) // 2], boards[-1]} if boards else ():
            place = Workplace(tmp_path / f"{vendor.name}-{board.stem}")
            (place.folder / "blobs").mkdir(parents=True)
            shutil.copy(board, place.folder / "board.dtb")
            text = starting_plan(load(board), "board.dtb", None, None)
            (place.folder / "plan.toml").write_text(text)
            if place.plan("render") != 0:  # the boot loader tells the RAM, or it is too small
                assert "say where the RAM is" in (said := capsys.readouterr().err) or "say where it is" in said, board
                ram = "[board]\nram = [[0x80000000, 0x20000000]]"
                (place.folder / "plan.toml").write_text(text.replace("[board]", ram))
                if place.plan("render") != 0:
                    assert "pages" in capsys.readouterr().err, board
                    continue
            merge(place.host, place.folder / "blobs")
            done += 1
    assert done > 30
