"""Every resource that a platform can have can be declared in host.toml, and what cannot be is said with its place."""

from __future__ import annotations

from dataclasses import MISSING, fields
from pathlib import Path

import msgspec
import pytest

from xenscmi.devicetree import parse_dts
from xenscmi.diagnostics import XenscmiError
from xenscmi.firmware import resources
from xenscmi.firmware.resources import (
    Clock,
    FastChannel,
    OperatingPoint,
    PerformanceDomain,
    Sensor,
    SensorAxis,
    pin_resource,
)
from xenscmi.host.firmware import RECORDS, firmware_of
from xenscmi.host.firmware import record as make
from xenscmi.host.manifest import read_manifest
from xenscmi.host.platform import platform_of
from xenscmi.host.reader import read_host
from xenscmi.host.toml_places import TomlPlaces
from xenscmi.host.types import Host, HostFirmware
from xenscmi.model.machine import switch_on
from xenscmi.scmi.header import ProtocolId
from xenscmi.source import Source

HOST = 'device_tree = "a.dts"\n[firmware]\nsystem_power = true\nversions = { clock = 0x20000 }\n'
RESOURCES = """
[[firmware.clocks]]
id = 3
name = "uart"
rates = [1000, 2000]
extended_configs = { 1 = 5 }
[[firmware.performance]]
id = 0
name = "cpu"
level = 1
levels = [{ level = 1 }, { level = 2, power = 9 }]
fast_channels = { 7 = { address = 0x1000 } }
[[firmware.sensors]]
id = 0
name = "board"
axes = [{ name = "x" }]
[[firmware.pins]]
id = 0
name = "p0"
[[firmware.pin_groups]]
id = 1
name = "g1"
pins = [0]
[[firmware.devices]]
id = 1
clocks = [3]
pins = [0]
pin_groups = [1]
system_power = true
"""


def firmware(text: str) -> HostFirmware:
    source = Source("host.toml", HOST + text)
    return firmware_of(read_manifest(source).firmware, TomlPlaces(source))


def host(text: str) -> Host:
    tree = parse_dts(b"/dts-v1/; / { };", name="a.dts", directory=Path())
    return read_host(tree, firmware=firmware(text))


@pytest.mark.parametrize(("table", "record"), RECORDS.items(), ids=RECORDS.values())
def test_a_table_has_the_fields_of_its_record_with_their_defaults(table: type[msgspec.Struct], record: str) -> None:
    record_fields = fields(getattr(resources, record))
    declared = {each.name: each for each in msgspec.structs.fields(table)}
    assert declared.keys() - {"id"} == {each.name for each in record_fields}
    for each in record_fields:
        has_default = each.default is not MISSING or each.default_factory is not MISSING
        assert declared[each.name].required != has_default
        if each.default is not MISSING and declared[each.name].default is not msgspec.NODEFAULT:
            assert make(declared[each.name].default) == each.default


def test_resources_and_their_owners_reach_the_platform() -> None:
    found = platform_of(host(RESOURCES))
    assert found.clocks == {3: Clock(name="uart", rates=(1000, 2000), extended_configs={1: 5})}
    assert found.performance == {
        0: PerformanceDomain(
            name="cpu",
            level=1,
            levels=(OperatingPoint(level=1), OperatingPoint(level=2, power=9)),
            fast_channels={7: FastChannel(address=0x1000)},
        )
    }
    assert found.sensors == {0: Sensor(name="board", axes=(SensorAxis(name="x"),))}
    assert found.versions == {ProtocolId.CLOCK: 0x20000}
    assert found.devices[0].resources == {
        ProtocolId.CLOCK: {3},
        ProtocolId.PIN_CONTROL: {0, pin_resource(1, group=True)},
        ProtocolId.SYSTEM_POWER: {0},
    }


@pytest.mark.parametrize("number", [70000, 4294967295])
def test_no_id_hangs_or_crashes(number: int) -> None:
    with pytest.raises(XenscmiError, match=f"id {number} is not 0 to 65534"):
        switch_on(host(f"[[firmware.devices]]\nid = 1\nclocks = [{number}]\n"))


def test_a_problem_has_the_place_of_its_resource() -> None:
    text = '[[firmware.clocks]]\nid = 7\nname = "slow"\nrates = [2, 1]\n'
    with pytest.raises(XenscmiError, match=r"clocks\[7\].rates: the values do not rise") as raised:
        switch_on(host(text))
    span = raised.value.diagnostics[0].span
    assert span is not None
    assert span.text == "rates"
    assert span.line == 8


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[[firmware.resets]]\nid = 1\nname = "a"\n' * 2, "there are two resets with the id 1"),
        ('[[firmware.clocks]]\nid = 1\nname = "a"\ncolour = 1', "there is no key `colour'"),
        ('[[firmware.clocks]]\nid = 1\nname = "a"\nrates = ["x"]', "Expected `int`"),
        ("[[firmware.clocks]]\nid = 1\n", "the key `name' is missing"),
    ],
)
def test_tables_that_are_wrong(text: str, message: str) -> None:
    with pytest.raises(XenscmiError, match=message):
        firmware(text)


def test_a_version_of_no_protocol() -> None:
    source = Source("host.toml", 'device_tree = "a.dts"\n[firmware.versions]\naudio = 0x10000\n')
    with pytest.raises(XenscmiError, match="there is no key `audio'"):
        firmware_of(read_manifest(source).firmware, TomlPlaces(source))
