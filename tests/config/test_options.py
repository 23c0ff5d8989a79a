"""The tables of options: that their index is right, that every row is documented, and where errors point."""

from __future__ import annotations

import re
from collections import Counter
from importlib import import_module
from pkgutil import iter_modules

import pytest

from xenscmi.config import options
from xenscmi.config.errors import ConfigError
from xenscmi.config.idl.struct import Struct
from xenscmi.config.options import GROUPS, KEYS, Group
from xenscmi.config.options.table import Option
from xenscmi.config.parse import parse_xlcfg
from xenscmi.config.parsed import Parsed
from xenscmi.config.types.build import BuildPv, BuildPvh
from xenscmi.config.types.domain import DomainConfig
from xenscmi.config.types.hvm import BuildHvm
from xenscmi.diagnostics import Diagnostic, Severity
from xenscmi.source import Source

GUEST = 'name = "g"\nkernel = "/k"\n'
UNIONS: dict[str, type[Struct]] = {"hvm": BuildHvm, "pv": BuildPv, "pvh": BuildPvh}
# Rows of the HVM tables that read the key of another row in their own way.
SHARED_KEYS = {"kernel", "firmware", "keymap"}
ROWS = [row for group in GROUPS for row in group.rows()]


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.table)
def test_the_index_has_the_keys_of_each_table_in_order(group: Group) -> None:
    keys = tuple(row.key for row in group.rows())
    assert group.keys == tuple(key for key in keys if not (group.hvm and key in SHARED_KEYS))


def test_every_key_is_in_one_group() -> None:
    assert [key for key, times in Counter(key for group in GROUPS for key in group.keys).items() if times > 1] == []
    assert {row.key for row in ROWS} == KEYS
    assert Counter(row.key for row in ROWS) == Counter([*KEYS, *SHARED_KEYS])


def test_every_row_of_every_module_is_in_a_group() -> None:
    reachable = set(map(id, ROWS))
    for module in iter_modules(options.__path__):
        found = import_module(f"{options.__name__}.{module.name}")
        for name, value in vars(found).items():
            rows = value if isinstance(value, tuple) else (value,)
            lost = [row.key for row in rows if isinstance(row, Option) and id(row) not in reachable]
            assert not lost, f"{module.name}.{name}"


def test_every_row_is_documented() -> None:
    for row in ROWS:
        assert row.doc[:1].isupper() or row.doc.startswith("hvmloader"), row.key
        assert row.doc.endswith((".", ")")), row.key
        assert row.takes, row.key


def test_every_row_names_a_field_of_libxl() -> None:
    for row in ROWS:
        if row.sets:
            assert has_field(DomainConfig, row.sets.replace("[]", "").split(".")), f"{row.key}: {row.sets}"


def has_field(kind: type[Struct], path: list[str]) -> bool:
    name, *rest = path
    if name == "u":
        kinds = [UNIONS[rest.pop(0)]] if rest[0] in UNIONS else UNIONS.values()
        return any(has_field(one, rest) for one in kinds)
    field = kind.kinds.get(name)
    inner = getattr(getattr(field, "item", field), "kind", None)
    return field is not None and (not rest or (inner is not None and has_field(inner, rest)))


def test_the_vectors_use_keys_that_are_known(vector_texts: dict[str, str]) -> None:
    used = {
        key for text in vector_texts.values() for key in re.findall(r"^([a-z][a-z0-9_]*)\s*\+?=", text, re.MULTILINE)
    }
    assert used - KEYS == {"claim_mode", "foo", "z"}  # which xl ignores, too


def parse(text: str) -> Parsed | ConfigError:
    try:
        return parse_xlcfg(Source("guest.cfg", text))
    except ConfigError as error:
        return error


def said(text: str) -> tuple[Diagnostic, ...]:
    return parse(text).diagnostics


