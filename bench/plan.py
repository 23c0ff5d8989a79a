"""Rendering a plan: 253 domains on a board of 3,000 nodes, and growth with the number of domains."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.measure import Figure, best
from xenscmi.devicetree import load, write_dtb
from xenscmi.plan.project import Opener, Project, load_project
from xenscmi.source import Source

NODES = 3000
MANY, FEW = 253, 10


def run() -> Iterator[Figure]:
    """Measure, and yield the figures."""
    with TemporaryDirectory() as folder:
        source = Path(folder, "board.dts")
        source.write_text(board())
        blob = Path(folder, "board.dtb")
        blob.write_bytes(write_dtb(load(source)))
        many, few = (plan(domains) for domains in (MANY, FEW))
        assert len(render(blob, many).allocation.guests) == MANY
        whole, small = best(lambda: render(blob, many), lambda: render(blob, few), times=3)
        yield Figure(f"{MANY} domains, a device each, {NODES} nodes: all files", whole, "s", most=2)
        reading = best(lambda: load(blob), times=3)[0]
        yield Figure("  of which reading the board's DTB", reading, "s")
        ratio = (whole - reading) / max(small - reading, 1e-9)
        yield Figure(f"{MANY} domains against {FEW}, without reading", ratio, "×", most=MANY / FEW, remark="linear: 25")


def render(blob: Path, text: str) -> Project:
    """Return the project of a plan, as `xenscmi plan render` does before it writes the files."""
    opener = Opener(text=lambda name, span: Source(name, ""), board=lambda section, at: load(blob))
    return load_project(Source("plan.toml", text), None, opener)


def plan(domains: int) -> str:
    """Return a plan in which every domain is given a device."""
    lines = ["[board]", 'device_tree = "board.dtb"', "[firmware]", "agents = 255", "[dom0]", "agent = false"]
    for number in range(domains):
        lines += ["[[domain]]", f'name = "d{number}"', f'devices = ["/soc/device@{0xA0000000 + number * 0x1000:x}"]']
    return "\n".join(lines) + "\n"


def board() -> str:
    """Return a board whose devices use SCMI already."""
    devices = "\n".join(
        f'device@{0xA0000000 + n * 0x1000:x} {{ compatible = "lab,device"; reg = <0x0 {0xA0000000 + n * 0x1000:#x} '
        f"0x0 0x1000>; interrupts = <0 {n % 900 if n < 900 else 900} 4>; clocks = <&clk {n}>; resets = <&rst {n}>; }};"
        for n in range(NODES)
    )
    return _BOARD.format(devices=devices)


_BOARD = """\
/dts-v1/;
/ {{
#address-cells = <2>; #size-cells = <2>;
interrupt-parent = <&gic>;
chosen {{ }};
memory@40000000 {{ device_type = "memory"; reg = <0x0 0x40000000 0x0 0x40000000>; }};
gic: interrupt-controller@f1000000 {{
    compatible = "arm,gic-v3"; #interrupt-cells = <3>; interrupt-controller; reg = <0x0 0xf1000000 0x0 0x20000>;
}};
iommu@90000000 {{ compatible = "arm,smmu-v3"; #iommu-cells = <1>; reg = <0x0 0x90000000 0x0 0x20000>; }};
firmware {{ scmi {{
    compatible = "arm,scmi-smc"; arm,smc-id = <0x82000003>; #address-cells = <1>; #size-cells = <0>;
    clk: protocol@14 {{ reg = <0x14>; #clock-cells = <1>; }};
    rst: protocol@16 {{ reg = <0x16>; #reset-cells = <1>; }};
}}; }};
soc {{ compatible = "simple-bus"; #address-cells = <2>; #size-cells = <2>; ranges;
{devices}
}};
}};
"""
