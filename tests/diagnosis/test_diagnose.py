"""`diagnose` against what a real Xen printed: the boot vectors and xl's transcript, as people paste them."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rules.judge import went_wrong

from xenscmi.cli import main
from xenscmi.diagnosis.diagnose import diagnose
from xenscmi.diagnosis.symptoms import SYMPTOMS
from xenscmi.diagnostics import Diagnostic, Severity
from xenscmi.host.types import Host
from xenscmi.rules.engine import check, find
from xenscmi.source import Source

VECTORS = Path(__file__).parents[1] / "vectors"
BOOT = VECTORS / "boot"
EXPECTED = {path.parent.name: json.loads(path.read_text()) for path in sorted(BOOT.glob("*/expected.json"))}

# The cause, where a host has errors of more than one rule: the one without which the others would not be.
CAUSES = {
    "ac-only-in-partial-tree": "XS311",
    "dialect-v5": "XS103",
    "dom0-agent-3": "XS214",
    "dom0-node-without-shmem-page": "XS214",
    "mgmt-other-agents-page": "XS126",
    "second-child-before": "XS119",
    "shmem-addr-unaligned": "XS110",
    "smc-id-oem-range": "XS117",
    "two-containers": "XS105",
}
# Documented in docs/check.md: what went wrong there is nothing that the files of a host say.
EXCEPTIONS = ("domU-shmem-not-mapped",)

LINUX = """\
[    0.000000] Booting Linux on physical CPU 0x0000000000 [0x411fd070]
[    0.000000] Machine model: linux,dummy-virt
[    0.000000] OF: reserved mem: 0x0000000047ff0000..0x0000000047ff0fff (4 KiB) nomap non-reusable sram@47ff0000
[    0.004512] OF: /soc/mmc@ee140000: could not find phandle 12
[    0.004600] OF: /soc/fakedev@a000000: could not get #access-controller-cells for /firmware/scmi
[    0.112233] Xen 4.23 support found
[    0.310022] arm-scmi firmware:scmi: Using scmi_smc_transport
[    0.310901] arm-scmi firmware:scmi: SCMI Protocol v2.0 'LAB:' Firmware version 0x1
[    0.402211] /soc/serial@9000000: Fixed dependency cycle(s) with /soc/intc@8000000
[    0.512000] platform 47ff0000.sram: deferred probe pending: (reason unknown)
[    1.020304] xen_netfront: Initialising Xen virtual ethernet driver
[    1.445566] EXT4-fs (xvda1): mounted filesystem r/w with ordered data mode. Quota mode: none.
""".splitlines()


def xen_log(expected: dict[str, object]) -> list[str]:
    """Return what Xen printed on a vector's host."""
    lines = [str(line) for line in expected["xen"]]  # type: ignore[attr-defined]
    panic = ["****************************************", "Panic on CPU 0:", str(expected["panic"])]
    return lines if expected["panic"] is None else [*lines, *panic]


def mixed(lines: list[str]) -> str:
    """Return Xen's lines as dom0's serial console shows them, Linux's between them."""
    mix = random.Random(1)
    numbered = [(mix.random(), line) for line in LINUX]
    position = 0.0
    for line in lines:
        position += (1 - position) / (len(lines) + 1)
        numbered.append((position, f"(XEN) {line}"))
    return "\n".join(line for _, line in sorted(numbered, key=lambda each: each[0])) + "\n"


def pasted(text: str) -> str:
    """Return a log as a terminal and a mailer leave it: times, colours, noise, quoting, lines cut at 72 columns."""
    lines = []
    for number, line in enumerate(text.splitlines()):
        coloured = line.replace("scmi:", "\x1b[1;31mscmi:\x1b[0m")
        stamped = f"[2026-11-26T17:00:{number % 60:02}.125] {coloured}" if number % 3 else f"\udcff\x00{coloured}\r"
        lines += [f"> {stamped[at : at + 72]}" for at in range(0, len(stamped), 72)] if number % 2 else [stamped]
    return "\n".join(lines)


