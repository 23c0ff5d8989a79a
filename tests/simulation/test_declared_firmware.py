"""Whatever firmware a host declares, its domains run on it, or check says at the line why they cannot."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xenscmi.cli import main
from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.host.load import load_host
from xenscmi.host.platform import DeviceNames, declared_names
from xenscmi.host.types import Host
from xenscmi.rules.engine import check
from xenscmi.rules.example import FILES
from xenscmi.simulation.simulate import Simulation, simulate

AGENTS = "".join(
    f"[[firmware.agents]]\nid = {n}\nfunc_id = {0x8200_0002 + n}\npage = {0x47FF_0000 + n * 0x1000}\n"
    for n in range(1, 6)
)
OWNED = ("clocks", "resets", "power_domains", "performance", "sensors", "voltages", "power_caps", "pins", "pin_groups")
PROFILE = 'name = "mine"\ndoc = "A board of mine"\ntrusted_agents = [1]\n'

Fields = Mapping[str, object]


def manifest(sections: str, *, profile: str = "generic", trusted: str = "trusted_agent = 1\n", top: str = "") -> str:
    """Return host.toml of the rules' example host, with these sections of the firmware behind its agents."""
    return (
        'device_tree = "host.dts"\n'
        '[[domain]]\nconfig = "guest.cfg"\ndevice_tree = "guest.dts"\n'
        '[[domain]]\nname = "panel"\ndevice_tree = "panel.dts"\n'
        f'[firmware]\nprofile = "{profile}"\n{trusted}{top}{AGENTS}{sections}'
    )


def host_of(text: str, **more: str) -> Host:
    files = {**FILES, "host.toml": text, **more}

    def read(path: Path) -> bytes:
        if path.name not in files:
            raise FileNotFoundError(path)
        return files[path.name].encode("utf-8", "surrogateescape")

    return load_host(["host.toml"], read=read, list_folder=lambda path: [path / name for name in files]).host


def table(kind: str, fields: Fields) -> str:
    """Return a table of the firmware, a line for each field."""
    return f"[[firmware.{kind}]]\n" + "".join(f"{name} = {_toml(value)}\n" for name, value in fields.items())


def _toml(value: object) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{name} = {_toml(each)}" for name, each in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def device(number: int, **owned: list[int]) -> str:
    return table("devices", {"id": number, **owned})


DEVICES = device(0, clocks=[0, 1]) + device(1, clocks=[10]) + device(2, clocks=[20])
"""What the example's domains use."""
CLOCKS = "".join(table("clocks", {"id": n, "name": f"clk{n}"}) for n in (0, 1, 10, 20))


def found_in(host: Host) -> list[Diagnostic]:
    """Return the errors of check; fail where simulate does not say the same."""
    errors = [each for each in check(host) if each.severity.value == "error"]
    impossible = [each.message for each in errors if each.code == "XS501"]
    if impossible:
        with pytest.raises(XenscmiError) as raised:
            simulate(host)
        assert sorted(each.message for each in raised.value.diagnostics) == sorted(impossible)
    else:
        simulate(host)
    return errors


def ran(host: Host) -> Simulation:
    """Run a host that must be free of errors and deviations."""
    assert [each.message for each in check(host) if each.severity.value == "error"] == []
    simulation = simulate(host)
    assert (simulation.panic, simulation.deviations) == (None, ())
    return simulation


# What is wrong is said at its line

