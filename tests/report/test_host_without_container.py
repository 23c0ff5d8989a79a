"""What `show` says of a host that has no agents yet: the SCMI nodes that are there, and who uses them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from xenscmi.cli import main

HOST = """\
/dts-v1/;
/ {
\tfirmware {
\t\tscmi { compatible = "arm,scmi"; clk: protocol@14 { #clock-cells = <1>; }; };
\t\toptee { compatible = "linaro,scmi-optee"; rst: protocol@16 { #reset-cells = <1>; }; };
\t};
\tfixed: fixed { #clock-cells = <0>; };
\tsoc {
\t\tuart { clocks = <&fixed>, <&clk 3>, <&clk 4>; };
\t\tusb { clocks = <&clk 5>; resets = <&rst 1>; };
\t\tgpio { clocks = <&fixed>; };
\t};
};
"""


def test_the_scmi_nodes_and_their_devices(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    host = tmp_path / "host.dts"
    host.write_text(HOST)
    assert main(["show", str(host)]) == 0
    assert (
        capsys.readouterr().out
        == """\
container: none
firmware: generic

SCMI node /firmware/scmi (mailbox), of which 2 devices use clocks, resets or power domains
  /soc/uart
  /soc/usb
SCMI node /firmware/optee (OP-TEE), of which 1 device uses clocks, resets or power domains
  /soc/usb

without an agent: dom0
"""
    )
    assert main(["show", "--json", str(host)]) == 0
    shown = json.loads(capsys.readouterr().out)["providers"]
    assert [(each["path"], each["devices"]) for each in shown] == [
        ("/firmware/scmi", ["/soc/uart", "/soc/usb"]),
        ("/firmware/optee", ["/soc/usb"]),
    ]


def test_a_tree_without_scmi(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    host = tmp_path / "host.dts"
    host.write_text("/dts-v1/;\n/ { };\n")
    assert main(["show", str(host)]) == 0
    assert "no SCMI node" in capsys.readouterr().out
