"""ImageBuilder's configuration files."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from xenscmi.host.imagebuilder import looks_like_imagebuilder, read_imagebuilder
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
    read_imagebuilder(Source("config", text + "\nXEN=" + text))
