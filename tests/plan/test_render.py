"""A whole plan: what is rendered compiles, applies, is clean, and grants what was planned; read back by other rooms."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.plan.boards import HEAD, Workplace, merge

from xenscmi.devicetree import load

PLAN = (
    HEAD
    + """
agents = 8
tables = ["tfa", "optee", "scp", "imx-sm"]

[dom0]
devices = "rest"
zephyr = true

[[domain]]
name = "domd"
memory = 1024
vcpus = 2
on_crash = "destroy"
devices = ["mmc0", { device = "ethernet", allow = ["memory-region"] }]

[[domain]]
name = "panel"
kind = "dom0less"
devices = ["can", "low"]

[[domain]]
name = "plain"
agent = false
"""
)


@pytest.fixture
def rendered(place: Workplace) -> Workplace:
    place.write(PLAN)
    assert place.plan("render") == 0
    return place


def test_rendered_trees_compile_and_apply_without_a_word(rendered: Workplace, tmp_path: Path) -> None:
    (tmp_path / "blobs").mkdir()
    tree = load(merge(rendered.host, tmp_path / "blobs"))
    container = tree.node("/chosen/xen/xen_scmi_config")
    assert container is not None
    listing = container.get("scmi-secondary-agents")
    assert listing is not None
    assert [row[2] for row in listing.rows(1, 1, 1, hint="")] == [2, 3, 4]
    assert container.get("xen,dom0-sci-agent-id").u32() == 2  # type: ignore[union-attr]
    assert [node.name for node in tree.node("/chosen").children if "memory" in node] == ["panel"]  # type: ignore[union-attr]


def test_the_rendered_host_is_clean(rendered: Workplace, capsys: pytest.CaptureFixture[str]) -> None:
    assert rendered.check() == 0, capsys.readouterr().err


def test_the_simulation_shows_the_planned_grants(rendered: Workplace) -> None:
    seen = rendered.simulate()
    assert seen["deviations"] == []
    given = {
        domain["name"]: {seen["devices"][str(number)][0].rpartition("/")[2] for number in domain["reached"]}
        for domain in seen["domains"]
    }
    assert given == {
        "dom0": {
            "gpio@e0110000",
            "dma-controller@e0150000",
            "i2c@e0160000",
            "i2c@e0160800",
            "spi@e0170000",
            "spi@e0180000",
            "pwm@e0190000",
            "pwm@e01a0000",
            "usb@e01b0000",
            "adc@500000000",
        },
        "domd": {"mmc@e0120000", "ethernet@e0140000"},
        "panel": {"can@e0130000", "dac@22000000"},
        "plain": set(),
    }
    assert {domain["name"]: domain["agent_id"] for domain in seen["domains"]} == {
        "dom0": 2,
        "domd": 3,
        "panel": 4,
        "plain": None,
    }


def test_pages_are_cut_from_the_ram(rendered: Workplace, tmp_path: Path) -> None:
    (tmp_path / "blobs").mkdir()
    memory = load(merge(rendered.host, tmp_path / "blobs")).node("/memory@80000000")
    assert memory is not None
    # Eight pages are cut out of the last MiB, which is kept for them.
    assert memory.get("reg").rows(2, 2, hint="") == ((0x80000000, 0x3FF00000), (0xBFF08000, 0xF8000))  # type: ignore[union-attr]


def test_rendering_twice_gives_the_same_bytes(rendered: Workplace) -> None:
    before = rendered.snapshot()
    assert rendered.plan("render") == 0
    assert rendered.snapshot() == before


def test_the_xl_cfg_is_whole(rendered: Workplace) -> None:
    text = rendered.read("domd.cfg")
    assert text.partition("\n")[2] == (
        'name = "domd"\n'
        'kernel = "/boot/Image"\n'
        "memory = 1024\n"
        "vcpus = 2\n"
        'on_crash = "destroy"\n'
        "\n"
        'device_tree = "/etc/xen/domd.dtb"\n'
        'arm_sci = "type=scmi_smc_multiagent,agent_id=3"\n'
        'iomem = [ "bff03,1@22001", "e0120,2", "e0140,1" ]\n'
        "irqs = [ 44, 47 ]\n"
        'dtdev = [ "/soc/mmc@e0120000", "/soc/ethernet@e0140000" ]\n'
    )


def test_registers_in_the_way_of_the_guest_are_moved(rendered: Workplace) -> None:
    """0x22000000 is the virtual PL011 of every guest."""
    text = rendered.read("panel.dts")
    assert "dac@4100000 {" in text
    assert "reg = <0 0x4100000 0 0x1000>;" in text
    assert "xen,reg = <0 0x22000000 0 0x1000 0 0x4100000>;" in text


def test_a_disabled_iommu_before_a_guests_device_is_switched_on(rendered: Workplace, tmp_path: Path) -> None:
    (tmp_path / "blobs").mkdir()
    tree = load(merge(rendered.host, tmp_path / "blobs"))
    assert tree.node("/soc/iommu@e0f00000").get("status").string() == "okay"  # type: ignore[union-attr]
    assert "xen,force-assign-without-iommu" not in rendered.read("domd.dts")


def test_a_domain_without_agent_and_devices_has_no_tree(rendered: Workplace) -> None:
    assert not (rendered.host / "plain.dts").exists()
    assert "arm_sci" not in rendered.read("plain.cfg")
    assert "device_tree" not in rendered.read("plain.cfg")


def test_dom0_refers_to_its_agent_now(rendered: Workplace, tmp_path: Path) -> None:
    (tmp_path / "blobs").mkdir()
    tree = load(merge(rendered.host, tmp_path / "blobs"))
    (clock,) = tree.node("/soc/gpio@e0110000").get("clocks").references("#clock-cells")  # type: ignore[union-attr]
    assert (clock.target.path, clock.arguments) == ("/firmware/scmi/protocol@14", (111,))
    scmi = tree.node("/firmware/scmi")
    assert scmi is not None
    page = scmi.get("shmem").node_at()  # type: ignore[union-attr]
    assert page.path == "/sram@bff02000"


def test_the_manifest_reads_back_what_the_table_says(rendered: Workplace) -> None:
    table = rendered.read("HOST.md")
    assert "| domd | 3 | 0x82000005 | 0xbff03000 | 0x22001000 |" in table
    assert "| `/soc/mmc@e0120000` | domd | 10 | 3, 112 | 212 | 2 |" in table


def test_the_boot_script_loads_what_the_overlay_expects(rendered: Workplace) -> None:
    script, overlay = rendered.read("boot.cmd"), rendered.read("domains.dtso")
    addresses = [line.split("@")[1].split()[0] for line in script.splitlines() if line.startswith("fdt set")]
    assert addresses
    assert all(f"module@{address} {{" in overlay for address in addresses)
    assert "fdt set /chosen/domU0 xen,sci-agent-id <0x4>" in rendered.read("imagebuilder-boot.cmd")


def test_a_fragment_is_appended(place: Workplace) -> None:
    plan = HEAD + '[[domain]]\nname = "domd"\nfragments = ["more.cfg", "more.dtsi"]\n'
    place.write(plan, **{"more.cfg": 'vif = [ "bridge=br0" ]', "more.dtsi": "/ { passthrough { extra; }; };"})
    assert place.plan("render") == 0
    assert place.read("domd.cfg").endswith('vif = [ "bridge=br0" ]\n')
    assert place.read("domd.dts").endswith("/ { passthrough { extra; }; };\n")
    assert place.check() == 0
