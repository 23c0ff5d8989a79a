"""Where in the file a field came from, by libxl's path of the field."""

from __future__ import annotations

import re

import pytest

from xenscmi.config.defaults import setdefault
from xenscmi.config.errors import ConfigError
from xenscmi.config.idl.struct import ArrayField, StructField, UnionField
from xenscmi.config.json import from_json, to_json
from xenscmi.config.parse import parse_xlcfg
from xenscmi.config.parsed import Parsed
from xenscmi.source import Source

GUEST = 'name = "g"\nkernel = "/k"\n'


def parse(text: str) -> Parsed:
    return parse_xlcfg(Source("guest.cfg", GUEST + text + "\n"))


def shown(text: str, path: str) -> str | None:
    span = parse(text).place(path)
    return span.text if span else None


@pytest.mark.parametrize(
    ("text", "path", "place"),
    [
        ("", "c_info.name", '"g"'),
        ("memory = 64", "b_info.target_memkb", "64"),
        ("memory = 64", "b_info.max_memkb", "64"),
        ("memory = 64\nmaxmem = 65", "b_info.max_memkb", "65"),
        ("vcpus = 3", "b_info.max_vcpus", "3"),
        ('type = "pv"', "b_info.type", '"pv"'),
        ('type = "pv"\nbuilder = "generic"', "c_info.type", '"generic"'),
        ("vpmu = 1\nvpmu = 0", "b_info.vpmu", "0"),
        ('iomem = [ "1,1", "2,1@7" ]', "b_info.iomem[1]", '"2,1@7"'),
        ('iomem = [ "1,1", "2,1@7" ]', "b_info.iomem[1].gfn", '"2,1@7"'),
        ('iomem = [ "1,1", "2,1@7" ]', "b_info.iomem[2]", '[ "1,1", "2,1@7" ]'),
        ("irqs = [ 40 ]\nirqs += [ 41 ]", "b_info.irqs[1]", "41"),
        ('dtdev = [ "/a", "/b" ]', "dtdevs[1].path", '"/b"'),
        ('dtdev = [ "/a", "/b" ]', "dtdevs", '[ "/a", "/b" ]'),
        ('arm_sci = "type=none,agent_id=7"', "b_info.arch_arm.arm_sci.agent_id", "agent_id=7"),
        ('arm_sci = "agent_id=1,agent_id=7"', "b_info.arch_arm.arm_sci.agent_id", "agent_id=7"),
        ('arm_sci = "type=none"', "b_info.arch_arm.arm_sci.agent_id", '"type=none"'),
        ('arm_sci = "type=none"', "b_info.arch_arm", '"type=none"'),
        ('virtio = [ "type=virtio,device22,transport=mmio" ]', "virtios[0].transport", "mmio"),
        ('virtio = [ "transport=mmio" ]', "virtios[0].backend_domname", '"transport=mmio"'),
        ('vfb = [ "vnc=1" ]', "vfbs[0].vnc.enable", "1"),
        ('vfb = [ "vnc=1" ]', "vkbs[0]", '"vnc=1"'),
        ('disk = [ "/a,raw,xvda,w" ]', "disks[0].vdev", "xvda"),
        ('disk = [ "vdev=xvda, format=raw, target=/a" ]', "disks[0].pdev_path", "/a"),
        ('disk = [ "/a,raw,xvda" ]', "disks[0].readwrite", '"/a,raw,xvda"'),
        ('pci = [ "01:00.0" ]', "pcidevs[0].bus", '"01:00.0"'),
        ("", "b_info.arch_arm.arm_sci.agent_id", None),
        ("", "b_info.iomem[0]", None),
        ("", "on_reboot", None),
        ("", "", None),
    ],
)
def test_place_of_a_field(text: str, path: str, place: str | None) -> None:
    assert shown(text, path) == place