C = {"id": 0, "name": "c"}
CAP = {"id": 0, "name": "p", "minimum": 1, "maximum": 9}
WRONG: list[tuple[str, Fields, str, str]] = [
    ("clocks", C | {"id": 70000}, "id", "id 70000 is not 0 to 65534"),
    ("clocks", C | {"id": 4294967295}, "id", "id 4294967295 is not 0 to 65534"),
    ("clocks", C | {"rates": [0, 1]}, "rates", "0 is not 1 to"),
    ("clocks", C | {"rates": []}, "rates", "the list is empty"),
    ("clocks", C | {"rates": [2, 1]}, "rates", "do not rise"),
    ("clocks", C | {"rates": [1, 2], "rate": 3}, "rate", "3 is not one of its values"),
    ("clocks", C | {"parents": [9]}, "parents", "there is no clock 9"),
    ("clocks", C | {"name": "x" * 64}, "name", "more than 63 bytes"),
    ("clocks", C | {"name": ""}, "name", "empty"),
    ("clocks", C | {"always_on": True}, "enabled", "off at boot"),
    ("power_caps", CAP | {"maximum": 1}, "maximum", "1 is not above the minimum"),
    ("power_caps", CAP | {"parent": 3}, "parent", "there is no power capping domain 3"),
    ("voltages", {"id": 0, "name": "v", "levels": [1, 3], "level": 2}, "level", "2 is not one of its values"),
    ("performance", {"id": 0, "name": "p", "levels": [{"level": 5}], "level": 6}, "level", "6 is not one"),
    ("pin_groups", {"id": 0, "name": "g", "pins": [4]}, "pins", "there is no pin 4"),
    ("devices", {"id": 9, "sensors": [7]}, "sensors", "owns sensor resource 7, which does not exist"),
    ("devices", {"id": 9, "clocks": [70000]}, "clocks", "id 70000 is not 0 to 65534"),
    ("devices", {"id": 9, "clocks": [4294967295]}, "clocks", "id 4294967295 is not 0 to 65534"),
    ("devices", {"id": 9, "system_power": True}, "system_power", "owns system_power resource 0"),
    ("agents", {"id": 1, "func_id": 7, "page": 0x47FF_9000}, "id", "two agents have agent_id 0x1"),
    ("agents", {"id": 8, "func_id": 0x8200_0003, "page": 0x47FF_9000}, "func_id", "two agents have func_id 0x82000003"),
    ("agents", {"id": 8, "func_id": 7, "page": 0x47FF_9000, "name": "n" * 16}, "name", "more than 15 bytes"),
]


@pytest.mark.parametrize(("kind", "fields", "field", "message"), WRONG, ids=[f"{w[0]}-{w[3]}" for w in WRONG])
def test_what_no_firmware_can_have_is_found_at_its_field(kind: str, fields: Fields, field: str, message: str) -> None:
    text = manifest(DEVICES + table(kind, fields))
    found = [each for each in found_in(host_of(text)) if each.code == "XS501"]
    (one,) = [each for each in found if message in each.message]
    assert one.span
    lines = text[: one.span.start].count("\n")
    line = text.splitlines()[lines]
    start = max(at for at, each in enumerate(text.splitlines()) if each == f"[[firmware.{kind}]]")
    assert lines >= start, "at an earlier table"
    # A field that is not there has the place of its table.
    assert line.startswith(f"{field} = " if field in fields else "[[firmware."), line
    assert one.help


def test_a_version_that_nobody_speaks_is_found_at_its_line() -> None:
    (found,) = found_in(host_of(manifest(DEVICES + "[firmware.versions]\nclock = 0x20001\n")))
    assert "version 0x20001 of clock is unknown" in found.message
    assert found.span
    assert found.span.source.line(found.span.line) == "clock = 0x20001"


def test_a_clock_that_a_guest_uses_and_no_firmware_can_have_is_found_in_its_tree() -> None:
    panel = FILES["panel.dts"].replace("<&scmi_clock 10>", "<&scmi_clock 70000>")
    text = 'device_tree = "host.dts"\n[[domain]]\nname = "panel"\ndevice_tree = "panel.dts"\n'
    (found,) = [each for each in found_in(host_of(text, **{"panel.dts": panel})) if each.code == "XS501"]
    assert found.span
    assert (found.span.source.name, found.span.text) == ("panel.dts", "&scmi_clock 70000")


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ("[[firmware.devices]]\nid = 1000000000000\n", "<= 4294967295"),
        ("[[firmware.clocks]]\nid = 0\nname = 'c'\nrates = [-1]\n", ">= 0"),
        ("[[firmware.sensors]]\nid = 0\nname = 's'\nexponent = 16\n", "<= 15"),
        ("[[firmware.clocks]]\nid = 1\nname = 'c'\n" * 2, "there are two clocks with the id 1"),
    ],
)
def test_numbers_without_a_place_in_a_message_are_refused_at_their_line(sections: str, message: str) -> None:
    text = manifest(sections)
    with pytest.raises(XenscmiError, match=message) as raised:
        host_of(text)
    (found,) = raised.value.diagnostics
    assert found.span
    assert found.span.line > manifest("").count("\n")


