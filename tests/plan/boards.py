"""Boards for the tests of plans: a small one written out, and ones that hypothesis draws."""

from __future__ import annotations

import json
import subprocess
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

from xenscmi.cli import main

SMALL = """\
/dts-v1/;
/ {
	model = "small";
	compatible = "lab,small";
	#address-cells = <2>;
	#size-cells = <2>;
	interrupt-parent = <&gic>;

	aliases { serial0 = &uart; mmc0 = &mmc; };
	chosen { stdout-path = "serial0"; };
	memory@80000000 { device_type = "memory"; reg = <0x0 0x80000000 0x0 0x40000000>; };

	clk24: clock-24m { compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <24000000>; };
	vmmc: regulator-vmmc {
		compatible = "regulator-fixed";
		regulator-name = "vmmc";
		vin-supply = <&v5>;
		gpio = <&gpio 4 0>;
	};
	v5: regulator-5v { compatible = "regulator-fixed"; regulator-name = "5v"; };
	canphy: can-phy { compatible = "nxp,tjr1443"; #phy-cells = <0>; };

	reserved-memory {
		#address-cells = <2>;
		#size-cells = <2>;
		ranges;
		buffer: buffer@90000000 { reg = <0x0 0x90000000 0x0 0x100000>; };
	};

	soc {
		compatible = "simple-bus";
		#address-cells = <2>;
		#size-cells = <2>;
		ranges;

		gic: interrupt-controller@f1000000 {
			compatible = "arm,gic-v3";
			#interrupt-cells = <3>;
			#address-cells = <0>;
			interrupt-controller;
			reg = <0x0 0xf1000000 0x0 0x20000>, <0x0 0xf1060000 0x0 0x110000>;
		};
		iommu: iommu@e0f00000 {
			compatible = "arm,smmu-v3";
			reg = <0x0 0xe0f00000 0x0 0x20000>;
			#iommu-cells = <1>;
			status = "disabled";
		};
		cpg: clock-controller@e0e00000 {
			compatible = "lab,cpg";
			reg = <0x0 0xe0e00000 0x0 0x1000>;
			#clock-cells = <2>;
			#reset-cells = <1>;
			#power-domain-cells = <1>;
		};
		pfc: pinctrl@e0e10000 {
			compatible = "lab,pfc";
			reg = <0x0 0xe0e10000 0x0 0x1000>;
			mmc_pins: mmc { groups = "mmc"; };
		};
		uart: serial@e0100000 { compatible = "lab,uart"; reg = <0x0 0xe0100000 0x0 0x100>; interrupts = <0 10 4>; };
		gpio: gpio@e0110000 {
			compatible = "lab,gpio";
			reg = <0x0 0xe0110000 0x0 0x1000>;
			interrupts = <0 11 4>;
			gpio-controller;
			#gpio-cells = <2>;
			interrupt-controller;
			#interrupt-cells = <2>;
			clocks = <&cpg 1 11>;
		};
		mmc: mmc@e0120000 {
			compatible = "lab,mmc", "lab,mmc-old";
			reg = <0x0 0xe0120000 0x0 0x1800>;
			interrupts = <0 12 4>;
			clocks = <&cpg 1 12>, <&clk24>, <&cpg 0 3>;
			clock-names = "core", "ref", "clkh";
			assigned-clocks = <&cpg 1 12>;
			assigned-clock-rates = <200000000>;
			resets = <&cpg 12>;
			power-domains = <&cpg 2>;
			iommus = <&iommu 7>;
			pinctrl-0 = <&mmc_pins>;
			pinctrl-names = "default";
			vmmc-supply = <&vmmc>;
			cd-gpios = <&gpio 3 1>;
			dmas = <&dma 1>;
			dma-names = "tx";
			bus-width = <8>;
			non-removable;
		};
		can: can@e0130000 {
			compatible = "lab,can";
			reg = <0x0 0xe0130000 0x0 0x200>, <0x0 0xe0138000 0x0 0x8000>;
			reg-names = "regs", "ram";
			interrupts = <0 13 4>, <0 14 1>;
			clocks = <&cpg 1 13>;
			phys = <&canphy>;
			status = "disabled";
		};
		ethernet: ethernet@e0140000 {
			compatible = "lab,ether";
			reg = <0x0 0xe0140000 0x0 0x1000>;
			interrupts-extended = <&gic 0 15 4>, <&gpio 2 1>;
			clocks = <&cpg 1 14>;
			phy-handle = <&phy0>;
			memory-region = <&buffer>;
			mdio {
				#address-cells = <1>;
				#size-cells = <0>;
				phy0: ethernet-phy@1 {
					reg = <1>;
					interrupt-parent = <&gpio>;
					interrupts = <5 8>;
					reset-gpios = <&gpio 9 1>;
				};
			};
		};
		dma: dma-controller@e0150000 {
			compatible = "lab,dma";
			reg = <0x0 0xe0150000 0x0 0x1000>;
			interrupts = <0 16 4>;
			#dma-cells = <1>;
			clocks = <&cpg 1 15>;
		};
		i2ca: i2c@e0160000 { compatible = "lab,i2c"; reg = <0x0 0xe0160000 0x0 0x100>; interrupts = <0 17 4>; clocks = <&cpg 1 16>; };
		i2cb: i2c@e0160800 { compatible = "lab,i2c"; reg = <0x0 0xe0160800 0x0 0x100>; interrupts = <0 18 4>; clocks = <&cpg 1 17>; };
		spia: spi@e0170000 { compatible = "lab,spi"; reg = <0x0 0xe0170000 0x0 0x100>; interrupts = <0 19 4>; clocks = <&cpg 1 18>; };
		spib: spi@e0180000 { compatible = "lab,spi"; reg = <0x0 0xe0180000 0x0 0x100>; interrupts = <0 19 4>; clocks = <&cpg 1 19>; };
		pwma: pwm@e0190000 { compatible = "lab,pwm"; reg = <0x0 0xe0190000 0x0 0x100>; clocks = <&cpg 1 20>; };
		pwmb: pwm@e01a0000 { compatible = "lab,pwm"; reg = <0x0 0xe01a0000 0x0 0x100>; clocks = <&cpg 1 20>; };
		usb: usb@e01b0000 {
			compatible = "lab,usb";
			reg = <0x0 0xe01b0000 0x0 0x800>;
			clocks = <&cpg 1 21>;
			#address-cells = <2>;
			#size-cells = <2>;
			ranges;
			core: usb@e01c0000 {
				compatible = "snps,dwc3";
				reg = <0x0 0xe01c0000 0x0 0x10000>;
				interrupts = <0 20 4>;
				lab,syscon-tuning = <&pfc 4>;
			};
		};
		far: adc@500000000 { compatible = "lab,adc"; reg = <0x5 0x0 0x0 0x1000>; interrupts = <0 21 4>; clocks = <&cpg 1 22>; };
		low: dac@22000000 { compatible = "lab,dac"; reg = <0x0 0x22000000 0x0 0x1000>; interrupts = <0 22 4>; clocks = <&cpg 1 23>; };
		timer@e01d0000 { compatible = "lab,timer"; reg = <0x0 0xe01d0000 0x0 0x100>; interrupts = <1 3 4>; clocks = <&cpg 1 24>; };
	};
};
"""