STATES: dict[str, Callable[[list[str]], str]] = {
    "mixed": mixed,
    "bare": "\n".join,
    "pasted": lambda lines: pasted("".join(f"(XEN) {line}\n" for line in lines)),
}


def causes(found: tuple[Diagnostic, ...]) -> list[str]:
    return [each.code for each in found]


def truth(name: str, host: Host) -> str:
    """Return the rule that is the cause of what went wrong on a vector's host."""
    errors = {each.code for each in check(host) if each.severity is Severity.ERROR}
    if name in CAUSES:
        assert CAUSES[name] in errors
        return CAUSES[name]
    (code,) = errors
    return code


def wrong(boot_vectors: dict[str, Host]) -> list[str]:
    return [name for name, expected in EXPECTED.items() if went_wrong(boot_vectors[name], expected)]


@pytest.mark.parametrize("state", STATES)
def test_with_the_host_the_cause_comes_first(state: str, boot_vectors: dict[str, Host]) -> None:
    names = [name for name in wrong(boot_vectors) if name not in EXCEPTIONS]
    assert len(names) > 60
    for name in names:
        host = boot_vectors[name]
        found = diagnose(Source("boot.log", STATES[state](xen_log(EXPECTED[name]))), check(host))
        assert found[0].code == truth(name, host), name
        assert found[0].span, name
        assert found[0].span.source.name != "boot.log", f"{name}: the file to fix is the host's"


@pytest.mark.parametrize("state", STATES)
def test_from_the_log_alone_the_cause_comes_first_in_8_of_10(state: str, boot_vectors: dict[str, Host]) -> None:
    """Of the hosts on which Xen says at all that something is wrong."""
    right: list[str] = []
    missed: list[str] = []
    for name in wrong(boot_vectors):
        found = diagnose(Source("boot.log", STATES[state](xen_log(EXPECTED[name]))))
        if found:
            (right if found[0].code == truth(name, boot_vectors[name]) else missed).append(name)
            assert truth(name, boot_vectors[name]) in causes(found), name
    assert len(right) > 30
    assert len(right) >= 0.8 * (len(right) + len(missed)), missed


@pytest.mark.parametrize("state", STATES)
def test_nothing_is_said_of_hosts_on_which_all_went_well(state: str, boot_vectors: dict[str, Host]) -> None:
    good = set(EXPECTED) - set(wrong(boot_vectors))
    assert len(good) > 40
    for name in good:
        log = Source("boot.log", STATES[state](xen_log(EXPECTED[name])))
        assert diagnose(log) == (), name
        assert diagnose(log, check(boot_vectors[name])) == (), name


def transcript() -> dict[str, str]:
    """Return what Xen and xl said for each configuration of the xl-create vectors, without what its guest said."""
    text = (VECTORS / "xl-create" / "transcript.txt").read_text()
    parts = re.split(r"^=== (\S+)\n", text, flags=re.MULTILINE)[1:]
    said = dict(zip(parts[::2], parts[1::2], strict=True))
    return {name: "\n".join(line for line in part.splitlines() if "guest:" not in line) for name, part in said.items()}


@pytest.mark.parametrize(
    ("configuration", "code"),
    [
        ("01-twice.cfg", "XS201"),
        ("02-agent0.cfg", "XS201"),
        ("05-agent254.cfg", "XS203"),
        ("12-scmismc.cfg", "XS216"),
        ("13-badtype.cfg", "XS002"),
        ("14-nosci.cfg", "XS208"),
    ],
)
def test_what_xl_says(configuration: str, code: str) -> None:
    assert causes(diagnose(Source("xl.log", transcript()[configuration])))[0] == code


def test_a_cause_points_at_its_lines_of_the_log(boot_vectors: dict[str, Host]) -> None:
    log = Source("boot.log", mixed(xen_log(EXPECTED["domU-agent-not-listed"])))
    (found,) = diagnose(log, check(boot_vectors["domU-agent-not-listed"]))
    assert found.span
    assert found.span.source.name.endswith(".dts")
    shown = [each.span.text for each in found.related if each.span.source is log]
    assert shown == ["(XEN) scmi: Failed to acquire SCMI channel for agent_id 6: -2"]


