"""Older dialects: recognized, and rewritten so that the result says the same in the current form."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from xenscmi.bindings.properties import read_u32
from xenscmi.conversion.convert import convert
from xenscmi.conversion.removals import Removal, without
from xenscmi.devicetree import apply_overlays, parse_dts, parse_tree, write_dtb
from xenscmi.diagnostics import Severity, XenscmiError
from xenscmi.host.reader import read_host
from xenscmi.host.types import Dialect, Host
from xenscmi.rules.engine import check
from xenscmi.rules.example import HOST_DTS, PANEL_DTS

LIST = re.search(r"scmi-secondary-agents = <.*?>;", HOST_DTS, re.DOTALL)
CONTAINER = re.search(r"\t\txen \{.*?\n\t\t\};\n", HOST_DTS, re.DOTALL)
DOM0_AGENT = "\t\t\t\txen,dom0-sci-agent-id = <2>;\n"
ROWS = "2 0x82000004 &page_2  3 0x82000005 &page_3  4 0x82000006 &page_4  5 0x82000007 &page_5"


def _on_command_line(option: str) -> Callable[[str], str]:
    return lambda text: text.replace("console=dtuart dom0_mem=512M", f"console=dtuart {option} dom0_mem=512M")


def _v7(text: str) -> str:
    return _on_command_line("dom0=sci-agent-id=2")(text.replace(DOM0_AGENT, ""))


def _v5(text: str) -> str:
    assert CONTAINER
    inner = re.search(r"\t\t\tagents \{\n(.*)\n\t\t\t\};\n\t\t\};\n", CONTAINER[0], re.DOTALL)
    assert inner
    node = "\t\txen,config {\n" + inner[1].replace('\t\t\t\tcompatible = "xen,sci";\n', "") + "\n\t\t};\n"
    text = text.replace(CONTAINER[0], node).replace(DOM0_AGENT, "").replace("xen,sci-agent-id", "xen,sci_agent_id")
    return _on_command_line("dom0_scmi_agent_id=2")(text)


def _pages_at_root(text: str, own: str) -> str:
    """Move the pages to the root, make /firmware/scmi Xen's own, and put the list `own` in."""
    assert CONTAINER
    pages = "".join(re.findall(r"\t+page_\d: .*\n", CONTAINER[0]))
    text = text.replace(CONTAINER[0], own).replace("\tdom0_page: sram@47ff2000 {", pages + "\tunused@0 {")
    text = text.replace('\t\tcompatible = "arm,scmi-shmem";\n\t\treg = <0x0 0x47ff2000 0x0 0x1000>;\n', "")
    text = text.replace("shmem = <&dom0_page>;", "shmem = <&page_1>;\n\t\t\t#access-controller-cells = <1>;")
    text = text.replace("\t\tscmi {", "\t\tscmi_xen: scmi {").replace("<0x82000004>", "<0x82000003>")
    return text.replace("xen,sci-agent-id", "xen,sci_agent_id")


def _v4(text: str) -> str:
    text = _pages_at_root(text, f"\t\txen,scmi-secondary-agents = <{ROWS}>;\n")
    # A property must stand before the first node.
    line = f"\t\txen,scmi-secondary-agents = <{ROWS}>;\n"
    text = text.replace(line, "").replace("\t\txen,xen-bootargs", line + "\t\txen,xen-bootargs")
    return _on_command_line("dom0_scmi_agent_id=2")(text)


def _epam(text: str) -> str:
    text = _pages_at_root(text, "").replace("2 0x82000004", "1 0x82000004")
    rows = ROWS.replace("2 0x82000004", "1 0x82000004")
    return text.replace("\t\t\tarm,smc-id", f"\t\t\tepam,secondary-agents = <{rows}>;\n\t\t\tarm,smc-id", 1)


DIALECTS = {
    Dialect.CONTAINER: lambda text: text,
    Dialect.CONTAINER_V7: _v7,
    Dialect.CONFIG_NODE: _v5,
    Dialect.CHOSEN_PROPERTY: _v4,
    Dialect.EPAM: _epam,
}


