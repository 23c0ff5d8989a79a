"""What products' files taught the rules: keys and forms of downstream toolstacks, and findings that were not true."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.rules.conftest import ReadExample

from xenscmi.bindings.names import SECONDARY_AGENTS_EPAM
from xenscmi.devicetree import parse_dts
from xenscmi.diagnostics import Diagnostic, Severity, XenscmiError
from xenscmi.host.configuration import read_configuration
from xenscmi.host.reader import read_host
from xenscmi.rules.engine import Selection, check, check_files
from xenscmi.rules.example import FILES, FIRMWARE
from xenscmi.rules.rule import Change
from xenscmi.source import Source

DOMAIN = 'name = "g"\nkernel = "/k"\nmemory = 64\n'


def found_in(text: str) -> dict[str, Diagnostic]:
    configuration = read_configuration(Source("g.cfg", DOMAIN + text))
    return {each.code: each for each in check_files([configuration])}


@pytest.mark.parametrize(
    ("text", "code", "instead"),
    [
        ('dt_passthrough_nodes = [ "/soc" ]\n', "XS004", "move the nodes into /passthrough"),
        ('scmi = "on"\n', "XS004", "type=scmi_smc_multiagent"),
        ('dt_compatible = [ "lab,board" ]\n', "XS004", "xen,xenvm"),
        ("vgsx = [ 'backend=DomD, osid=1' ]\n", "XS004", "leave the key out"),
        ("force_assign_without_iommu = 1\n", "XS004", "leave the key out"),
        ('tee = "native"\n', "XS002", "optee"),
        ('virtio = [ "type=virtio,device,transport=pci" ]\n', "XS002", "transport=mmio"),
        ('iomem = [ "47ff2,1@22001,arm_mem_WB" ]\n', "XS002", "without it"),
        ('arm_sci = "scmi_smc"\n', "XS006", "type=scmi_smc_multiagent"),
    ],
)
def test_what_only_downstream_knows_is_named_with_what_upstream_has(text: str, code: str, instead: str) -> None:
    found = found_in(text)
    assert instead in found[code].help
    assert "did you mean" not in found[code].help


def test_a_device_model_serves_pvh_guests_too() -> None:
    model = 'device_model_override = "/q"\ndevice_model_args = [ "-x" ]\ndevice_model_args_pv = [ "-y" ]\n'
    model += 'device_model_version = "qemu-xen"\n'
    assert found_in(f'{model}vfb = [ "vnc=1" ]\n') == {}
    assert set(found_in('device_model_args_hvm = [ "-x" ]\n')) == {"XS011"}


def test_a_boot_script_may_add_the_modules(read_example: ReadExample) -> None:
    _, panel, rest = FILES["host.dts"].partition("\t\tpanel {")
    change = Change("host.dts", panel + rest, panel + rest.replace('"multiboot,', '"other,'))
    (found,) = (each for each in check(read_example((change,))) if each.code == "XS409")
    assert found.severity is Severity.WARNING
    assert "unless the boot loader adds it" in found.message
    assert "is not loaded" not in found.message


EPAM = """\
/dts-v1/;
/ {
	#address-cells = <2>;
	#size-cells = <2>;
	reserved-memory {
		#address-cells = <2>;
		#size-cells = <2>;
		ranges;
		scmi@47ff0000 { reg = <0x0 0x47ff0000 0x0 0x8000>; no-map; };
	};
	outer {
		#address-cells = <2>;
		#size-cells = <2>;
		bus {
			#address-cells = <2>;
			#size-cells = <2>;
			ranges;
			timer@20000 { reg = <0x0 0x20000 0x0 0x1000>; };
		};
	};
	firmware {
		scmi { compatible = "arm,scmi-smc"; arm,smc-id = <0x82000002>; shmem = <&page_0>; LIST };
	};
PAGES
	chosen { #address-cells = <2>; #size-cells = <2>; modules };
};
"""


def epam(rows: str) -> str:
    pages = "".join(
        f'\tpage_{number}: sram@{0x47FF0000 + number * 0x1000:x} {{ compatible = "arm,scmi-shmem"; '
        f"reg = <0x0 {0x47FF0000 + number * 0x1000:#x} 0x0 0x1000>; }};\n"
        for number in range(8)
    )
    module = 'module@0 { compatible = "multiboot,kernel", "multiboot,module"; reg = <0x0 0x48000000 0x0 0x1000>; };'
    return EPAM.replace("LIST", rows).replace("PAGES", pages).replace("modules };", f"{module} }};")


def test_all_pages_of_epams_driver_are_counted_and_dom0s_devices_looked_at() -> None:
    listed = f"{SECONDARY_AGENTS_EPAM} = <1 0x82000003 &page_1>;"
    host = read_host(parse_dts(epam(listed).encode(), name="host.dts", directory=Path()))
    found = {each.code: each for each in check(host)}
    assert "8 of the agents' pages" in found["XS124"].message
    assert found["XS312"].severity is Severity.ERROR
    assert "write `ranges;` into /outer" in found["XS312"].help


@pytest.mark.parametrize(
    "selection",
    [
        Selection(select=("XS25",)),
        Selection(ignore=("duplicate-agnet-id",)),
        Selection(severities={"XS2O1": Severity.INFO}),
        Selection(per_file={"host.dts": ("xs201",)}),
    ],
)
def test_a_mistyped_rule_is_an_error(selection: Selection, read_example: ReadExample) -> None:
    with pytest.raises(XenscmiError) as error:
        check(read_example(), selection)
    (said,) = error.value.diagnostics
    assert said.message.startswith("there is no rule `")
    assert "did you mean `" in said.help


def test_starts_of_codes_and_names_are_no_mistakes(read_example: ReadExample) -> None:
    assert check(read_example(), Selection(select=("XS", "XS2", "XS201", "duplicate-agent-id", "XS901"))) == ()


def test_a_dom0less_guest_may_name_its_gic(read_example: ReadExample) -> None:
    """Xen gives its own interrupt controller the phandle of /gic of the partial tree (init_intc_phandle)."""
    gic = "\tgic: gic {\n\t\tinterrupt-controller;\n\t\t#interrupt-cells = <3>;\n\t};\n\n\tpassthrough {"
    for file, unit in (("panel.dts", "display@e0001000 {"), ("guest.dts", "audio@e0002000 {")):
        changes = (
            Change(file, "\tpassthrough {", gic),
            Change(file, f"\t\t{unit}\n", f"\t\t{unit}\n\t\t\tinterrupt-parent = <&gic>;\n"),
        )
        codes = {each.code for each in check(read_example(changes))}
        assert ("XS318" in codes) == (file == "guest.dts")


def test_a_second_scmi_node_outside_passthrough_does_no_harm(read_example: ReadExample) -> None:
    node = '\tfirmware {\n\t\tscmi {\n\t\t\tcompatible = "arm,scmi-smc";\n\t\t};\n\t};\n\n\tpassthrough {'
    (found,) = (
        each for each in check(read_example((Change("panel.dts", "\tpassthrough {", node),))) if each.code == "XS210"
    )
    assert found.severity is Severity.INFO


NOTIFIED = replace(
    FIRMWARE,
    agents=tuple(
        replace(each, p2a_shmem=0x47FF8000 + each.agent_id * 0x1000 if each.agent_id in (1, 3, 5) else None)
        for each in FIRMWARE.agents or ()
    ),
)


@pytest.mark.parametrize(
    ("page", "owner"),
    [(0x47FF9000, "Xen's own channel"), (0x47FFB000, "agent 3"), (0x47FFD000, None)],  # agent 5 is nobody's
)
def test_notifications_of_another_agent_are_not_for_a_guest(
    read_example: ReadExample, page: int, owner: str | None
) -> None:
    change = Change("guest.cfg", '"e0002,1"', f'"e0002,1", "{page >> 12:x},1@22002"')
    host = replace(read_example((change,)), firmware=NOTIFIED)
    found = [each for each in check(host) if each.code == "XS205"]
    assert [each.message.partition(";")[0] for each in found] == (
        [f"domain guest gets the page {page:#x}, on which {owner} is notified"] if owner else []
    )


def test_notifications_of_the_own_agent_are(read_example: ReadExample) -> None:
    own = "xen,reg = <0x0 0x47ff3000 0x0 0x1000 0x0 0x22001000>"
    change = Change("panel.dts", own, f"{own}, <0x0 0x47ffb000 0x0 0x1000 0x0 0x22002000>")
    assert "XS205" not in {each.code for each in check(replace(read_example((change,)), firmware=NOTIFIED))}


@pytest.mark.parametrize("marked", [False, True])
def test_notifications_of_a_guest_are_not_for_dom0(read_example: ReadExample, marked: bool) -> None:
    mark = "xen,passthrough; " if marked else ""
    node = f"\tevents@47ffb000 {{ {mark}reg = <0x0 0x47ffb000 0x0 0x1000>; }};\n\n\tsoc {{"
    host = replace(read_example((Change("host.dts", "\tsoc {", node),)), firmware=NOTIFIED)
    assert ("XS130" in {each.code for each in check(host)}) == (not marked)