def test_a_symptom_that_the_host_does_not_explain_keeps_its_candidates(boot_vectors: dict[str, Host]) -> None:
    log = Source("boot.log", "(XEN) scmi: shmem memory is not aligned\n")
    found = diagnose(log, check(boot_vectors["good-default"]))
    assert causes(found) == causes(diagnose(log)) == ["XS110", "XS108"]


def test_a_boot_without_a_word_about_scmi() -> None:
    boot = "(XEN) Xen version 4.23-unstable (build@lab) (aarch64-linux-gnu-gcc)\n(XEN) Freed 388kB init memory.\n"
    (found,) = diagnose(Source("boot.log", boot))
    assert found.severity is Severity.INFO
    assert "XS118" in found.message
    assert (
        diagnose(Source("boot.log", boot + "(XEN) scmi: Acquire channel id = 0x2, domain_id = 1 paddr = 0x1\n")) == ()
    )


def test_the_line_before_is_not_taken_for_the_beginning_of_a_symptom() -> None:
    """Most lines of an SCMI driver have the words with which a symptom begins."""
    log = Source(
        "dmesg",
        "[    1.0] arm-scmi firmware:scmi: Using scmi_smc_transport\n"
        "[    1.1] arm-scmi firmware:scmi: timed out in resp(caller: scmi_base_attributes_get+0x1c)\n",
    )
    assert {each.span.line for each in diagnose(log) if each.span} == {2}


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("(XEN) Division by zero in hypervisor.", "XS332"),
        ("(XEN) Invalid address_cells 0 or size_cells 0", "XS332"),
        ("(XEN) Invalid capabilities (17)", "XS413"),
        ("(XEN) Only 1 hardware domain can be specified! (d0)", "XS413"),
        ('(XEN) "multiboot,device-tree" incompatible with hardware domain', "XS413"),
        ("libxl: error: Domain 3:failed give domain access to irq 71: Operation not permitted", "XS322"),
    ],
)
def test_what_point_releases_and_capabilities_print(line: str, code: str) -> None:
    assert causes(diagnose(Source("boot.log", f"{line}\n")))[0] == code


@pytest.mark.parametrize("beginning", [b"\x1f\x8b\x08", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"\xd0\x0d\xfe\xed"])
def test_what_is_not_a_text_is_not_clean(beginning: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "boot.log"
    log.write_bytes(beginning + b"rest")
    assert main(["diagnose", str(log)]) == 2
    assert "not a log" in capsys.readouterr().err


def test_every_cause_is_a_rule() -> None:
    assert [code for each in SYMPTOMS for code in each.causes if find(code) is None] == []


@given(st.text(max_size=300), st.sampled_from([xen_log(each) for each in EXPECTED.values()]), st.randoms())
def test_any_text_is_a_log(noise: str, lines: list[str], mix: random.Random) -> None:
    text = "\n".join([*lines, noise])
    at = mix.randrange(len(text) + 1)
    for log in (noise, text[:at] + noise + text[at:]):
        for each in diagnose(Source("log", log)):
            assert each.span
            assert each.message


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "boot.log"
    log.write_text(mixed(xen_log(EXPECTED["domU-agent-not-listed"])))
    assert main(["diagnose", str(log)]) == 1
    assert "[XS203]" in capsys.readouterr().out
    folder = BOOT / "domU-agent-not-listed"
    assert main(["diagnose", "--json", str(log), str(folder)]) == 1
    (found,) = json.loads(capsys.readouterr().out)["diagnostics"]
    assert found["code"] == "XS203"
    assert found["file"].endswith("host.dts")
    assert main(["diagnose", str(tmp_path / "absent.log")]) == 2
    assert f"cannot read {tmp_path / 'absent.log'}: No such file" in capsys.readouterr().err
    assert main(["diagnose", str(folder), str(log)]) == 2
    assert "is a folder, not a log\n  = help: name the log first, then the host" in capsys.readouterr().err
    log.write_text("\n".join(LINUX))
    assert main(["diagnose", str(log)]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "nothing found\n"
