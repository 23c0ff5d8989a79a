"""Throw broken input at every door: `tools/fuzz.py [TARGET…] [--seconds 60 | --cases N] [--seed N] [--atheris]`.

A door is a function of bytes that returns, or raises XenscmiError; any other exception, more than LIMIT seconds for a
case, or memory that keeps growing is a finding. The case is then written to fuzz-findings/, and `--replay FILE` runs it
again: make a test of it before you fix it.

Cases are mutations of the vectors in tests/. With `--atheris`, atheris (libFuzzer; `pip install atheris`) makes them,
guided by coverage.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import signal
import sqlite3
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType

from xenscmi.api import load_host
from xenscmi.config.defaults import setdefault
from xenscmi.config.json import from_json, to_json
from xenscmi.config.parse import parse_xlcfg
from xenscmi.conversion.convert import convert
from xenscmi.conversion.removals import Removal, without
from xenscmi.devicetree import Tree, apply_overlays, parse_tree, write_dts
from xenscmi.devicetree.dtb import read_dtb, write_dtb
from xenscmi.diagnostics import Safety, XenscmiError
from xenscmi.domctl.createdomain import decode, encode, from_config
from xenscmi.domctl.profiles import PROFILES
from xenscmi.host.firmware import firmware_of
from xenscmi.host.imagebuilder import read_imagebuilder
from xenscmi.host.manifest import read_manifest
from xenscmi.host.parsed import ParsedFiles
from xenscmi.host.reader import read_host
from xenscmi.host.toml_places import TomlPlaces
from xenscmi.host.types import Host
from xenscmi.model.machine import boot
from xenscmi.model.state import StateFile, Store
from xenscmi.model.xen import Model
from xenscmi.report.text import render
from xenscmi.rules.engine import check
from xenscmi.rules.example import FILES
from xenscmi.rules.fixing import next_pass
from xenscmi.rules.registry import all_rules
from xenscmi.rules.suppression import suppressions
from xenscmi.rules.trial import example_files
from xenscmi.scmi.dump import decode_each
from xenscmi.source import Source

ROOT = Path(__file__).parents[1]
VECTORS = ROOT / "tests" / "vectors"
FINDINGS = ROOT / "fuzz-findings"
LIMIT = 5.0
LARGEST = 1 << 16
GROWTH = 256 << 10  # KiB that the process may grow after the first thousand cases

Target = Callable[[bytes], object]


def _source(data: bytes, name: str = "fuzz") -> Source:
    return Source(name, data.decode("utf-8", "surrogateescape"))


def xlcfg(data: bytes) -> None:
    """An xl.cfg, as far as the bytes of its createdomain."""
    encode(from_config(setdefault(parse_xlcfg(_source(data)))[0]))


def libxl_json(data: bytes) -> None:
    """Libxl's JSON, there and back."""
    to_json(from_json(_source(data)))


def createdomain(data: bytes) -> None:
    """The bytes of createdomain, in every layout."""
    for profile in PROFILES.values():
        decode(data, profile)


def dtb(data: bytes) -> None:
    """A blob; what is read is a host to check."""
    tree = read_dtb(data, "fuzz.dtb")
    write_dtb(tree)
    render(check(read_host(tree)))


def dts(data: bytes) -> None:
    """A source, by cpp and dtc."""
    with TemporaryDirectory() as folder:
        render(check(read_host(parse_tree(data, Path(folder, "fuzz.dts")))))


def overlay(data: bytes) -> None:
    """An overlay as a blob, applied to the example's host tree."""
    apply_overlays(_example_tree(), [read_dtb(data, "fuzz.dtbo")])


def dialect(data: bytes) -> None:
    """A source in an older dialect, converted."""
    with TemporaryDirectory() as folder:
        convert(read_host(parse_tree(data, Path(folder, "fuzz.dts"))))


def fixes(data: bytes) -> None:
    """A file of the example host, checked, and fixed until nothing is left to fix: no fix breaks a file."""
    name = "guest.cfg"
    if b"/dts-v1/" in data:
        name = "host.dts" if b"chosen" in data else "panel.dts" if b"xen,reg" in data else "guest.dts"
    files = {each: text.encode() for each, text in FILES.items()} | {name: data}
    host = _host_of(files)
    for _ in range(20):
        step = next_pass(check(host), Safety)
        if step is None:
            return
        for source, text in step.texts:
            encoding = "latin-1" if source.name.endswith(".dts") and not _is_utf_8(files[source.name]) else "utf-8"
            files[source.name] = text.encode(encoding, "surrogateescape")
        try:
            host = _host_of(files)
        except XenscmiError as error:
            raise AssertionError(f"{step.fixed[0].code} broke a file: {error}") from None


def _host_of(files: Mapping[str, bytes]) -> Host:
    def list_folder(path: Path) -> list[Path] | None:
        return [Path(name) for name in files] if path == Path() else None

    def read(path: Path) -> bytes:
        if path.name not in files:
            raise FileNotFoundError
        return files[path.name]

    return load_host(".", read=read, list_folder=list_folder, parsed=_PARSED).host


def _is_utf_8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


