"""createdomain to bytes and back, and what a profile cannot say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xenscmi.config.defaults import setdefault
from xenscmi.config.parse import parse_xlcfg
from xenscmi.config.parsed import Parsed
from xenscmi.config.types.enums import Altp2mMode, ArmSciType, GicVersion, TeeType
from xenscmi.domctl.createdomain import (
    FLAGS,
    CreateDomain,
    DomctlError,
    decode,
    decode_domctl,
    encode,
    encode_domctl,
    flag_names,
    from_config,
    read_fields,
)
from xenscmi.domctl.profiles import PROFILES, Profile
from xenscmi.source import Source

REFERENCE: dict[str, Any] = json.loads((Path(__file__).parent / "layouts.json").read_text())
CONSTANTS: dict[str, int] = REFERENCE["constants"]
GUEST = 'name = "g"\nkernel = "/k"\nmemory = 64\nuuid = "00112233-4455-6677-8899-aabbccddeeff"\n'
TRAP = 1 << FLAGS.index("trap_unmapped_accesses")
MULTI_AGENT = 2
OLD = ("4.17", "4.18", "4.19", "4.20")


def parse(text: str) -> Parsed:
    return parse_xlcfg(Source("f", GUEST + text + "\n"))


def told(text: str) -> CreateDomain:
    return from_config(setdefault(parse(text))[0])


def test_flags_and_enumerators_have_xens_numbers() -> None:
    for bit, name in enumerate(FLAGS):
        assert CONSTANTS[f"XEN_DOMCTL_CDF_{name}"] == 1 << bit
    assert flag_names(0x103) == ("hvm", "hap", "trap_unmapped_accesses")
    gic = {"default": "NATIVE", "v2": "V2", "v3": "V3"}
    for version in GicVersion:
        expected = CONSTANTS[f"XEN_DOMCTL_CONFIG_GIC_{gic[version.text]}"]
        assert told(f'gic_version = "{version.text}"').arch_gic_version == expected
    for tee in TeeType:
        assert told(f'tee = "{tee.text}"').arch_tee_type == CONSTANTS[f"XEN_DOMCTL_CONFIG_TEE_{tee.name}"]
    for mode in Altp2mMode:
        expected = CONSTANTS[f"XEN_DOMCTL_ALTP2M_{mode.text}"] if mode.value else 0
        assert told(f'altp2m = "{mode.text}"').altp2m_opts == expected
    for kind in ArmSciType:
        given = CONSTANTS.get(f"XEN_DOMCTL_CONFIG_ARM_SCI_{kind.name}", MULTI_AGENT)
        assert told(f'arm_sci = "type={kind.text}"').arch_arm_sci_type == given


def test_a_guest_field_by_field() -> None:
    domain = told(
        "vcpus = 2\nmaxvcpus = 3\nmax_event_channels = 7\nmax_grant_frames = 5\nmax_maptrack_frames = 6\n"
        'max_grant_version = 2\naltp2m = "limited"\naltp2m_count = 9\nvmtrace_buf_kb = 5\nsve = "256"\n'
        "vpmu = 1\noos = 0\n"
        'irqs = [ 40 ]\narm_sci = "type=scmi_smc_multiagent,agent_id=7"\ndtdev = [ "/a" ]\n'
    )
    assert domain == CreateDomain(
        ssidref=12,
        handle=bytes.fromhex("00112233445566778899aabbccddeeff"),
        flags=0b1_1010_1011,
        max_vcpus=3,
        max_evtchn_port=7,
        max_grant_frames=5,
        max_maptrack_frames=6,
        grant_opts=2,
        altp2m_opts=3,
        altp2m_nr=9,
        vmtrace_size=8192,
        arch_sve_vl=2,
        arch_nr_spis=9,
        arch_arm_sci_type=MULTI_AGENT,
        arch_arm_sci_agent_id=7,
    )


@pytest.mark.parametrize("text", ["type=scmi_smc,agent_id=7", "type=none,agent_id=7", "agent_id=7"])
def test_the_agent_is_told_with_the_multi_agent_type_only(text: str) -> None:
    assert told(f'arm_sci = "{text}"').arch_arm_sci_agent_id == 0


@pytest.mark.parametrize(("name", "offset"), [("4.21+sci-ma", 73), ("4.22+sci-ma", 73), ("4.22+sci-ma-pad", 74)])
def test_where_the_agent_stands(name: str, offset: int) -> None:
    data = encode(told('arm_sci = "type=scmi_smc_multiagent,agent_id=254"'), PROFILES[name])
    assert (data[72], data[offset], sum(data[72:76])) == (MULTI_AGENT, 254, MULTI_AGENT + 254)


def domains(profile: Profile) -> st.SearchStrategy[CreateDomain]:
    """Return a strategy for whatever the profile can say."""
    fields: dict[str, st.SearchStrategy[object]] = {}
    for field in profile.layout:
        bits = 8 * field.size
        low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if field.signed else (0, (1 << bits) - 1)
        name = field.name.replace(".", "_")
        fields[name] = st.binary(min_size=16, max_size=16) if name == "handle" else st.integers(low, high)
    if profile.name in OLD:
        fields["flags"] = st.integers(0, 0xFF).map(lambda flags: flags | TRAP)
    if not profile.agent_ids and "arch_arm_sci_type" in fields:
        fields["arch_arm_sci_type"] = st.sampled_from([0, 1, 3, 255])
    return st.builds(CreateDomain, **fields)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
@given(data=st.data())
def test_both_ways(profile: Profile, data: st.DataObject) -> None:
    domain = data.draw(domains(profile))
    encoded = encode(domain, profile)
    assert len(encoded) == profile.size
    assert decode(encoded, profile) == domain
    whole = encode_domctl(domain, profile, domid=5)
    assert (len(whole), whole[:10].hex()) == (144, f"01000000{profile.interface_version:02x}0000000500")
    assert whole[16:] == encoded.ljust(128, b"\0")
    assert decode_domctl(whole, profile) == domain


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
@given(data=st.data())
def test_any_bytes_are_refused_or_come_back(profile: Profile, data: st.DataObject) -> None:
    raw = data.draw(st.binary(min_size=profile.size, max_size=profile.size) | st.binary(max_size=160))
    encoded = again(raw, profile)
    assert encoded is None or encoded == raw


def again(raw: bytes, profile: Profile) -> bytes | None:
    try:
        if len(raw) > profile.size:
            return encode_domctl(decode_domctl(raw, profile), profile)
        return encode(decode(raw, profile), profile)
    except DomctlError:
        return None


def test_fields_are_read_as_they_stand() -> None:
    fields = read_fields(encode(told(""), PROFILES["4.19"]), PROFILES["4.19"])
    assert fields["flags"] == 0b11  # 4.19 has no flag to trap: it always does
    assert (fields["max_grant_frames"], fields["handle"]) == (-1, bytes.fromhex("00112233445566778899aabbccddeeff"))


@pytest.mark.parametrize(
    ("profile", "text", "message", "shown"),
    [
        *[
            (
                name,
                'arm_sci = "type=scmi_smc_multiagent,agent_id=0"',
                f"Xen {name} cannot be told an SCMI agent id, so scmi_smc_multiagent is not possible",
                "type=scmi_smc_multiagent",
            )
            for name in ("4.19", "4.20", "4.21", "4.22")
        ],
        (
            "4.20",
            'arm_sci = "type=scmi_smc"',
            "Xen 4.20 has no field arch_arm_sci_type, which should be 1",
            "type=scmi_smc",
        ),
        ("4.19", "altp2m_count = 3", "Xen 4.19 has no field altp2m_nr, which should be 3", "3"),
        *[
            (name, "trap_unmapped_accesses = 0", f"Xen {name} always traps accesses to unmapped addresses", "0")
            for name in OLD
        ],
    ],
)
def test_what_a_profile_cannot_say_is_refused(profile: str, text: str, message: str, shown: str) -> None:
    parsed = parse(text)
    with pytest.raises(DomctlError) as caught:
        encode(from_config(setdefault(parsed)[0]), PROFILES[profile])
    (error,) = caught.value.diagnostics
    assert error.message == message
    assert error.help
    place = parsed.place(caught.value.field)
    assert place is not None
    assert place.text == shown


@pytest.mark.parametrize("name", PROFILES)
def test_other_types_are_fine_wherever_they_exist(name: str) -> None:
    assert encode(told(""), PROFILES[name])
    if name not in OLD:
        assert encode(told('arm_sci = "type=scmi_smc"\ntrap_unmapped_accesses = 0'), PROFILES[name])[72] == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"arch_arm_sci_agent_id": 256}, "arch.arm_sci_agent_id of 256 does not fit into 1 bytes"),
        ({"max_grant_frames": 1 << 31}, "max_grant_frames of 2147483648 does not fit into 4 bytes"),
        ({"ssidref": -1}, "ssidref of -1 does not fit into 4 bytes"),
        ({"handle": b"short"}, "handle of b'short' does not fit into 16 bytes"),
    ],
)
def test_values_that_do_not_fit_are_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(DomctlError) as caught:
        encode(CreateDomain().replace(**changes), PROFILES["4.22+sci-ma"])
    assert str(caught.value) == message


DATA = encode(CreateDomain(), PROFILES["4.22+sci-ma"])
WHOLE = encode_domctl(CreateDomain(), PROFILES["4.22+sci-ma"])


def with_byte(data: bytes, offset: int, value: int) -> bytes:
    return data[:offset] + bytes([value]) + data[offset + 1 :]


@pytest.mark.parametrize(
    ("profile", "data", "message"),
    [
        ("4.22+sci-ma", DATA[:-1], "createdomain of profile 4.22+sci-ma has 76 bytes, not 75"),
        ("4.19", DATA, "createdomain of profile 4.19 has 72 bytes, not 76"),
        ("4.22+sci-ma", with_byte(DATA, 75, 9), "byte 75 is 0x09, but profile 4.22+sci-ma has padding there"),
        ("4.22", with_byte(DATA, 74, 1), "byte 74 is 0x01, but profile 4.22 has padding there"),
        ("4.21", with_byte(DATA, 73, 7), "byte 73 is 0x07, but profile 4.21 has padding there"),
        ("4.19", with_byte(DATA[:72], 21, 1), "flags 0x100 have bit 8, which profile 4.19 lacks"),
    ],
)
def test_bytes_that_are_no_createdomain(profile: str, data: bytes, message: str) -> None:
    with pytest.raises(DomctlError) as caught:
        decode(data, PROFILES[profile])
    assert str(caught.value) == message
    assert caught.value.diagnostics[0].help


@pytest.mark.parametrize(
    ("profile", "data", "message"),
    [
        ("4.22+sci-ma", WHOLE + b"\0", "a xen_domctl has 144 bytes, not 145"),
        ("4.22+sci-ma", b"", "a xen_domctl has 144 bytes, not 0"),
        ("4.22+sci-ma", with_byte(WHOLE, 0, 2), "domctl 2 is not createdomain (1)"),
        ("4.21", WHOLE, "interface version 0x18 is not that of profile 4.21 (0x17)"),
        ("4.22+sci-ma", with_byte(WHOLE, 10, 1), "bytes 10 to 15 are not zero, but they are padding of xen_domctl"),
        ("4.22+sci-ma", with_byte(WHOLE, 15, 1), "bytes 10 to 15 are not zero, but they are padding of xen_domctl"),
        ("4.22", with_byte(WHOLE, 92, 1), "bytes from 92 on are not zero, but createdomain of 4.22 ends there"),
    ],
)
def test_bytes_that_are_no_domctl(profile: str, data: bytes, message: str) -> None:
    with pytest.raises(DomctlError) as caught:
        decode_domctl(data, PROFILES[profile])
    assert str(caught.value) == message