def test_equal_configurations_are_equal_wherever_they_were_written() -> None:
    uuid = 'uuid = "00112233-4455-6677-8899-aabbccddeeff"\n'
    one, other = parse(uuid + "memory = 64\nvcpus = 2"), parse(uuid + "\n\nvcpus = 0x2 ; memory = 64")
    assert one.config == other.config
    assert one.place("b_info.avail_vcpus") != other.place("b_info.avail_vcpus")


def test_libxls_json_has_no_places() -> None:
    parsed = parse("memory = 64")
    again = Parsed(config=from_json(Source("guest.json", to_json(parsed.config))))
    assert again.config == parsed.config
    assert (dict(again.spans), again.place("b_info.target_memkb"), list(again.settings)) == ({}, None, [])


def test_every_span_belongs_to_a_field_and_to_the_file(vector_texts: dict[str, str]) -> None:
    for name, text in vector_texts.items():
        try:
            parsed = parse_xlcfg(Source(name, text))
        except ConfigError:
            continue
        for path, span in parsed.spans.items():
            assert has_field(parsed, path), f"{name}: {path}"
            assert 0 <= span.start <= span.end <= len(text), f"{name}: {path}"


def has_field(parsed: Parsed, path: str) -> bool:
    value: object = parsed.config
    for step in re.findall(r"\w+", path):
        if step.isdigit():
            assert isinstance(value, tuple)
            if int(step) >= len(value):
                return False
            value = value[int(step)]
        elif not hasattr(value, step):
            return False
        else:
            value = getattr(value, step)
    return True


def test_every_field_that_a_file_sets_has_a_place(vector_texts: dict[str, str]) -> None:
    # What xl itself sets, in whatever file.
    own = {"c_info.uuid", "c_info.run_hotplug_scripts", "c_info.type", "b_info.u", "b_info.claim_mode"}
    own |= {"b_info.avail_vcpus", "b_info.max_vcpus", "on_reboot", "on_soft_reset"}
    for name, text in vector_texts.items():
        try:
            parsed = parse_xlcfg(Source(name, text))
        except ConfigError:
            continue
        missing = {path for path in changed(parsed) if parsed.place(path) is None} - own
        assert not missing, name


def changed(parsed: Parsed) -> list[str]:
    """Return the paths of all fields that are not at their default, in structures of structures too."""
    found = []
    for name, field in parsed.config.kinds.items():
        value = getattr(parsed.config, name)
        if isinstance(field, StructField):
            for inner, part in field.kind.kinds.items():
                nested = getattr(value, inner)
                if nested != part.default and not isinstance(part, UnionField):
                    found.append(f"{name}.{inner}")
        elif value != field.default:
            found.append(name)
        if isinstance(field, ArrayField):
            found.extend(f"{name}[{index}]" for index in range(len(value)))
    return found


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('pool = "x"', "c_info.pool_name"),
        ('dtdev = [ "/a" ]\nmaxmem = 128\nmemory = 64', "b_info.max_memkb"),
        ('irqs = [ 40, 32 ]\nvuart = "sbsa_uart"', "b_info.irqs[1]"),
        ("irqs = [ 40 ]\nnr_spis = 1", "b_info.arch_arm.nr_spis"),
        ('type = "hvm"', "b_info.type"),
        ('virtio = [ "transport=mmio", "backend=nobody" ]', "virtios[1].backend_domname"),
    ],
)
def test_a_refusal_names_libxls_field(text: str, field: str) -> None:
    parsed = parse(text)
    with pytest.raises(ConfigError) as caught:
        setdefault(parsed)
    assert caught.value.field == field
    assert caught.value.diagnostics[-1].span == parsed.place(field) is not None


def test_a_refused_file_still_has_its_settings() -> None:
    with pytest.raises(ConfigError) as refused:
        parse('vif = [ "rate=x" ]')
    assert refused.value.settings is not None
    assert [setting.key for setting in refused.value.settings] == ["name", "kernel", "vif"]
    with pytest.raises(ConfigError) as unread:
        parse("vif = [")
    assert unread.value.settings is None
