"""What happens to each property of a device that a guest is given: rewritten, copied, dropped and said, or refused."""

from __future__ import annotations

import re

import pytest
from tests.plan.boards import HEAD, SMALL, Workplace, compile_all

from xenscmi.cli import main
from xenscmi.devicetree import Node, load


def guest(place: Workplace, devices: str, *, more: str = "", board: str = SMALL) -> Node:
    """Render a plan with one guest; return its /passthrough, compiled by dtc without a warning."""
    place.write(f'{HEAD}{more}[dom0]\ndevices = []\n[[domain]]\nname = "g"\ndevices = {devices}\n', board)
    assert place.plan("render") == 0
    blobs = place.folder / "blobs"
    blobs.mkdir()
    top = load(compile_all(place.host, blobs)["g.dts"]).node("/passthrough")
    assert top is not None
    return top


def refusal(place: Workplace, devices: str, capsys: pytest.CaptureFixture[str], more: str = "") -> str:
    """Render a plan that is refused; return what was said."""
    place.write(f'{HEAD}{more}[dom0]\ndevices = []\n[[domain]]\nname = "g"\ndevices = {devices}\n')
    assert place.plan("render") == 2
    assert not place.host.exists()
    return capsys.readouterr().err


def child(top: Node, name: str) -> Node:
    found = top.child(name)
    assert found is not None, [each.name for each in top.children]
    return found


def references(node: Node, name: str, cells: str) -> list[tuple[str, tuple[int, ...]]]:
    prop = node.get(name)
    assert prop is not None
    return [(each.target.path, each.arguments) for each in prop.references(cells)]


def test_resources_lead_to_the_guests_own_protocols(place: Workplace) -> None:
    mmc = child(guest(place, '["mmc"]'), "mmc@e0120000")
    clock, reset, power = (f"/passthrough/scmi/protocol@{number}" for number in (14, 16, 11))
    assert references(mmc, "clocks", "#clock-cells") == [(clock, (112,)), ("/passthrough/clock-24m", ()), (clock, (3,))]
    assert mmc.get("clock-names").strings() == ("core", "ref", "clkh")  # type: ignore[union-attr]
    assert references(mmc, "resets", "#reset-cells") == [(reset, (212,))]
    assert references(mmc, "power-domains", "#power-domain-cells") == [(power, (2,))]
    assert references(mmc, "assigned-clocks", "#clock-cells") == [(clock, (112,))]
    assert mmc.get("assigned-clock-rates").u32() == 200000000  # type: ignore[union-attr]


def test_only_the_protocols_that_are_used_are_offered(place: Workplace) -> None:
    scmi = child(guest(place, '["can"]'), "scmi")
    assert [node.name for node in scmi.children] == ["protocol@14"]


def test_regulators_are_copied_with_what_they_lead_to(place: Workplace) -> None:
    top = guest(place, '["mmc"]')
    vmmc = child(top, "mmc@e0120000").get("vmmc-supply").node_at()  # type: ignore[union-attr]
    assert vmmc.path == "/passthrough/regulator-vmmc"
    assert vmmc.get("vin-supply").node_at().path == "/passthrough/regulator-5v"  # type: ignore[union-attr]
    assert "gpio" not in vmmc
    assert "/regulator-vmmc goes without gpio: its controller is not the guest's" in place.read("g.dts")


def test_what_a_guest_cannot_have_is_dropped_and_said(place: Workplace) -> None:
    mmc = child(guest(place, '["mmc"]'), "mmc@e0120000")
    gone = ("iommus", "pinctrl-0", "pinctrl-names", "cd-gpios", "dmas", "dma-names")
    assert not [name for name in gone if name in mmc]
    text = place.read("g.dts")
    assert all(f"/soc/mmc@e0120000 goes without {name}" in text for name in gone)


