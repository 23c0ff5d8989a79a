"""A fleet of small hosts: variants that share trees, each with an xl.cfg and a partial tree of its own."""

from __future__ import annotations

import re
from pathlib import Path
from time import sleep

import pytest

from xenscmi.cli import main
from xenscmi.rules.example import FILES

MANIFEST = """\
device_tree = "{tree}"

[[domain]]
config = "{name}/guest.cfg"
device_tree = "{name}/guest.dts"

[[domain]]
name = "panel"
device_tree = "panel.dts"
"""


class Fleet:
    """The hosts in a folder, which is the current one: `a.toml`, `b.toml`… with `a/guest.cfg` and so on.

    All share panel.dts. Those of `first` share one host tree, the others another: this is how two boards would be.
    """

    def __init__(self, folder: Path, names: str, first: str, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.names = [f"{name}.toml" for name in names]
        self._capsys = capsys
        for file in ("panel.dts", "host.dts"):
            (folder / file).write_text(FILES[file])
        (folder / "other.dts").write_text(f"{FILES['host.dts']}// the other board\n")
        for name in names:
            (folder / name).mkdir()
            (folder / name / "guest.cfg").write_text(f"{FILES['guest.cfg']}# variant {name}\n")
            (folder / name / "guest.dts").write_text(FILES["guest.dts"])
            tree = "host.dts" if name in first else "other.dts"
            (folder / f"{name}.toml").write_text(MANIFEST.format(tree=tree, name=name))
        self.settle()

    def settle(self) -> None:
        """Wait until all files are old enough for the cache: what changed within the last tick of the clock is not."""
        sleep(0.03)

    def change(self, name: str, text: str = "\n") -> None:
        """Append to a file."""
        path = self.folder / name
        path.write_text(path.read_text() + text)
        self.settle()

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Run a command with a cache; return its exit code, standard output and standard error."""
        code = main(list(arguments))
        said = self._capsys.readouterr()
        return code, said.out, said.err

    def checked(self, *arguments: str) -> list[str]:
        """Check all hosts with the cache; return those that were not in it."""
        _, _, err = self.run("check", "--hosts", "*.toml", "--cache", "../cache", "-v", "-j", "2", *arguments)
        told = dict(re.findall(r"^(\w\.toml): (from the cache|.+)$", err, re.MULTILINE))
        return sorted(name for name, reason in told.items() if reason != "from the cache")


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Fleet:
    """Five hosts, three of them on one board."""
    folder = tmp_path / "hosts"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return Fleet(folder, "abcde", "abc", capsys)
