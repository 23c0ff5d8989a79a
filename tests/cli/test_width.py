"""What people read at 80 columns and less: nothing is wider where its words allow that, and no word is broken."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from tests.terminals import open_terminal

from xenscmi.cli import COMMANDS, main
from xenscmi.cli.help import help_width
from xenscmi.cli.terminal import LEAST, width_of

EXAMPLE = Path(__file__).parents[2] / "examples" / "spider"
WIDTHS = (80, 60, 40)


@pytest.fixture(params=WIDTHS)
def width(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setenv("COLUMNS", str(request.param))
    return int(request.param)


def too_wide(text: str, width: int) -> list[str]:
    """Return the lines that are too wide although they could have been broken: at a space behind their indent."""
    found = []
    for line in text.splitlines():
        words = line.strip().removesuffix(" \\")
        quoted = words[:1] in "'\"" and words[-1:] == words[:1]  # a word for a shell
        if len(line) > width and " " in words and not quoted:
            found.append(line)
    return found


def words_of(text: str) -> list[str]:
    """Return the words of a text, however its lines are broken; examples are continued with a backslash."""
    return text.replace(" \\\n", "\n").split()


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help(command: str, width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def said() -> str:
        with suppress(SystemExit):
            main([command, "--help"] if command else ["--help"])
        return capsys.readouterr().out

    narrow = said()
    assert too_wide(narrow, width) == []
    monkeypatch.setenv("COLUMNS", "1000")  # help has 80 columns at most
    wide = said()
    assert too_wide(wide, 80) == []
    assert words_of(narrow) == words_of(wide)


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The example host with mistakes; relative names, so that no line is long for its path alone."""
    for path in EXAMPLE.iterdir():
        (tmp_path / path.name).write_text(path.read_text())
    guest = tmp_path / "guest.cfg"
    guest.write_text(guest.read_text().replace("agent_id=4", "agent_id=2") + 'altp2m = "mixed"\n')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_findings(host: Path, width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["check"]) == 1
    narrow = capsys.readouterr().err
    assert too_wide(narrow, width) == []
    monkeypatch.delenv("COLUMNS")
    main(["check"])
    wide = capsys.readouterr().err
    # All words of each message are there; of the lines of the files, only a part may be.
    for line in wide.splitlines():
        if ": error: " in line or line.startswith("  = help: "):
            assert " ".join(line.split()) in " ".join(narrow.split())


@pytest.mark.parametrize(
    "command",
    [
        ["agents"],
        ["show"],
        ["conform", "--list"],
        ["scmi", "dom0"],
        ["scmi", "dom0", "base", "protocol_version"],
        ["simulate"],
        ["rules"],
        ["profiles"],
        ["profiles", "--firmware"],
        ["explain", "XS201"],
    ],
    ids=" ".join,
)
def test_tables(command: list[str], host: Path, width: int, capsys: pytest.CaptureFixture[str]) -> None:
    main(command)
    said = capsys.readouterr()
    table = said.out.partition("\nBad, in")[0]  # what stands in a file stays as it is
    assert table
    assert too_wide(table, width) == []
    assert too_wide(said.err, width) == []


def test_a_pipe_is_not_folded(host: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert width_of(sys.stdout) is None
    main(["check"])
    assert max(map(len, capsys.readouterr().err.splitlines())) > max(WIDTHS)


@pytest.mark.parametrize(("columns", "found"), [("7", LEAST), ("0", None), ("-3", None), ("x", None), ("²", None)])
def test_a_width_that_is_none(columns: str, found: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert width_of(sys.stdout) == found
    assert help_width() == (found or 80)


def test_a_terminal_that_does_not_say_how_wide_it_is_gets_whole_lines() -> None:
    """A serial console has 0 columns."""
    ours, theirs = open_terminal()
    with os.fdopen(ours), os.fdopen(theirs, "w") as terminal:
        assert os.get_terminal_size(terminal.fileno()).columns == 0
        assert width_of(terminal) is None


def test_a_terminal_says_how_wide_it_is(host: Path) -> None:
    """A real terminal of 50 columns."""
    ours, theirs = open_terminal()
    script = (
        "import os, fcntl, struct, sys, termios; fcntl.ioctl(2, termios.TIOCSWINSZ, struct.pack('HHHH', 24, 50, 0, 0));"
    )
    script += "from xenscmi.cli import main; sys.exit(main(['check']))"
    environ = {**os.environ, "NO_COLOR": "1"}
    done = subprocess.Popen([sys.executable, "-c", script], stderr=theirs, env=environ)
    os.close(theirs)
    said = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:
            break
        if not part:
            break
        said += part
    assert done.wait(60) == 1
    os.close(ours)
    text = said.decode().replace("\r\n", "\n")
    assert "[XS201]" in text
    assert too_wide(text, 50) == []