def test_dma_and_gpios_of_ones_own_are_kept(place: Workplace) -> None:
    top = guest(place, '["mmc", "dma", "gpio"]')
    mmc = child(top, "mmc@e0120000")
    assert references(mmc, "dmas", "#dma-cells") == [("/passthrough/dma-controller@e0150000", (1,))]
    assert mmc.get("dma-names").string() == "tx"  # type: ignore[union-attr]
    assert references(mmc, "cd-gpios", "#gpio-cells") == [("/passthrough/gpio@e0110000", (3, 1))]


def test_interrupts_are_the_guests_and_those_of_others_go(place: Workplace) -> None:
    top = guest(place, '[{ device = "ethernet", allow = ["memory-region"] }]')
    ethernet = child(top, "ethernet@e0140000")
    assert ethernet.get("interrupts").cells() == (0, 15, 4)  # type: ignore[union-attr]
    assert ethernet.get("interrupt-parent").u32() == 65000  # type: ignore[union-attr]
    assert "interrupts-extended" not in ethernet
    phy = ethernet.get("phy-handle").node_at()  # type: ignore[union-attr]
    assert phy.path == "/passthrough/ethernet@e0140000/mdio/ethernet-phy@1"
    assert {prop.name for prop in phy.properties} <= {"reg", "phandle"}


def test_phys_without_registers_are_copied(place: Workplace) -> None:
    can = child(guest(place, '["can"]'), "can@e0130000")
    assert references(can, "phys", "#phy-cells") == [("/passthrough/can-phy", ())]
    assert can.get("reg-names").strings() == ("regs", "ram")  # type: ignore[union-attr]
    assert "status" not in can


def test_children_with_registers_keep_their_place(place: Workplace) -> None:
    usb = child(guest(place, '[{ device = "usb", allow = ["lab,syscon-tuning"] }]'), "usb@e01b0000")
    core = child(usb, "usb@e01c0000")
    assert core.get("reg").rows(2, 2, hint="") == ((0xE01C0000, 0x10000),)  # type: ignore[union-attr]
    assert core.get("interrupts").cells() == (0, 20, 4)  # type: ignore[union-attr]
    assert "e01b0,1" in place.read("g.cfg")
    assert "e01c0,10" in place.read("g.cfg")
    assert "/soc/usb@e01b0000/usb@e01c0000" in place.read("xen.dtso")


def test_much_ram_moves_registers(place: Workplace) -> None:
    """RAM begins at 0x40000000: with 2,656 MiB it reaches 0xe6000000."""
    top = guest(place, '["mmc"]', more="[defaults]\nmemory = 3000\n")
    assert child(top, "mmc@4100000").get("reg").rows(2, 2, hint="") == ((0x4100000, 0x1800),)  # type: ignore[union-attr]
    assert "e0120,2@4100" in place.read("g.cfg")
    assert place.check() == 0


def test_registers_above_4_gib_stay(place: Workplace) -> None:
    """0x500000000 lies within the second bank of a guest's RAM, which a small guest does not reach."""
    assert child(guest(place, '["far"]'), "adc@500000000").get("reg").rows(2, 2, hint="") == ((0x500000000, 0x1000),)  # type: ignore[union-attr]


def test_resources_that_the_tree_does_not_say(place: Workplace) -> None:
    board = SMALL.replace("interrupts = <0 22 4>; clocks = <&cpg 1 23>;", "interrupts = <0 22 4>;")
    top = guest(place, '[{ device = "low", clocks = [7, 9], resets = [1] }]', board=board)
    low = child(top, "dac@4100000")
    clock = "/passthrough/scmi/protocol@14"
    assert references(low, "clocks", "#clock-cells") == [(clock, (7,)), (clock, (9,))]
    assert "clocks = [7, 9], resets = [1]" in place.read("host.toml")


