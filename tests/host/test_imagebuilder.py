"""ImageBuilder's configuration files."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xenscmi.api import load_host
from xenscmi.devicetree import Tree, parse_dts
from xenscmi.diagnostics import Severity
from xenscmi.host.imagebuilder import looks_like_imagebuilder, mark_devices, missing_devices, read_imagebuilder
from xenscmi.source import Source

TEXT = """\
MEMORY_START="0x0"
DEVICE_TREE="board.dtb"
XEN='xen'
XEN_CMD="console=dtuart dom0_mem=1G"
NUM_DOMUS=2
DOMU_KERNEL[0]="Image"   # the first one
DOMU_PASSTHROUGH_DTB[0]="panel.dtb"
export DOMU_PASSTHROUGH_DTB[1]=wheel.dtb
"""


def test_the_partial_trees_have_the_names_of_their_nodes() -> None:
    builder = read_imagebuilder(Source("config", TEXT))
    assert {name: found.value for name, found in builder.partial_trees().items()} == {
        "domU0": "panel.dtb",
        "domU1": "wheel.dtb",
    }
    assert builder.device_tree
    assert builder.device_tree.value == "board.dtb"
    assert builder.indexed["DOMU_KERNEL", 0].value == "Image"
    assert builder.partial_trees()["domU1"].span.line == 8


def test_an_xl_cfg_is_not_taken_for_one() -> None:
    assert looks_like_imagebuilder(TEXT)
    assert not looks_like_imagebuilder('name = "guest"\nkernel = "Image"\n')


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    found = read_imagebuilder(Source("config", text + "\nNUM_DOMUS=1\n"))
    assert found.variables["NUM_DOMUS"].value == "1"
    read_imagebuilder(Source("config", "XEN=" + text))


BOARD = """\
/dts-v1/;
/ {
	aliases { eth0 = "/axi/ethernet@ff0e0000"; };
	axi {
		uart: serial@ff000000 { reg = <1>; };
		ethernet@ff0e0000 { status = "disabled"; };
		spi@ff0f0000 { xen,passthrough; };
	};
	chosen { };
};
"""
OVERLAY = "/dts-v1/;\n/plugin/;\n&{{/axi}} {{\n\t{node} {{ order = <{order}>; }};\n}};\n"
CONFIG = """\
DEVICE_TREE="board.dtb"
NUM_DT_OVERLAY=2
DT_OVERLAY[0]="first.dtbo"
DT_OVERLAY[1]="second.dtbo"
DT_OVERLAY[2]="never.dtbo"
NUM_DOMUS=2
DOMU_KERNEL[0]="Image"
DOMU_PASSTHROUGH_PATHS[0]="/axi/ethernet@ff0e0000 /axi/serial@ff000000"
DOMU_PASSTHROUGH_PATHS[1]="/axi/spi@ff0f0000 /axi/can@1 /axi/late@2"
DOMU_PASSTHROUGH_PATHS[2]="/axi"
"""


def board() -> Tree:
    return parse_dts(BOARD.encode(), name="board.dts", directory=Path())


def marked(tree: Tree) -> list[str]:
    return [node.path for node in tree.walk() if "xen,passthrough" in node]


def test_devices_of_domains_are_marked_as_u_boot_does_it() -> None:
    before, builder = board(), read_imagebuilder(Source("config", CONFIG))
    tree = mark_devices(before, builder)
    assert marked(before) == ["/axi/spi@ff0f0000"]
    assert marked(tree) == ["/axi/serial@ff000000", "/axi/ethernet@ff0e0000", "/axi/spi@ff0f0000"]
    ethernet, old = tree.node("/axi/ethernet@ff0e0000"), before.node("/axi/ethernet@ff0e0000")
    assert ethernet
    assert old
    mark = ethernet.get("xen,passthrough")
    assert mark
    assert (mark.span.source.name, mark.span.line) == ("config", 8)
    assert ethernet.spans == old.spans
    assert tree.by_label("uart") is tree.node("/axi/serial@ff000000")
    assert [
        (node.path, [(each.name, each.value) for each in node.properties if each.name != "xen,passthrough"])
        for node in tree.walk()
    ] == [
        (node.path, [(each.name, each.value) for each in node.properties if each.name != "xen,passthrough"])
        for node in before.walk()
    ]


def test_a_device_that_is_not_there_cannot_be_marked() -> None:
    builder = read_imagebuilder(Source("config", CONFIG))
    found = [*missing_devices(board(), builder)]
    assert [each.message.split(": ")[0] for each in found] == [
        "board.dts has no /axi/can@1",
        "board.dts has no /axi/late@2",
    ]
    assert all(each.severity is Severity.WARNING and each.span and each.span.line == 9 for each in found)


@pytest.mark.parametrize("manifest", [True, False])
def test_overlays_are_applied_in_the_order_of_the_configuration(manifest: bool, tmp_path: Path) -> None:
    """U-Boot applies them before it marks devices, so that they may bring a device that is marked."""
    (tmp_path / "board.dts").write_text(BOARD)
    (tmp_path / "config").write_text(CONFIG.replace("first", "z-first").replace("second", "a-second"))
    (tmp_path / "z-first.dtso").write_text(OVERLAY.format(node="late@2", order=1))
    (tmp_path / "a-second.dtso").write_text(OVERLAY.format(node="late@2", order=2))
    if manifest:
        (tmp_path / "host.toml").write_text('device_tree = "board.dts"\nimagebuilder = "config"\n')
    host = load_host(tmp_path).host
    late = host.tree.node("/axi/late@2") if host.tree else None
    order = late.get("order") if late else None
    assert order
    assert (order.u32(), late in map(host.tree.node, marked(host.tree)) if host.tree else None) == (2, True)
    assert [each.message for each in host.notes if each.severity is Severity.WARNING] == [
        f"{tmp_path / 'board.dts'} has no /axi/can@1: U-Boot cannot mark it xen,passthrough"
    ]


def test_an_overlay_of_the_manifest_is_not_applied_twice(tmp_path: Path) -> None:
    (tmp_path / "board.dts").write_text(BOARD)
    (tmp_path / "config").write_text(CONFIG)
    (tmp_path / "first.dtso").write_text(OVERLAY.format(node="late@2", order=1))
    (tmp_path / "second.dtso").write_text(OVERLAY.format(node="late@2", order=2))
    (tmp_path / "host.toml").write_text(
        'device_tree = "board.dts"\noverlays = ["first.dtso"]\nimagebuilder = "config"\n'
    )
    tree = load_host(tmp_path).host.tree
    late = tree.node("/axi/late@2") if tree else None
    assert late
    assert len(late.spans) == 2


@pytest.mark.parametrize("count", ["", "x", "-1", "99999999", "$N"])
def test_a_count_that_is_none(count: str) -> None:
    builder = read_imagebuilder(Source("config", CONFIG.replace("NUM_DT_OVERLAY=2", f"NUM_DT_OVERLAY={count}")))
    assert builder.overlays() == ()


@pytest.mark.parametrize("manifest", [True, False])
def test_what_of_a_configuration_is_not_here_is_said(manifest: bool, tmp_path: Path) -> None:
    """A mistyped overlay would take the container along, and leave nothing to find."""
    (tmp_path / "board.dts").write_text(BOARD)
    lines = ("NUM_DT_OVERLAY=1", 'DT_OVERLAY[0]="boot/frist.dtbo"', "NUM_DOMUS=1", "DOMU_PASSTHROUGH_DTB[0]=panel.dtb")
    (tmp_path / "config").write_text('DEVICE_TREE="board.dtb"\n' + "\n".join(lines) + "\n")
    if manifest:
        (tmp_path / "host.toml").write_text('device_tree = "board.dts"\nimagebuilder = "config"\n')
    found = [each for each in load_host(tmp_path).host.notes if each.span and each.span.source.name.endswith("config")]
    assert [(each.severity, each.span.line if each.span else 0) for each in found] == [
        (Severity.WARNING, 3),
        (Severity.INFO, 5),
    ]
    assert "boot/frist.dtbo is not here" in found[0].message
    assert "has no /chosen/domU0, which ImageBuilder makes at boot" in found[1].message


def test_an_overlay_of_the_configuration_is_looked_for_as_other_files_of_the_target(tmp_path: Path) -> None:
    (tmp_path / "board").mkdir()
    (tmp_path / "boot").mkdir()
    (tmp_path / "board" / "board.dts").write_text(BOARD)
    (tmp_path / "board" / "config").write_text(CONFIG)
    for name in ("first", "second"):
        (tmp_path / "boot" / f"{name}.dtso").write_text(OVERLAY.format(node="late@2", order=1))
    tree = load_host(tmp_path / "board", include=[tmp_path / "boot"]).host.tree
    late = tree.node("/axi/late@2") if tree else None
    assert late
    assert [Path(span.source.name).name for span in late.spans] == ["first.dtso", "second.dtso"]
