"""Helpers for snippets in dom0: importable there as `inside`."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from xenscmi.config.parse import parse_xlcfg
from xenscmi.hypercall import libraries, userdata, xenstore
from xenscmi.hypercall.errors import HypercallError
from xenscmi.hypercall.xen import Xen
from xenscmi.source import Source
from xenscmi.toolstack.prepare import prepare
from xenscmi.toolstack.spec import DomainSpec

ALONE_LIMIT = 20.0
LIBXL = Path("/var/lib/xen")


def spec(xen: Xen, text: str) -> DomainSpec:
    """Return what is to be made of an xl.cfg text on this Xen."""
    return prepare(parse_xlcfg(Source("guest.cfg", text)), xen.capabilities(), xen.profile)


def tiny(xen: Xen, name: str, vcpus: int = 1, more: str = "") -> DomainSpec:
    """Return a domain whose kernel does nothing, with little memory for page tables: Xen takes long to clean it."""
    text = f'name = "{name}"\nkernel = "/guest/tiny"\nmemory = 16\nshadow_memory = 2\nvcpus = {vcpus}\n{more}\n'
    return spec(xen, text)


def command(*arguments: str, program: tuple[str, ...] = ("python3", "-m", "xenscmi")) -> dict[str, Any]:
    """Run a command, xenscmi's unless another program is named, and return what came of it."""
    environment = {**os.environ, "PYTHONPATH": "/xenscmi"}
    done = subprocess.run([*program, *arguments], capture_output=True, text=True, env=environment, timeout=100)
    return {"code": done.returncode, "out": done.stdout, "err": done.stderr}


def store() -> list[str]:
    """Return all of xenstore, a line an entry with its value and permissions."""
    return subprocess.run(["xenstore", "ls", "-fp"], capture_output=True, text=True, check=True).stdout.splitlines()


def alone(xen: Xen) -> bool:
    """Wait until dom0 is the only domain; return whether it is."""
    end = time.monotonic() + ALONE_LIMIT
    while len(xen.getdomaininfolist()) > 1:
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def left_over() -> list[str]:
    """Return what is left of domains that are gone: themselves, their entries, their files."""
    with Xen() as xen:
        found = [] if alone(xen) else [str(each) for each in xen.getdomaininfolist() if each.domid]
    for line in store():
        path = line.partition(" = ")[0]
        others = path.startswith(("/local/domain/", "/vm/", "/libxl/")) and not path.startswith("/local/domain/0")
        if others or (path.startswith("/local/domain/0/backend/") and path.count("/") > 5):
            found.append(line)
    return found + [path.name for path in LIBXL.glob("userdata-*") if not path.name.startswith("userdata-d.0.")]


class Injected(HypercallError):
    """The failure that a test asked for."""


@contextmanager
def failing_at(step: int, number: int) -> Iterator[list[str]]:
    """Have the call of this index fail with an errno, of all that are made meanwhile; give the names of those made.

    Calls are hypercalls, mappings, entries in xenstore and files. The calls behind it, which undo, work again.
    """
    made: list[str] = []

    def count(name: str) -> None:
        made.append(name)
        if len(made) == step + 1:
            raise Injected(number, name)

    places: list[tuple[Any, str]] = [
        (libraries.Hypercalls, "call"),
        (libraries.ForeignMemory, "pages"),
        (libraries.ForeignMemory, "grant_table"),
        (xenstore.Xenstore, "write"),
        (xenstore.Xenstore, "make"),
        (xenstore.Xenstore, "introduce_domain"),
        (xenstore.Xenstore, "_end"),
        (userdata, "write"),
    ]
    originals = [getattr(place, name) for place, name in places]

    def counting(original: Any, name: str) -> Any:
        def call(*arguments: Any, **named: Any) -> Any:
            if not named.get("abort"):
                try:
                    count(arguments[1] if name == "call" else name)
                except Injected:
                    if name == "_end":  # a transaction that cannot be committed is over all the same
                        original(*arguments, abort=True)
                    raise
            return original(*arguments, **named)

        return call

    for (place, name), original in zip(places, originals, strict=True):
        setattr(place, name, counting(original, name))
    try:
        yield made
    finally:
        for (place, name), original in zip(places, originals, strict=True):
            setattr(place, name, original)