_PARSED = ParsedFiles()


def manifest(data: bytes) -> None:
    """A host.toml and the firmware in it."""
    source = _source(data, "host.toml")
    firmware_of(read_manifest(source).firmware, TomlPlaces(source))


def imagebuilder(data: bytes) -> None:
    """An ImageBuilder configuration."""
    read_imagebuilder(_source(data)).partial_trees()


def comments(data: bytes) -> None:
    """The comments that silence rules, in any text."""
    list(suppressions([_source(data)]))


def dump(data: bytes) -> None:
    """A log with SCMI messages, or a dump of a page."""
    for each in decode_each(_source(data)):
        if isinstance(each, XenscmiError):
            render(each.diagnostics)


def page(data: bytes) -> None:
    """An agent's shared memory, served by the example's firmware."""
    firmware = _example_model().firmware
    area = bytearray(data[:4096].ljust(4096, b"\0"))
    area[4:8] = bytes(4)  # the channel is busy: there is a message
    for agent in firmware.agents:
        firmware.serve(agent, bytearray(area))


def state(data: bytes) -> None:
    """A state file: a database as a whole if it begins as one, or else a value for a column of a good one."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "host.db")
        path.write_bytes(data if data.startswith(b"SQLite format 3\0") else _example_state())
        if not data.startswith(b"SQLite format 3\0"):
            column = _COLUMNS[(data[0] if data else 0) % len(_COLUMNS)]
            with closing(sqlite3.connect(path)) as connection:
                value = data[1:].decode("utf-8", "replace")
                try:
                    connection.execute(f"UPDATE domain SET {column} = ?", (value,))
                except sqlite3.Error:
                    return
                connection.commit()
        store = Store(StateFile(path), _example_host, "")
        store.look()
        store.model()
        store.log()


_COLUMNS = ("name", "states", "iomem", "memory", "irqs", "devices", "configuration", "offer", "agent_id", "nr_spis")


@cache
def _example_folder() -> TemporaryDirectory[str]:
    folder = TemporaryDirectory()
    for name, text in FILES.items():
        Path(folder.name, name).write_text(text)
    return folder


@cache
def _example_host() -> Host:
    return load_host(_example_folder().name).host


@cache
def _example_tree() -> Tree:
    tree = _example_host().tree
    assert tree is not None
    return tree


@cache
def _example_model() -> Model:
    return boot(_example_host())


@cache
def _example_state() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder, "host.db")
        Store(StateFile(path), _example_host, "").look()
        return path.read_bytes()


# Seeds


def _sources(*patterns: str) -> list[bytes]:
    return [path.read_bytes() for pattern in patterns for path in sorted((ROOT / "tests").glob(pattern))]


def _blobs() -> list[bytes]:
    blob = write_dtb(_example_tree())
    return [blob, blob[:400]]


def _dialects() -> list[bytes]:
    hosts = ROOT / "tests" / "conversion" / "hosts"
    tree = load_host(hosts / "gate").host.tree
    assert tree is not None
    bare = without(tree, [Removal("/__symbols__", None, "", tree.root.span)])  # dtc makes them again
    return [write_dts(bare).encode(), (hosts / "tower" / "host.dts").read_bytes()]


def _bad_examples() -> list[bytes]:
    texts = [text for rule in all_rules() if rule.fixable for text in example_files(rule.bad).values()]
    return [text.encode() for text in dict.fromkeys(texts)]


def _settings() -> list[bytes]:
    rows = [json.loads(line) for path in sorted((VECTORS / "xlcfg").glob("*.jsonl")) for line in path.open()]
    return [text.encode() for row in rows[::20] for text in row.values() if isinstance(text, str) and "=" in text]


def _outputs() -> list[bytes]:
    found = []
    for data in _settings():
        with suppress(XenscmiError):
            found.append(to_json(setdefault(parse_xlcfg(_source(data)))[0]).encode())
    return found[:50]


TARGETS: dict[str, tuple[Target, Callable[[], list[bytes]]]] = {
    "xlcfg": (xlcfg, _settings),
    "libxl_json": (libxl_json, _outputs),
    "createdomain": (createdomain, lambda: [bytes(128), bytes(range(128))]),
    "dtb": (dtb, _blobs),
    "dts": (dts, lambda: _sources("rules/boards/*/host.dts")),
    "overlay": (overlay, _blobs),
    "dialect": (dialect, _dialects),
    "fixes": (fixes, _bad_examples),
    "manifest": (manifest, lambda: _sources("rules/boards/*/host.toml", "vectors/boot/*/host.toml")),
    "imagebuilder": (imagebuilder, lambda: [b'NUM_DOMUS=1\nDOMU_KERNEL[0]="a"\nDOMU_PASSTHROUGH_DTB[0]=b.dtb\n']),
    "comments": (comments, lambda: [b"a = 1 # xenscmi: ignore[XS004, shared-page]\n/* xenscmi: ignore-file[XS1] */\n"]),
    "dump": (
        dump,
        lambda: [b"00000000  00 0c 50 07 03 00 00 00  01 00 00 00  |..P.|\n", *_sources("**/*.log")],
    ),
    "page": (page, lambda: [bytes(4096), bytes(20) + b"\x08\0\0\0\x00\x40\0\0" + bytes(16)]),
    "state": (state, lambda: [_example_state(), b'\x00"name"', b"\x02[[1, 2]]"]),
}

TOKENS = [b"\0", b"\xff", b"\xed\xa0\x80", b"-1", b"9" * 5000, b"0x", b"[" * 200, b"{" * 200, b'"', b"'", b"\\", b"/*"]
TOKENS += [
    b"\n",
    b"\r",
    b"=",
    b",",
    b"<",
    b"&",
    b"#",
    b"/",
    b"..",
    b"\x1b[31m",
    (2**32 - 1).to_bytes(4, "big"),
    b" " * 999,
]


def mutations(seeds: list[bytes], rng: random.Random) -> Iterator[bytes]:
    """Yield broken input without end: seeds with bits turned, parts cut, copied, mixed, and tokens put in."""
    while True:
        data = bytearray(rng.choice(seeds)[:LARGEST])
        for _ in range(rng.choice((0, 1, 1, 2, 3, 8))):
            at, end = sorted((rng.randint(0, len(data)), rng.randint(0, len(data))))
            end = min(end, at + rng.choice((1, 4, 64, LARGEST)))
            match rng.randrange(6):
                case 0 if data:
                    data[at % len(data)] ^= 1 << rng.randrange(8)
                case 1:
                    del data[at:end]
                case 2:
                    data[at:at] = data[at:end] * rng.choice((1, 2, 50))
                case 3:
                    data[at:at] = rng.choice(TOKENS)
                case 4:
                    data[at:end] = rng.choice(TOKENS)
                case _:
                    other = rng.choice(seeds)
                    data[at:end] = other[: rng.randint(0, len(other))]
            del data[LARGEST:]
        yield bytes(data)


class TooSlow(Exception):
    """A case took longer than LIMIT."""


def _too_slow(number: int, frame: FrameType | None) -> None:
    raise TooSlow(f"more than {LIMIT:g} s")


def attempt(target: Target, data: bytes) -> bool:
    """Run one case; return whether it ended as it should, and print the traceback if not."""
    signal.setitimer(signal.ITIMER_REAL, LIMIT)
    try:
        target(data)
    except XenscmiError as error:
        render(error.diagnostics)
    except Exception:
        traceback.print_exc()
        return False
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return True


def fuzz(name: str, seconds: float, cases: int, seed: int) -> int:
    """Run a target until one of the bounds; return the number of findings."""
    target, seeds = TARGETS[name]
    findings = done = grown = 0
    until = time.monotonic() + seconds
    for data in mutations(seeds(), random.Random(seed)):
        if done >= cases or time.monotonic() > until or findings >= 5:
            break
        if not attempt(target, data):
            findings += 1
            FINDINGS.mkdir(exist_ok=True)
            (FINDINGS / f"{name}-{seed}-{done}").write_bytes(data)
        done += 1
        if done == 1000:
            grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    growth = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - grown if grown else 0
    if growth > GROWTH:
        print(f"{name}: the process has grown by {growth >> 10} MiB", file=sys.stderr)
        findings += 1
    print(f"{name}: {done} cases, {findings} findings", flush=True)
    return findings


def guided(name: str, seconds: float) -> None:
    """Run a target under atheris, which ends the process."""
    import atheris

    target, seeds = TARGETS[name]
    with TemporaryDirectory() as corpus:
        for number, data in enumerate(seeds()):
            Path(corpus, str(number)).write_bytes(data)
        atheris.instrument_all()

        def case(data: bytes) -> None:
            with suppress(XenscmiError):
                target(data)

        atheris.Setup([sys.argv[0], f"-max_total_time={seconds:g}", f"-timeout={LIMIT:g}", corpus], case)
        atheris.Fuzz()


def main() -> int:
    """Run the tool."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "targets", nargs="*", metavar="TARGET", help=f"fuzz these (default: all of {', '.join(TARGETS)})"
    )
    parser.add_argument("--seconds", type=float, default=60, help="stop each target after this time (default: 60)")
    parser.add_argument("--cases", type=int, default=sys.maxsize, help="stop each target after this many cases")
    parser.add_argument("--seed", type=int, default=0, help="choose other cases (default: 0)")
    parser.add_argument("--atheris", action="store_true", help="let atheris choose the cases of the one target named")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="run this case of the one target named")
    arguments = parser.parse_args()
    signal.signal(signal.SIGALRM, _too_slow)
    names = arguments.targets or list(TARGETS)
    if unknown := set(names) - TARGETS.keys():
        parser.error(f"there is no target {', '.join(sorted(unknown))}")
    if (arguments.atheris or arguments.replay) and len(names) != 1:
        parser.error("name one target")
    if arguments.replay:
        return not attempt(TARGETS[names[0]][0], arguments.replay.read_bytes())
    if arguments.atheris:
        guided(names[0], arguments.seconds)
    return bool(sum(fuzz(name, arguments.seconds, arguments.cases, arguments.seed) for name in names))


if __name__ == "__main__":
    sys.exit(main())