def _host(text: str, name: str = "host.dts") -> Host:
    panel = parse_dts(PANEL_DTS.encode(), name="panel.dts", directory=Path())
    return read_host(parse_dts(text.encode(), name=name, directory=Path()), partial={"panel": panel})


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda each: each.value)
def test_a_dialect_is_recognized(dialect: Dialect) -> None:
    host = _host(DIALECTS[dialect](HOST_DTS))
    (container,) = host.containers
    assert container.dialect is dialect
    assert [row.agent_id and row.agent_id.value for row in container.agents][1:] == [3, 4, 5]
    assert [row.shmem.value and row.shmem.value.address for row in container.agents] == [
        0x47FF2000,
        0x47FF3000,
        0x47FF4000,
        0x47FF5000,
    ]
    assert container.dom0_agent
    assert container.dom0_agent.value == (1 if dialect is Dialect.EPAM else 2)
    assert container.management[0].func_id
    assert container.management[0].func_id.value == 0x82000003
    codes = {each.code for each in check(host)}
    assert ("XS103" in codes) == (dialect is not Dialect.CONTAINER)


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda each: each.value)
def test_the_conversion_is_clean_and_says_the_same(dialect: Dialect) -> None:
    before = _host(DIALECTS[dialect](HOST_DTS))
    made = convert(before)
    assert not [each for each in check(made.host) if each.severity is not Severity.INFO]
    (old,), (new,) = before.containers, made.host.containers
    assert new.dialect is Dialect.CONTAINER
    assert [(row.func_id, row.agent_id) for row in new.agents] == [(row.func_id, row.agent_id) for row in old.agents]
    assert new.dom0_agent
    assert old.dom0_agent
    assert new.dom0_agent.value == old.dom0_agent.value
    line = made.host.command_line
    assert line
    assert "agent" not in (line.value or "")
    assert convert(made.host).files == {}
    assert bool(made.files) == (dialect is not Dialect.CONTAINER)


@pytest.mark.parametrize("option", ["scmi-smc-passthrough", "no-scmi-smc-passthrough", "scmi-smc-passthrough=on"])
@pytest.mark.parametrize("dialect", [Dialect.CONFIG_NODE, Dialect.EPAM])
def test_the_option_of_the_driver_for_one_agent_goes_too(dialect: Dialect, option: str) -> None:
    """A Xen that reads the container does not know it; what else stands on the line stays."""
    before = _host(DIALECTS[dialect](HOST_DTS).replace("dom0_mem=512M", f"{option} dom0_mem=512M"))
    old, made = before.command_line, convert(before)
    new = made.host.command_line
    assert old
    assert new
    assert option in (old.value or "")
    assert "scmi" not in (new.value or "")
    assert (new.value or "").split() == [word for word in (old.value or "").split() if "scmi" not in word]
    assert not [each for each in check(made.host) if each.severity is not Severity.INFO]


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda each: each.value)
def test_the_overlay_alone_serves_xen_as_well(dialect: Dialect) -> None:
    """What the overlay cannot delete is left over in these dialects, and does no harm."""
    before = _host(DIALECTS[dialect](HOST_DTS))
    made = convert(before)
    overlays = [text for name, text in made.files.items() if name == "host-v8.dtso"]
    assert before.tree
    parsed = [parse_dts(text.encode(), name="host-v8.dtso", directory=Path()) for text in overlays]
    panel = parse_dts(PANEL_DTS.encode(), name="panel.dts", directory=Path())
    after = read_host(apply_overlays(before.tree, parsed), partial={"panel": panel})
    found = check(after)
    assert not [each for each in found if each.severity is not Severity.INFO]
    assert {each.code for each in found} <= {"XS103"}


def test_a_tree_without_container_is_not_converted() -> None:
    with pytest.raises(XenscmiError, match="no list of SCMI agents"):
        convert(_host("/dts-v1/;\n/ { };\n"))