# What is right runs

names = st.text("abcdefghijklmnopqrstuvwxyz-é", min_size=1, max_size=20)
rising = st.lists(st.integers(1, 2**31 - 1), min_size=1, max_size=5, unique=True).map(sorted)


@st.composite
def clocks(draw: st.DrawFn, number: int) -> Fields:
    rates = draw(rising)
    fields = {"id": number, "name": f"{draw(names)}{number}", "rates": rates, "rate": draw(st.sampled_from(rates))}
    always_on = draw(st.booleans())
    fields |= {"always_on": always_on, "enabled": always_on or draw(st.booleans()), "shared": draw(st.booleans())}
    for who in ("state_agents", "rate_agents", "parent_agents"):
        if draw(st.booleans()):
            fields[who] = draw(st.lists(st.integers(0, 5), unique=True))
    return fields | {"parents": draw(st.lists(st.integers(0, 1), unique=True)) if number > 1 else []}


STATES = ("shutdown", "cold_reset", "warm_reset", "power_up", "suspend")


@st.composite
def platforms(draw: st.DrawFn) -> str:
    """Return the sections of a platform on which device 2 of the example's guest owns something of everything."""
    number = draw(st.integers(0, 65534))
    levels, volts, steps = draw(rising), draw(rising), draw(rising)
    point = [{"level": level, "power": level, "latency": 7} for level in levels]
    low = draw(st.integers(1, 1000))
    axes = [{"name": draw(names), "value": -3} for _ in range(draw(st.integers(0, 3)))]
    tables = [
        *(table("clocks", draw(clocks(n))) for n in (0, 1, 10, 20)),
        table("resets", {"id": number, "name": draw(names), "asserted": draw(st.booleans())}),
        table("power_domains", {"id": number, "name": draw(names), "on": draw(st.booleans())}),
        table(
            "performance", {"id": number, "name": draw(names), "levels": point, "level": draw(st.sampled_from(levels))}
        ),
        table("sensors", {"id": number, "name": draw(names), "enabled": draw(st.booleans()), "axes": axes}),
        table("voltages", {"id": number, "name": draw(names), "levels": volts, "level": draw(st.sampled_from(volts))}),
        table("power_caps", {"id": number, "name": draw(names), "minimum": low, "maximum": low + steps[0]}),
        table("pins", {"id": number, "name": draw(names)}),
        table("pin_groups", {"id": number, "name": draw(names), "pins": [number]}),
        table("pin_functions", {"id": number, "name": draw(names), "groups": [number]}),
    ]
    own = {kind: [20] if kind == "clocks" else [number] for kind in OWNED}
    devices = (
        device(0, clocks=[0, 1]) + device(1, clocks=[10]) + table("devices", {"id": 2, **own, "system_power": True})
    )
    states = draw(
        st.lists(st.sampled_from(["shutdown", "cold_reset", "warm_reset", "power_up", "suspend"]), unique=True)
    )
    top = f"system_power = true\nsystem_states = {json.dumps(states)}\n"
    versions = draw(st.sampled_from(["", "versions = { clock = 0x20000 }\n", "versions = { sensor = 0x10000 }\n"]))
    return manifest("".join(tables) + devices, top=top + versions)


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(platforms())
def test_any_declared_platform_runs_as_its_host_means_it(text: str) -> None:
    ran(host_of(text))


