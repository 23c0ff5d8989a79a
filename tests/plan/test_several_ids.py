"""A device of the board that is several devices in the firmware."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

import pytest
from tests.plan.boards import HEAD, MAP, SMALL, Workplace, merge

from xenscmi.cli import main

DOM0 = "[dom0]\ndevices = []\n"
IDS = "id = 7, further_ids = [9, { id = 4, clocks = [112] }]"


def plan(device: str, head: str = HEAD) -> str:
    return f'{head}{DOM0}[[domain]]\nname = "domd"\ndevices = [{device}]\n'


def firmware_devices(place: Workplace) -> dict[int, dict[str, list[int]]]:
    """Return what the manifest says of the firmware's devices."""
    rows = tomllib.loads(place.read("host.toml"))["firmware"]["devices"]
    return {row["id"]: {kind: numbers for kind, numbers in row.items() if kind != "id"} for row in rows}


def reached(place: Workplace) -> dict[str, list[int]]:
    seen = place.simulate()
    assert not seen["deviations"]
    return {each["name"]: sorted(each["reached"]) for each in seen["domains"]}


def test_each_id_is_asked_for_and_has_its_resources(place: Workplace, tmp_path: Path) -> None:
    place.write(plan(f'{{ device = "mmc", {IDS} }}'))
    assert place.plan("render") == 0
    assert "access-controllers = <&scmi_xen 7>, <&scmi_xen 9>, <&scmi_xen 4>;" in place.read("xen.dtso")
    assert firmware_devices(place) == {
        4: {"clocks": [112]},
        7: {"clocks": [3], "resets": [212], "power_domains": [2]},
        9: {},
    }
    assert tomllib.loads((place.folder / "plan.lock").read_text())["devices"] == {"/soc/mmc@e0120000": [7, 9, 4]}
    assert place.check() == 0
    assert reached(place)["domd"] == [4, 7]
    if shutil.which("fdtoverlay"):
        merge(place.host, tmp_path)


def test_the_map_may_have_several_rows_of_a_device(place: Workplace) -> None:
    rows = ["id = 5\nclocks = [3]\nresets = [212]", "id = 6\nclocks = [112]\npower_domains = [2]"]
    place.write(plan('"mmc"'))
    (place.folder / "small.toml").write_text(
        MAP + "".join(f'[[devices]]\npath = "/soc/mmc@e0120000"\n{row}\n' for row in rows)
    )
    assert place.plan("render") == 0
    assert firmware_devices(place) == {
        5: {"clocks": [3], "resets": [212]},
        6: {"clocks": [112], "power_domains": [2]},
    }
    assert place.check() == 0
    assert reached(place)["domd"] == [5, 6]


def test_resources_of_all_ids_are_written_into_the_guests_tree(place: Workplace) -> None:
    device = '{ device = "mmc", drop = ["clocks"], id = 7, clocks = [30], further_ids = [{ id = 8, clocks = [31] }] }'
    place.write(plan(device))
    assert place.plan("render") == 0
    assert "clocks = <&scmi_clk 30>, <&scmi_clk 31>;" in place.read("domd.dts")
    assert firmware_devices(place)[8] == {"clocks": [31]}


def test_an_id_that_is_not_insisted_on_is_given_beside_the_others(place: Workplace) -> None:
    place.write(plan('{ device = "mmc", further_ids = [0, 1] }, "can"'))
    assert place.plan("render") == 0
    given = tomllib.loads((place.folder / "plan.lock").read_text())["devices"]
    assert given == {"/soc/can@e0130000": 3, "/soc/mmc@e0120000": [2, 0, 1]}


def test_diff_names_all_ids(place: Workplace, capsys: pytest.CaptureFixture[str]) -> None:
    place.write(plan('{ device = "mmc", id = 7 }'))
    assert place.plan("render") == 0
    place.write(plan('{ device = "mmc", id = 7, further_ids = [9] }, { device = "can", further_ids = [1] }'))
    assert place.plan("diff") == 1
    out = capsys.readouterr().out
    assert "/soc/mmc@e0120000 changes from SCMI device id 7 to 7, 9\n" in out
    assert "/soc/can@e0130000 gets SCMI device ids 0, 1\n" in out


@pytest.mark.parametrize(
    ("device", "said"),
    [
        ('{ device = "mmc", id = 7, further_ids = [7] }', "/soc/mmc@e0120000 has an SCMI device id twice"),
        (
            '{ device = "mmc", id = 7, further_ids = [8] }, { device = "can", id = 8 }',
            "/soc/can@e0130000 insists on SCMI device id 8, which is /soc/mmc@e0120000's",
        ),
        ('{ device = "mmc", further_ids = [-1] }', "further_ids"),
    ],
)
def test_ids_that_cannot_be(place: Workplace, device: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    place.write(plan(device))
    assert place.plan("render") == 2
    assert said in capsys.readouterr().err


def test_an_id_that_the_map_does_not_have(place: Workplace, capsys: pytest.CaptureFixture[str]) -> None:
    place.write(plan('{ device = "mmc", id = 5, further_ids = [6] }'))
    (place.folder / "small.toml").write_text(MAP + '[[devices]]\npath = "/soc/mmc@e0120000"\nid = 5\n')
    assert place.plan("render") == 2
    said = capsys.readouterr().err
    assert "/soc/mmc@e0120000 is device 5 in the firmware, not 6" in said
    assert "remove `further_ids'" in said


@pytest.mark.parametrize(("further", "code"), [("[3]", 2), ("[4]", 0)])
def test_further_ids_beside_one_of_the_boards_tree(place: Workplace, further: str, code: int) -> None:
    board = SMALL.replace("mmc: mmc@e0120000 {", "mmc: mmc@e0120000 {\n\t\t\tscmi_devid = <3>;", 1)
    assert board != SMALL
    place.write(plan(f'{{ device = "mmc", further_ids = {further} }}'), board)
    assert place.plan("render") == code
    if code == 0:
        assert sorted(firmware_devices(place)) == [3, 4]


def test_the_firmwares_tables_are_imported_with_all_ids(place: Workplace) -> None:
    place.write(plan(f'{{ device = "mmc", {IDS} }}', HEAD + 'tables = ["tfa"]\n'))
    assert place.plan("render") == 0
    table, board = place.host / "firmware" / "tfa" / "plan_scmi_tables.c", place.folder / "board.dts"
    new = Workplace(place.folder / "new")
    assert main(["plan", "import", str(table), "--board", str(board), "-o", str(new.folder)]) == 0
    text = (new.folder / "plan.toml").read_text()
    assert '{ device = "/soc/mmc@e0120000", id = 4, further_ids = [' in text
    (new.folder / "plan.toml").write_text(text.replace("[firmware]", '[firmware]\nmap = "small.toml"'))
    shutil.copy(place.folder / "small.toml", new.folder)
    assert new.plan("render") == 0
    assert sorted(firmware_devices(new)) == [4, 7, 9]
    assert reached(new)["domd"] == reached(place)["domd"]
