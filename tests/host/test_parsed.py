"""Hosts that are loaded again and again: what changed is noticed, and what did not is the same object."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xenscmi.api import check, load_host
from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.filesystem import read_file
from xenscmi.host.load import LoadedHost
from xenscmi.host.parsed import ParsedFiles

EXAMPLE = Path(__file__).parents[2] / "examples" / "spider"
EDITS = (
    ("guest.cfg", "agent_id=4", "agent_id=2"),
    ("guest.cfg", "agent_id=4", "agent_id="),
    ("guest.cfg", "vcpus = 1", "vcpus = ["),
    ("domd.cfg", 'name = "domd"', 'name = "guest"'),
    ("domd.dts", "0x82000004", "0x82000005"),
    ("guest.dts", "passthrough {", "passthru {"),
    ("panel.dts", "};", "}"),
    ("xen.dtso", "xen,sci-agent-id = <3>", "xen,sci-agent-id = <4>"),
    ("xen.dtso", "#access-controller-cells = <1>", "#access-controller-cells = <0>"),
    ("board.dts", "e66e0000", "e66e1000"),
    ("host.toml", "[xen]", "[xn]"),
    ("host.toml", "4.22+sci-ma", "4.22"),
)


def findings(folder: Path, texts: dict[str, str], parsed: ParsedFiles | None) -> tuple[Diagnostic, ...]:
    def read(path: Path) -> bytes:
        return texts[path.name].encode() if path.name in texts else read_file(path)

    try:
        return check(load_host(folder, read=read, parsed=parsed))
    except XenscmiError as error:
        return error.diagnostics


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(EDITS), min_size=1, max_size=5))
def test_findings_are_those_of_a_host_that_is_read_anew(edits: list[tuple[str, str, str]]) -> None:
    parsed, texts = ParsedFiles(read_file), dict[str, str]()
    for name, good, bad in edits:
        text = texts.get(name) or (EXAMPLE / name).read_text()
        texts[name] = text.replace(bad, good) if bad in text else text.replace(good, bad, 1)
        assert findings(EXAMPLE, texts, parsed) == findings(EXAMPLE, texts, None)


def test_what_did_not_change_is_the_same_object() -> None:
    parsed = ParsedFiles()
    one, other = (load_host(EXAMPLE, parsed=parsed).host for _ in range(2))
    assert one.tree is other.tree
    assert [id(each) for each in one.configurations] == [id(each) for each in other.configurations]
    trees = [{each.name: each.tree.tree for each in host.domains if each.tree} for host in (one, other)]
    assert {*trees[0]} == {"panel", "domd", "guest"}
    assert all(tree is trees[1][name] for name, tree in trees[0].items())
    assert load_host(EXAMPLE).host.tree is not one.tree


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the example whose host tree includes another file."""
    found = Path(shutil.copytree(EXAMPLE, tmp_path / "spider"))
    (found / "include").mkdir()
    text = (found / "host.toml").read_text()
    (found / "host.toml").write_text('include = ["include"]\n' + text)
    text = (found / "board.dts").read_text()
    (found / "board.dts").write_text('/include/ "more.dtsi"\n' + text.replace("/dts-v1/;\n", "", 1))
    (found / "include" / "more.dtsi").write_text("/dts-v1/;\n")
    return found


@pytest.mark.parametrize("read", [read_file, None])
def test_what_a_tree_includes_is_looked_at_again(folder: Path, read: type[None] | None) -> None:
    parsed = ParsedFiles(read_file if read else None)

    def load() -> LoadedHost:
        return load_host(folder, parsed=parsed)

    first = load().host.tree
    assert first is not None
    assert first.node("/soc") is not None
    assert (load().host.tree is first) is bool(read)
    (folder / "include" / "more.dtsi").write_text("/dts-v1/;\n/ { here; };\n")
    second = load().host.tree
    assert second is not None
    assert "here" in second.root
    (folder / "more.dtsi").write_text("/dts-v1/;\n/ { nearer; };\n")  # what comes first in the search
    third = load().host.tree
    assert third is not None
    assert "nearer" in third.root