EVERYTHING = "".join(
    (
        CLOCKS,
        table("resets", {"id": 0, "name": "rst"}),
        table("power_domains", {"id": 0, "name": "pd"}),
        table("performance", {"id": 0, "name": "cpu", "levels": [{"level": 1}, {"level": 2}], "level": 1}),
        table("sensors", {"id": 0, "name": "off", "enabled": False}),
        table("voltages", {"id": 0, "name": "vdd", "levels": [800_000, 900_000], "step": 50_000, "level": 850_000}),
        table("power_caps", CAP),
        table("pins", {"id": 0, "name": "p0"}),
        table("pin_groups", {"id": 0, "name": "uart", "pins": [0]}),
        table("pin_functions", {"id": 0, "name": "serial", "groups": [0]}),
        device(0, clocks=[0, 1]) + device(1, clocks=[10]),
        device(2, **{kind: [20] if kind == "clocks" else [0] for kind in OWNED}),
    )
)
"""A platform on which the guest's device owns something of everything."""


def test_a_platform_with_everything_runs() -> None:
    guest = next(view for view in ran(host_of(manifest(EVERYTHING))).domains if view.name == "guest")
    assert guest.given == {2}


def test_today_s_short_form_makes_names() -> None:
    ran(host_of(manifest(DEVICES)))


NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.integers(0, 70000) | st.sampled_from([0, 1, 65534, 65535, 2**32 - 1])


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_no_numbers_crash_or_hang_anything(data: st.DataObject) -> None:
    """Any number anywhere: the manifest is refused, or check and simulate say the same."""
    draw = data.draw

    def n() -> int:
        return draw(NUMBERS)

    sections = [
        table("clocks", {"id": n(), "name": "c", "rates": [n(), n()], "step": n(), "parents": [n()]}),
        table("power_caps", {"id": n(), "name": "p", "minimum": n(), "maximum": n(), "accuracy": n(), "parent": n()}),
        table("sensors", {"id": n(), "name": "s", "value": n(), "trip_points": n(), "intervals": [[n(), n()]]}),
        table("voltages", {"id": n(), "name": "v", "levels": [n(), n()], "level": n()}),
        table("performance", {"id": n(), "name": "f", "levels": [{"level": n(), "power": n()}], "level": n()}),
        table("agents", {"id": n(), "func_id": n(), "page": n(), "p2a_page": n()}),
        table("resets", {"id": n(), "name": "r", "latency": n()}),
        device(2, clocks=[n()], resets=[n()], pins=[n()], sensors=[n()]),
        device(n(), power_domains=[n()]),
    ]
    chosen = draw(st.lists(st.sampled_from(sections), unique=True, min_size=1, max_size=3))
    refused: tuple[Diagnostic, ...] = ()
    try:
        host = host_of(manifest("".join(chosen)))
    except XenscmiError as error:
        refused = error.diagnostics
    assert all(each.span for each in refused or found_in(host))


# Names


def test_names_are_those_of_the_manifest() -> None:
    devices = device(0, clocks=[0, 1]) + table("devices", {"id": 2, "name": "audio", "clocks": [20]})
    host = host_of(manifest(CLOCKS + devices + device(3, resets=[4])))
    assert declared_names(host) == {
        0: DeviceNames("", ("clock clk0", "clock clk1")),
        2: DeviceNames("audio", ("clock clk20",)),
    }


@pytest.mark.slow
def test_names_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "host.toml").write_text(
        manifest(CLOCKS + DEVICES + table("devices", {"id": 7, "name": "spare"})).replace(
            "id = 2\nclocks", 'id = 2\nname = "audio"\nclocks'
        )
    )
    state = ["--host", str(tmp_path), "--state", str(tmp_path / "state.db")]
    assert main(["simulate", str(tmp_path)]) == 0
    assert "  2: /soc/audio@e0002000 (audio: clock clk20)\n" in capsys.readouterr().out
    assert main(["simulate", "--json", str(tmp_path)]) == 0
    names = json.loads(capsys.readouterr().out)["names"]
    assert names["2"] == {"name": "audio", "resources": ["clock clk20"]}
    assert main(["create", "-q", *state, str(tmp_path / "guest.cfg")]) == 0
    assert main(["agents", *state]) == 0
    assert " 2 (audio)\n" in capsys.readouterr().out
    assert main(["scmi", *state, "guest", "clock", "rate_get", "clock_id=20"]) == 0
    assert "  resource: clk20\n" in capsys.readouterr().out


