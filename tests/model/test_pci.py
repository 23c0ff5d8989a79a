"""PCI buses of the host as Xen gives them to dom0: no registers of the devices on them, but the bridge's windows."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.model.conftest import BOOT, lab_platform

from xenscmi.devicetree import parse_dts
from xenscmi.firmware import PROFILES, Firmware
from xenscmi.model.boot import start
from xenscmi.model.errors import Panic
from xenscmi.model.xen import Model

PCIE = """
	pcie@30000000 {
		device_type = "pci";
		reg = <0x0 0x30000000 0x0 0x1000>;
		#address-cells = <3>;
		#size-cells = <2>;
		ranges = <0x01000000 0x0 0x0 0x0 0x31000000 0x0 0x10000>,
			<0x02000000 0x0 0x10000000 0x80 0x0 0x0 0x100000>;
		pci@0,0 {
			device_type = "pci";
			reg = <0 0 0 0 0>;
			#address-cells = <3>;
			#size-cells = <2>;
			ranges;
			wifi@0 { reg = <0x10000 0 0 0 0>; };
		};
	};

	chosen {"""


def boot(old: str = "", new: str = "") -> Model:
    text = (BOOT / "good-default" / "host.dts").read_text().replace("\tchosen {", PCIE, 1)
    assert old in text
    tree = parse_dts(text.replace(old, new, 1).encode(), name="host.dts", directory=Path())
    xen = Model(tree, Firmware(lab_platform(), PROFILES["generic"]))
    start(xen, {})
    return xen


def test_devices_on_a_pci_bus_do_not_stop_the_boot() -> None:
    dom0 = boot().domains[0]
    assert "wifi@0" in {node.name for node in dom0.tree}
    for frame, count in ((0x30000, 1), (0x31000, 0x10), (0x8000000, 0x100)):
        assert dom0.iomem.covers(frame, frame + count)
        assert not dom0.iomem.covers(frame, frame + count + 1)
        assert dom0.memory.frame(frame) == frame


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        (
            "\t\t\tranges;\n\t\t\twifi",
            "\t\t\twifi",
            ["DT: no ranges; cannot enumerate /pcie@30000000/pci@0,0", "Device tree generation failed (-22)."],
        ),
        (
            "\t\t\tranges;\n\t\t\twifi",
            "\t\t\tranges = <0x02000000 0 0 0x02000000 0 0 0 0x1000>;\n\t\t\twifi",
            [
                "/pcie@30000000/pci@0,0: [0xffffffffffffffff, 0xfff] exceeds the maximum allowed PA width (48 bits)"
                "Device tree generation failed (-34)."
            ],
        ),
        (
            "wifi@0 { reg",
            "wifi@0 { assigned-addresses",
            ["Unable to retrieve address 0 for /pcie@30000000/pci@0,0/wifi@0", "Device tree generation failed (-22)."],
        ),
    ],
)
def test_what_of_a_pci_bus_stops_the_boot(old: str, new: str, lines: list[str]) -> None:
    with pytest.raises(Panic, match="Could not set up d0 guest OS") as caught:
        boot(old, new)
    assert list(caught.value.log[-len(lines) :]) == lines
