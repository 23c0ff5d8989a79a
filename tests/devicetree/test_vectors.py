"""Every device tree of the vectors loads, and its parts know their places."""

from __future__ import annotations

from pathlib import Path

from xenscmi.bindings.addresses import translate
from xenscmi.devicetree import load


def test_every_part_of_every_vector_stands_where_its_span_says(shared: Path) -> None:
    sources = sorted((shared / "vectors").glob("*/**/*.dts"))
    assert len(sources) > 100
    for path in sources:
        tree = load(path)
        lines = path.read_text().split("\n")
        for node in tree.walk():
            if node.name == "__symbols__":
                continue
            assert node.span.text == (node.name or "/")
            for prop in node.properties:
                written = lines[prop.span.line - 1][prop.span.column - 1 :]
                assert written.startswith((prop.name, node.name) if prop.name == "phandle" else prop.name)


def test_some_lines_exactly(shared: Path) -> None:
    tree = load(shared / "vectors/boot/cells-2/host.dts")
    config = tree.node("/chosen/xen/xen_scmi_config")
    assert config is not None
    agents, dom0 = config.get("scmi-secondary-agents"), config.get("xen,dom0-sci-agent-id")
    assert agents is not None
    assert dom0 is not None
    assert (config.span.line, config.span.column) == (135, 4)
    assert (agents.span.line, dom0.span.line) == (140, 147)
    page = tree.by_label("scmi_shm_2")
    assert page is not None
    assert page.labels == ("scmi_shm_2",)
    region = translate(page)
    assert (region.address, region.size, region.span.line) == (0x47FF2000, 0x1000, 158)
    assert config.tree is tree
