"""The HTML page of a host: what stands on it, that it needs nothing else, and that its bytes are stable."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from xenscmi.api import check, load_host, simulate
from xenscmi.cli import main
from xenscmi.diagnostics import Annotation, Diagnostic, Severity
from xenscmi.host.types import Host
from xenscmi.report import html_matrix
from xenscmi.report.holdings import holdings, runs
from xenscmi.report.html import HostReport, render
from xenscmi.report.topology import draw
from xenscmi.source import Source, Span

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "spider"
VECTORS = ROOT / "tests" / "vectors" / "boot"
EVIL = "<script>alert(1)</script>\x1b[2J\"'&"


class Page(HTMLParser):
    """A page as its reader sees it: the words of each section, its ids, and where it leads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.style = ""
        self.sections: dict[str, str] = {}
        self._section = ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append(tag)
        if tag not in ("meta", "link", "br", "rect", "path"):
            self.open.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "data", "action", "xlink:href")]
        assert not [name for name in given if name.startswith("on")]
        if (anchor := given.get("id")) is not None:
            self.ids.append(anchor)
            if tag == "section":
                self._section = anchor

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] == ["style"]:
            self.style += data
        else:
            self.sections[self._section] = f"{self.sections.get(self._section, '')} {data.strip()}"

    def says(self, section: str) -> str:
        return " ".join(self.sections[section].split())


def page(*arguments: str, capsysbinary: pytest.CaptureFixture[bytes]) -> tuple[int, Page]:
    code = main(list(arguments))
    return code, Page(capsysbinary.readouterr().out.decode())


def report(folder: Path, *, run: bool = False) -> HostReport:
    loaded = load_host(folder)
    simulation = simulate(loaded) if run else None
    return HostReport(name=folder.name, host=loaded.host, findings=check(loaded), simulation=simulation)


def other_spider(folder: Path) -> Path:
    """Return a copy of the example in which domd has agent 5, and the guest has its agent."""
    shutil.copytree(EXAMPLE, folder / "other")
    for name, old, new in (("domd.cfg", "agent_id=2", "agent_id=5"), ("guest.cfg", "agent_id=4", "agent_id=5")):
        path = folder / "other" / name
        path.write_text(path.read_text().replace(old, new))
    return folder / "other"


