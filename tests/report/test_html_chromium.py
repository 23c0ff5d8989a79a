"""The HTML page in a real browser: it fetches nothing, fits its window, and follows dark mode."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path

import axe_core_python
import pytest

from xenscmi.api import check, load_host, simulate
from xenscmi.report.html import HostReport, render

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium (Debian: chromium)"),
]

QUIET = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
DARK = "--blink-settings=preferredColorScheme=0"

MEASURE = """
<script>
const width = text => text.parentNode.querySelector("rect").width.baseVal.value;
const texts = [...document.querySelectorAll("svg a text")];
const wide = texts.filter(one => one.getComputedTextLength() > width(one) - 12);
const body = getComputedStyle(document.body);
document.body.innerHTML = "";
document.body.textContent = JSON.stringify({
  texts: texts.length, wide: wide.map(one => one.textContent), back: body.backgroundColor, ink: body.color,
  overflow: overflow, headings: headings});
</script>
"""
BEFORE = """
<script>
const overflow = document.documentElement.scrollWidth - document.documentElement.clientWidth;
const headings = [...document.querySelectorAll("h2")].map(one => one.textContent);
</script>
"""

AXE = Path(axe_core_python.__file__).with_name("axe.min.js").read_text("utf-8")
RUN_AXE = """
<script>
axe.run().then(found => {
  const said = found.violations.map(one => [one.impact, one.id, one.nodes.map(node => node.html).slice(0, 5)]);
  document.body.innerHTML = "";
  document.body.textContent = JSON.stringify({violations: said, passes: found.passes.length});
});
</script>
"""


@pytest.fixture(scope="module")
def page() -> str:
    loaded = load_host(ROOT / "tests" / "vectors" / "boot" / "good-dom0+2domU")
    shown = HostReport(name="host", host=loaded.host, findings=check(loaded), simulation=simulate(loaded))
    example = load_host(ROOT / "examples" / "spider")
    other = HostReport(name="spider", host=example.host, findings=check(example), simulation=simulate(example))
    return render(shown, other)


def browse(folder: Path, text: str, *options: str) -> str:
    """Open a page, and return its document as the browser has it."""
    assert CHROMIUM
    (folder / "page.html").write_text(text, "utf-8")
    command = [CHROMIUM, *QUIET, f"--user-data-dir={folder / 'profile'}", *options, "--dump-dom"]
    done = subprocess.run(
        [*command, (folder / "page.html").as_uri()], capture_output=True, text=True, timeout=120, check=True
    )
    return done.stdout


def measure(folder: Path, text: str, *options: str) -> dict[str, object]:
    """Return what the browser measures of the page."""
    return run_script(folder, text, f"{BEFORE}{MEASURE}", *options)


def run_script(folder: Path, text: str, script: str, *options: str) -> dict[str, object]:
    """Return the object that a script leaves as the page's text; it may run here, which the page itself forbids."""
    allowed = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
    document = browse(folder, allowed.replace("</body>", f"{script}</body>"), *options)
    found = re.search(r"<body>(\{.*?\})(?:</body>|\s*<)", document, re.DOTALL)
    assert found, document[-2000:]
    measured = json.loads(html.unescape(found.group(1)))
    assert isinstance(measured, dict)
    return measured


def test_nothing_is_fetched(page: str, tmp_path: Path) -> None:
    """The browser's own requests for updates are in the log, too: those of a page have the page as their initiator."""
    log = tmp_path / "net.json"
    document = browse(tmp_path, page, f"--log-net-log={log}")
    assert document.count("<section") == page.count("<section")
    assert initiated(log) == []


def test_the_log_would_show_a_fetch(page: str, tmp_path: Path) -> None:
    log = tmp_path / "net.json"
    allowed = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
    browse(tmp_path, allowed.replace("</main>", '<img src="http://127.0.0.1:9/x.png"></main>'), f"--log-net-log={log}")
    assert initiated(log) == ["http://127.0.0.1:9/x.png"]


def initiated(log: Path) -> list[str]:
    """Return the addresses that pages asked the network for; what the browser wants for itself has no initiator."""
    found = []
    for line in log.read_text().splitlines():
        if '"initiator":"' in line and '"url":"' in line:
            (initiator,), (url,) = re.findall(r'"initiator":"([^"]*)"', line), re.findall(r'"url":"([^"]*)"', line)
            if initiator != "not an origin":
                found.append(url)
    return found


@pytest.mark.parametrize("size", ["1280,900", "600,900"])
def test_it_fits_the_window(page: str, tmp_path: Path, size: str) -> None:
    measured = measure(tmp_path, page, f"--window-size={size}")
    assert measured["overflow"] == 0
    assert measured["wide"] == []
    assert measured["texts"]
    assert "Difference to spider" in measured["headings"]  # type: ignore[operator]


def test_dark_mode(page: str, tmp_path: Path) -> None:
    light, dark = measure(tmp_path, page), measure(tmp_path, page, DARK)
    assert (light["back"], light["ink"]) == ("rgb(246, 247, 249)", "rgb(28, 36, 48)")
    assert (dark["back"], dark["ink"]) == ("rgb(18, 22, 28)", "rgb(228, 232, 238)")


@pytest.mark.parametrize("options", [(), (DARK,), ("--window-size=600,900",)], ids=["light", "dark", "narrow"])
def test_axe_finds_no_fault(page: str, tmp_path: Path, options: tuple[str, ...]) -> None:
    found = run_script(tmp_path, page, f"<script>{AXE}</script>{RUN_AXE}", *options, "--virtual-time-budget=60000")
    assert found["violations"] == []
    assert found["passes"]


def test_axe_would_find_a_fault(page: str, tmp_path: Path) -> None:
    faulty = page.replace("</main>", '<img src="data:,"></main>')
    found = run_script(tmp_path, faulty, f"<script>{AXE}</script>{RUN_AXE}", "--virtual-time-budget=60000")
    assert [one[:2] for one in found["violations"]] == [["critical", "image-alt"]]  # type: ignore[attr-defined]


def test_it_prints(page: str, tmp_path: Path) -> None:
    assert CHROMIUM
    (tmp_path / "page.html").write_text(page, "utf-8")
    target = tmp_path / "page.pdf"
    command = [CHROMIUM, *QUIET, f"--user-data-dir={tmp_path / 'profile'}", f"--print-to-pdf={target}"]
    subprocess.run([*command, (tmp_path / "page.html").as_uri()], capture_output=True, timeout=120, check=True)
    assert target.read_bytes().startswith(b"%PDF-")
