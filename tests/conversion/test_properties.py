"""Hosts of EPAM's dialects in any size: after the conversion, each domain reaches its own devices and no others."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from xenscmi.conversion.convert import convert
from xenscmi.devicetree import parse_dts
from xenscmi.diagnostics import Severity
from xenscmi.host.reader import read_host
from xenscmi.host.types import DomainKind, Host
from xenscmi.rules.engine import check
from xenscmi.simulation.simulate import simulate

BASE, FUNC_ID = 0x47FF0000, 0x82000002


def _page(number: int) -> str:
    address = BASE + number * 0x1000
    return f'shm_{number}: sram@{address:x} {{ compatible = "arm,scmi-shmem"; reg = <0x0 {address:#x} 0x0 0x1000>; }};'


def _device(number: int, owner: int | None) -> str:
    address = 0xE0000000 + number * 0x1000
    mark = "" if owner is None else " xen,passthrough;"
    return (
        f"device@{address:x} {{ reg = <0x0 {address:#x} 0x0 0x1000>; interrupts = <0 {40 + number} 4>; "
        f"access-controllers = <&scmi {number}>;{mark} }};"
    )


def _domain(number: int, asks: bool) -> str:
    start = 0x52000000 + number * 0x2000000
    wish = ' xen,arm_sci = "scmi_smc";' if asks else ""
    modules = "".join(
        f'module@{at:x} {{ compatible = "multiboot,{kind}", "multiboot,module"; reg = <0x0 {at:#x} 0x0 0x1000>; }}; '
        for at, kind in ((start, "kernel"), (start + 0x1000000, "device-tree"))
    )
    return (
        f'dom{number} {{ compatible = "xen,domain"; #address-cells = <2>; #size-cells = <2>; memory = <0x0 0x20000>; '
        f"cpus = <1>;{wish} {modules}}};"
    )


def _partial(devices: list[int]) -> str:
    nodes = "".join(
        f"device@{0xE0000000 + each * 0x1000:x} {{ reg = <0x0 {0xE0000000 + each * 0x1000:#x} 0x0 0x1000>; "
        f"interrupts = <0 {40 + each} 4>; clocks = <&clk {each}>; "
        f'xen,path = "/soc/device@{0xE0000000 + each * 0x1000:x}"; '
        f"xen,reg = <0x0 {0xE0000000 + each * 0x1000:#x} 0x0 0x1000 0x0 {0xE0000000 + each * 0x1000:#x}>; "
        "xen,force-assign-without-iommu; };"
        for each in devices
    )
    return (
        "/dts-v1/; / { #address-cells = <2>; #size-cells = <2>; firmware { scmi { #address-cells = <1>; "
        "#size-cells = <0>; clk: protocol@14 { reg = <0x14>; #clock-cells = <1>; }; }; }; "
        'passthrough { compatible = "simple-bus"; #address-cells = <2>; #size-cells = <2>; ranges; '
        f"{nodes} }}; }};"
    )


def _host(spare: int, asking: list[bool], owners: list[int | None]) -> Host:
    agents = 1 + sum(asking) + spare
    rows = " ".join(f"{number} {FUNC_ID + number:#x} &shm_{number}" for number in range(1, agents + 1))
    text = f"""/dts-v1/; / {{
    interrupt-parent = <&gic>; #address-cells = <2>; #size-cells = <2>;
    gic: gic@8000000 {{ compatible = "arm,gic-v3"; reg = <0 0x8000000 0 0x10000>, <0 0x80a0000 0 0xf60000>;
        interrupt-controller; #interrupt-cells = <3>; }};
    memory@40000000 {{ device_type = "memory"; reg = <0 0x40000000 0 0x7f00000>, <0 0x48000000 0 0x38000000>; }};
    {" ".join(_page(number) for number in range(agents + 1))}
    firmware {{ scmi: scmi {{ compatible = "arm,scmi-smc"; arm,smc-id = <{FUNC_ID:#x}>; shmem = <&shm_0>;
        #address-cells = <1>; #size-cells = <0>; #access-controller-cells = <1>;
        epam,secondary-agents = <{rows}>; }}; }};
    soc {{ compatible = "simple-bus"; #address-cells = <2>; #size-cells = <2>; ranges;
        {" ".join(_device(number, owner) for number, owner in enumerate(owners))} }};
    chosen {{ #address-cells = <2>; #size-cells = <2>;
        module@50000000 {{ compatible = "multiboot,kernel", "multiboot,module"; reg = <0 0x50000000 0 0x1000>; }};
        {" ".join(_domain(number, asks) for number, asks in enumerate(asking))} }};
    }};"""
    tree = parse_dts(text.encode(), name="host.dts", directory=Path())
    partial = {}
    for number, asks in enumerate(asking):
        own = [device for device, owner in enumerate(owners) if owner == number and asks]
        partial[f"dom{number}"] = parse_dts(_partial(own).encode(), name=f"dom{number}.dts", directory=Path())
    return read_host(tree, partial=partial)


@settings(max_examples=15, deadline=None)
@given(
    spare=st.integers(0, 3),
    asking=st.lists(st.booleans(), min_size=1, max_size=3),
    owners=st.lists(st.one_of(st.none(), st.integers(0, 2)), max_size=5),
)
def test_each_domain_reaches_its_devices(spare: int, asking: list[bool], owners: list[int | None]) -> None:
    # What a domain without an agent, or none at all, would own is dom0's.
    owned = [each if each is not None and each < len(asking) and asking[each] else None for each in owners]
    made = convert(_host(spare, asking, owned))
    assert [each for each in check(made.host) if each.severity is not Severity.INFO] == []
    agents = [each.agent_id and each.agent_id.value for each in made.host.domains if each.kind is DomainKind.DOM0LESS]
    assert [each for each in agents if each is not None] == list(range(2, 2 + sum(asking)))
    assert [each is not None for each in agents] == asking
    assert simulate(made.host).deviations == ()
    assert convert(made.host).files == {}
