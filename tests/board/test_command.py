"""`xenscmi board` as its users call it."""

from __future__ import annotations

import json
import os
import pty
import select
import sys
import time
from pathlib import Path

import debian_packages
import pytest

from xenscmi.cli import main

HOST = str(Path(__file__).parents[2] / "examples" / "spider")
FIRST = "base PROTOCOL_VERSION"


def board(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["board", *arguments])
    out, err = capfd.readouterr()
    return code, out, err


@pytest.fixture
def guest(tmp_path: Path) -> list[str]:
    """The arguments for a Linux that runs a script; write `script.sh` before."""
    try:
        kernel = debian_packages.kernel("bookworm")
        busybox = debian_packages.fetch("bookworm", ["busybox-static"])["busybox-static"] / "bin/busybox"
    except debian_packages.Unavailable as error:
        pytest.skip(str(error))
    return ["--kernel", str(kernel), "--busybox", str(busybox), "--script", str(tmp_path / "script.sh")]


@pytest.mark.slow
def test_a_run_is_shown_recorded_and_replayed(
    qemu: str, guest: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "script.sh").write_text("cat /sys/kernel/debug/clk/clk_summary\necho xenscmi-report: pass all well\n")
    trace = str(tmp_path / "trace.jsonl")
    profile = ["--profile", "tfa-rpi5"]

    code, out, err = board(capfd, "run", *guest, *profile, "--record", trace)

    assert code == 0, err
    assert "console-baud-cl" in out
    assert "agent 1  base PROTOCOL_VERSION()  version=0x20000" in err
    assert "xenscmi: a guest reported: pass all well" in err
    assert "xenscmi: the board was powered off, after " in err
    recorded = [json.loads(line) for line in Path(trace).read_text().splitlines()]
    assert len(recorded) > 50
    assert {message["agent"] for message in recorded} == {1, 2, 3}

    code, out, err = board(capfd, "replay", trace, *profile)
    assert (code, err) == (0, f"xenscmi: {len(recorded)} messages, 0 of them with another response now\n")

    code, out, err = board(capfd, "replay", trace, "--profile", "scp")
    assert code == 1
    assert "vendor_identifier='arm'" in err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("script", "more", "code", "words"),
    [
        ("echo xenscmi-report: fail it is too hot", [], 1, "xenscmi: a guest reported: fail it is too hot"),
        (
            "echo c > /proc/sysrq-trigger",
            [],
            1,
            "xenscmi: it panicked (Kernel panic - not syncing: sysrq triggered crash",
        ),
        ("sleep 100", ["--timeout", "8"], 1, "xenscmi: time was up (after 8 s)"),
        ("echo xenscmi-report: pass", ["--fault", "refuse:base.*=denied", "--quiet"], 0, "1 SCMI messages"),
    ],
)
def test_the_exit_code_says_how_it_ended(
    qemu: str,
    guest: list[str],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    script: str,
    more: list[str],
    code: int,
    words: str,
) -> None:
    (tmp_path / "script.sh").write_text(f"{script}\n")

    found, _, err = board(capfd, "run", *guest, "--agent", "1", *more)

    assert words in err
    assert found == code


