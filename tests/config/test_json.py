"""libxl's JSON: back and forth, and what libxl skips and refuses when it reads."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xenscmi.config.errors import EXIT_ERROR_FAIL, ConfigError
from xenscmi.config.json import from_json, to_json
from xenscmi.config.types.build import ArmSci, BuildPvh, DomainBuildInfo
from xenscmi.config.types.create import DomainCreateInfo
from xenscmi.config.types.devices import DeviceDtdev
from xenscmi.config.types.domain import DomainConfig
from xenscmi.config.types.enums import ArmSciType, DomainType
from xenscmi.config.types.nic import DeviceNic
from xenscmi.diagnostics import Diagnostic
from xenscmi.source import Source

INT64_MAX = (1 << 63) - 1
EMPTY: dict[str, object] = {
    "c_info": {},
    "b_info": {
        "sched_params": {},
        "type.invalid": {},
        "arch_arm": {"arm_sci": {}},
        "arch_x86": {},
        "xenstore_quota": {},
    },
}


def read(text: str) -> DomainConfig:
    return from_json(Source("guest.json", text))


def refusal(text: str) -> Diagnostic:
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert caught.value.exit_code == EXIT_ERROR_FAIL
    (diagnostic,) = caught.value.diagnostics
    return diagnostic


def test_round_trips(vector_configs: dict[str, DomainConfig]) -> None:
    assert len(vector_configs) > 500
    for name, config in vector_configs.items():
        text = to_json(config)
        numbers = [int(number) for number in re.findall(r"[:\[,]\s*(-?\d+)", text)]
        if min(numbers) < 0:
            # libxl prints large unsigned numbers as negative ones, and then refuses to read what it has written.
            assert refusal(text).message.endswith("-1 is outside 0..4294967295"), name
        elif max(numbers) > INT64_MAX:
            # It does not see numbers past 63 bits, and leaves the default.
            assert read(text) == DomainConfig.load(without_large_numbers(text)), name
        else:
            assert read(text) == config, name
            assert to_json(read(text)) == text, name


def without_large_numbers(text: str) -> dict[str, object]:
    def members(pairs: list[tuple[str, object]]) -> dict[str, object]:
        return {name: value for name, value in pairs if not isinstance(value, int) or value <= INT64_MAX}

    found: dict[str, object] = json.loads(text, object_pairs_hook=members)
    return found


def test_text_is_that_of_json_c(make: Callable[..., DomainConfig]) -> None:
    text = to_json(make(r'cmdline = "a/b \"c\" \\ \t \a é"', "irqs = [ 40 ]", "rtc_timeoffset = '-2'", "acpi = 0"))
    assert '\n  "b_info":{\n    "max_vcpus":1,\n    "avail_vcpus":[\n      0\n    ],' in text
    assert r'"cmdline":"a\/b \"c\" \\ \t \u0007 é"' in text
    assert '"rtc_timeoffset":-2,' in text
    assert '"acpi":"False",' in text
    assert '"arch_x86":{\n    },' in text
    assert json.loads(to_json(DomainConfig())) == EMPTY


def test_the_agent_is_in_arch_arm() -> None:
    config = read('{"b_info":{"arch_arm":{"arm_sci":{"type":"scmi_smc_multiagent","agent_id":7}}}}')
    assert config.b_info.arch_arm.arm_sci == ArmSci(type=ArmSciType.SCMI_SMC_MULTIAGENT, agent_id=7)
    # Reading does not look at what xl itself would refuse: libxl's own check comes with the defaults.
    assert read('{"b_info":{"arch_arm":{"arm_sci":{"agent_id":255}}}}').b_info.arch_arm.arm_sci.agent_id == 255


@pytest.mark.parametrize(
    "text",
    [
        '{"c_info":5,"b_info":[],"nics":{},"unknown":{"a":[1]}}',
        '{"c_info":{"name":5,"type":3,"uuid":null,"hap":true,"domid":"1","poolid":1.5,"xsdata":[]}}',
        '{"b_info":{"max_vcpus":"1","max_memkb":true,"avail_vcpus":1,"irqs":"5","bootloader_args":"a","tee":null}}',
        '{"b_info":{"max_memkb":9223372036854775808,"arch_arm":{"nr_spis":99999999999999999999}}}',
        '{"b_info":{"type.pvh":[],"type.none":{},"arch_arm":{"arm_sci":"type=scmi_smc"}}}',
        '{"c_info":{"hap":"<default>"}}',
    ],
)
def test_entries_of_another_kind_are_skipped(text: str) -> None:
    assert read(text) == DomainConfig()


def test_what_is_read_loosely() -> None:
    config = read(
        '{"c_info":{"type":"PvH","hap":"Truely","name":"a\\u0000b","pool_name":"\\ud83d"},'
        '"nics":[1,{"devid":3}],"b_info":{"avail_vcpus":[9,1,3],"type.pvh":{"pvshim":"False"}}}'
    )
    assert (config.c_info.type, config.c_info.hap, config.c_info.name) == (DomainType.PVH, True, "a")
    assert config.c_info.pool_name == "\ufffd"
    assert config.nics == (DeviceNic(), DeviceNic(devid=3))
    # The last entry decides on the bitmap's size, in whole bytes.
    assert config.b_info.avail_vcpus == 0b1010
    assert config.b_info.u == BuildPvh(pvshim=False)
    assert config.b_info.type is DomainType.PVH


@pytest.mark.parametrize(
    ("text", "path", "reason", "shown"),
    [
        ('{"c_info":{"type":"hvm2"}}', "c_info.type", '"hvm2" is not one of invalid, hvm, pv, pvh', '"hvm2"'),
        ('{"b_info":{"tee":""}}', "b_info.tee", '"" is not one of none, optee, ffa', '""'),
        ('{"c_info":{"hap":"true"}}', "c_info.hap", '"true" is not "True", "False" or "<default>"', '"true"'),
        ('{"c_info":{"uuid":"zz"}}', "c_info.uuid", '"zz" is not a UUID', '"zz"'),
        (
            '{"c_info":{"uuid":"zzzzzzzz-0000-0000-0000-000000000000"}}',
            "c_info.uuid",
            '"zzzzzzzz-0000-0000-0000-000000000000" is not a UUID',
            '"zzzzzzzz-0000-0000-0000-000000000000"',
        ),
        (
            '{"b_info":{"avail_vcpus":[9999999]}}',
            "b_info.avail_vcpus",
            "9999999 is too large for a bitmap",
            "[9999999]",
        ),
        (
            '{"b_info":{"type.hvm":{"ms_vm_genid":[1]}}}',
            "b_info.type.hvm.ms_vm_genid",
            "not an array of 16 bytes",
            "[1]",
        ),
        ('{"nics":[{},{"mac":"0:1:2:3:4:5"}]}', "nics[1].mac", '"0:1:2:3:4:5" is not a MAC address', '"0:1:2:3:4:5"'),
        ('{"b_info":{"irqs":[32,-1]}}', "b_info.irqs[1]", "-1 is outside 0..4294967295", "-1"),
        ('{"b_info":{"irqs":[32,"33"]}}', "b_info.irqs[1]", "not an integer", '"33"'),
        ('{"b_info":{"irqs":[true]}}', "b_info.irqs[0]", "not an integer", "true"),
        ('{"b_info":{"irqs":[9223372036854775808]}}', "b_info.irqs[0]", "not an integer", "9223372036854775808"),
        (
            '{"b_info":{"max_vcpus":2147483648}}',
            "b_info.max_vcpus",
            "2147483648 is outside -2147483648..2147483647",
            None,
        ),
        ('{"b_info":{"max_memkb":-1}}', "b_info.max_memkb", "-1 is outside 0..18446744073709551615", "-1"),
        (
            '{"b_info":{"arch_arm":{"arm_sci":{"agent_id":256}}}}',
            "b_info.arch_arm.arm_sci.agent_id",
            "256 is outside 0..255",
            "256",
        ),
        ('{"b_info":{"avail_vcpus":["0"]}}', "b_info.avail_vcpus", "not an array of integers", '["0"]'),
        ('{"b_info":{"bootloader_args":["a",1]}}', "b_info.bootloader_args", "not an array of strings", '["a",1]'),
        ('{"c_info":{"xsdata":{"a":1}}}', "c_info.xsdata", "not an object of strings", '{"a":1}'),
        (
            '{"b_info":{"type.pv":{}, "type.pvh":{}}}',
            "b_info",
            "both type.pv and type.pvh",
            '{"type.pv":{}, "type.pvh":{}}',
        ),
        (
            '{"b_info":{"type.pvh":{"pvshim":"x"}}, "b_info" :\n { "type.pvh": {"pvshim" : "y"}}}',
            "b_info.type.pvh.pvshim",
            '"y" is not "True", "False" or "<default>"',
            '"y"',
        ),
    ],
)
def test_refusals_name_and_show_the_value(text: str, path: str, reason: str, shown: str | None) -> None:
    found = refusal(text)
    assert found.message == f"unable to convert libxl__json_object to libxl_domain_config: {path}: {reason}"
    assert found.span
    assert shown is None or found.span.text == shown
    assert found.help


@pytest.mark.parametrize(
    "text", ["", "{", "x", '{"a":1,}', "{'a':1}", "{} {}", '{"a":"\n"}', "{" * 100_000, "1" * 5_000]
)
def test_what_is_no_json_is_refused(text: str) -> None:
    assert refusal(text)


def test_more_than_32_levels_are_refused() -> None:
    nested = '{"a":' * 31 + "{}" + "}" * 31
    assert read(nested) == DomainConfig()
    assert refusal('{"a":' + nested + "}").message.startswith("json-c parse error: nesting too deep")
    assert refusal("[]").message.endswith("not an object")


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=4)
    | st.sampled_from(["True", "pvh", "none"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


def outcome(text: str) -> DomainConfig | Diagnostic:
    try:
        return read(text)
    except ConfigError as error:
        return error.diagnostics[0]


def check_outcome(text: str) -> None:
    found = outcome(text)
    if isinstance(found, DomainConfig):
        assert to_json(found).encode("utf-8", "surrogateescape")
    else:
        assert found.span
        assert found.span.end <= len(text) + 1


@given(st.data())
def test_any_json_gives_a_configuration_or_our_own_error(data: st.DataObject) -> None:
    document = data.draw(st.dictionaries(st.sampled_from([*DomainConfig.kinds]), VALUES, max_size=3))
    for name, kind in (("c_info", DomainCreateInfo), ("b_info", DomainBuildInfo)):
        document[name] = data.draw(st.dictionaries(st.sampled_from([*kind.kinds, "type.pvh"]), VALUES, max_size=4))
    check_outcome(json.dumps(document))


@given(st.text(max_size=40))
def test_any_text_gives_a_configuration_or_our_own_error(text: str) -> None:
    check_outcome(text)


def test_key_value_lists_generation_ids_and_large_bitmaps_come_back() -> None:
    numbers = [*range(16)]
    text = json.dumps(
        {
            "c_info": {"xsdata": {"a": "b", "c": None}},
            "b_info": {"avail_vcpus": [*range(1 << 17)], "type.hvm": {"ms_vm_genid": numbers}},
        }
    )
    config = read(text)
    assert config.c_info.xsdata == (("a", "b"), ("c", None))
    assert config.b_info.avail_vcpus == (1 << (1 << 17)) - 1
    document = json.loads(to_json(config))
    assert document["c_info"]["xsdata"] == {"a": "b", "c": None}
    assert document["b_info"]["type.hvm"]["ms_vm_genid"] == numbers
    assert document["b_info"]["avail_vcpus"] == [*range(1 << 17)]


def test_values_are_truncated_as_c_assigns_them() -> None:
    config = DomainConfig.of(
        {"b_info": {"max_vcpus": 1 << 32, "irqs": [-1], "max_memkb": -1024}, "dtdevs": [{"path": "/a"}]}
    )
    assert config.b_info.max_vcpus == 0
    assert config.b_info.irqs == ((1 << 32) - 1,)
    assert config.b_info.max_memkb == (1 << 64) - 1024
    assert config.dtdevs == (DeviceDtdev(path="/a"),)
