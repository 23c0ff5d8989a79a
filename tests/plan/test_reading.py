"""Every mistake of a plan is said with its key, its line and what was expected; nothing else comes out."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.plan.boards import HEAD, MAP

from xenscmi.diagnostics import XenscmiError
from xenscmi.host.toml_places import TomlPlaces
from xenscmi.plan.lock import Lock, read_lock, write_lock
from xenscmi.plan.reading import read_plan
from xenscmi.plan.resource_map import read_map, shipped
from xenscmi.plan.schema import Plan
from xenscmi.source import Source


def errors(text: str) -> list[tuple[int, str, str]]:
    """Return line, message and help of each error of a plan."""
    with pytest.raises(XenscmiError) as caught:
        read_plan(Source("plan.toml", text))
    return [(each.span.line if each.span else 0, each.message, each.help) for each in caught.value.diagnostics]


MISTAKES = [
    ("[board\n", 1, "Expected ']'"),
    ("[firmware]\n", 1, "the key `board' is missing"),
    ("[board]\ndevice_tree = 3\n", 2, "board.device_tree: Expected `str`, got `int`"),
    ('[board]\ndevice_tree = ""\n', 2, "length >= 1"),
    (HEAD + "agents = 1\n", 7, "firmware.agents: Expected `int` >= 2"),
    (HEAD + "agents = 256\n", 7, "<= 255"),
    (HEAD + "func_id = 0x100000000\n", 7, "<= 4294967295"),
    (HEAD + "pages = -1\n", 7, ">= 0"),
    (HEAD + 'profile = "tfa"\n', 7, "Invalid enum value 'tfa'"),
    (
        HEAD + "channels = [{ agent = 255, func_id = 0, page = 0 }]\n",
        7,
        "firmware.channels[0].agent: Expected `int` <= 254",
    ),
    (HEAD + "agentz = 3\n", 7, "there is no key `agentz'"),
    (HEAD + '[[domain]]\nname = "a b"\n', 8, "domain[0].name: Expected `str` matching regex"),
    (HEAD + '[[domain]]\nname = "../x"\n', 8, "matching regex"),
    (HEAD + '[[domain]]\nname = "a"\nmemory = 1\n', 9, "domain[0].memory: Expected `int` >= 8"),
    (HEAD + '[[domain]]\nname = "a"\nvcpus = 129\n', 9, "<= 128"),
    (HEAD + '[[domain]]\nname = "a"\nmemroy = 64\n', 9, "neither the plan nor xl knows a key `memroy' here"),
    (HEAD + '[[domain]]\nname = "a"\nirqs = [3]\n', 9, "the plan works `irqs' out itself"),
    (HEAD + '[[domain]]\nname = "a"\narm_sci = "x"\n', 9, "the plan works `arm_sci' out itself"),
    (HEAD + '[[domain]]\nname = "a"\nagent = 300\n', 9, "domain[0].agent"),
    (HEAD + '[[domain]]\nname = "a"\nkernel = "a;b"\n', 9, "domain[0].kernel"),
    (HEAD + '[[domain]]\nname = "a"\nextra = "x\\ny"\n', 9, "control characters and line breaks cannot stand here"),
    (HEAD + '[[domain]]\nname = "a"\n[[domain]]\nname = "A"\n', 10, "two domains are called A"),
    (HEAD + '[[domain]]\nname = "Dom0"\n', 8, "a domain cannot be called Dom0"),
    (HEAD + '[xen]\nprofile = "4.9"\n', 8, "there is no Xen profile 4.9"),
    (
        HEAD + '[[domain]]\nname = "a"\nkind = "dom0less"\non_crash = "destroy"\n',
        10,
        "xl's key `on_crash' has no meaning",
    ),
    (HEAD + '[[domain]]\nname = "a"\ndirect_map = true\n', 7, "direct_map and static_mem are for dom0less domains"),
    (HEAD + '[[domain]]\nname = "a"\nkind = "dom0less"\ndirect_map = true\n', 10, "needs static_mem"),
    (HEAD + '[[domain]]\nname = "a"\nmaxmem = 64\n', 9, "64 MiB is less than memory, 256 MiB"),
    (HEAD + '[[domain]]\nname = "a"\non_crash = 1.5\n', 9, "xl knows numbers, strings and lists of them"),
    (HEAD + '[[domain]]\nname = "a"\non_crash = { a = 1 }\n', 9, "xl knows numbers, strings and lists of them"),
    (HEAD + '[defaults]\nname = "a"\n', 8, "`name' here"),
    (HEAD + "[[domain]]\ndevices = [1]\n", 7, "the key `name' is missing"),
    (HEAD + '[[domain]]\nname = "a"\ndevices = [-1]\n', 9, "domain[0].devices[0]"),
    (HEAD + '[[domain]]\nname = "a"\ndevices = ["x",\n  { device = "y", ide = 3 }]\n', 10, "there is no key `ide'"),
]


@pytest.mark.parametrize(("text", "line", "message"), MISTAKES)
def test_mistakes_are_named_with_their_line(text: str, line: int, message: str) -> None:
    found = errors(text)
    assert any(where == line and message in said for where, said, _ in found), found


def test_a_misspelt_key_is_guessed() -> None:
    ((_, _, help),) = errors(HEAD + '[[domain]]\nname = "a"\nmemroy = 64\n')
    assert help == "did you mean `memory'?"


def test_all_mistakes_of_a_stage_are_said_at_once() -> None:
    found = errors(HEAD + '[[domain]]\nname = "a"\nfoo_bar = 1\n[[domain]]\nname = "b"\nirqs = []\n')
    assert [line for line, _, _ in found] == [9, 12]


def test_defaults_reach_domains_that_do_not_say() -> None:
    text = HEAD + '[defaults]\nmemory = 99\non_crash = "destroy"\n[[domain]]\nname = "a"\n'
    text += '[[domain]]\nname = "b"\nmemory = 50\n[[domain]]\nname = "c"\nkind = "dom0less"\n'
    a, b, c = read_plan(Source("plan.toml", text)).plan.domain
    assert (a.memory, b.memory, c.memory) == (99, 50, 99)
    assert (a.xl, b.xl, c.xl) == ({"on_crash": "destroy"}, {"on_crash": "destroy"}, {})


@pytest.mark.parametrize(
    "text", ["[" * 3000, "a = " + "[" * 200, "a = " + "9" * 5000, "x" * (2 << 20), "\0", "a = 1979-99-99"]
)
def test_hostile_texts_are_refused(text: str) -> None:
    assert errors(text)


@given(st.text(max_size=200))
def test_any_text_is_a_plan_or_an_error(text: str) -> None:
    with suppress(XenscmiError):
        read_plan(Source("plan.toml", text))


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abdenmo_xl", max_size=6), inner, max_size=3),
    max_leaves=8,
)
_KEYS = st.sampled_from(
    ["board", "firmware", "xen", "dom0", "domain", "defaults", "device_tree", "name", "devices", "xl", "agent"]
)


@given(st.dictionaries(_KEYS, _VALUES, max_size=5))
def test_any_values_are_a_plan_or_an_error(document: dict[str, object]) -> None:
    text = _toml(document)
    with suppress(XenscmiError):
        read_plan(Source("plan.toml", text))


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "\n".join(f"{json.dumps(key)} = {_inline(each)}" for key, each in value.items() if each is not None)
    return _inline(value)


def _inline(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {_inline(v)}" for k, v in value.items() if v is not None) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_inline(each) for each in value if each is not None) + "]"
    return json.dumps(value)


def test_places_are_found_in_every_form() -> None:
    source = Source(
        "x", 'a = 1\n[t]\nb = [1,\n  "two", { c = [3] }]\n[[d]]\ne.f = 1\n[[d]]\n"g h" = 2\n[d.sub]\ni = 1\n'
    )
    places = TomlPlaces(source)
    lines = {
        path: places.at(path).line for path in ("$.a", "$.t.b[0]", "$.t.b[1]", "$.t.b[2].c[0]", "$.d[0].e.f", "$.d[1]")
    }
    assert lines == {"$.a": 1, "$.t.b[0]": 3, "$.t.b[1]": 4, "$.t.b[2].c[0]": 4, "$.d[0].e.f": 6, "$.d[1]": 7}
    assert (places.at("$.d[1].sub.i").line, places.at("$.d[1].nothing").line) == (10, 7)


@given(
    st.builds(
        Lock,
        pages=st.none() | st.integers(0, (1 << 48) - 1),
        agents=st.dictionaries(st.text(max_size=9), st.integers(0, 254), max_size=4),
        devices=st.dictionaries(
            st.text(st.characters(codec="ascii", exclude_categories=["Cc"])),
            st.integers(0, 99) | st.lists(st.integers(0, 99), max_size=3).map(tuple),
            max_size=4,
        ),
        guests=st.dictionaries(
            st.text("abc-", min_size=1), st.dictionaries(st.text("0x19af", min_size=1), st.integers(0, 99)), max_size=3
        ),
    )
)
def test_a_lock_reads_back_as_it_was(lock: Lock) -> None:
    text = write_lock(lock)
    if any(ord(character) < 0x20 or ord(character) == 0x7F for name in lock.agents for character in name):
        return  # names come from a plan, which has none of these
    assert read_lock(Source("plan.lock", text)) == lock


@pytest.mark.parametrize(
    "text", ["version = 2\n", "agents = 3\n", "[agents]\na = 255\n", "[guests.a]\nb = -1\n", "[x]\n"]
)
def test_a_lock_that_was_tampered_with_is_refused(text: str) -> None:
    with pytest.raises(XenscmiError) as caught:
        read_lock(Source("plan.lock", text))
    (found,) = caught.value.diagnostics
    assert found.span
    assert found.span.source.name == "plan.lock"


def test_maps_that_are_shipped_are_good() -> None:
    maps = {name: read_map(source) for name, source in shipped().items()}
    v4h = maps["r8a779g0"]
    clocks, resets = "/soc/clock-controller@e6150000", "/soc/clock-controller@e6150000"
    # EPAM's TF-A: CPG_MOD 706 → clock 153 (85 + 68), SD0H → clock 48, reset 706 → 68, always-on → power domain 64.
    assert v4h.scmi_id("clocks", clocks, (1, 706)) == 153
    assert v4h.scmi_id("clocks", clocks, (0, 48)) == 48
    assert v4h.scmi_id("clocks", clocks, (1, 2927)) == 85 + 142
    assert v4h.scmi_id("clocks", clocks, (1, 122)) == 85 + 143
    assert v4h.scmi_id("resets", resets, (706,)) == 68
    assert v4h.scmi_id("resets", resets, (2927,)) == 166
    assert v4h.scmi_id("power_domains", "/soc/system-controller@e6180000", (64,)) == 64
    assert v4h.scmi_id("clocks", clocks, (1, 1)) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (MAP + '[[devices]]\npath = "/a"\nid = 1\n[[devices]]\npath = "/b"\nid = 1\n', "device id 1 is /a's"),
        (MAP + '[[devices]]\npath = "/a"\nid = 1\n[[devices]]\npath = "/a"\nid = 1\n', "/a has id 1 twice"),
        ('name = "x"\n[[clocks]]\nprovider = "/a"\nids = { "x" = 1 }\n', "matching regex"),
        ('name = "x"\n[[clocks]]\nprovider = "/a"\nruns = [{ cells = "0", count = 99999999, id = 0 }]\n', "<= 65536"),
        ('name = "x"\n[[clock]]\n', "there is no key `clock'"),
    ],
)
def test_maps_with_mistakes_are_refused(text: str, message: str) -> None:
    with pytest.raises(XenscmiError) as caught:
        read_map(Source("soc.toml", text))
    assert message in str(caught.value)


def test_the_published_schema_is_the_plans() -> None:
    published = Path(__file__).parents[2] / "docs" / "plan.schema.json"
    from xenscmi.plan.json_schema import schema_text

    assert published.read_text() == schema_text()
    assert msgspec.json.decode(published.read_bytes())["$defs"][Plan.__name__]


@pytest.mark.parametrize(
    ("text", "help"),
    [
        ('profile = "tfa"\n', "write one of generic, tfa-rpi5, tfa-rcar-gen4, scp"),
        ('tables = ["tf-a"]\n', "write one of tfa, optee, scp, imx-sm"),
        ('[[domain]]\nname = "a"\nkind = "dom0-less"\n', "write one of toolstack, dom0less"),
    ],
)
def test_a_word_that_is_not_one_of_a_few(text: str, help: str) -> None:
    ((_, _, said),) = errors(HEAD + text)
    assert said == help
