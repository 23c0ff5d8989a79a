"""xenscmi's commands in dom0 of a real Xen: what it says and its exit codes, as those of xl."""

from __future__ import annotations

import json

import pytest
from tests.xen.machine import Machine

BASE = 'name = "guest"\nkernel = "/guest/tiny"\nmemory = 16\nshadow_memory = 2\n'


def commands(dom0: Machine, *lines: list[str], files: dict[str, str] | None = None) -> list[dict[str, object]]:
    """Run xenscmi commands one after the other, and return what came of each."""
    found: list[dict[str, object]] = dom0.run(
        """
        from pathlib import Path
        from inside import command
        for name, text in files.items():
            path = Path("/tmp") / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        result = [command(*line) for line in lines]
        """,
        lines=lines,
        files=files or {},
        limit=150,
    )
    return found


@pytest.mark.parametrize(
    ("more", "code", "message"),
    [
        (
            'arm_sci = "type=scmi_smc_multiagent,agent_id=2"',
            1,
            "cannot be told an SCMI agent id, so scmi_smc_multiagent is not possible",
        ),
        ("vcpus = 200", 3, "domain creation fail: Invalid argument"),
        ('gic_version = "v2"', 3, "domain creation fail: No such device"),
        ('kernel = "/etc/hostname-that-is-not-there"', 3, "cannot be loaded: No such file or directory"),
        ('kernel = "/tmp/guest.cfg"', 3, "it has neither an Image's nor a zImage's header"),
        ('ramdisk = "/dev/zero"', 3, "/dev/zero cannot be loaded: it is not a file"),
        ('ramdisk = "/guest/Image"', 3, "do not fit into the domain's memory (16 MiB)"),
        ('device_tree = "/guest/tiny"', 3, "this is not a valid DTB"),
        ('dtdev = [ "/soc/x" ]', 6, "passthrough not supported on this platform"),
        (
            'iomem = [ "9000,1@22001" ]',
            3,
            "failed give domain access to iomem range 9000-9000: Operation not permitted",
        ),
        ("irqs = [ 33 ]", 3, "failed give domain access to irq 33: Operation not permitted"),
        ("acpi = 1", 1, "xenscmi does not make a guest with ACPI tables"),
    ],
)
def test_what_is_refused(dom0: Machine, more: str, code: int, message: str) -> None:
    """In xl's and libxl's words, with the place; nothing is left (the fixture looks)."""
    (found,) = commands(dom0, ["create", "/tmp/guest.cfg"], files={"guest.cfg": f"{BASE}{more}\n"})
    assert found["code"] == code, found
    assert message in str(found["err"])
    assert "Traceback" not in str(found["err"])
    assert "/tmp/guest.cfg:" in str(found["err"]) or "vcpus" in more


def test_what_is_missing_is_said_before(dom0: Machine) -> None:
    text = BASE + 'disk = [ "/dev/vg/one,raw,xvda,rw" ]\nvif = [ "bridge=xenbr0" ]\ncpus = "1"\n'
    made, listed, destroyed, quiet, again = commands(
        dom0,
        ["create", "-p", "/tmp/guest.cfg"],
        ["list", "--json"],
        ["destroy", "guest"],
        ["create", "-pq", "/tmp/guest.cfg"],
        ["destroy", "guest"],
        files={"guest.cfg": text},
    )
    assert [each["code"] for each in (made, destroyed, quiet, again)] == [0, 0, 0, 0]
    assert quiet["err"] == ""
    said = str(made["err"])
    assert "/tmp/guest.cfg:5:10: warning: the domain will not have this disk" in said
    assert "/tmp/guest.cfg:6:9: warning: the domain will not have this network interface" in said
    assert "/tmp/guest.cfg:7:8: warning: this is not carried out: its vCPUs run on any CPU" in said
    guest = json.loads(str(listed["out"]))[1]
    assert (guest["name"], guest["memory"], guest["vcpus"], guest["state"]) == ("guest", 16, 1, "--p---")


def test_unknown_domains(dom0: Machine) -> None:
    found = commands(
        dom0,
        ["destroy", "nobody"],
        ["destroy", "77"],
        ["destroy", "0"],
        ["destroy", "-f", "0"],
        ["destroy", "--all"],
        ["list", "77"],
        ["console", "77"],
        ["console", "Domain-0"],
        ["agents", "--json"],
    )
    assert [each["code"] for each in found] == [1, 1, 1, 1, 2, 1, 1, 1, 0]
    errors = [str(each["err"]) for each in found]
    assert "nobody is an invalid domain identifier" in errors[0]
    assert "Domain 77:Non-existant domain" in errors[1]
    assert "Not destroying domain 0" in errors[2]
    assert "xc_domain_destroy failed: Invalid argument" in errors[3]
    assert "--all switches a modelled host off" in errors[4]
    assert "Domain '77' does not exist" in errors[5]
    assert "Domain '77' does not exist" in errors[6]
    assert "domain 0 has no console" in errors[7]
    assert json.loads(str(found[8]["out"])) == []


def test_a_host_that_cannot_be_read_stops_the_creation(dom0: Machine) -> None:
    """With --host, the host is checked before Xen is asked."""
    if not dom0.release.msgspec:
        pytest.skip(f"Debian {dom0.release.suite} has no msgspec, which reads host.toml")
    wrong, unreadable = commands(
        dom0,
        ["create", "--host", "/tmp/board", "/tmp/guest.cfg"],
        ["create", "--host", "/tmp/nothing", "/tmp/guest.cfg"],
        files={"guest.cfg": BASE, "board/host.toml": '[xen]\nprofile = "4.23"\n'},
    )
    assert wrong["code"] == 2
    assert "/tmp/board/host.toml:1:1: error" in str(wrong["err"])
    assert unreadable["code"] == 2
    assert "Traceback" not in str(wrong["err"]) + str(unreadable["err"])