@pytest.mark.parametrize(
    ("devices", "said"),
    [
        ('["ethernet"]', "memory-region: a guest cannot be given what it leads to"),
        ('["usb"]', "lab,syscon-tuning: a guest cannot be given what it leads to"),
        ('["timer@e01d0000"]', "the board has no device timer@e01d0000"),
        ('["/soc/timer@e01d0000"]', "clocks leads to /soc/clock-controller@e0e00000 <1 24>, which has no SCMI id"),
        ('["gic"]', "Xen keeps /soc/interrupt-controller@f1000000 to itself"),
        ('["uart"]', "/soc/serial@e0100000 is Xen's console"),
        ('["i2ca"]', "shares the page at 0xe0160000 with /soc/i2c@e0160800, which is dom0's"),
        ('["spia"]', "shares interrupt 51 with /soc/spi@e0180000, which is dom0's"),
        ('["mmc", "mmc0"]', None),
        ('["/soc"]', "Xen keeps /soc/interrupt-controller@f1000000 to itself"),
        ("[99]", "no device has the SCMI id 99 in the map small"),
    ],
)
def test_devices_that_cannot_be_given(
    place: Workplace, devices: str, said: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    if said is None:
        guest(place, devices)
    else:
        assert said in refusal(place, devices, capsys)


def test_a_private_interrupt_is_refused_unless_allowed(place: Workplace, capsys: pytest.CaptureFixture[str]) -> None:
    drop = 'drop = ["clocks"]'
    assert "has a private interrupt (19) of each CPU" in refusal(
        place, f'[{{ device = "/soc/timer@e01d0000", {drop} }}]', capsys
    )
    allowed = f'[{{ device = "/soc/timer@e01d0000", {drop}, allow = ["interrupts"] }}]'
    assert "interrupts" not in child(guest(place, allowed), "timer@e01d0000")


@pytest.mark.parametrize("group", ['["i2ca", "i2cb"]', '["spia", "spib"]'])
def test_a_group_goes_together(place: Workplace, group: str) -> None:
    text = f"groups = [{group}]\n"
    place.write(
        HEAD.replace("[firmware]", f"{text}[firmware]")
        + f'[dom0]\ndevices = []\n[[domain]]\nname = "g"\ndevices = [{group[1:7]}]\n'
    )
    assert place.plan("render") == 0
    assert place.check() == 0
    assert len(place.simulate()["domains"][1]["reached"]) == 2


def test_a_bus_with_a_window_over_its_devices(place: Workplace, capsys: pytest.CaptureFixture[str]) -> None:
    """As of i.MX8M: the bus itself has registers, which cover those of its devices."""
    board = SMALL.replace("\tsoc {\n", "\tsoc@e0000000 {\n\t\treg = <0x0 0xe0000000 0x0 0x20000000>;\n")
    place.write(
        HEAD.replace('"small.toml"', '"moved.toml"')
        + '[dom0]\ndevices = []\n[[domain]]\nname = "g"\ndevices = ["can"]\n',
        board,
    )
    text = (place.folder / "small.toml").read_text()
    (place.folder / "moved.toml").write_text(text.replace('"/soc/', '"/soc@e0000000/'))
    assert main(["plan", "render", str(place.folder)]) == 0
    said = capsys.readouterr().err
    assert "g: dom0 can reach /soc@e0000000/can@e0130000, too: its bus /soc@e0000000 has registers over it" in said


def test_nobody_sets_the_pins(place: Workplace, capsys: pytest.CaptureFixture[str]) -> None:
    place.write(HEAD.replace('pins = "boot-loader"\n', "") + '[[domain]]\nname = "g"\ndevices = ["mmc"]\n')
    assert place.plan("render") == 2
    assert "nothing says who sets the pins of /soc/mmc@e0120000 of g" in capsys.readouterr().err


def test_dom0_sets_the_pins(place: Workplace) -> None:
    place.write(HEAD.replace('"boot-loader"', '"dom0"') + '[[domain]]\nname = "g"\ndevices = ["mmc"]\n')
    assert place.plan("render") == 0
    overlay = place.read("xen.dtso")
    assert 'target-path = "/soc/pinctrl@e0e10000";' in overlay
    assert 'pinctrl-names = "default";' in overlay


def test_two_domains_want_one_resource(place: Workplace, capsys: pytest.CaptureFixture[str]) -> None:
    domains = '[[domain]]\nname = "a"\ndevices = ["pwma"]\n[[domain]]\nname = "b"\ndevices = ["pwmb"]\n'
    place.write(HEAD + "[dom0]\ndevices = []\n" + domains)
    assert place.plan("render") == 2
    said = capsys.readouterr().err
    assert "clock 120 is used by /soc/pwm@e01a0000 of b and by /soc/pwm@e0190000 of a" in said
    assert "a is given it here" in said


def test_a_shared_resource_may_be_used_by_several(place: Workplace) -> None:
    domains = '[[domain]]\nname = "a"\ndevices = ["pwma"]\n[[domain]]\nname = "b"\ndevices = ["pwmb"]\n'
    place.write(HEAD + "[dom0]\ndevices = []\n" + domains)
    (place.folder / "small.toml").write_text((place.folder / "small.toml").read_text() + "[shared]\nclocks = [120]\n")
    assert place.plan("render") == 0
    assert place.check() == 0
    assert place.simulate()["deviations"] == []


def test_without_an_iommu_xl_assigns_nothing(place: Workplace, capsys: pytest.CaptureFixture[str]) -> None:
    board = re.sub(r"iommu2: iommu@.*?\};\n", "", SMALL, flags=re.DOTALL)
    plan = HEAD + '[dom0]\ndevices = []\n[[domain]]\nname = "g"\ndevices = ["can"]\n'
    place.write(plan, board)
    assert place.plan("render") == 2
    said = capsys.readouterr().err
    assert "xl cannot assign /soc/can@e0130000 to g: Xen uses no IOMMU on this board" in said
    place.write(plan + 'kind = "dom0less"\n', board)
    assert place.plan("render") == 0
    assert place.check() == 0


def test_a_device_of_two_domains(place: Workplace, capsys: pytest.CaptureFixture[str]) -> None:
    domains = '[[domain]]\nname = "a"\ndevices = ["usb"]\n[[domain]]\nname = "b"\ndevices = ["core"]\n'
    place.write(HEAD + domains)
    assert place.plan("render") == 2
    assert "usb@e01c0000 is given to b and to a" in capsys.readouterr().err


def test_dom0_keeps_what_is_left_of_a_device(place: Workplace) -> None:
    domain = '[[domain]]\nname = "g"\ndevices = [{ device = "core", allow = ["lab,syscon-tuning"], clocks = [5] }]\n'
    place.write(HEAD + '[dom0]\ndevices = ["usb"]\n' + domain)
    assert place.plan("render") == 0
    assert place.check() == 0
    seen = {each["name"]: each["reached"] for each in place.simulate()["domains"]}
    assert (len(seen["dom0"]), len(seen["g"])) == (1, 1)


def test_a_device_below_another_of_dom0_has_its_own_id(place: Workplace) -> None:
    place.write(HEAD + '[dom0]\ndevices = ["usb", { device = "core", id = 9, clocks = [5] }, "usb"]\n')
    assert place.plan("render") == 0
    assert place.check() == 0
    assert place.simulate()["domains"][0]["reached"] == [0, 9]


def test_interrupt_32_is_the_virtual_uarts(place: Workplace, capsys: pytest.CaptureFixture[str]) -> None:
    board = SMALL.replace("interrupts = <0 12 4>", "interrupts = <0 0 4>")
    place.write(HEAD + '[[domain]]\nname = "g"\nkind = "dom0less"\ndevices = ["mmc"]\n', board)
    assert place.plan("render") == 2
    assert "has interrupt 32, which the virtual PL011 has" in capsys.readouterr().err