def test_a_broken_list_is_not_converted() -> None:
    with pytest.raises(XenscmiError, match="page of shared memory"):
        convert(_host(_v4(HOST_DTS).replace("&page_5  5", "0x7777  5").replace("&page_5>", "0x7777>")))


def test_v5_without_ranges_gets_them() -> None:
    """The form of v5 needed none: its pages had no address for a current Xen."""
    before = _host(_v5(HOST_DTS).replace("ranges;\n\t\txen,xen-bootargs", "xen,xen-bootargs"))
    assert before.tree
    chosen = before.tree.node("/chosen")
    assert chosen
    assert "ranges" not in chosen
    assert not [each for each in check(convert(before).host) if each.severity is not Severity.INFO]


def test_addresses_below_chosen_keep_their_cells() -> None:
    """The boot modules of a tree whose /chosen counts one cell must stay where they are."""
    narrow = _epam(HOST_DTS)
    head, chosen = narrow.split("\tchosen {", 1)
    chosen = chosen.replace("= <2>;", "= <1>;", 2)
    chosen = chosen.replace("<0x0 0x50000000 0x0 0x1000000>", "<0x50000000 0x1000000>")
    before = _host(f"{head}\tchosen {{{chosen}")
    made = convert(before)
    assert before.tree
    assert made.host.tree
    for tree in (before.tree, made.host.tree):
        node = tree.node("/chosen")
        assert node
        assert [read_u32(node, name) for name in ("#address-cells", "#size-cells")] == [1, 1]
    assert not [each for each in check(made.host) if each.severity is not Severity.INFO]


def test_a_page_that_has_no_place_below_chosen_is_refused() -> None:
    high = _epam(HOST_DTS).replace("\tchosen {\n\t\t#address-cells = <2>", "\tchosen {\n\t\t#address-cells = <1>")
    high = re.sub(r"0x0 (0x47ff[1-5]000)", r"0x5 \1", high)
    with pytest.raises(XenscmiError, match="has no place where addresses have 1 cells"):
        convert(_host(high))


# EPAM's RFC, as its R-Car product has it: device ids on the devices, and no list of agents.
DEVICE_IDS = """\
/dts-v1/;
/ {
	#address-cells = <2>;
	#size-cells = <2>;
	memory@48000000 { device_type = "memory"; reg = <0x0 0x48000000 0x0 0x1000000>; };
	scmi_shm_0: sram@47ff0000 { compatible = "arm,scmi-shmem"; reg = <0x0 0x47ff0000 0x0 0x1000>; };
	scmi_shm_1: sram@47ff1000 { compatible = "arm,scmi-shmem"; reg = <0x0 0x47ff1000 0x0 0x1000>; };
	scmi_shm_2: sram@47ff2000 { compatible = "arm,scmi-shmem"; reg = <0x0 0x47ff2000 0x0 0x1000>; };
	firmware {
		scmi: scmi {
			compatible = "arm,scmi-smc";
			arm,smc-id = <0x82000002>;
			shmem = <&scmi_shm_0>;
			#address-cells = <1>;
			#size-cells = <0>;
			clk: protocol@14 { reg = <0x14>; #clock-cells = <1>; };
		};
	};
	soc {
		compatible = "simple-bus";
		#address-cells = <2>;
		#size-cells = <2>;
		ranges;
		avb: ethernet@e6800000 { reg = <0x0 0xe6800000 0x0 0x1000>; scmi_devid = <0>; clocks = <&clk 0>; };
		usb: usb@e6590000 { reg = <0x0 0xe6590000 0x0 0x1000>; scmi_devid = <19>; clocks = <&clk 3>; xen,passthrough; };
	};
	chosen {
		#address-cells = <2>;
		#size-cells = <2>;
		module@50000000 { compatible = "multiboot,kernel", "multiboot,module"; reg = <0x0 0x50000000 0x0 0x1000>; };
	};
};
"""


