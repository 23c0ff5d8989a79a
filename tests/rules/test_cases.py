"""Cases beside the rules' own examples: changes of the example host, and what they bring."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from xenscmi.host.types import Host, HostFirmware
from xenscmi.rules.engine import check
from xenscmi.rules.example import FIRMWARE, GUEST_DTS
from xenscmi.rules.rule import Change

Read = Callable[..., Host]

GUEST = "guest.cfg"
DTDEV = Change(GUEST, 'dtdev = [ "/soc/audio@e0002000" ]\n', "")
PCIE = """\tpcie@30000000 {
\t\tdevice_type = "pci";
\t\treg = <0x0 0x30000000 0x0 0x1000>;
\t\t#address-cells = <3>;
\t\t#size-cells = <2>;
\t\tranges = <0x02000000 0x0 0x10000000 0x0 0x10000000 0x0 0x100000>;
\t\tpci@0,0 {
\t\t\tdevice_type = "pci";
\t\t\treg = <0 0 0 0 0>;
\t\t\t#address-cells = <3>;
\t\t\t#size-cells = <2>;
\t\t\tranges;
\t\t\twifi@0 { reg = <0x10000 0 0 0 0>; };
\t\t};
\t};

\tsoc {"""
CASES: dict[str, tuple[tuple[Change, ...], set[tuple[str, str]]]] = {
    "a device's registers without dtdev": ((DTDEV,), {("XS302", "error")}),
    "a device in the partial tree alone": (
        (DTDEV, Change(GUEST, ', "e0002,1"', "")),
        {("XS302", "error"), ("XS322", "warning")},
    ),
    "devices on a PCI bus": ((Change("host.dts", "\tsoc {", PCIE),), set()),
    "a PCI bridge without ranges": (
        (Change("host.dts", "\tsoc {", PCIE.replace("\t\t\tranges;\n", "")),),
        {("XS312", "error")},
    ),
    "a PCI bridge with a window elsewhere": (
        (Change("host.dts", "\tsoc {", PCIE.replace("ranges;", "ranges = <0x02000000 0 0 0x02000000 0 0 0 0x10>;")),),
        {("XS312", "error")},
    ),
    "dtdev of what does not exist": (
        (Change(GUEST, '"/soc/audio@e0002000"', '"/soc/audio@e0002000", "/soc/radio"'),),
        {("XS301", "error")},
    ),
    "two domains of the toolstack's and Xen's making with one agent": (
        (
            Change(GUEST, "agent_id=4", "agent_id=3"),
            Change(GUEST, "47ff4,1", "47ff3,1"),
            Change("guest.dts", "0x82000006", "0x82000005"),
        ),
        {("XS201", "error")},
    ),
    "the page of Xen's own channel": ((Change(GUEST, "47ff4,1", "47ff1,1"),), {("XS205", "error")}),
    "two pages where one is the domain's": ((Change(GUEST, "47ff4,1", "47ff4,2"),), {("XS205", "error")}),
    "a page at another guest address": ((Change(GUEST, "@22001", "@22002"),), {("XS207", "error")}),
    "the host's own address as the guest's, in its RAM": (
        (Change(GUEST, "47ff4,1@22001", "47ff4,1"),),
        {("XS207", "error"), ("XS212", "error")},
    ),
    "no page at all": ((Change(GUEST, '"47ff4,1@22001", ', ""),), {("XS204", "error")}),
    "a blank in arm_sci": (
        (Change(GUEST, ",agent_id=4", ", agent_id=4"),),
        {("XS006", "error"), ("XS007", "error"), ("XS203", "error")},
    ),
    "a hexadecimal agent id": (
        (Change(GUEST, "agent_id=4", "agent_id=0x4"),),
        {("XS008", "error"), ("XS203", "error"), ("XS128", "info")},
    ),
    "dom0's page inside the container": (
        (Change("host.dts", "shmem = <&dom0_page>;", "shmem = <&page_2>;"),),
        {("XS214", "error")},
    ),
    "a yielding SiP call": (
        (Change("host.dts", "0x82000007 &page_5 5", "0x02000007 &page_5 5"),),
        {("XS117", "warning"), ("XS125", "warning")},
    ),
    "xen,reg of no size": (
        (Change("panel.dts", "0xe0001000 0x0 0x1000 0x0 0xe0001000>", "0xe0001000 0x0 0x0 0x0 0xe0001000>"),),
        {("XS405", "warning")},
    ),
    "empty access-controllers": (
        (Change("host.dts", "access-controllers = <&scmi_xen 1>;", "access-controllers;"),),
        {("XS311", "error")},
    ),
    "a spare row of another firmware": (
        (Change("host.dts", "0x82000007 &page_5 5", "0x82000007 &page_5 6"),),
        {("XS125", "warning")},
    ),
    "a used row of another firmware": (
        (Change("host.dts", "0x82000006 &page_4 4", "0x82000006 &page_4 6"), Change(GUEST, "agent_id=4", "agent_id=6")),
        {("XS125", "error")},
    ),
    "an empty /passthrough, and EPAM's key": (
        (
            Change(GUEST, "vcpus = 1\n", 'vcpus = 1\ndt_passthrough_nodes = [ "/soc/audio" ]\n'),
            Change(GUEST, 'dtdev = [ "/soc/audio@e0002000" ]\n', ""),
            Change(GUEST, 'iomem = [ "47ff4,1@22001", "e0002,1" ]\nirqs = [ 82 ]\n', ""),
            Change(GUEST, 'arm_sci = "type=scmi_smc_multiagent,agent_id=4"\n', ""),
            Change("guest.dts", GUEST_DTS, "/dts-v1/;\n/ {\n\tpassthrough {\n\t};\n};\n"),
        ),
        {("XS004", "warning"), ("XS223", "error")},
    ),
    "a device behind a disabled IOMMU, without force": (
        (
            Change(
                "host.dts",
                "\t\tdisplay@e0001000 {\n",
                '\t\tiommu: iommu { compatible = "arm,mmu-500"; status = "disabled"; #iommu-cells = <1>; };\n'
                "\t\tdisplay@e0001000 {\n\t\t\tiommus = <&iommu 1>;\n",
            ),
            Change("panel.dts", "0x0 0xe0001000>;\n\t\t\txen,force-assign-without-iommu;", "0x0 0xe0001000>;"),
        ),
        {("XS320", "warning"), ("XS407", "error")},
    ),
    "a device behind an IOMMU, without force": (
        (
            Change(
                "host.dts",
                "\t\tdisplay@e0001000 {\n",
                '\t\tiommu: iommu { compatible = "arm,mmu-500"; #iommu-cells = <1>; };\n'
                "\t\tdisplay@e0001000 {\n\t\t\tiommus = <&iommu 1>;\n",
            ),
            Change("panel.dts", "0x0 0xe0001000>;\n\t\t\txen,force-assign-without-iommu;", "0x0 0xe0001000>;"),
        ),
        set(),
    ),
    "a device left to dom0, without interrupts": (
        (
            Change("host.dts", "\t\t\tinterrupts = <0 51 4>;\n", ""),
            Change("panel.dts", "\t\t\tinterrupts = <0 51 4>;\n", ""),
            Change("host.dts", "<&scmi_xen 1>;\n\t\t\txen,passthrough;", "<&scmi_xen 1>;"),
        ),
        {("XS307", "warning")},
    ),
    "a device left to dom0, with an interrupt": (
        (Change("host.dts", "<&scmi_xen 1>;\n\t\t\txen,passthrough;", "<&scmi_xen 1>;"),),
        {("XS307", "error")},
    ),
    "a page outside the container that dom0 does not get": (
        (
            Change(
                "host.dts",
                "\tdom0_page: sram@47ff2000 {\n",
                '\tsram@47ff3000 { compatible = "mmio-sram"; reg = <0x0 0x47ff3000 0x0 0x2000>; xen,passthrough; };\n'
                "\tdom0_page: sram@47ff2000 {\n",
            ),
        ),
        set(),
    ),
    "a list without ids": (
        (
            Change("host.dts", "&page_2 2", "&page_2"),
            Change("host.dts", "&page_3 3", "&page_3"),
            Change("host.dts", "&page_4 4", "&page_4"),
            Change("host.dts", "&page_5 5", "&page_5"),
            Change("host.dts", "#scmi-secondary-agents-cells = <3>;", "#scmi-secondary-agents-cells = <2>;"),
        ),
        set(),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_case(name: str, read_example: Read) -> None:
    changes, wanted = CASES[name]
    found = check(read_example(changes, FIRMWARE))
    assert {(each.code, each.severity.value) for each in found} == wanted, found


@pytest.mark.parametrize(
    ("firmware", "wanted"),
    [
        (replace(FIRMWARE, unsupported=frozenset(("BASE_SET_DEVICE_PERMISSIONS",))), {"XS129"}),
        (replace(FIRMWARE, profile="tfa"), {"XS129"}),  # no BASE_DISCOVER_AGENT in mainline TF-A
        (replace(FIRMWARE, profile="tfa-epam"), {"XS503"}),
        (replace(FIRMWARE, unsupported=frozenset(("BASE_RESET_AGENT_CONFIGURATION",))), set()),
        (replace(FIRMWARE, trusted_agent=2), {"XS127"}),
        (replace(FIRMWARE, agents=(FIRMWARE.agents or ())[1:]), {"XS126"}),
        (replace(FIRMWARE, devices=()), {"XS308"}),
        (HostFirmware(), set()),
    ],
)
def test_a_firmware(firmware: HostFirmware, wanted: set[str], read_example: Read) -> None:
    assert {each.code for each in check(read_example(firmware=firmware))} == wanted


def test_both_places_of_a_conflict_are_shown(read_example: Read) -> None:
    (found,) = check(read_example((Change(GUEST, "47ff4,1", "47ff1,1"),)))
    assert found.span
    assert (found.span.source.name, found.span.text) == (GUEST, '"47ff1,1@22001"')
    (other,) = found.related
    assert (other.span.source.name, other.span.text) == ("host.dts", "shmem = <&page_1>;")


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        (Change("host.dts", 'compatible = "xen,sci";', 'compatible = "xen,scmi";'), "XS101", "agents"),
        (
            Change(
                "host.dts", '\t\tscmi {\n\t\t\tcompatible = "arm,scmi-smc";', '\t\tscmi {\n\t\t\tcompatible = "scmi";'
            ),
            "XS213",
            "scmi",
        ),
        (Change("panel.dts", 'compatible = "arm,scmi-smc";', 'compatible = "arm,scmi";'), "XS209", "scmi"),
    ],
)
def test_a_misnamed_node_is_the_place(change: Change, code: str, words: str, read_example: Read) -> None:
    (found,) = check(read_example((change,)))
    assert found.span
    assert (found.code, found.span.text) == (code, words)