@pytest.mark.slow
def test_a_host_boots_under_xen_with_dom0s_agent(
    qemu: str, guest: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    try:
        packages = debian_packages.fetch("trixie", ["xen-hypervisor-4.20-arm64"])
    except debian_packages.Unavailable as error:
        pytest.skip(str(error))
    xen = packages["xen-hypervisor-4.20-arm64"] / "boot" / "xen-4.20-arm64"
    (tmp_path / "script.sh").write_text("ls -d /sys/bus/*/drivers/of_serial/*.serial\necho xenscmi-report: pass\n")

    code, out, err = board(capfd, "run", HOST, *guest, "--xen", str(xen))

    assert code == 0, (out[-2000:], err[-2000:])
    assert "(XEN) Using SCMI with SMC ID: 0x82000003" in out
    assert "/47ff0000.serial" in out, "dom0's device, with its clock, reset and power domain"
    assert "agent 1  CLOCK_CONFIG_SET(clock_id=18, attributes=0x1)  SUCCESS" in err


@pytest.mark.slow
def test_on_a_terminal_the_console_is_typed_on_and_ctrl_bracket_ends_the_board(qemu: str, guest: list[str]) -> None:
    kernel_and_busybox = guest[:4]
    command = [sys.executable, "-m", "xenscmi", "board", "run", *kernel_and_busybox, "--quiet"]
    try:
        child, terminal = pty.fork()
    except OSError as exc:
        pytest.skip(f"this machine gives no terminal (a chroot without /dev/pts): {exc}")
    if child == 0:
        os.execv(command[0], command)

    seen = b""

    def read_until(words: bytes) -> None:
        nonlocal seen
        deadline = time.monotonic() + 90
        while words not in seen:
            assert time.monotonic() < deadline, seen[-2000:]
            if select.select([terminal], [], [], 1)[0]:
                seen += os.read(terminal, 4096)

    read_until(b"/ # ")
    os.write(terminal, b"echo typed-$((1 + 1))\n")
    read_until(b"typed-2")
    os.write(terminal, b"\x1d")
    read_until(b"xenscmi: it was stopped (by the user)")
    _, status = os.waitpid(child, 0)
    os.close(terminal)

    assert os.waitstatus_to_exitcode(status) == 0


def test_the_tree_of_a_host_has_its_agents(capfd: pytest.CaptureFixture[str]) -> None:
    code, out, err = board(capfd, "tree", HOST)

    assert (code, err) == (0, "")
    for func_id in range(0x82000003, 0x82000008):
        assert f"arm,smc-id = <{func_id:#x}>;" in out
    assert "0x82000002" not in out, "the management channel is no operating system's"


def test_only_chosen_agents_are_in_the_tree(capfd: pytest.CaptureFixture[str]) -> None:
    _, out, _ = board(capfd, "tree", HOST, "--agent", "3")

    assert out.count("arm,smc-id") == 1
    assert "arm,smc-id = <0x82000005>;" in out


def trace(tmp_path: Path, *lines: str) -> str:
    path = tmp_path / "trace.jsonl"
    path.write_text("".join(f"{line}\n" for line in lines))
    return str(path)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run"], "there is no kernel to boot"),
        (["run", "--kernel", "/nonexistent"], "cannot read /nonexistent"),
        (["run", "--kernel", __file__], "is not an arm64 image"),
        (["run", "--kernel", __file__, "--script", __file__], "a script needs a shell"),
        (["run", "--fault", "nonsense"], "`nonsense' is not of the form"),
        (["run", "--cpus", "9", "--kernel", __file__], "is not an arm64 image"),
        (["tree", "--cpus", "9"], "the board has 1 to 8 CPUs"),
        (["tree", "--agent", "9"], "there is no agent 9"),
        (["tree", "--profile", "none"], "there is no firmware profile none"),
        (["tree", "/nonexistent"], "/nonexistent"),
        (["replay"], "there is no trace to replay"),
        (["replay", __file__], "test_command.py:1: not a message of a trace"),
    ],
)
def test_what_cannot_be_used_is_said_in_words(
    qemu: str, capfd: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    code, out, err = board(capfd, *arguments)

    assert (code, out) == (2, "")
    assert words in err


def test_a_trace_of_an_agent_that_the_platform_lacks_is_refused(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    line = '{"at": 0, "agent": 99, "header": "0x4000", "request": "", "response": "0000000000000200"}'

    code, _, err = board(capfd, "replay", trace(tmp_path, line))

    assert code == 2
    assert "the platform has no agent 99" in err


def test_without_qemu_the_board_says_what_is_missing(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")

    code, _, err = board(capfd, "run", "--kernel", __file__)

    assert code == 2
    assert "qemu-system-aarch64 is not installed" in err
    assert "qemu-system-arm" in err
