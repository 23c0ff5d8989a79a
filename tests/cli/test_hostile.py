"""Hostile input: whatever stands in a host's files, `check` ends with findings or an error, soon, and never breaks."""

from __future__ import annotations

import os
from pathlib import Path
from time import monotonic

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xenscmi.cli import main
from xenscmi.devicetree import load, write_dtb
from xenscmi.rules.example import FILES

SECONDS = 10


@pytest.fixture(scope="session")
def board(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the example host of the rules, its host tree also as a DTB."""
    folder = tmp_path_factory.mktemp("board")
    for name, text in FILES.items():
        (folder / name).write_text(text)
    (folder / "host.dtb").write_bytes(write_dtb(load(folder / "host.dts")))
    return folder


def _check(*paths: Path) -> int:
    start = monotonic()
    code = main(["check", "--format", "json", *map(str, paths)])
    assert monotonic() - start < SECONDS
    return code


@settings(max_examples=150)
@given(data=st.data())
def test_broken_blobs(board: Path, data: st.DataObject) -> None:
    blob = bytearray((board / "host.dtb").read_bytes())
    for _ in range(data.draw(st.integers(0, 6))):
        blob[data.draw(st.integers(0, len(blob) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    broken = board / "broken.dtb"
    broken.write_bytes(blob[: data.draw(st.integers(0, len(blob)) | st.just(len(blob)))])
    assert _check(broken, board / "panel.dts", board / "guest.cfg", board / "guest.dts") in (0, 1, 2)
    broken.unlink()


@settings(max_examples=100)
@given(data=st.data())
def test_cells_of_any_value(board: Path, data: st.DataObject) -> None:
    """Numbers in the sources become others: phandles that lead anywhere, sizes, counts of cells."""
    host = FILES["host.dts"]
    numbers = [index for index, character in enumerate(host) if character in "0123456789" and host[index - 1] in "< "]
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.sampled_from(numbers))
        end = at + len(host[at:].split(None, 1)[0].rstrip(">;"))
        host = host[:at] + hex(data.draw(st.sampled_from([0, 1, 2, 5, 0x1001, 0xFFFFFFFF]))) + host[end:]
        numbers = [number for number in numbers if number < at]
        if not numbers:
            break
    changed = board / "changed.dts"
    changed.write_text(host)
    assert _check(changed, board / "panel.dts", board / "guest.cfg", board / "guest.dts") in (0, 1, 2)
    changed.unlink()


CIRCLE = """\
/dts-v1/;
/ { chosen { a: a {
    compatible = "xen,sci"; shmem = <&b>; scmi-secondary-agents = <1 &b 1 2 &a 2>;
    access-controllers = <&a>, <&b>; #access-controller-cells = <0>;
    b: b {
        compatible = "arm,scmi-smc", "arm,scmi-shmem"; shmem = <&b>; arm,smc-id = <&a>;
        access-controllers = <&b>; #access-controller-cells = <&a>;
    };
}; }; };
"""


def test_phandles_in_a_circle(tmp_path: Path) -> None:
    (tmp_path / "host.dts").write_text(CIRCLE)
    assert _check(tmp_path) == 1


def test_ten_thousand_nodes_deep(tmp_path: Path) -> None:
    text = 'n { compatible = "xen,sci"; access-controllers = <1>;\n' * 10_000
    (tmp_path / "host.dts").write_text(f"/dts-v1/;\n/ {{ {text} {'};' * 10_000} }};\n")
    assert _check(tmp_path) in (1, 2)


def test_ten_thousand_rows(tmp_path: Path) -> None:
    rows = " ".join(f"{number:#x} &page {number}" for number in range(10_000))
    (tmp_path / "host.dts").write_text(
        '/dts-v1/;\n/ { chosen { ranges; a { compatible = "xen,sci"; ranges;\n'
        f"scmi-secondary-agents = <{rows}>; page: sram@0 {{ reg = <0 0 0x1000>; }}; }}; }}; }};\n"
    )
    assert _check(tmp_path) == 1


def test_missing_and_unreadable_files(board: Path, tmp_path: Path) -> None:
    assert _check(tmp_path / "missing.dts", board / "guest.cfg") == 2
    assert _check(tmp_path / "host.toml") == 2
    (tmp_path / "host.dts").mkdir()
    assert _check(tmp_path) == 2
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    if os.geteuid() != 0:
        assert _check(closed) == 2
    fifo = tmp_path / "pipe.dts"
    os.mkfifo(fifo)
    assert _check(fifo) == 2