# Notifications


def test_who_hears_of_what() -> None:
    """The guest's agent has a second page, which the guest maps; the panel's agent has none."""
    text = manifest(EVERYTHING).replace("page = 1207910400", "page = 1207910400\np2a_page = 0x47ff6000")
    mapped = FILES["guest.cfg"].replace("iomem = [ ", 'iomem = [ "47ff6,1@22002", ')
    node = "\tevents@47ff6000 {\n\t\treg = <0x0 0x47ff6000 0x0 0x1000>;\n\t};\n\n\tsoc {"
    tree = FILES["host.dts"].replace("\tsoc {", node)  # so dom0 may pass the page on
    run = simulate(host_of(text, **{"guest.cfg": mapped, "host.dts": tree}))
    assert run.deviations == ()
    heard = {view.name: view.hears for view in run.domains}
    expected = {
        *(
            "CLOCK_RATE_NOTIFY",
            "CLOCK_RATE_CHANGE_REQUESTED_NOTIFY",
            "POWER_STATE_NOTIFY",
            "POWER_STATE_CHANGE_REQUESTED_NOTIFY",
        ),
        *("PERFORMANCE_NOTIFY_LIMITS", "PERFORMANCE_NOTIFY_LEVEL", "RESET_NOTIFY", "SENSOR_TRIP_POINT_NOTIFY"),
        *("SENSOR_CONTINUOUS_UPDATE_NOTIFY", "POWERCAP_CAP_NOTIFY", "POWERCAP_MEASUREMENTS_NOTIFY"),
    }
    assert {device: set(commands) for device, commands in heard["guest"].items()} == {2: expected}
    assert [heard[name] for name in heard if name != "guest"] == [{}, {}]
    unmapped = {view.name: view.hears for view in simulate(host_of(text)).domains}
    assert unmapped["guest"] == {}, "the guest does not have the page"


# The user's profile


def test_a_profile_of_the_user_s_runs() -> None:
    text = manifest(DEVICES, profile="mine.toml", trusted="")
    host = host_of(text, **{"mine.toml": PROFILE})
    assert host.firmware.trusted_agent == 1, "the profile says who is trusted"
    ran(host)


def test_a_device_of_a_protocol_that_the_firmware_lacks() -> None:
    text = manifest(DEVICES, profile="mine.toml", trusted="")
    host = host_of(text, **{"mine.toml": PROFILE + 'protocols = ["base", "reset"]\n'})
    found = [each for each in found_in(host) if each.code == "XS502"]
    assert [each.span and each.span.text for each in found] == ["clocks"] * 3
    assert "the firmware (mine) does not have that protocol" in found[0].message


@pytest.mark.parametrize(
    ("profile", "message", "place"),
    [
        ("name = 1\n", "`name' is 1", ("mine.toml", 1)),
        (PROFILE + "exclusive = 3\n", "`exclusive' is 3", ("mine.toml", 4)),
        (PROFILE + "colour = 3\n", "unknown key `colour'", ("mine.toml", 4)),
        (PROFILE + "= 3\n", "not TOML", ("mine.toml", 4)),
        (None, "cannot read mine.toml", ("host.toml", 9)),
    ],
)
def test_a_profile_of_the_user_s_that_is_wrong(profile: str | None, message: str, place: tuple[str, int]) -> None:
    more = {} if profile is None else {"mine.toml": profile}
    with pytest.raises(XenscmiError, match=message) as raised:
        host_of(manifest("", profile="mine.toml"), **more)
    span = raised.value.diagnostics[0].span
    assert span
    assert (Path(span.source.name).name, span.line) == place


def test_a_profile_outside_the_host_s_folder() -> None:
    with pytest.raises(XenscmiError, match="outside the host's folder"):
        host_of(manifest("", profile="../mine.toml"))
