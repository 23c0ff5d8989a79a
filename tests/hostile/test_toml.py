"""host.toml as an attacker writes it: words with a place, soon."""

from __future__ import annotations

import os

import pytest
from tests.hostile.conftest import Place, Run

GOOD = 'device_tree = "host.dts"\n'
TREE = "/dts-v1/;\n/ { };\n"
DIGITS = "9" * 5000


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"a = {'[' * 100_000}", "host.toml:2:21: error: values nest deeper than 16 levels"),
        (f"a = {'{ b = ' * 100_000}", "values nest deeper than 16 levels"),
        (f"a{'.b' * 100_000} = 1", "the key has more than 16 parts"),
        (f"[a{'.b' * 100_000}]", "the key has more than 16 parts"),
        (f"[firmware]\ntrusted_agent = {DIGITS}", "host.toml:3:17: error: a number of 5000 characters"),
        (f"[[firmware.devices]]\nid = -{DIGITS}", "a number of 5001 characters is out of every range"),
        ("[firmware]\ntrusted_agent = 18446744073709551616", "host.toml:3:1: error: firmware.trusted"),
        ("[firmware]\ntrusted_agent = -1", "host.toml:3:1: error: firmware.trusted_agent"),
        ("[[firmware.devices]]\nid = 1\nclocks = [1000000000000]", "host.toml:4:11: error: firmware.devi"),
        ('"a\\u001b[31m" = 1', "there is no key `a\\x1b[31m'"),
        ("a\x1b = 1", "host.toml:2:"),
        (f'a = """\n[{" " * 6000}"""', "host.toml:2:1: error: there is no key `a'"),
        (f'a = """{"[ " * 100_000}', "host.toml:3:1: error: Unterminated"),
        (f'a = "{"x" * 900_000}"', "host.toml:2:1: error: there is no key `a'"),
        ("a = 1979-02-30", "host.toml:"),
        ("a = 1\n" * 100_000, "host.toml:3:"),
        ("[[a]]\n" * 100_000, "there is no key `a'"),
        ("\n" * (1 << 20), "characters, and may have 1048576"),
        ("\0", "host.toml:2:1: error:"),
        ("\udcff = 1", "host.toml:2:1: error:"),
    ],
    ids=range(20),
)
def test_a_manifest_out_of_bounds(place: Place, run: Run, text: str, message: str) -> None:
    place.write("host.dts", TREE)
    place.write("host.toml", f"{GOOD}{text}\n")
    done = run("check")
    assert done.code == 2
    assert message in done.err


@pytest.mark.parametrize(
    "key", ["device_tree", "imagebuilder", "overlays", "include", "config", "device_tree of a domain"]
)
@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../secret", "../fifo", "pipe", "link", "loop", "folder", "sparse", "a\\u0000b"]
)
def test_a_manifest_names_files_below_its_folder(place: Place, run: Run, key: str, name: str) -> None:
    os.mkfifo(place.folder / "pipe")
    (place.folder / "link").symlink_to(place.secret)
    (place.folder / "loop").symlink_to("loop")
    (place.folder / "folder").mkdir()
    with (place.folder / "sparse").open("wb") as file:
        file.truncate(20 << 30)
    place.write("host.dts", TREE)
    text = {
        "device_tree": f'device_tree = "{name}"\n',
        "config": f'{GOOD}[[domain]]\nconfig = "{name}"\n',
        "device_tree of a domain": f'{GOOD}[[domain]]\nconfig = "a.cfg"\ndevice_tree = "{name}"\n',
        "imagebuilder": f'{GOOD}imagebuilder = "{name}"\n',
    }.get(key, f'{GOOD}{key} = ["{name}"]\n')
    place.write("host.toml", text)
    done = run("check")
    assert done.code == (0 if key == "include" and name in ("pipe", "folder", "sparse", "loop") else 2)
    assert "error:" in done.err or done.code == 0


@pytest.mark.parametrize(
    "text",
    [
        f"DOMU_KERNEL[{DIGITS}]=a",
        f"DOMU_PASSTHROUGH_DTB[{'9' * 100}]=a.dtb",
        "DOMU_PASSTHROUGH_DTB[0]=../secret",
        "DOMU_PASSTHROUGH_DTB[0]=/etc/passwd",
        f"A={'$(' * 100_000}",
        f"A='{'x' * 1_000_000}",
        " " * 1_000_000 + "A",
        "A" * 1_000_000,
        f"A={'  ' * 500_000}",
    ],
    ids=range(9),
)
def test_what_imagebuilder_reads(place: Place, run: Run, text: str) -> None:
    place.write("host.dts", TREE)
    place.write("host.toml", f'{GOOD}imagebuilder = "config"\n')
    place.write("config", f"NUM_DOMUS=1\n{text}\n")
    assert run("check").code in (0, 1, 2)


def test_clocks_of_any_number_make_no_list_of_that_length(place: Place, run: Run) -> None:
    place.write("host.dts", TREE)
    for numbers in ("[4294967295]", "[0, 65534]", "[65535]"):
        place.write("host.toml", f"{GOOD}[[firmware.devices]]\nid = 4294967295\nclocks = {numbers}\n")
        for command in ("check", "simulate", "show"):
            assert run(command).code in (0, 1, 2)


@pytest.mark.parametrize(
    "text",
    [
        f"a = {'[' * 100_000}",
        f"a{'.b' * 20_000} = 1",
        f"[xen]\nprofile = {DIGITS}",
        '"a\\u001b[31m" = 1',
        f'a = """\n[{" " * 6000}"""',
        "[[domain]]\n" * 20_000,
        f'"{"a." * 20_000}" = 1',
    ],
    ids=range(7),
)
def test_a_plan_out_of_bounds(place: Place, run: Run, text: str) -> None:
    place.write("plan.toml", f"{text}\n")
    done = run("plan", "check")
    assert done.code == 2
    assert "error:" in done.err
