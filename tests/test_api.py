"""The Python API: its names and types, what it imports, and that bad input ends in XenscmiError and nothing else."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path, PurePath
from typing import Any, assert_type

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import xenscmi
from xenscmi.config.parsed import Parsed
from xenscmi.devicetree import Tree, write_dtb
from xenscmi.domctl.createdomain import CreateDomain
from xenscmi.domctl.profiles import Profile
from xenscmi.host.load import LoadedHost
from xenscmi.model.xen import Model
from xenscmi.simulation.simulate import Simulation
from xenscmi.toolstack.spec import DomainSpec

SPIDER = Path(__file__).parents[1] / "examples" / "spider"


def test_names_stand_in_every_list() -> None:
    homes = {name: f"xenscmi.{home}" for home, names in xenscmi._HOMES.items() for name in names}
    block = next(node for node in ast.parse(Path(xenscmi.__file__).read_text()).body if isinstance(node, ast.If))
    typed = {name.name: node.module for node in block.body if isinstance(node, ast.ImportFrom) for name in node.names}
    assert homes == typed
    assert sorted(homes) == sorted(xenscmi.__all__) == dir(xenscmi)


@pytest.mark.parametrize("name", xenscmi.__all__)
def test_name_is_there(name: str) -> None:
    assert getattr(xenscmi, name).__doc__


def test_unknown_name() -> None:
    with pytest.raises(AttributeError, match="module 'xenscmi' has no attribute 'chekc'"):
        _ = xenscmi.chekc  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import xenscmi", "xenscmi."),
        ("import xenscmi; xenscmi.parse_xlcfg", "xenscmi.host xenscmi.domctl dataclasses pathlib"),
        ("import xenscmi; xenscmi.encode", "xenscmi.host xenscmi.toolstack dataclasses pathlib"),
        ("import xenscmi; xenscmi.load_host", "xenscmi.rules xenscmi.model xenscmi.cli msgspec"),
    ],
)
def test_only_what_is_used_is_imported(code: str, absent: str) -> None:
    code += f"; import sys; print(*(name for name in sys.modules if name.startswith({tuple(absent.split())})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == []


def test_types_reach_the_caller() -> None:
    host = assert_type(xenscmi.load_host(SPIDER), LoadedHost)
    assert_type(xenscmi.check(host), tuple[xenscmi.Diagnostic, ...])
    assert_type(xenscmi.simulate(host), Simulation)
    spec = assert_type(xenscmi.prepare(xenscmi.parse_xlcfg(xenscmi.read_source(SPIDER / "domd.cfg"))), DomainSpec)
    assert_type(xenscmi.boot(host), Model)
    assert assert_type(xenscmi.encode(spec.createdomain), bytes) == spec.createdomain_bytes
    assert assert_type(xenscmi.decode(spec.createdomain_bytes), CreateDomain) == spec.createdomain


def test_selection_adds_to_the_manifest() -> None:
    files = {name: data for name, data in HOST.items() if name != "domd.cfg"}
    files["guest.cfg"] = HOST["guest.cfg"].replace(b"agent_id=4", b"agent_id=2")
    files["host.toml"] = b'device_tree = "host.dtb"\n[[domain]]\nconfig = "guest.cfg"\n[rules]\nignore = ["XS2"]\n'
    host = load(files)
    found = {each.code for each in xenscmi.check(host)}
    assert found
    assert not any(code.startswith("XS2") for code in found)
    assert {each.code for each in xenscmi.check(host, ignore=sorted(found)[:1])} == {*sorted(found)[1:]}
    assert {each.code for each in xenscmi.check(host, select=sorted(found)[:1])} == {*sorted(found)[:1]}


# Hostile input


def host_blob() -> bytes:
    tree = xenscmi.load_host(SPIDER).host.tree
    assert isinstance(tree, Tree)
    return write_dtb(tree)


HOST = {
    "host.toml": b'device_tree = "host.dtb"\n[[domain]]\nconfig = "domd.cfg"\n[[domain]]\nconfig = "guest.cfg"\n',
    "host.dtb": host_blob(),
    "domd.cfg": (SPIDER / "domd.cfg").read_bytes(),
    "guest.cfg": (SPIDER / "guest.cfg").read_bytes(),
}
CAPABILITIES = xenscmi.HostCapabilities()
PROFILES = st.sampled_from(list(xenscmi.PROFILES.values()))
INTEGERS = st.integers(-(2**70), 2**70) | st.integers(0, 3)


@st.composite
def damaged(draw: st.DrawFn, data: bytes) -> bytes:
    """Return data with some of its bytes replaced, removed or repeated."""
    start = draw(st.integers(0, len(data)))
    end = draw(st.integers(start, min(len(data), start + 64)))
    new = draw(st.binary(max_size=16) | st.sampled_from([b"\xff\xff\xff\xff", b"\0", b"\n", b'"', b"[", b"=", data]))
    return data[:start] + new + data[end:]


@st.composite
def hosts(draw: st.DrawFn) -> dict[str, bytes]:
    """Return the files of a host, one of them damaged."""
    name = draw(st.sampled_from([*HOST]))
    return {**HOST, name: draw(damaged(HOST[name]) | st.binary(max_size=200))}


def load(files: dict[str, bytes]) -> LoadedHost:
    def read(path: PurePath) -> bytes:
        if path.name not in files:
            raise FileNotFoundError(2, "No such file or directory")
        return files[path.name]

    return xenscmi.load_host("/host", read=read, list_folder=lambda path: [path / name for name in files])


def everything(host: LoadedHost) -> Iterator[Callable[[], object]]:
    """Yield what can be done with a host; every step may fail by itself."""
    yield lambda: xenscmi.render(xenscmi.check(host))
    yield lambda: xenscmi.simulate(host)
    for each in host.host.configurations:
        parsed = each.parsed
        if parsed is not None:
            yield partial(create, host, parsed)


def create(host: LoadedHost, parsed: Parsed) -> int:
    return xenscmi.create(xenscmi.boot(host), xenscmi.prepare(parsed))


@settings(max_examples=150)
@given(hosts())
@example({"host.toml": b"\xff"})
@example({})
@example({"a.dtb": b"\xd0\x0d\xfe\xed"})
def test_damaged_hosts(files: dict[str, bytes]) -> None:
    with suppress(xenscmi.XenscmiError):
        for step in everything(load(files)):
            with suppress(xenscmi.XenscmiError):
                step()


@settings(max_examples=200)
@given(st.text() | damaged(HOST["domd.cfg"]).map(lambda data: data.decode("utf-8", "surrogateescape")), PROFILES)
def test_damaged_xlcfg(text: str, profile: Profile) -> None:
    with suppress(xenscmi.XenscmiError):
        spec = xenscmi.prepare(xenscmi.parse_xlcfg(xenscmi.Source("guest.cfg", text)), CAPABILITIES, profile)
        assert xenscmi.decode(spec.createdomain_bytes, profile) == spec.createdomain


@given(st.binary(max_size=200) | st.integers(0, 90).map(bytes), PROFILES)
def test_bytes_of_no_createdomain(data: bytes, profile: Profile) -> None:
    with suppress(xenscmi.XenscmiError):
        assert xenscmi.encode(xenscmi.decode(data, profile), profile) == data


@given(
    st.fixed_dictionaries(
        {}, optional={name: st.binary(max_size=20) if name == "handle" else INTEGERS for name in CreateDomain.fields}
    ),
    PROFILES,
)
def test_values_that_have_no_place(values: dict[str, Any], profile: Profile) -> None:
    domain = CreateDomain(**values)
    with suppress(xenscmi.XenscmiError):
        assert xenscmi.decode(xenscmi.encode(domain, profile), profile) == domain


@pytest.mark.parametrize(
    "path", ["/nowhere/guest.cfg", "/", "/dev/null", "nul\0inside", "x" * 5000, "surrogate\udcff", ""]
)
def test_paths_that_are_no_files(path: str) -> None:
    with pytest.raises(xenscmi.XenscmiError):
        xenscmi.read_source(path)
    with suppress(xenscmi.XenscmiError):  # a folder with other files in it may be a host
        xenscmi.load_host(path, list_folder=lambda _: None)
    with pytest.raises(xenscmi.XenscmiError):
        xenscmi.load_host(path, "/nowhere/else.dts")


@pytest.mark.parametrize(
    "error", [OSError("the reader's own"), PermissionError(13, "Permission denied"), ValueError("x")]
)
def test_readers_that_fail(error: Exception) -> None:
    def fail(_: Path) -> bytes:
        raise error

    with pytest.raises(xenscmi.XenscmiError, match=r"cannot read"):
        xenscmi.load_host(SPIDER, read=fail)
    with pytest.raises(xenscmi.XenscmiError, match=r"cannot read"):
        xenscmi.read_source("guest.cfg", read=fail)


@given(st.lists(st.builds(xenscmi.Diagnostic, message=st.text(), help=st.text(), code=st.text(max_size=5))))
def test_any_diagnostic_can_be_shown(diagnostics: list[xenscmi.Diagnostic]) -> None:
    assert "\x1b" not in xenscmi.render(diagnostics)