def test_a_tree_of_device_ids_is_read_and_converted() -> None:
    before = read_host(parse_dts(DEVICE_IDS.encode(), name="rcar.dts", directory=Path()))
    (old,) = before.containers
    assert old.dialect is Dialect.DEVICE_IDS
    assert [(row.func_id.value, row.agent_id and row.agent_id.value) for row in old.agents] == [
        (0x82000003, 1),
        (0x82000004, 2),
    ]
    found = {each.code: each for each in check(before)}
    assert "scmi_devid" in found["XS103"].message
    made = convert(before)
    (note,) = made.notes
    assert "2 agents" in note.message
    assert not [each for each in check(made.host) if each.severity is not Severity.INFO]
    assert {(each.path, each.name) for each in made.removals} == {
        ("/soc/ethernet@e6800000", "scmi_devid"),
        ("/soc/usb@e6590000", "scmi_devid"),
    }
    assert {(each.path, each.entries[0].arguments) for each in made.host.devices} == {
        ("/soc/ethernet@e6800000", (0,)),
        ("/soc/usb@e6590000", (19,)),
    }


def test_what_another_access_controller_says_of_a_device_stays() -> None:
    """Its phandle is written as the label that overlays know, or as the number where the base has no symbols."""
    other = DEVICE_IDS.replace(
        "\tsoc {",
        "\tfirewall: firewall { #access-controller-cells = <2>; };\n\n\tsoc {",
    ).replace("scmi_devid = <19>;", "scmi_devid = <19>; access-controllers = <&firewall 7 8>;")
    tree = parse_dts(other.encode(), name="rcar.dts", directory=Path())
    assert "access-controllers = <&scmi_xen 19>, <&firewall 7 8>;" in convert(read_host(tree)).files["rcar-v8.dtso"]
    bare = parse_tree(write_dtb(without(tree, [Removal("/__symbols__", None, "", tree.root.span)])), Path("rcar.dtb"))
    firewall = tree.node("/firewall")
    assert firewall
    wanted = f"access-controllers = <&scmi_xen 19>, <{read_u32(firewall, 'phandle'):#x} 7 8>;"
    assert wanted in convert(read_host(bare)).files["rcar-v8.dtso"]


@pytest.mark.parametrize(
    ("good", "bad", "match"),
    [
        (
            "\t\t#address-cells = <2>;\n\t\t#size-cells = <2>;\n\t\tmodule",
            "\t\t#address-cells = <0x7fffffff>;\n",
            "below",
        ),
        ("arm,smc-id = <0x82000002>;", "arm,smc-id;", "has no readable list of agents"),
        ("arm,smc-id = <0x82000002>;", "arm,smc-id = <0xffffffff>;", "has no readable list of agents"),
        ("shmem = <&scmi_shm_0>;", "", "no list of SCMI agents"),
    ],
)
def test_what_cannot_be_converted_is_said(good: str, bad: str, match: str) -> None:
    assert good in DEVICE_IDS
    text = DEVICE_IDS.replace(good, bad + ("\t\tmodule" if good.endswith("module") else ""))
    with pytest.raises(XenscmiError, match=match):
        convert(read_host(parse_dts(text.encode(), name="rcar.dts", directory=Path())))


def test_a_mapping_that_covers_everything_leaves_a_place_for_the_page() -> None:
    """Sizes come from the files: a search for room must not go page by page."""
    epam = _epam(HOST_DTS).replace("xen,sci-agent-id = <3>;", "").replace("xen,sci_agent_id = <3>;", "")
    epam = epam.replace('xen,sci_type = "scmi_smc_multiagent";', 'xen,arm_sci = "scmi_smc";')
    panel = PANEL_DTS.replace("xen,reg = <0x0 0x47ff3000 0x0 0x1000", "xen,reg = <0x0 0x90000000 0xfff 0x1000")
    panel = panel.replace("scmi {", "other {").replace('compatible = "arm,scmi-smc";', "")
    trees = [parse_dts(each.encode(), name="x.dts", directory=Path()) for each in (epam, panel)]
    made = convert(read_host(trees[0], partial={"panel": trees[1]}))
    assert "sram@fff22002000 {" in made.files["x-v8-2.dtso"]
