"""What all commands have in common: help, versions, completion, pipes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from xenscmi import __version__
from xenscmi.cli import COMMANDS
from xenscmi.cli.writing import write_files, write_result
from xenscmi.diagnostics import XenscmiError

Result = subprocess.CompletedProcess[bytes]
Run = Callable[..., Result]


def test_version(xenscmi: Run) -> None:
    for option in ("--version", "-V"):
        assert xenscmi(option).stdout.decode() == f"xenscmi {__version__}\n"


def test_help(xenscmi: Run) -> None:
    done = xenscmi("--help")
    text = done.stdout.decode()
    assert (done.returncode, done.stderr) == (0, b"")
    for command, summary in COMMANDS.items():
        assert f"  {command}" in text
        assert summary in text
    assert xenscmi("-h").stdout == xenscmi("help").stdout == done.stdout
    bare = xenscmi()
    assert (bare.returncode, bare.stdout) == (2, done.stdout)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_each_command(xenscmi: Run, command: str) -> None:
    done = xenscmi(command, "--help")
    text = done.stdout.decode()
    assert (done.returncode, done.stderr) == (0, b"")
    assert text.startswith(f"usage: xenscmi {command} ")
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize(
    ("given", "hint"),
    [("crate", "did you mean `create'?"), ("domctrl", "did you mean `domctl'?"), ("xyzzy", "see xenscmi --help")],
)
def test_unknown_commands(xenscmi: Run, given: str, hint: str) -> None:
    done = xenscmi(given)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode() == f"xenscmi: error: there is no command `{given}'; {hint}\n"


def test_names_do_nothing_to_a_terminal(xenscmi: Run) -> None:
    name = "\x1b[31m\u202e"
    for arguments in ((name,), ("explain", name), ("create", name)):
        said = xenscmi(*arguments).stderr.decode()
        assert r"\x1b[31m\u202e" in said
        assert not {"\x1b", "\u202e"} & set(said)


def test_it_can_be_imported_and_installed(xenscmi: Run, guest: Path) -> None:
    script = Path(sys.executable).with_name("xenscmi")
    if not script.exists():
        pytest.skip("not installed")
    done = subprocess.run([script, "create", "-n", guest], capture_output=True, check=True)
    assert done.stdout == xenscmi("create", "-n", "guest.cfg").stdout


def complete(script: bytes, *words: str) -> set[str]:
    """Return what bash offers behind these words."""
    line = " ".join(f"'{word}'" for word in words)
    ask = f'\nCOMP_WORDS=(xenscmi {line}); COMP_CWORD={len(words)}; _xenscmi; printf "%s\\n" "${{COMPREPLY[@]}}"\n'
    text = b"set -u\n" + script + ask.encode()
    done = subprocess.run(["bash", "--norc"], input=text, capture_output=True, check=True)
    assert done.stderr == b""
    return set(done.stdout.decode().split())


@pytest.mark.skipif(not shutil.which("bash"), reason="no bash")
def test_bash_completes(xenscmi: Run, guest: Path) -> None:
    script = xenscmi("completion", "bash").stdout
    subprocess.run(["bash", "-n"], input=script, check=True)
    assert complete(script, "") == {*COMMANDS, "--help", "--version"}
    assert complete(script, "cre") == {"create"}
    assert complete(script, "create", "--d") == {"--dryrun", "--defconfig"}
    assert complete(script, "domctl", "--p") == {"--profile"}
    assert complete(script, "domctl", "--profile", "4.22+sci-ma-") == {"4.22+sci-ma-pad"}
    assert complete(script, "check", "--format", "") > {"text", "json", "sarif", "github", "html"}
    assert complete(script, "completion", "") == {"bash", "zsh", "fish"}
    assert complete(script, "explain", "XS201", "duplicate-ag") == {"duplicate-agent-id"}
    assert complete(script, "unknown", "") == set()
    assert complete(script, "check", "--select", "XS20") == {f"XS20{n}" for n in range(1, 10)}
    assert complete(script, "scmi", "DomD", "cl") == {"clock"}
    assert complete(script, "scmi", "DomD", "clock", "rate_s") == {"rate_set"}
    assert complete(script, "scmi", "--page", "0x1000", "--json", "DomD", "clock", "rate_g") == {"rate_get"}
    assert complete(script, "scmi", "DomD", "clock", "rate_get", "") == set()
    assert complete(script, "conform", "--profile", "tfa-r") == {"tfa-rpi5", "tfa-rcar-gen4"}


@pytest.mark.skipif(not shutil.which("bash"), reason="no bash")
def test_bash_completes_files_where_there_is_nothing_else(xenscmi: Run, guest: Path) -> None:
    script = xenscmi("completion", "bash").stdout
    assert complete(script, "create", "-n", str(guest.parent / "gue")) == set()
    assert b"\ncomplete -o default " in script


def test_other_shells(xenscmi: Run) -> None:
    assert xenscmi("completion", "zsh").stdout.startswith(b"autoload -U +X bashcompinit && bashcompinit\n_xenscmi()")
    fish = xenscmi("completion", "fish").stdout.decode()
    function, _, lines = fish.partition("\nend\n")
    assert function.startswith("function __xenscmi_at\n")
    assert all(line.startswith("complete -c xenscmi -n ") for line in lines.splitlines())
    assert "-a create " in fish
    assert "'__fish_seen_subcommand_from create' -l dryrun\n" in fish
    assert r"attach to a domain\'s console in dom0" in fish
    assert "'__fish_seen_subcommand_from check' -l format -x -a 'text json sarif github " in fish
    assert "'__fish_seen_subcommand_from create' -l host -r\n" in fish
    assert "'__xenscmi_at completion 0' -f -a 'bash zsh fish'" in fish
    assert xenscmi("completion", "tcsh").returncode == 2
    assert xenscmi("completion").returncode == 2


@pytest.mark.skipif(not shutil.which("fish"), reason="no fish")
def test_fish_completes(xenscmi: Run, guest: Path, tmp_path: Path) -> None:
    (tmp_path / "xenscmi.fish").write_bytes(xenscmi("completion", "fish").stdout)
    for words, expected in {
        "scmi DomD clock rate_s": ["rate_set"],
        "scmi --page 0x1 DomD cl": ["clock"],
        "domctl --profile 4.22+sci-ma-": ["4.22+sci-ma-pad"],
        "explain duplicate-ag": ["duplicate-agent-id"],
    }.items():
        ask = f"source {tmp_path}/xenscmi.fish; complete -C 'xenscmi {words}'"
        done = subprocess.run(["fish", "--no-config", "-c", ask], capture_output=True, check=True)
        assert done.stdout.decode().split() == expected


COMMAND_LINES = [
    ["--help"],
    ["create", "--help"],
    ["create", "-n", "guest.cfg"],
    ["domctl", "guest.cfg"],
    ["profiles"],
    ["completion", "bash"],
]


@pytest.mark.parametrize("arguments", COMMAND_LINES, ids=" ".join)
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_goes_away_is_no_error(guest: Path, arguments: list[str], unbuffered: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as closed:
        done = subprocess.run(
            [sys.executable, "-m", "xenscmi", *arguments],
            stdout=closed,
            stderr=subprocess.PIPE,
            cwd=guest.parent,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
            check=False,
        )
    assert done.stderr == b""
    assert done.returncode == 1 or "--help" in arguments  # argparse itself swallows the error, where it meets it


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize("arguments", COMMAND_LINES[2:4], ids=" ".join)
def test_a_full_disk_is_reported(guest: Path, arguments: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        command = [sys.executable, "-m", "xenscmi", *arguments]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, cwd=guest.parent, check=False)
    assert (done.returncode, done.stderr) == (1, b"xenscmi: error: No space left on device\n")


CLOSED = b"xenscmi: error: standard output is closed\n"


@pytest.mark.parametrize(
    ("arguments", "redirection", "exit_code", "said"),
    [
        ("create -n guest.cfg", ">&-", 1, CLOSED),
        ("--help", ">&-", 1, CLOSED),
        ("check --help", ">&-", 1, CLOSED),
        ("create -n guest.cfg", ">&- 2>&- <&-", 1, b""),
        ("create -n guest.cfg", "2>&-", 0, b""),
        ("create -n guest.cfg", "<&-", 0, b""),
        ("destroy --all", ">&-", 0, b""),  # has nothing to say
    ],
)
def test_closed_streams(guest: Path, arguments: str, redirection: str, exit_code: int, said: bytes) -> None:
    script = f'"{sys.executable}" -m xenscmi {arguments} {redirection}'
    done = subprocess.run(["sh", "-c", script], capture_output=True, cwd=guest.parent, check=False)
    assert (done.returncode, done.stderr) == (exit_code, said)


def test_what_the_locale_cannot_show_is_escaped(xenscmi: Run, guest: Path) -> None:
    done = xenscmi("--help", env={"PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"[ARGUMENT\\u2026]" in done.stdout
    done = xenscmi("create", "-n", "guest.cfg", 'type="é"', env={"PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"Invalid domain type \\xe9." in done.stderr


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(XenscmiError, match="cannot write"):
        write_files({str(tmp_path / "taken"): b"text"})
    assert [each.name for each in tmp_path.iterdir()] == ["taken"]
    write_files({str(tmp_path / "new"): b"text"})
    assert sorted(each.name for each in tmp_path.iterdir()) == ["new", "taken"]


def test_a_link_stays_and_a_pipe_is_written_to(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("file")
    for text in (b"new", b"old"):  # the file behind the link is made, then replaced
        write_result(str(tmp_path / "link"), text)
        assert ((tmp_path / "link").is_symlink(), (tmp_path / "file").read_bytes()) == (True, text)
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    write_result(str(tmp_path / "pipe"), b"through")
    assert ((tmp_path / "pipe").is_fifo(), os.read(reader, 100)) == (True, b"through")
    os.close(reader)
    with pytest.raises(XenscmiError, match="cannot write"):
        write_result(str(tmp_path), b"")


def test_a_file_keeps_its_mode_and_a_new_one_obeys_the_mask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_files({str(tmp_path / "file"): b"text"})
        assert (tmp_path / "file").stat().st_mode & 0o777 == 0o640
        (tmp_path / "file").chmod(0o604)
        write_files({str(tmp_path / "file"): b"text"})
        assert (tmp_path / "file").stat().st_mode & 0o777 == 0o604
    finally:
        os.umask(before)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_a_file_keeps_its_owner(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    os.chown(tmp_path / "file", 1234, 1235)
    write_files({str(tmp_path / "file"): b"new"})
    status = (tmp_path / "file").stat()
    assert (status.st_uid, status.st_gid, (tmp_path / "file").read_text()) == (1234, 1235, "new")
