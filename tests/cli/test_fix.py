"""`xenscmi check --fix` and `--diff` on files: what is written, what is left alone, and that a patch says the same."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xenscmi.cli import fixing, main
from xenscmi.diagnostics import Diagnostic, Edit, Fix, Safety, XenscmiError
from xenscmi.host.files import Read
from xenscmi.plan.rendering.header import slashes
from xenscmi.rules.example import FILES
from xenscmi.rules.fixing import FixResult, fix
from xenscmi.rules.registry import all_rules
from xenscmi.rules.rule import Change, Rule
from xenscmi.source import Source, Span

MANIFEST = """\
device_tree = "host.dts"

[[domain]]
config = "guest.cfg"
device_tree = "guest.dts"

[[domain]]
name = "panel"
device_tree = "panel.dts"
"""
DECIMAL = Change("guest.cfg", "agent_id=4", "agent_id=0x4")
NO_IRQ = Change("guest.cfg", "irqs = [ 82 ]\n", "")
FUNC_ID = Change("panel.dts", "<0x82000005>", "<0x82000006>")
UNSAFE = Change("guest.cfg", "irqs = [ 82 ]", "irqs = [ 82, 50 ]")


def write(folder: Path, *changes: Change) -> Path:
    """Write the example host with changes, and a manifest."""
    folder.mkdir(exist_ok=True, parents=True)
    files = dict(FILES) | {"host.toml": MANIFEST}
    for change in changes:
        assert files[change.file].count(change.good) == 1
        files[change.file] = files[change.file].replace(change.good, change.bad)
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    def check(*arguments: str | Path) -> tuple[int, str, str]:
        capfdbinary.readouterr()
        code = main(["check", *map(str, arguments)])
        said = capfdbinary.readouterr()
        return code, said.out.decode("utf-8", "surrogateescape"), said.err.decode()

    return check


# What it does


def test_fix_writes_what_is_certain_and_says_so(tmp_path: Path, run: Run) -> None:
    board = write(tmp_path / "board", DECIMAL, NO_IRQ, FUNC_ID)
    code, out, err = run("--fix", board)
    assert (code, out) == (0, "")
    assert err == (
        f"fixed {board}/guest.cfg: Write agent_id=4 [XS008]\n"
        f"fixed {board}/panel.dts: Write 0x82000005 as arm,smc-id [XS208]\n"
        f"fixed {board}/guest.cfg: Add 82 to irqs [XS314]\n"
        "nothing found\n"
    )
    wanted = FILES["guest.cfg"].replace("irqs = [ 82 ]\n", "")
    wanted = wanted.replace('dtdev = [ "/soc/audio@e0002000" ]\n', 'dtdev = [ "/soc/audio@e0002000" ]\nirqs = [ 82 ]\n')
    assert (board / "guest.cfg").read_text() == wanted
    assert (board / "panel.dts").read_text() == FILES["panel.dts"]
    assert sorted(contents(board)) == sorted([*FILES, "host.toml"])  # nothing temporary is left


def test_a_second_run_writes_nothing(tmp_path: Path, run: Run) -> None:
    board = write(tmp_path / "board", DECIMAL, NO_IRQ, FUNC_ID)
    run("--fix", board)
    before = {path: path.stat() for path in board.iterdir()}
    assert run("--fix", board) == (0, "", "nothing found\n")
    assert {path: path.stat() for path in board.iterdir()} == before


def test_diff_writes_nothing_and_says_whether_there_is_one(tmp_path: Path, run: Run) -> None:
    board = write(tmp_path / "board", FUNC_ID)
    before = contents(board)
    code, out, err = run("--diff", board)
    assert code == 1
    assert "-\t\t\tarm,smc-id = <0x82000006>;\n+\t\t\tarm,smc-id = <0x82000005>;\n" in out
    assert err == "would fix 1 finding\n"
    assert contents(board) == before
    run("--fix", board)
    assert run("--diff", board) == (0, "", "would fix 0 findings\n")


def test_unsafe_fixes_are_asked_for(tmp_path: Path, run: Run) -> None:
    board = write(tmp_path / "board", UNSAFE)
    code, out, err = run("--fix", board)
    assert (code, out) == (1, "")
    assert err.endswith("1 error (1 fixable with --fix --unsafe-fixes)\n")
    assert run("--fix", "--unsafe-fixes", board) == (
        0,
        "",
        f"fixed {board}/guest.cfg: Remove 50 from irqs [XS322]\nnothing found\n",
    )
    assert (board / "guest.cfg").read_text() == FILES["guest.cfg"]


def test_selection_and_suppressions_hold(tmp_path: Path, run: Run) -> None:
    board = write(tmp_path / "board", DECIMAL, FUNC_ID)
    panel = (board / "panel.dts").read_text().replace("<0x82000006>;", "<0x82000006>; /* xenscmi: ignore[XS208] */")
    (board / "panel.dts").write_text(panel)
    run("--fix", "--ignore", "XS008,XS203", board)
    assert "agent_id=0x4" in (board / "guest.cfg").read_text()
    assert (board / "panel.dts").read_text() == panel


def test_json_has_what_is_left(tmp_path: Path, run: Run) -> None:
    board = write(tmp_path / "board", FUNC_ID, UNSAFE)
    code, out, err = run("--fix", "--format", "json", board)
    (left,) = json.loads(out)["diagnostics"]
    assert (code, left["code"], left["fix"]["safety"]) == (1, "XS322", "unsafe")
    assert err == f"fixed {board}/panel.dts: Write 0x82000005 as arm,smc-id [XS208]\n"


def test_a_single_file_is_fixed_alone(tmp_path: Path, run: Run) -> None:
    board = write(tmp_path / "board", DECIMAL)
    assert run("--fix", board / "guest.cfg")[0] == 0
    assert (board / "guest.cfg").read_text() == FILES["guest.cfg"]


def test_an_overlay_is_fixed_where_it_says_so(tmp_path: Path, run: Run) -> None:
    board = write(tmp_path / "board", Change("host.dts", "\t\t\txen,sci-agent-id = <3>;\n", ""))
    (board / "host.toml").write_text(MANIFEST.replace("\n", '\noverlays = ["xen.dtso"]\n', 1))
    overlay = "/dts-v1/;\n/plugin/;\n\n&{{/chosen/panel}} {{\n\txen,sci-agent-id = <{}>;\n}};\n"
    (board / "xen.dtso").write_text(overlay.format("0x02"))
    code, _, err = run("--fix", board)
    assert (code, err.splitlines()[0].partition(":")[0]) == (0, f"fixed {board}/xen.dtso")
    assert (board / "xen.dtso").read_text() == overlay.format("0x03")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--fix", "--format", "html"),
        ("--diff", "--from", "4.20", "--to", "4.22"),
        ("--fix", "-"),
    ],
    ids=" ".join,
)
def test_what_does_not_go_together(arguments: tuple[str, ...], run: Run) -> None:
    assert run(*arguments) == (
        2,
        "",
        "xenscmi check: error: --fix and --diff do not go with --format html, --from, --to or standard input\n",
    )


# The patch


EXAMPLES = [rule for rule in all_rules() if rule.fixable and rule.bad and not rule.firmware]


def patched(board: Path, patch: str, *command: str) -> dict[str, bytes]:
    """Return a copy of a folder's files with a patch applied."""
    copy = board.parent / f"{board.name}-{command[0]}"
    shutil.copytree(board, copy, symlinks=True)
    subprocess.run(command, cwd=copy, input=patch.encode("utf-8", "surrogateescape"), check=True, capture_output=True)
    return contents(copy)


