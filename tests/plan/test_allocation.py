"""Numbers: deterministic, stable as the plan grows, insisted ones kept, conflicts named with who holds what."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from tests.plan.boards import HEAD, SMALL, Workplace, merge

from xenscmi.devicetree import load
from xenscmi.plan.board import AddressRange
from xenscmi.plan.guest_layout import find_free, ram, taken_by


def lock(place: Workplace) -> dict[str, Any]:
    return tomllib.loads((place.folder / "plan.lock").read_text())


def domain(name: str, *lines: str) -> str:
    return "\n".join(["[[domain]]", f'name = "{name}"', *lines, ""])


A, B, C = domain("a", 'devices = ["mmc"]'), domain("b", 'devices = ["can"]'), domain("c", 'devices = ["far"]')
DOM0 = "[dom0]\ndevices = []\n"


def test_what_was_given_stays_given(place: Workplace) -> None:
    place.write(HEAD + DOM0 + A + B)
    assert place.plan("render") == 0
    before = lock(place)
    for text in (C + A + B, B + C + A, B + A):
        place.write(HEAD + DOM0 + text)
        assert place.plan("render") == 0
        after = lock(place)
        assert {name: after["agents"][name] for name in ("dom0", "a", "b")} == before["agents"]
        assert after["devices"] | before["devices"] == after["devices"]
        assert {name: after["guests"][name] for name in ("a", "b")} == before["guests"]


def test_what_a_domain_had_is_free_when_it_is_gone(place: Workplace) -> None:
    place.write(HEAD + DOM0 + A + B)
    assert place.plan("render") == 0
    place.write(HEAD + DOM0 + B)
    assert place.plan("render") == 0
    assert lock(place)["agents"] == {"dom0": 2, "b": 4}
    assert not (place.host / "a.cfg").exists()
    place.write(HEAD + DOM0 + B + C)
    assert place.plan("render") == 0
    assert lock(place)["agents"] == {"dom0": 2, "b": 4, "c": 3}


def test_more_memory_moves_what_is_in_the_way_and_nothing_else(place: Workplace) -> None:
    place.write(HEAD + DOM0 + domain("a", 'devices = ["mmc", "low"]') + B)
    assert place.plan("render") == 0
    before = lock(place)["guests"]
    assert before["a"] == {"page": 0x22001000, "0xe0120000": 0xE0120000, "0x22000000": 0x4100000}
    place.write(HEAD + DOM0 + domain("a", 'devices = ["mmc", "low"]', "memory = 3000") + B)
    assert place.plan("render") == 0
    after = lock(place)["guests"]
    assert after["a"] == {"page": 0x22001000, "0xe0120000": 0x4101000, "0x22000000": 0x4100000}
    assert after["b"] == before["b"]


def refused(place: Workplace, text: str, capsys: pytest.CaptureFixture[str], board: str = SMALL) -> str:
    place.write(text, board)
    assert place.plan("render") == 2
    return capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (DOM0 + domain("a", "agent = 1"), "a insists on agent 1, which is Xen's"),
        (DOM0 + domain("a", "agent = 5") + domain("b", "agent = 5"), "b insists on agent 5, which is a's"),
        (DOM0 + domain("a", "agent = 16"), "a insists on agent 16, which the firmware does not have"),
        ("[dom0]\nagent = 3\n" + domain("a", "agent = 3"), "a insists on agent 3, which is dom0's"),
        (
            DOM0 + domain("a", 'devices = [{ device = "mmc", id = 4 }, { device = "can", id = 4 }]'),
            "/soc/can@e0130000 insists on SCMI device id 4, which is /soc/mmc@e0120000's",
        ),
        (DOM0 + domain("a", "agent = false", 'devices = ["mmc"]'), "a has no agent, but devices under SCMI control"),
        ('[dom0]\nagent = false\ndevices = ["mmc"]\n', "dom0 has no agent, but devices under SCMI control"),
    ],
)
def test_conflicts_say_who_holds_what(
    place: Workplace, text: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said in refused(place, HEAD + text, capsys)


def test_a_lock_holds_against_who_insists(place: Workplace, capsys: pytest.CaptureFixture[str]) -> None:
    place.write(HEAD + DOM0 + domain("a"))
    assert place.plan("render") == 0
    said = refused(place, HEAD + DOM0 + domain("a") + domain("b", "agent = 3"), capsys)
    assert "b insists on agent 3, which a holds (plan.lock)" in said
    assert "remove the line of a under [agents] of plan.lock" in said


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("pages = 0x47ff0001", "which is not the start of a page"),
        ("pages = 0x90000000", "overlap /reserved-memory/buffer@90000000, which dom0 may read"),
        ("pages = 0xe0120000", "overlap the registers of /soc/mmc@e0120000"),
        ("func_id = 0x83000000", "function id 0x83000002 of agent 2 is never forwarded by Xen"),
        ("agents = 2", "there is no agent left for dom0"),
        (
            "channels = [{ agent = 1, func_id = 0x82000002, page = 0x47ff0000 }, "
            "{ agent = 2, func_id = 0x82000002, page = 0x47ff1000 }]",
            "agents 1 and 2 have one function id, 0x82000002",
        ),
        (
            "channels = [{ agent = 1, func_id = 0x82000002, page = 0x47ff0000 }, "
            "{ agent = 2, func_id = 0x82000003, page = 0x47ff0000 }]",
            "agents 1 and 2 have one page, 0x47ff0000",
        ),
        ("channels = [{ agent = 2, func_id = 0x82000002, page = 0x47ff0000 }]", "Xen's agent 1 has no channel"),
    ],
)
def test_firmware_that_cannot_be(place: Workplace, line: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert said in refused(place, f"{HEAD}{line}\n{DOM0}", capsys)


def test_ram_that_the_boot_loader_tells(place: Workplace, capsys: pytest.CaptureFixture[str]) -> None:
    board = SMALL.replace("reg = <0x0 0x80000000 0x0 0x40000000>;", "reg = <0x0 0x80000000 0x0 0x0>;", 1)
    assert "the tree has no RAM: say where it is (`ram' in [board])" in refused(place, HEAD + DOM0, capsys, board)
    place.write(HEAD.replace("[firmware]", "ram = [[0x80000000, 0x20000000]]\n[firmware]") + DOM0, board)
    assert place.plan("render") == 0
    assert lock(place)["pages"] == 0x9FF00000
    assert "memory@" not in place.read("xen.dtso")


def test_listed_channels_are_taken_as_they_are(place: Workplace) -> None:
    rows = ((1, 0x82000100, 0x47FF7000), (4, 0x82000200, 0x47FF3000), (9, 0xC2000001, 0x47FFF000))
    listed = ", ".join(f"{{ agent = {a}, func_id = {f:#x}, page = {p:#x} }}" for a, f, p in rows)
    place.write(f"{HEAD}channels = [{listed}]\n{DOM0}{A}")
    assert place.plan("render") == 0
    assert place.check() == 0
    assert "{ id = 9, func_id = 0xc2000001, page = 0x47fff000 },  # a" in place.read("host.toml")
    assert "pages" not in lock(place)


def test_srams_that_hold_pages_are_kept_from_dom0(place: Workplace) -> None:
    sram = 'ocram: sram@47ff0000 { compatible = "mmio-sram"; reg = <0x0 0x47ff0000 0x0 0x10000>; };\n\t\tgic: interrupt'
    place.write(HEAD + "pages = 0x47ff0000\n" + DOM0 + A, SMALL.replace("gic: interrupt", sram))
    assert place.plan("render") == 0
    assert 'target-path = "/soc/sram@47ff0000";' in place.read("xen.dtso")
    assert place.check() == 0
    assert place.simulate()["deviations"] == []


STATIC = 'kind = "dom0less"', "static_mem = [[0x{:x}, 0x{:x}]]"


@pytest.mark.parametrize(
    ("banks", "said"),
    [
        ([(0x90100800, 0x100000)], "is not of whole pages"),
        ([(0x70000000, 0x100000)], "is not RAM of the board"),
        ([(0xBF000000, 0x2000000)], "is not RAM of the board"),
        ([(0x90000000, 0x200000)], "overlaps /reserved-memory/buffer@90000000 of the board"),
        ([(0xBFF00000, 0x1000)], "overlaps the agents' pages"),
        ([(0xA0000000, 0x2000000), (0xA1000000, 0x2000000)], "overlaps the RAM of d0"),
    ],
)
def test_static_memory_that_cannot_be(
    place: Workplace, banks: list[tuple[int, int]], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    domains = [domain(f"d{n}", STATIC[0], STATIC[1].format(*bank)) for n, bank in enumerate(banks)]
    assert said in refused(place, HEAD + DOM0 + "".join(domains), capsys)


def test_a_direct_mapped_domain_finds_all_at_the_hosts_addresses(place: Workplace, tmp_path: Path) -> None:
    lines = (STATIC[0], STATIC[1].format(0xA0000000, 0x10000000), "direct_map = true", 'devices = ["low", "mmc"]')
    place.write(HEAD + DOM0 + domain("d", *lines))
    assert place.plan("render") == 0
    (tmp_path / "blobs").mkdir()
    node = load(merge(place.host, tmp_path / "blobs")).node("/chosen/d")
    assert node is not None
    assert "direct-map" in node
    assert node.get("xen,static-mem").rows(2, 2, hint="") == ((0xA0000000, 0x10000000),)  # type: ignore[union-attr]
    text = place.read("d.dts")
    assert "xen,reg = <0 0xbff03000 0 0x1000 0 0xbff03000>;" in text
    assert "xen,reg = <0 0x22000000 0 0x1000 0 0x22000000>;" in text
    assert place.check() == 0
    assert place.simulate()["deviations"] == []


def test_free_places_are_found_between_what_is_taken() -> None:
    window = AddressRange(0x1000, 0x8000)
    assert find_free(0x1000, [], [window]) == 0x1000
    assert find_free(0x2000, [AddressRange(0x2000, 0x3000)], [window]) == 0x3000
    assert find_free(0x1000, [AddressRange(0x0, 0x1800)], [window]) == 0x2000
    assert find_free(0x8000, [], [window]) is None
    assert find_free(0x5000, [AddressRange(0x2000, 0x3000)], [window, AddressRange(0x10000, 0x20000)]) == 0x3000
    assert find_free(0x6000, [AddressRange(0x2000, 0x3000)], [window, AddressRange(0x10000, 0x20000)]) == 0x10000


def test_guest_ram_fills_the_low_bank_first() -> None:
    assert ram(256) == [AddressRange(0x40000000, 0x50000000)]
    assert ram(4096) == [AddressRange(0x40000000, 0x100000000), AddressRange(0x200000000, 0x240000000)]
    assert taken_by(AddressRange(0xE6000000, 0xE6001000), 2656) is None
    assert taken_by(AddressRange(0xE6000000, 0xE6001000), 2657) == "the guest's RAM"
    assert taken_by(AddressRange(0x22000000, 0x22001000), 64) == "the virtual PL011"
