"""Checking a host: 253 domains and 254 agents on a tree of 3,000 nodes, growth with agents, one xl.cfg file cold."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.measure import Figure, best
from xenscmi.cli.files import load_host
from xenscmi.devicetree import load
from xenscmi.host.reader import read_host
from xenscmi.report.html import HostReport, render
from xenscmi.rules.engine import check

EXAMPLE = Path(__file__).parents[1] / "examples" / "guests" / "domd.cfg"
NODES = 3000
PAGES = 0x47000000


def run() -> Iterator[Figure]:
    """Measure, and yield the figures."""
    with TemporaryDirectory() as folder:
        full, part = Path(folder, "full"), Path(folder, "part")
        write_host(full, agents=254)
        write_host(part, agents=32)
        tree, host = load(full / "host.dts"), load_host([str(full)]).host
        assert {each.name for each in check(host)} == {"unknown-device-tree"}
        whole, dtc, rules = best(
            lambda: check(load_host([str(full)]).host),
            lambda: load(full / "host.dts"),
            lambda: check(host),
            times=3,
        )
        yield Figure(f"253 domains, 254 agents, {NODES} nodes: whole check", whole, "s", most=1.5)
        yield Figure("  of which dtc and reading the host tree", dtc, "s")
        yield Figure("  of which reading the host from its tree", best(lambda: read_host(tree), times=3)[0], "s")
        yield Figure("  of which the rules", rules, "s")
        page = HostReport(name="full", host=host, findings=check(host))
        yield Figure("  the HTML page of its findings", best(lambda: render(page), times=3)[0], "s", most=1)
        yield Figure("  the size of that page", len(render(page).encode()) / 1000, "KB", most=500)
        few = load_host([str(part)]).host
        many, less = best(lambda: check(host), lambda: check(few), times=10)
        yield Figure("rules on 254 agents against 32", many / less, "×", most=10, remark="linear: 8")
    reference, cold = best(
        lambda: subprocess.run([sys.executable, "-c", "pass"], check=True),
        lambda: subprocess.run([sys.executable, "-m", "xenscmi", "check", EXAMPLE], check=False, capture_output=True),
        times=20,
    )
    yield Figure("check of one xl.cfg, cold, against `python3 -c pass`", cold / reference, "×", most=6)


def write_host(folder: Path, *, agents: int) -> None:
    """Write a host: agent 0 is Xen's, 1 dom0's, the others the toolstack's domains, each with a device."""
    folder.mkdir()
    devices = "".join(
        f"device@{0xA0000000 + n * 0x1000:x} {{ reg = <0x0 {0xA0000000 + n * 0x1000:#x} 0x0 0x1000>; "
        + (f"access-controllers = <&scmi_xen {n}>; xen,passthrough; " if n < agents - 2 else "")
        + "};\n"
        for n in range(NODES - agents)
    )
    pages = "".join(
        f'page_{n}: sram@{PAGES + n * 0x1000:x} {{ compatible = "arm,scmi-shmem"; '
        f"reg = <0x0 {PAGES + n * 0x1000:#x} 0x0 0x1000>; }};\n"
        for n in range(agents)
    )
    rows = "".join(f"{0x82000002 + n:#x} &page_{n} {n}\n" for n in range(1, agents))
    (folder / "host.dts").write_text(_TREE.format(devices=devices, pages=pages, rows=rows))
    for number in range(2, agents):
        _write_guest(folder, number)
    domains = "".join(f'[[domain]]\nconfig = "{n}.cfg"\n' for n in range(2, agents))
    (folder / "host.toml").write_text(f'device_tree = "host.dts"\n{domains}')


def _write_guest(folder: Path, number: int) -> None:
    page, device = (PAGES >> 12) + number, 0xA0000 + number - 2
    (folder / f"{number}.cfg").write_text(
        f'name = "guest{number}"\nkernel = "/boot/Image"\nmemory = 64\n'
        f'arm_sci = "type=scmi_smc_multiagent,agent_id={number}"\n'
        f'iomem = [ "{page:x},1@22001", "{device:x},1" ]\n'
        f'dtdev = [ "/soc/device@{device << 12:x}" ]\ndevice_tree = "/boot/guest.dtb"\n'
    )


_TREE = """\
/dts-v1/;
/ {{
#address-cells = <2>; #size-cells = <2>;
memory@40000000 {{ device_type = "memory"; reg = <0x0 0x40000000 0x0 0x1000000>; }};
iommu@90000000 {{ compatible = "arm,smmu-v3"; #iommu-cells = <1>; reg = <0x0 0x90000000 0x0 0x20000>; }};
soc {{ #address-cells = <2>; #size-cells = <2>; ranges; {devices} }};
dom0_page: sram@47001000 {{ compatible = "arm,scmi-shmem"; reg = <0x0 0x47001000 0x0 0x1000>; }};
firmware {{ scmi {{ compatible = "arm,scmi-smc"; arm,smc-id = <0x82000003>; shmem = <&dom0_page>; }}; }};
chosen {{
    #address-cells = <2>; #size-cells = <2>; ranges;
    module@50000000 {{ compatible = "multiboot,kernel", "multiboot,module"; reg = <0x0 0x50000000 0x0 0x1000>; }};
    xen {{
        #address-cells = <2>; #size-cells = <2>; ranges;
        agents {{
            compatible = "xen,sci";
            #address-cells = <2>; #size-cells = <2>; ranges;
            scmi-secondary-agents = <{rows}>;
            xen,dom0-sci-agent-id = <1>;
            {pages}
            scmi_xen: scmi {{
                compatible = "arm,scmi-smc";
                arm,smc-id = <0x82000002>;
                shmem = <&page_0>;
                #access-controller-cells = <1>;
            }};
        }};
    }};
}};
}};
"""