def assert_the_patch_is_the_fix(board: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    monkeypatch.chdir(board)
    code, patch, _ = run("--diff", "--unsafe-fixes")
    assert code in (0, 1)
    if patch:
        by_git = patched(board, patch, "git", "apply", "--unidiff-zero", "-")
        posix = ("patch", "-p1", "--binary", "--no-backup-if-mismatch", "--posix")
        by_patch = patched(board, patch, *posix) if shutil.which("patch") else by_git  # Debian: patch
    before = contents(board)
    run("--fix", "--unsafe-fixes")
    after = contents(board)
    assert (after != before) == bool(patch)
    if patch:
        assert by_git == by_patch == after
    assert run("--diff", "--unsafe-fixes")[:2] == (0, "")


@pytest.mark.parametrize("rule", EXAMPLES, ids=lambda rule: rule.name)
def test_the_patch_of_each_rule_is_its_fix(
    rule: Rule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    files = {change.file for change in rule.bad}
    if not files <= FILES.keys():
        pytest.skip("its example adds a file, which the manifest of this test does not name")
    assert_the_patch_is_the_fix(write(tmp_path / "board", *rule.bad), monkeypatch, run)


SLIPS = (
    DECIMAL,
    NO_IRQ,
    FUNC_ID,
    Change("guest.cfg", '"47ff4,1@22001", ', ""),
    Change("guest.cfg", '"e0002,1"', '"e0002,1", # registers\n'),
    Change("guest.cfg", "vcpus = 1\n", "vcpus = 1\nvcpus = 1\n"),
    Change("guest.dts", 'compatible = "arm,scmi-smc";', 'compatible = "arm,scmi";'),
    Change("host.dts", "0x0 0x47ff5000 0x0 0x1000", "0x0 0x47FF5000 0x0 0x00001800"),
    Change("host.dts", "\t\t\txen,sci-agent-id = <3>;\n", ""),
    Change("panel.dts", "\t\t\tshmem = <&scmi_page>;\n", ""),
)
STYLES: tuple[Callable[[bytes], bytes], ...] = (
    lambda data: data,
    lambda data: data.replace(b"\n", b"\r\n"),
    lambda data: data.rstrip(b"\n"),
    lambda data: data.replace(b"\t", b"  "),
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(st.sampled_from(range(len(SLIPS))), max_size=4), st.sampled_from(STYLES))
def test_the_patch_is_the_fix(
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    run: Run,
    slips: set[int],
    style: Callable[[bytes], bytes],
) -> None:
    board = write(tmp_path_factory.mktemp("board") / "board", *(SLIPS[at] for at in sorted(slips)))
    for name in FILES:
        (board / name).write_bytes(style((board / name).read_bytes()))
    assert_the_patch_is_the_fix(board, monkeypatch, run)


def test_a_patch_names_odd_files_as_git_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    for name in ("a b.cfg", 'q"uote.cfg', "ü.cfg", "tab\t.cfg"):
        folder = tmp_path / "odd"
        folder.mkdir()
        monkeypatch.chdir(folder)
        (folder / name).write_text(FILES["guest.cfg"].replace("agent_id=4", "agent_id=0x4"))
        patch = run("--diff", name)[1]
        run("--fix", name)
        wanted = contents(folder)
        (folder / name).write_text(FILES["guest.cfg"].replace("agent_id=4", "agent_id=0x4"))
        subprocess.run(["git", "apply", "-"], cwd=folder, input=patch.encode(), check=True)
        assert contents(folder) == wanted
        shutil.rmtree(folder)


# Files that fight back


def test_bytes_that_are_not_utf_8_stay(tmp_path: Path, run: Run) -> None:
    board = write(tmp_path / "board", DECIMAL, FUNC_ID)
    odd = b"\xe9\xff"
    (board / "guest.cfg").write_bytes(b"# " + odd + b"\r\n" + (board / "guest.cfg").read_bytes())
    (board / "panel.dts").write_bytes((board / "panel.dts").read_bytes() + b"/* " + odd + b" \xc3\xa9 */\n")
    assert run("--fix", board)[0] == 0
    assert (board / "guest.cfg").read_bytes() == b"# " + odd + b"\r\n" + FILES["guest.cfg"].encode()
    assert (board / "panel.dts").read_bytes() == FILES["panel.dts"].encode() + b"/* " + odd + b" \xc3\xa9 */\n"


def test_the_mode_of_a_file_stays(tmp_path: Path, run: Run) -> None:
    board = write(tmp_path / "board", DECIMAL)
    (board / "guest.cfg").chmod(0o640)
    run("--fix", board)
    assert (board / "guest.cfg").stat().st_mode & 0o777 == 0o640


def test_a_read_only_file_is_left_alone(tmp_path: Path, run: Run) -> None:
    board = write(tmp_path / "board", DECIMAL, FUNC_ID)
    (board / "guest.cfg").chmod(0o444)
    before = (board / "guest.cfg").read_bytes()
    code, _, err = run("--fix", board)
    assert code == 1
    assert f"left {board}/guest.cfg as it is: it is read-only\n" in err
    assert (board / "guest.cfg").read_bytes() == before
    assert (board / "panel.dts").read_text() == FILES["panel.dts"]


def test_a_file_that_changed_meanwhile_stops_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    board = write(tmp_path / "board", DECIMAL, FUNC_ID)
    panel = (board / "panel.dts").read_bytes()
    write_files = fixing.FilesToFix.write

    def meanwhile(files: fixing.FilesToFix) -> None:
        (board / "guest.cfg").write_text("somebody else's\n")
        write_files(files)

    monkeypatch.setattr(fixing.FilesToFix, "write", meanwhile)
    code, _, err = run("--fix", board)
    assert code == 2
    assert f"{board}/guest.cfg has changed since it was read; no file was written" in err
    assert (board / "guest.cfg").read_text() == "somebody else's\n"
    assert (board / "panel.dts").read_bytes() == panel


def test_a_symlink_stays_one(tmp_path: Path, run: Run) -> None:
    board = write(tmp_path / "board", DECIMAL)
    (board / "guest.cfg").rename(board / "guest-v1.conf")
    (board / "guest.cfg").symlink_to("guest-v1.conf")
    assert run("--fix", board)[0] == 0
    assert (board / "guest.cfg").readlink() == Path("guest-v1.conf")
    assert (board / "guest-v1.conf").read_text() == FILES["guest.cfg"]


def test_what_was_not_given_is_left_alone(tmp_path: Path, run: Run) -> None:
    board = write(tmp_path / "board", DECIMAL)
    (board / "host.toml").unlink()  # with it, the link would be refused at once
    (board / "guest.cfg").rename(tmp_path / "elsewhere.cfg")
    (board / "guest.cfg").symlink_to(tmp_path / "elsewhere.cfg")
    code, _, err = run("--fix", board)
    assert code == 1
    assert f"left {board}/guest.cfg as it is: it lies outside of what was given\n" in err
    assert "agent_id=0x4" in (tmp_path / "elsewhere.cfg").read_text()
    # As a file that was given, it is meant.
    given = [board / name for name in FILES]
    assert run("--fix", *given)[0] == 0
    assert (tmp_path / "elsewhere.cfg").read_text() == FILES["guest.cfg"]


def test_a_file_under_two_names_is_left_alone(tmp_path: Path, run: Run) -> None:
    board = write(tmp_path / "board", FUNC_ID)
    (board / "spare.dts").symlink_to("panel.dts")
    manifest = MANIFEST + '[[domain]]\nconfig = "spare.cfg"\ndevice_tree = "spare.dts"\n'
    (board / "host.toml").write_text(manifest)
    (board / "spare.cfg").write_text('name = "spare"\nmemory = 64\nkernel = "/boot/Image"\n')
    before = contents(board)
    code, _, err = run("--fix", "--select", "XS208", board)
    assert code == 1
    assert f"left {board}/panel.dts as it is: the host has it under two names\n" in err
    assert contents(board) == before


def test_a_file_of_a_plan_is_left_alone(tmp_path: Path, run: Run) -> None:
    board = write(tmp_path / "board", FUNC_ID)
    (board / "panel.dts").write_text(slashes() + (board / "panel.dts").read_text())
    before = contents(board)
    code, _, err = run("--fix", board)
    assert code == 1
    assert f"left {board}/panel.dts as it is: `xenscmi plan' made it: change the plan, and render it again\n" in err
    assert contents(board) == before


def test_an_included_file_is_left_alone(tmp_path: Path, run: Run) -> None:
    board = write(tmp_path / "board", FUNC_ID)
    text = (board / "panel.dts").read_text()
    (board / "panel.dtsi").write_text(text.replace("/dts-v1/;\n", ""))
    (board / "panel.dts").write_text('/dts-v1/;\n/include/ "panel.dtsi"\n')
    before = contents(board)
    code, _, err = run("--fix", board)
    assert code == 1
    assert f"left {board}/panel.dtsi as it is: other files include it\n" in err
    assert contents(board) == before


def test_a_number_of_a_macro_has_no_fix(tmp_path: Path, run: Run) -> None:
    board = write(tmp_path / "board", FUNC_ID)
    text = (board / "panel.dts").read_text().replace("<0x82000006>", "<FUNC_ID>")
    (board / "panel.dts").write_text("#define FUNC_ID 0x82000006\n" + text)
    code, _, err = run("--fix", board)
    assert (code, "fix:" in err) == (1, False)
    assert err.endswith("1 error\n")


def test_a_full_disk_leaves_every_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    board = write(tmp_path / "board", DECIMAL, FUNC_ID)
    before = contents(board)
    chmod, calls = Path.chmod, []

    def full(path: Path, mode: int) -> None:
        calls.append(path)
        if len(calls) > 1:  # at the second file
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        chmod(path, mode)

    monkeypatch.setattr(Path, "chmod", full)
    code, _, err = run("--fix", board)
    assert (code, "No space left on device" in err, len(calls)) == (2, True, 2)
    assert contents(board) == before


# Fixes that do not help


class Broken(XenscmiError):
    """What a check raises of files that are no host any more."""


def tried(tmp_path: Path, *steps: tuple[str, str, str]) -> tuple[str, FixResult]:
    """Fix a file by rules that have (code, what they find, what they write); return the text and what came of it."""
    path = tmp_path / "a.cfg"
    path.write_text("one")
    files = fixing.FilesToFix([str(path)])

    def check(read: Read) -> tuple[list[Diagnostic], list[Diagnostic]]:
        source = Source(str(path), read(path).decode())
        if source.text == "broken":
            raise Broken(Diagnostic(message="broken"))
        edits = [
            (code, Edit(span=Span(source, 0, len(source.text)), text=new))
            for code, old, new in steps
            if old in source.text
        ]
        return [Diagnostic(message="wrong", code=code, fix=Fix(title=code, edits=(edit,))) for code, edit in edits], []

    done = fix(files, check, [Safety.SAFE])
    files.write()
    return path.read_text(), done


def test_a_fix_makes_way_for_the_next(tmp_path: Path) -> None:
    text, done = tried(tmp_path, ("XS002", "two", "three"), ("XS001", "one", "two"))
    assert (text, [each.code for each in done.fixed], list(done.left)) == ("three", ["XS001", "XS002"], [])


@pytest.mark.parametrize("useless", ["one and one", "broken"])
def test_a_fix_that_does_not_help_is_taken_back(useless: str, tmp_path: Path) -> None:
    text, done = tried(tmp_path, ("XS001", "one", useless), ("XS002", "one", "two"))
    assert (text, [each.code for each in done.fixed]) == ("two", ["XS002"])


def test_fixes_that_undo_each_other_come_to_an_end(tmp_path: Path) -> None:
    text, done = tried(tmp_path, ("XS001", "one", "two"), ("XS002", "two", "one"))
    assert (text, [each.code for each in done.fixed]) == ("two", ["XS001"])
    assert [each.code for each in done.left] == ["XS002"]