def test_the_page_says_who_has_what(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    code, found = page("simulate", "--format", "html", str(EXAMPLE), capsysbinary=capsysbinary)
    assert code == 0
    drawn = found.says("topology")
    assert "agent 2 0x82000004 · page 0x47ff2000" in drawn
    assert "agent 0, trusted" in drawn
    assert "agent 5, free" in drawn
    assert "/soc/ethernet@e6800000 SCMI device 10 · SPI 39" in drawn
    assert "2 0x82000004 0x47ff2000 domain domd 10 /soc/ethernet@e6800000 11 /soc/mmc@ee140000" in found.says("agents")
    assert "domd toolstack 2 /soc/ethernet@e6800000 /soc/mmc@ee140000 71, 268 0x47ff2000" in found.says("domains")
    assert "domd + + . . ." in found.says("matrix")
    assert found.says("findings") == "Findings The rules find nothing."
    assert "nothing else" in found.says("deviations")
    assert "SMC" in found.says("log") or "Xen" in found.says("log")


def test_what_is_claimed_twice_is_marked(tmp_path: Path) -> None:
    found = holdings(load_host(other_spider(tmp_path)).host)
    drawing = draw(found)
    assert drawing.count('class="agent bad"') == 1
    assert drawing.count('<path class="bad"') == 2
    (row,) = [line for line in render(report(tmp_path / "other")).splitlines() if "claimed by several" in line]
    assert "domain domd, domain guest" in row


def test_findings_have_their_lines_and_the_fix(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    folder = VECTORS / "same-agent-two-domU"
    code, found = page("check", "--format", "html", str(folder), capsysbinary=capsysbinary)
    assert code == 1
    said = found.says("findings")
    assert "error XS201 duplicate-agent-id" in said
    assert f"{folder / 'host.dts'}:219:4" in said
    assert "xen,sci-agent-id = <2>;" in said
    assert "the other claim" in said
    assert "fix give every domain its own agent" in said


def test_a_panic_stands_in_place_of_the_matrix(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    folder = VECTORS / "same-agent-two-domU"
    code, found = page("simulate", "--format", "html", str(folder), capsysbinary=capsysbinary)
    assert code == 1
    assert "Xen panics at boot: Error creating domain domU2 (rc = -17)" in found.says("matrix")
    assert "Xen boot boots Error creating domain" in found.says("deviations")


def test_the_difference_to_another_host(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    other = other_spider(tmp_path)
    command = ("simulate", "--format", "html", "--against", str(other), str(EXAMPLE))
    _, found = page(*command, capsysbinary=capsysbinary)
    said = found.says("difference")
    assert "agent 2: owner domain domd –" in said
    assert "agent 5: owner – domain domd, domain guest" in said
    assert "domain domd: agent 2 5" in said
    assert f"Findings only on {EXAMPLE} None." in said
    assert "duplicate-agent-id" in said.split(f"Findings only on {other}")[1]
    assert "domd: agent agent 2" in said
    _, same = page("check", "--format", "html", "--against", str(EXAMPLE), str(EXAMPLE), capsysbinary=capsysbinary)
    assert same.says("difference").count("The same.") == 1
    assert same.says("difference").count("None.") == 2


def test_a_domain_that_only_one_host_has(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE, tmp_path / "less")
    manifest = tmp_path / "less" / "host.toml"
    manifest.write_text(
        manifest.read_text().replace('[[domain]]\nconfig = "guest.cfg"\ndevice_tree = "guest.dts"\n', "")
    )
    found = Page(render(report(EXAMPLE), report(tmp_path / "less")))
    assert "domain guest made by toolstack, agent 4, device /soc/i2c@e66e0000 given" in found.says("difference")


@pytest.mark.parametrize("command", ["check", "simulate"])
def test_another_host_needs_the_page(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--against", str(EXAMPLE), str(EXAMPLE)]) == 2
    assert capsys.readouterr().err == f"xenscmi {command}: error: --against needs --format html\n"


def test_files_that_are_no_host_give_a_page_too(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    (tmp_path / "host.toml").write_text('device_tree = "missing.dts"\n')
    code, found = page("check", "--format", "html", str(tmp_path), capsysbinary=capsysbinary)
    assert code == 2
    assert "these files are not a host" in found.says("")
    assert "missing.dts" in found.says("findings")
    assert list(found.sections) == ["", "findings"]


@pytest.mark.parametrize("folder", [EXAMPLE, *(VECTORS / name for name in ("good-default", "dup-agent-id-in-list"))])
def test_the_page_needs_nothing_else(folder: Path) -> None:
    text = render(report(folder, run=True), report(EXAMPLE, run=True))
    found = Page(text)
    assert not {"script", "img", "iframe", "object", "embed", "form"} & {*found.tags}
    assert "url(" not in found.style
    assert "@import" not in found.style
    assert "http:" not in text and "https:" not in text  # noqa: PT018
    assert "default-src 'none'" in text
    assert len(found.ids) == len({*found.ids})
    assert {link for link in found.links if not link.startswith("#")} == {"data:,"}
    assert {link[1:] for link in found.links if link.startswith("#")} <= {*found.ids}


def test_the_same_host_gives_the_same_bytes() -> None:
    def run(seed: str) -> bytes:
        command = [sys.executable, "-m", "xenscmi", "simulate", "--format", "html", "--against", "good-default"]
        env = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run([*command, "good-dom0+2domU"], cwd=VECTORS, env=env, capture_output=True, check=False)
        return done.stdout

    first = run("1")
    assert b"</html>" in first
    assert first == run("2")


def test_texts_of_the_host_cannot_become_markup(tmp_path: Path) -> None:
    source = Source(f"{EVIL}.cfg", f"a = {EVIL}\n")
    span = Span(source, 4, 4 + len(EVIL))
    finding = Diagnostic(
        message=EVIL,
        label=EVIL,
        help=EVIL,
        code=EVIL,
        name=EVIL,
        span=span,
        related=(Annotation(span=span, label=EVIL),),
    )
    text = render(HostReport(name=EVIL, host=Host(), findings=(finding,)))
    assert "script" not in Page(text).tags
    assert "\x1b" not in text
    assert text.count("&lt;script&gt;alert(1)") >= 8
    shutil.copytree(EXAMPLE, tmp_path / "evil")
    config = tmp_path / "evil" / "guest.cfg"
    config.write_text(config.read_text().replace('"guest"', "'<script>alert(1)</script>'"))
    assert "script" not in Page(render(report(tmp_path / "evil", run=True), report(EXAMPLE, run=True))).tags


def test_long_lines_and_many_findings_are_cut() -> None:
    source = Source("long.cfg", "x" * 100_000 + "BAD" + "y" * 100_000)
    finding = Diagnostic(message="m" * 5000, severity=Severity.INFO, span=Span(source, 100_000, 100_003))
    text = render(HostReport(name="n", host=Host(), findings=(finding,)))
    assert "<mark>BAD</mark>" in text
    assert len(text) < 20_000
    many = render(HostReport(name="n", host=Host(), findings=(Diagnostic(message="m"),) * 1003))
    assert "and 3 more" in many


def test_a_large_matrix_lists_what_is_not_refused() -> None:
    folder = VECTORS / "dom0less-ten"
    small = Page(render(report(folder)))
    assert re.search(r"\+ \.", small.says("matrix"))
    found = report(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(html_matrix, "_MOST_CELLS", 0)
        listed = Page(render(found)).says("matrix")
    assert "+ given to the domain" in listed
    assert re.search(r"domU\d \d+ .*\d devices", listed)


def test_neighbours_are_ranges() -> None:
    assert runs(()) == ""
    assert runs((3,)) == "3"
    assert runs((0, 1, 2, 3, 7, 9, 10)) == "0–3, 7, 9–10"
