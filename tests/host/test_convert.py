"""Older dialects: recognized, and rewritten so that the result says the same in the current form."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from xenscmi.cli import main
from xenscmi.devicetree import load, parse_dts, write_dts
from xenscmi.diagnostics import XenscmiError
from xenscmi.host.convert import to_v8
from xenscmi.host.reader import read_host
from xenscmi.host.types import Dialect, Host
from xenscmi.rules.engine import check
from xenscmi.rules.example import HOST_DTS, PANEL_DTS

LIST = re.search(r"scmi-secondary-agents = <.*?>;", HOST_DTS, re.DOTALL)
CONTAINER = re.search(r"\t\txen \{.*?\n\t\t\};\n", HOST_DTS, re.DOTALL)
DOM0_AGENT = "\t\t\t\txen,dom0-sci-agent-id = <2>;\n"
ROWS = "2 0x82000004 &page_2  3 0x82000005 &page_3  4 0x82000006 &page_4  5 0x82000007 &page_5"


def _on_command_line(option: str) -> Callable[[str], str]:
    return lambda text: text.replace("console=dtuart dom0_mem=512M", f"console=dtuart {option} dom0_mem=512M")


def _v7(text: str) -> str:
    return _on_command_line("dom0=sci-agent-id=2")(text.replace(DOM0_AGENT, ""))


def _v5(text: str) -> str:
    assert CONTAINER
    inner = re.search(r"\t\t\tagents \{\n(.*)\n\t\t\t\};\n\t\t\};\n", CONTAINER[0], re.DOTALL)
    assert inner
    node = "\t\txen,config {\n" + inner[1].replace('\t\t\t\tcompatible = "xen,sci";\n', "") + "\n\t\t};\n"
    text = text.replace(CONTAINER[0], node).replace(DOM0_AGENT, "").replace("xen,sci-agent-id", "xen,sci_agent_id")
    return _on_command_line("dom0_scmi_agent_id=2")(text)


def _pages_at_root(text: str, own: str) -> str:
    """Move the pages to the root, make /firmware/scmi Xen's own, and put the list `own` in."""
    assert CONTAINER
    pages = "".join(re.findall(r"\t+page_\d: .*\n", CONTAINER[0]))
    text = text.replace(CONTAINER[0], own).replace("\tdom0_page: sram@47ff2000 {", pages + "\tunused@0 {")
    text = text.replace('\t\tcompatible = "arm,scmi-shmem";\n\t\treg = <0x0 0x47ff2000 0x0 0x1000>;\n', "")
    text = text.replace("shmem = <&dom0_page>;", "shmem = <&page_1>;\n\t\t\t#access-controller-cells = <1>;")
    text = text.replace("\t\tscmi {", "\t\tscmi_xen: scmi {").replace("<0x82000004>", "<0x82000003>")
    return text.replace("xen,sci-agent-id", "xen,sci_agent_id")


def _v4(text: str) -> str:
    text = _pages_at_root(text, f"\t\txen,scmi-secondary-agents = <{ROWS}>;\n")
    # A property must stand before the first node.
    line = f"\t\txen,scmi-secondary-agents = <{ROWS}>;\n"
    text = text.replace(line, "").replace("\t\txen,xen-bootargs", line + "\t\txen,xen-bootargs")
    return _on_command_line("dom0_scmi_agent_id=2")(text)


def _epam(text: str) -> str:
    text = _pages_at_root(text, "").replace("2 0x82000004", "1 0x82000004")
    rows = ROWS.replace("2 0x82000004", "1 0x82000004")
    return text.replace("\t\t\tarm,smc-id", f"\t\t\tepam,secondary-agents = <{rows}>;\n\t\t\tarm,smc-id", 1)


DIALECTS = {
    Dialect.CONTAINER: lambda text: text,
    Dialect.CONTAINER_V7: _v7,
    Dialect.CONFIG_NODE: _v5,
    Dialect.CHOSEN_PROPERTY: _v4,
    Dialect.EPAM: _epam,
}


def _host(text: str, name: str = "host.dts") -> Host:
    panel = parse_dts(PANEL_DTS.encode(), name="panel.dts", directory=Path())
    return read_host(parse_dts(text.encode(), name=name, directory=Path()), partial={"panel": panel})


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda each: each.value)
def test_a_dialect_is_recognized(dialect: Dialect) -> None:
    host = _host(DIALECTS[dialect](HOST_DTS))
    (container,) = host.containers
    assert container.dialect is dialect
    assert [row.agent_id and row.agent_id.value for row in container.agents][1:] == [3, 4, 5]
    assert [row.shmem.value and row.shmem.value.address for row in container.agents] == [
        0x47FF2000,
        0x47FF3000,
        0x47FF4000,
        0x47FF5000,
    ]
    assert container.dom0_agent
    assert container.dom0_agent.value == (1 if dialect is Dialect.EPAM else 2)
    assert container.management[0].func_id
    assert container.management[0].func_id.value == 0x82000003
    codes = {each.code for each in check(host)}
    assert ("XS103" in codes) == (dialect is not Dialect.CONTAINER)


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda each: each.value)
def test_the_conversion_is_clean_and_says_the_same(dialect: Dialect) -> None:
    before = _host(DIALECTS[dialect](HOST_DTS))
    text = write_dts(to_v8(before))
    after = _host(text, "converted.dts")
    assert check(after) == ()
    (old,), (new,) = before.containers, after.containers
    assert new.dialect is Dialect.CONTAINER
    assert [(row.func_id, row.agent_id) for row in new.agents] == [(row.func_id, row.agent_id) for row in old.agents]
    assert new.dom0_agent
    assert old.dom0_agent
    assert new.dom0_agent.value == old.dom0_agent.value
    assert "sci-agent-id=" not in text
    assert "dom0_scmi_agent_id" not in text
    assert write_dts(to_v8(after)) == write_dts(to_v8(_host(write_dts(to_v8(after)))))


def test_a_tree_without_container_is_not_converted() -> None:
    with pytest.raises(XenscmiError, match="no list of SCMI agents"):
        to_v8(_host("/dts-v1/;\n/ { };\n"))


def test_a_broken_list_is_not_converted() -> None:
    with pytest.raises(XenscmiError, match="page of shared memory"):
        to_v8(_host(_v5(HOST_DTS).replace("&page_5 5", "0x7777 5")))


def test_the_command_writes_a_tree(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, target = tmp_path / "old.dts", tmp_path / "new.dts"
    source.write_text(_v4(HOST_DTS))
    assert main(["convert", str(source), "--to", "v8"]) == 0
    printed = capsys.readouterr().out
    assert main(["convert", str(source), "-o", str(target)]) == 0
    assert target.read_text() == printed
    assert load(target).node("/chosen/xen/xen_scmi_config/scmi")
    assert main(["convert", str(source), "-o", str(tmp_path / "no" / "where.dts")]) == 2
    assert "cannot write" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
