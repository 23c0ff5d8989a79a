"""The kernel's own list of what was opened and looked for, against what an outcome is said to depend on."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
CALL = re.compile(
    r"^\d+ +(?:openat|newfstatat|readlinkat|readlink|lstat|stat|access|faccessat2?)"
    r'\((?:AT_FDCWD<(?P<at>[^>]*)>, )?"(?P<path>[^"]*)".*\) = -?\d+(?P<error> E\w+)?'
)


def _seen(log: str, folder: Path) -> tuple[set[str], set[str]]:
    """Return the files below a folder that were opened, and the paths that were not there, as seen from the folder."""
    opened, missing = set(), set()
    for line in log.splitlines():
        match = CALL.match(line)
        if not match:
            continue
        path = os.path.normpath(Path(match["at"] or folder, match["path"]))
        if Path(path).is_relative_to(folder):
            name = os.path.relpath(path, folder)
            if match["error"] == " ENOENT":
                missing.add(name)
            elif "openat(" in line and Path(path).is_file():
                opened.add(name)
    return opened, missing


def _depends_on(cache: Path) -> dict[str, str]:
    (path,) = (each for each in (cache / "runs").rglob("*") if each.is_file())
    (states,) = json.loads(path.read_bytes().partition(b"\n")[2])["states"]
    return {os.path.normpath(name): state for name, state in states.items() if not name.endswith((" ->", "/"))}


HOSTS = {
    "a manifest over three trees": ["product/integration"],
    "one manifest": ["spider"],
    "a folder": ["folder"],
    "files": ["folder/host.dts", "folder/guest.cfg"],
    "a file of the target": ["folder/host.dts", "folder/guest.cfg", "--root", "rootfs", "-I", "more", "-I", "parts"],
}


@pytest.fixture
def hosts(tmp_path: Path) -> Path:
    """Return a folder with the hosts."""
    from xenscmi.rules.example import FILES

    folder = tmp_path / "hosts"
    for name in ("spider", "product"):
        shutil.copytree(EXAMPLES / name, folder / name)
    for name in ("folder", "parts", "more", "rootfs/boot"):
        (folder / name).mkdir(parents=True)
    for name, text in FILES.items():
        (folder / "folder" / name).write_text(text)
    (folder / "folder" / "guest.dts").rename(folder / "rootfs" / "boot" / "guest.dts")
    (folder / "spider" / "more.dtsi").write_text('/include/ "most.dtsi"\n')
    (folder / "spider" / "most.dtsi").write_text("/ { most; };\n")
    (folder / "parts" / "part.h").write_text("#define PART 1\n")
    with (folder / "spider" / "board.dts").open("a") as file:
        file.write('/include/ "more.dtsi"\n')
    return folder


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
@pytest.mark.parametrize("host", HOSTS)
def test_everything_that_is_looked_at_is_recorded(hosts: Path, host: str) -> None:
    """Also what dtc and cpp look at: an outcome may depend on more than what was opened, never on less."""
    log, cache = hosts / "log", hosts.parent / "cache"
    if "-I" in HOSTS[host]:
        path = hosts / "folder" / "host.dts"
        path.write_text(path.read_text().replace("/dts-v1/;\n", '/dts-v1/;\n#include "part.h"\n'))
    traced = ["strace", "-f", "-y", "-s", "4096", "-o", str(log), "-e", "trace=%file,readlinkat"]
    command = [*traced, sys.executable, "-m", "xenscmi", "check", "--cache", str(cache), *HOSTS[host]]
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=hosts, env=env, capture_output=True, text=True, timeout=120)
    if "PTRACE" in done.stderr or "ptrace" in done.stderr:
        pytest.skip("this machine lets nobody trace")
    assert done.returncode in (0, 1), done.stderr
    opened, missing = _seen(log.read_text(errors="surrogateescape"), hosts)
    states = _depends_on(cache)
    assert len(opened) >= 2
    assert opened - states.keys() == set()
    present = {name for name, state in states.items() if state.startswith("file:")}
    assert present <= opened
    looked_for = {name for name in missing if Path(name).suffix in (".dts", ".dtb", ".dtsi", ".h", ".cfg", ".toml")}
    assert {name for name in looked_for if states.get(name, "").startswith("file:")} == set()
    assert looked_for - states.keys() == set()