MAP = """\
name = "small"
compatible = ["lab,small"]

[[clocks]]
provider = "/soc/clock-controller@e0e00000"
ids = { "0 3" = 3 }
runs = [{ cells = "1 10", count = 14, id = 110 }]

[[resets]]
provider = "/soc/clock-controller@e0e00000"
ids = { "12" = 212 }

[[power_domains]]
provider = "/soc/clock-controller@e0e00000"
ids = { "2" = 2 }
"""

HEAD = """\
[board]
device_tree = "board.dts"
pins = "boot-loader"

[firmware]
map = "small.toml"
"""


@dataclass(slots=True)
class Workplace:
    """A folder with a plan, and what one does with it."""

    folder: Path

    def write(self, plan: str, board: str = SMALL, **files: str) -> None:
        """Write the plan, its board and its map."""
        (self.folder / "plan.toml").write_text(plan)
        (self.folder / "board.dts").write_text(board)
        (self.folder / "small.toml").write_text(MAP)
        for name, text in files.items():
            (self.folder / name).write_text(text)

    def plan(self, action: str, *arguments: str) -> int:
        """Run a command of `xenscmi plan` on it."""
        return main(["plan", action, str(self.folder), "-q", *arguments])

    def check(self) -> int:
        """Return what `xenscmi check` ends with on the rendered host; the least remark counts."""
        return main(["check", "--severity", "info", str(self.host)])

    def simulate(self) -> dict[str, Any]:
        """Return what `xenscmi simulate` saw on the rendered host."""
        buffer = BytesIO()
        with redirect_stdout(TextIOWrapper(buffer, write_through=True)):
            main(["simulate", "--json", str(self.host)])
            found: dict[str, Any] = json.loads(buffer.getvalue())
        return found

    @property
    def host(self) -> Path:
        """The folder of the rendered files."""
        return self.folder / "host"

    def read(self, name: str) -> str:
        """Return a rendered file."""
        return (self.host / name).read_text()

    def snapshot(self) -> dict[str, bytes]:
        """Return all rendered files and the lock."""
        found = {str(path.relative_to(self.host)): path.read_bytes() for path in self.host.rglob("*") if path.is_file()}
        return found | {"plan.lock": (self.folder / "plan.lock").read_bytes()}


def compile_all(folder: Path, into: Path) -> dict[str, Path]:
    """Compile every source of a rendered host with the real dtc; fails on any warning. Return the blobs by source."""
    found = {}
    for path in sorted(folder.glob("*.dts*")):
        blob = into / f"{path.name}.dtb"
        done = subprocess.run(
            ["dtc", "-@", "-I", "dts", "-O", "dtb", "-o", blob, path], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        found[path.name] = blob
    return found


def merge(folder: Path, into: Path) -> Path:
    """Compile a rendered host and apply its overlays with the real fdtoverlay; return the host's tree."""
    blobs = compile_all(folder, into)
    merged = into / "merged.dtb"
    command = ["fdtoverlay", "-i", folder / "board.dtb", "-o", merged, blobs["xen.dtso"], blobs["domains.dtso"]]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    return merged
