"""The container of docs/container.md is one that Xen accepts: `check` finds nothing on a board that it is applied to."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from xenscmi.cli import main

PAGE = Path(__file__).parents[2] / "docs" / "container.md"

BOARD = """\
/dts-v1/;
/ {
	#address-cells = <2>;
	#size-cells = <2>;
	memory@48000000 { device_type = "memory"; reg = <0x0 0x48000000 0x0 0x8000000>; };
	page: sram@47ff1000 { compatible = "arm,scmi-shmem"; reg = <0x0 0x47ff1000 0x0 0x1000>; };
	firmware {
		scmi { compatible = "arm,scmi-smc"; arm,smc-id = <0x82000003>; shmem = <&page>; };
	};
	chosen {
		module@50000000 { compatible = "multiboot,kernel", "multiboot,module"; reg = <0x0 0x50000000 0x0 0x1000>; };
	};
};
"""


def test_the_container_of_the_page_is_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = re.search(r'^```dts title="agents.dtso"\n(.*?)^```$', PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert found
    (tmp_path / "agents.dtso").write_text(found[1])
    (tmp_path / "host.dts").write_text(BOARD)
    assert main(["check", str(tmp_path)]) == 0
    assert capsys.readouterr().err.endswith("nothing found\n")
    assert main(["show", "--json", str(tmp_path)]) == 0
    assert '"owners": [\n        "dom0"' in capsys.readouterr().out