@pytest.mark.parametrize(
    ("line", "message", "shown"),
    [
        ('arm_sci = "type=zz,agent_id=2"', "Unknown ARM_SCI type: zz", "zz"),
        ('arm_sci = "type=scmi_smc ,agent_id=2"', "Unknown ARM_SCI type: scmi_smc ", "scmi_smc "),
        (
            'arm_sci = "type=scmi_smc_multiagent,agent_id=255"',
            "An invalid ARM_SCI agent_id specified (255). Valid range [0..254]",
            "255",
        ),
        ('arm_sci = "agent_id=x"', 'xl: failed to convert "x" to number', "x"),
        ('arm_sci = "agent_id=,type=none"', 'xl: failed to convert "" to number', ""),
        (
            r'arm_sci = "type=\"zz\""',
            'Unknown ARM_SCI type: "zz"',
            r'"type=\"zz\""',  # escapes blur where the part is: all of it
        ),
        ('irqs = [ 40, "4x" ]', "xl: Invalid argument parsing irq: 4x", "4x"),
        ("irqs = [ 40, [41] ]", "xl: Unable to get element 1 in irq list", "[41]"),
        ('iomem = [ "1,1", "g,1" ]', "xl: Invalid argument parsing iomem: g,1", "g,1"),
        (
            'disk = [ "/a,raw,xvda", "/b,raw,xvdb,zz" ]',
            "config parsing error in disk specification: unknown value for access: near `zz' in `/b,raw,xvdb,zz'",
            "zz",
        ),
        (
            'disk = [ "format=zz, vdev=xvda, target=/a" ]',
            "config parsing error in disk specification: unknown value for format: near `zz' in "
            "`format=zz, vdev=xvda, target=/a'",
            "zz",
        ),
        ('vif = [ "bridge=a", "rate=zz" ]', "config parsing error in vif: invalid rate in `zz'", "zz"),
        ('vkb = [ "backend-type=zz" ]', 'Unknown backend_type "zz" in vkb spec', "zz"),
        ('virtio = [ "type=x, zz=1" ]', 'Unknown string "zz=1" in virtio spec', "zz=1"),
        ('vsnd = [ [ "card, zz=1" ] ]', "Invalid parameter: zz=1", "zz=1"),
        ('p9 = [ "tag=t,zz=1" ]', "Unknown 9pfs parameter 'zz'", "zz=1"),
        ('pci = [ "01:00.0", "zz" ]', "unable to parse PCI_SPEC_STRING `zz' for passthrough", "zz"),
        ('cpus = "0-3,^5,a"', "Invalid pcpu range: a.", "a"),
        ('vcpus = 2\ncpus = [ "0", "3-1" ]', "Invalid pcpu range: 3-1.", "3-1"),
        ('cpus = "99"', "vcpu hard affinity map is empty", '"99"'),
        ('llc_colors = [ "0-3", "3-1" ]', "xl: Start LLC color is greater than end: 3-1", "3-1"),
        ('xenstore_quota = [ "nodes=a" ]', 'Quota specification "nodes=a" uses illegal value "a".', "a"),
        ('on_crash = "zz"', 'Unknown on_crash action "zz" specified', "zz"),
        ('uuid = "zz"', "Failed to parse UUID: zz", "zz"),
        ("vcpus = 3\nmaxvcpus = 2", "xl: maxvcpus < vcpus", "2"),
        ("max_grant_frames = 2147483648", "max_grant_frames is not a number in 0..2147483647", "2147483648"),
    ],
)
def test_errors_point_at_the_very_piece(line: str, message: str, shown: str) -> None:
    text = GUEST + line + "\n"
    (error,) = said(text)
    assert (error.message, error.severity) == (message, Severity.ERROR)
    assert error.span
    assert error.span.text == shown
    assert text.count("\n", 0, error.span.start) + 1 == error.span.line >= 3
    assert error.help


@pytest.mark.parametrize(
    ("lines", "exit_code", "message"),
    [
        ('vnc = 1\nvnclisten = "::1"\nvncdisplay = 2', 1, "ERROR: Display specified both in vnclisten and vncdisplay!"),
        ('vnc = 1\nvnclisten = "::1"\nvncdisplay = 0', 0, ""),
        ('mca_caps = "lmce"', 3, "ERROR: unable to parse mca_caps."),
        ('mca_caps = [ "lmce", "x" ]', 3, "ERROR: unrecognized MCA capability 'x'."),
        ("smbios = [ " + '"oem=a", ' * 99 + "]", 0, ""),
        ("smbios = [ " + '"oem=a", ' * 100 + "]", 1, "xl: smbios limited to 99 oem strings"),
    ],
)
def test_what_xl_refuses_of_hvm_guests(lines: str, exit_code: int, message: str) -> None:
    found = parse(f'{GUEST}type = "hvm"\n{lines}\n')
    errors = [one.message for one in found.diagnostics if one.severity is Severity.ERROR]
    assert (getattr(found, "exit_code", 0), errors) == (exit_code, [message] if message else [])


def test_several_errors_in_one_run_the_first_decides_the_exit_code() -> None:
    error = parse(GUEST + 'arm_sci = "type=zz"\ntee = "x"\npci = [ "zz" ]\nuuid = "1"\n')
    assert isinstance(error, ConfigError)
    assert [one.message for one in error.diagnostics] == [
        "Failed to parse UUID: 1",
        "unable to parse PCI_SPEC_STRING `zz' for passthrough",
        'Unknown tee "x" specified',
        "Unknown ARM_SCI type: zz",
    ]
    assert error.exit_code == 1
    for text, exit_code in (('tee = "x"\npci = [ "zz" ]', 6), ('tee = "x"\narm_sci = "type=zz"', 3)):
        found = parse(f"{GUEST}{text}\n")
        assert isinstance(found, ConfigError)
        assert found.exit_code == exit_code


def test_what_has_no_effect_on_arm_is_remarked() -> None:
    parsed = parse(GUEST + 'boot = "cd"\npae = 1\ndevice_model_user = "x"\nunknown = 1\nvpmu = 1\n')
    assert isinstance(parsed, Parsed)
    remarks = {one.span.text for one in parsed.diagnostics if one.severity is Severity.INFO and one.span}
    assert remarks == {"boot", "pae", "device_model_user"}
    assert parsed.config.b_info.device_model_user == "x"
    assert [setting.key for setting in parsed.settings][-2:] == ["unknown", "vpmu"]


def test_a_configuration_that_says_nothing_odd_is_met_with_silence() -> None:
    assert said(GUEST + 'type = "pvh"\nmemory = 512\narm_sci = "type=scmi_smc_multiagent,agent_id=2"\n') == ()


@pytest.mark.parametrize(("host_uuid", "expected"), [(None, None), (bytes(range(16)), bytes(range(16)))])
def test_a_uuid_is_made_up_where_the_file_has_none(host_uuid: bytes | None, expected: bytes | None) -> None:
    uuid = parse_xlcfg(Source("f", GUEST), new_uuid=host_uuid).config.c_info.uuid
    assert expected in (None, uuid)
    assert host_uuid is not None or (uuid[6] >> 4, uuid[8] >> 6) == (4, 2)  # version 4, variant of RFC 9562
    text = GUEST + 'uuid = "00112233-4455-6677-8899-AABBCCDDEEFF"\n'
    assert parse_xlcfg(Source("f", text)).config.c_info.uuid.hex() == "00112233445566778899aabbccddeeff"
