"""Guests on a real Xen: built, undone at every step, made and destroyed over and over, and Debian's kernel booted."""

from __future__ import annotations

import errno

from tests.xen import guests
from tests.xen.machine import Machine

# Xen's own heap takes a page now and then; a domain has more than 4,500.
A_FEW_PAGES = 32
CFG = """\
name = "debian"
kernel = "/guest/Image"
ramdisk = "/guest/initrd"
device_tree = "/guest/partial.dtb"
memory = 160
vcpus = 2
vuart = "sbsa_uart"
cmdline = "console=ttyAMA0 a-word-of-the-command-line"
on_poweroff = "destroy"
"""


def test_a_failure_at_each_step_leaves_nothing(dom0: Machine) -> None:
    """Every hypercall, mapping, entry and file of a creation fails once: no domain, entry, file or page is left."""
    found = dom0.run(
        """
        from inside import Injected, alone, failing_at, left_over, store, tiny
        from xenscmi.hypercall.xen import Xen
        from xenscmi.toolstack.create import CreationError, create

        result = {"steps": [], "wrong": []}
        with Xen() as xen:
            xen.log_mark = lambda: 0  # if the log cannot be read, that is no failure
            guest = tiny(xen, "broken", more='vuart = "sbsa_uart"')
            domid = create(xen, guest)  # what the first domain leaves for good, such as empty folders
            xen.destroydomain(domid)
            alone(xen)
            before, free = store(), xen._domctls.physinfo().free_pages
            step = 0
            while True:
                with failing_at(step, 5) as made:
                    try:
                        domid = create(xen, guest)
                    except CreationError as error:
                        assert error.errno == 5, error
                    else:
                        break
                result["steps"].append(made[step])
                step += 1
                if not alone(xen):
                    result["wrong"].append([step, made[-1], "a domain is left"])
            assert len(made) == step
            xen.destroydomain(domid)
            alone(xen)
            if store() != before:
                result["wrong"] += [line for line in store() if line not in before]
            result["pages"] = free - xen._domctls.physinfo().free_pages
        """,
        limit=240,
    )
    assert found["wrong"] == []
    assert found["pages"] <= A_FEW_PAGES
    calls = set(found["steps"])
    assert calls >= {
        *("createdomain", "max_vcpus", "max_mem", "alloc_unbound", "set_paging_mempool_size", "set_param"),
        *("set_address_size", "getdomaininfo", "populate_physmap", "pages", "cacheflush", "setvcpucontext"),
        *("grant_table", "vuart_op", "make", "write", "introduce_domain", "unpausedomain"),
    }
    assert len(found["steps"]) > 90


def test_a_hundred_domains_come_and_go(dom0: Machine) -> None:
    found = dom0.run(
        """
        from inside import alone, tiny
        from xenscmi.hypercall.xen import Xen
        from xenscmi.toolstack.create import create
        with Xen() as xen:
            guest = tiny(xen, "again", vcpus=2)
            free = []
            for _ in range(100):
                domid = create(xen, guest)
                xen.destroydomain(domid)
                assert alone(xen)
                free.append(xen._domctls.physinfo().free_pages)
            result = [free[0], free[-1]]
        """,
        limit=240,
    )
    first, last = found
    assert first - last <= A_FEW_PAGES


def test_memory_that_is_not_there(dom0: Machine) -> None:
    found = dom0.run(
        """
        from inside import alone, spec
        from xenscmi.hypercall.xen import Xen
        from xenscmi.toolstack.create import CreationError, create
        with Xen() as xen:
            free = xen._domctls.physinfo().free_pages
            try:
                create(xen, spec(xen, 'name = "large"\\nkernel = "/guest/tiny"\\nmemory = 3000\\n'))
            except CreationError as error:
                result = [error.step, error.errno, str(error)]
            alone(xen)
            result.append(xen._domctls.physinfo().free_pages - free)
        """,
        limit=120,
    )
    assert found[:2] == ["build", errno.ENOMEM]
    assert "cannot (re-)build domain: Cannot allocate memory" in found[2]
    assert abs(found[3]) <= A_FEW_PAGES


def test_debian_boots(dom0: Machine) -> None:
    """Debian's own kernel, created by `xenscmi create`, tells through vpl011 what its device tree says."""
    found = dom0.run(
        """
        import os, select, subprocess, time
        from pathlib import Path
        from inside import alone, command
        from xenscmi.hypercall.xen import Xen
        Path("/tmp/debian.cfg").write_text(cfg)
        created = command("create", "-q", "--json", "/tmp/debian.cfg")
        environment = {**os.environ, "PYTHONPATH": "/xenscmi"}
        console = subprocess.Popen(
            ["python3", "-m", "xenscmi", "console", "debian"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=environment,
        )
        said, end = b"", time.monotonic() + 120
        while b"guest: done" not in said and time.monotonic() < end:
            if select.select([console.stdout], [], [], 1)[0]:
                piece = os.read(console.stdout.fileno(), 65536)
                if not piece:
                    break
                said += piece
        with Xen() as xen:
            end = time.monotonic() + 30
            while time.monotonic() < end:
                (guest,) = [info for info in xen.getdomaininfolist() if info.domid]
                states = sorted(state.value for state in guest.states)
                if "s" in states:
                    break
                time.sleep(0.2)
            listed = command("list")["out"]
            by_xl = command("list", program=("xl",))["out"]
            destroyed = command("destroy", "debian")
            alone(xen)
        ended = console.wait(30)
        result = [created, said.decode("utf-8", "replace"), states, listed, by_xl, destroyed, ended]
        """,
        cfg=CFG,
        limit=220,
    )
    created, said, states, listed, by_xl, destroyed, ended = found
    assert created["code"] == 0, created
    told = dict(
        line.removeprefix("guest: ").split(": ", 1)
        for line in said.replace("\r", "").splitlines()
        if line.startswith("guest: ") and line != "guest: done"
    )
    assert told["model"].strip() == f"XENVM-{dom0.release.xen}", said
    assert told["bootargs"].strip() == "console=ttyAMA0 a-word-of-the-command-line"
    assert told["passthrough"].strip() == "xenscmi,test-sensor"
    assert told["alias"].strip() == "/passthrough/sensor@10000000"
    assert told["nodes"] == "interrupt-controller@3001000 memory@40000000"
    assert told["cpus"] == "2"
    assert 120_000 < int(told["memory"].split()[1]) < 160 * 1024
    assert told["initrd"] == guests.SECRET
    assert states == ["s"]
    assert [line.split()[:4] for line in listed.splitlines()[1:]] == [
        line.split()[:4] for line in by_xl.splitlines()[1:]
    ]
    assert "debian" in listed
    assert destroyed["code"] == 0
    assert ended == 0
