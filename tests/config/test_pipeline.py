"""The whole way from a file to the bytes of the hypercall, on hostile and on large input."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from xenscmi.config.defaults import setdefault
from xenscmi.config.errors import ConfigError
from xenscmi.config.json import to_json
from xenscmi.config.options import KEYS
from xenscmi.config.parse import parse_xlcfg
from xenscmi.domctl.createdomain import CreateDomain, decode, encode, from_config
from xenscmi.domctl.profiles import DEFAULT_PROFILE, PROFILES
from xenscmi.report.text import render
from xenscmi.source import Source

PROFILE = PROFILES[DEFAULT_PROFILE]
GUEST = 'name = "g"\nkernel = "/k"\n'


def run(text: str) -> CreateDomain | str:
    """Go the whole way; return what Xen is told, or what is said instead."""
    try:
        parsed = parse_xlcfg(Source("f", text))
        assert to_json(parsed.config).encode("utf-8", "surrogateescape")
        complete, warnings = setdefault(parsed)
    except ConfigError as error:
        return render(error.diagnostics, "f", colour=True)
    assert render([*parsed.diagnostics, *warnings], "f").count("\n") >= len(parsed.diagnostics)
    domain = from_config(complete)
    assert decode(encode(domain, PROFILE), PROFILE) == domain
    return domain


@given(st.binary(max_size=100))
def test_any_bytes(data: bytes) -> None:
    assert run(data.decode("utf-8", "surrogateescape"))
    assert run(GUEST + data.decode("utf-8", "surrogateescape"))


PIECES = [
    *(
        "type=",
        "agent_id=",
        "backend=",
        "transport=mmio",
        "scmi_smc_multiagent",
        "connection=socket",
        "path=",
        "id:1x1",
    ),
    *(
        "vdev=xvda",
        "target=",
        "format=raw",
        "phy:",
        "cdrom",
        "rate=1MB/s",
        "@",
        "mac=1:2:3:4:5:6",
        "pnode=0",
        "size=64",
    ),
    *("vcpus=0-1", "vdistances=1", "backend-type=linux", "multi-touch-width=", "sample-rates=", "nodes:0", "all", "^"),
    *("0-3", "01:00.0", "*", "0", "1", "-1", "010", "0x1f", "255", "65536", "4294967295", "4294967296"),
    *("18446744073709551615", "99999999999999999999", "a", "é", "\udcff", ",", ";", "=", ":", "-", " ", "\t", "", "x"),
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=5).map("".join)
ITEMS = TEXTS.map(lambda text: f'"{text}"')
LISTS = st.lists(ITEMS | st.lists(ITEMS, max_size=3).map(lambda items: f"[{','.join(items)}]"), max_size=4)
VALUES = ITEMS | LISTS.map(lambda items: f"[{','.join(items)}]")
LINES = st.tuples(st.sampled_from(sorted(KEYS)), st.sampled_from(["=", "=", "=", "+="]), VALUES).map("".join)


@settings(max_examples=400)
@given(st.lists(LINES, min_size=1, max_size=6))
def test_any_values_of_known_keys(lines: list[str]) -> None:
    assert run(GUEST + "\n".join(lines) + "\n")


@settings(max_examples=200)
@given(st.data())
def test_lines_of_the_vectors_mixed_and_broken(vector_texts: dict[str, str], data: st.DataObject) -> None:
    texts = data.draw(st.lists(st.sampled_from(sorted(vector_texts.values())), min_size=1, max_size=3))
    lines = [line for text in texts for line in text.split("\n")]
    broken = data.draw(st.permutations(lines[:12]).map("\n".join))
    at = data.draw(st.integers(0, len(broken)))
    assert run(broken[:at] + data.draw(st.text(max_size=2)) + broken[at:] + "\n")


def test_large_files_and_lists() -> None:
    irqs = ", ".join(str(32 + number % 900) for number in range(100_000))
    text = f"{GUEST}memory = 512\nirqs = [ {irqs} ]\n" + f"# {'x' * 118}\n" * 80_000
    assert len(text) > 10_000_000
    domain = run(text)
    assert isinstance(domain, CreateDomain)
    assert domain.arch_nr_spis == 900
    items = ", ".join(['"4,1"'] * 100_000)
    parsed = parse_xlcfg(Source("f", f"{GUEST}iomem = [ {items} ]\ndtdev = [ {items} ]\n"))
    assert (len(parsed.config.b_info.iomem), len(parsed.config.dtdevs)) == (100_000, 100_000)
    (error,) = [line for line in str(run(f"{GUEST}irqs = [ {irqs}, zz ]")).split("\n") if "error" in line]
    assert "`zz': syntax error" in error
