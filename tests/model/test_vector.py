"""Every boot vector, and the variants of it that real Xen is known to treat alike."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from boot_vector import BootResult
    from tests.model.conftest import Bench

BOOT = Path(__file__).parents[1] / "vectors" / "boot"
SAME = ("boots", "panic", "xen", "acquired", "management_messages")
LIST = """scmi-secondary-agents = <
					0x82000002 &scmi_shm_0 0
					0x82000004 &scmi_shm_2 2
					0x82000005 &scmi_shm_3 3
					0x82000006 &scmi_shm_4 4
				>;"""
SCMI_XEN = "scmi_xen: scmi {"
SECOND_NODE = 'scmi2 { compatible = "arm,scmi-smc"; arm,smc-id = <0x82000009>; shmem = <&scmi_shm_7>; };'
DISCOVERED = "id=0x1 name=agent-1"
ACQUIRED_DOM0 = "scmi: Acquire channel id = 0x0, domain_id = 0 paddr = 0x47ff0000"


@pytest.mark.parametrize("name", sorted(path.name for path in BOOT.iterdir() if path.is_dir()))
def test_the_model_boots_each_host_as_xen_did(
    boot_folder: Callable[[str], tuple[BootResult, dict[str, Any]]], name: str
) -> None:
    result, expected = boot_folder(name)
    assert {key: result[key] for key in SAME} == {key: expected[key] for key in SAME}  # type: ignore[literal-required]
    domains = {
        domain: {key: value for key, value in found.items() if key != "raw"}
        for domain, found in expected["domains"].items()
    }
    assert result["domains"] == domains


NO_SCMI = [
    ("cells 1", [("cells = <3>", "cells = <1>")], "scmi: Invalid #scmi-secondary-agents-cells value: 1"),
    ("list absent", [(LIST, "")], "scmi: No scmi-secondary-agents property found, no agents to collect."),
    (
        "list of wrong length",
        [("&scmi_shm_4 4", "&scmi_shm_4")],
        "scmi: Invalid length of scmi-secondary-agents property: 44 for 3 cells per entry",
    ),
    ("management id listed", [("&scmi_shm_2 2", "&scmi_shm_2 1")], "scmi: Could not create channel for agent 1: -17"),
    (
        "page that is none",
        [("0x82000004 &scmi_shm_2", "0x82000004 0x7777")],
        "scmi: Could not find shmem node for agent 2",
    ),
    (
        "phandle 0 is the root",
        [("0x82000004 &scmi_shm_2", "0x82000004 0")],
        "scmi: Could not read shmem address for agent 2: -22",
    ),
    ("page with odd size", [("0x47ff2000 0x0 0x1000", "0x47ff2000 0x0 0x800")], "scmi: shmem memory is not aligned"),
    ("management without smc-id", [("arm,smc-id = <0x82000003>;", "")], "scmi: unable to read smc-id from DT"),
    (
        "management's smc-id unknown to the firmware",
        [("<0x82000003>", "<0x82000044>")],
        "scmi: get smc response agent_id = -1 msg_id = 7 proto = 10 res=-95",
    ),
]


@pytest.mark.parametrize(("changes", "line"), [row[1:] for row in NO_SCMI], ids=[row[0] for row in NO_SCMI])
def test_a_failed_probe_leaves_everybody_without_scmi(bench: Bench, changes: list[tuple[str, str]], line: str) -> None:
    result = bench.boot(*changes)
    assert (result["boots"], result["panic"], result["acquired"]) == (True, None, [])
    assert result["xen"][-1] == line
    assert not any(domain["answered"] for domain in result["domains"].values())


PANICS = [
    ("dom0's agent not listed", [("agent-id = <0>", "agent-id = <7>")], "Error creating domain 0 (rc = -2)"),
    ("dom0 with Xen's agent", [("agent-id = <0>", "agent-id = <1>")], "Error creating domain 0 (rc = -17)"),
    ("domU with Xen's agent", [("agent-id = <2>", "agent-id = <1>")], "Error creating domain domU1 (rc = -17)"),
    ("no agent id", [("xen,sci-agent-id = <2>;", "")], "Error getting SCI configuration"),
    ("agent id 255", [("agent-id = <2>", "agent-id = <255>")], "Error getting SCI configuration"),
    ("unknown type", [('"scmi_smc_multiagent"', '"scmi"')], "Error getting SCI configuration"),
    (
        "a device of domU's that the firmware does not know",
        [("<&scmi_xen 3>", "<&scmi_xen 99>")],
        "Could not set up domain domU1 (rc = -22)",
    ),
    (
        "a second SCMI node in the container",
        [(SCMI_XEN, SECOND_NODE + SCMI_XEN)],
        "Error creating domain 0 (rc = -2)",
    ),
]


@pytest.mark.parametrize(("changes", "panic"), [row[1:] for row in PANICS], ids=[row[0] for row in PANICS])
def test_what_is_wrong_with_one_domain_panics_the_host(
    bench: Bench, changes: list[tuple[str, str]], panic: str
) -> None:
    result = bench.boot(*changes)
    assert (result["boots"], result["panic"], result["domains"]) == (False, panic, {})


def test_firmware_without_set_device_permissions_panics(bench: Bench) -> None:
    result = bench.boot(missing=frozenset({"BASE_SET_DEVICE_PERMISSIONS"}))
    assert result["xen"] == [
        DISCOVERED,
        ACQUIRED_DOM0,
        "scmi: Error received: -95",
        "scmi: get smc response agent_id = 1 msg_id = 9 proto = 10 res=-95",
        "scmi: could not assign dev for d0 agent:0 dev_id:0 (-95)Device tree generation failed (-95).",
    ]
    assert result["management_messages"] == [[7, 0], [1, 0], [9, -1]]


def test_a_guests_device_that_fails_is_said_on_the_same_line(bench: Bench) -> None:
    result = bench.boot(("<&scmi_xen 3>", "<&scmi_xen 99>"))
    assert result["xen"][-2:] == [
        "scmi: could not assign dev for d1 agent:2 dev_id:99 (-2)<0>Failed to assign device to d1",
        "Device tree generation failed (-2).",
    ]


def test_an_agent_id_without_a_type_is_no_scmi(bench: Bench) -> None:
    result = bench.boot(('xen,sci_type = "scmi_smc_multiagent";', ""))
    assert [each["agent_id"] for each in result["acquired"]] == [0]
    assert result["domains"]["d1"]["answered"] is False


def test_a_list_id_that_is_not_the_firmwares_sends_permissions_elsewhere(bench: Bench) -> None:
    result = bench.boot(("&scmi_shm_2 2", "&scmi_shm_2 5"), ("sci-agent-id = <2>", "sci-agent-id = <5>"))
    assert result["domains"]["d1"]["agent_id"] == 2
    assert result["domains"]["d1"]["allowed"] == []


def test_several_device_ids_on_one_device(bench: Bench) -> None:
    result = bench.boot(("<&scmi_xen 3>", "<&scmi_xen 3>, <&scmi_xen 4>"))
    assert result["domains"]["d1"]["allowed"] == [3, 4]


def test_one_device_for_two_domains_is_granted_twice(bench: Bench) -> None:
    result = bench.boot(("xen,passthrough;", ""))
    assert [3 in domain["allowed"] for domain in result["domains"].values()] == [True, True]


def test_invalid_agent_for_dom0_means_none(bench: Bench) -> None:
    result = bench.boot(("agent-id = <0>", "agent-id = <300>"))
    assert "Invalid xen,dom0-sci-agent-id=300, SCMI disabled for Dom0" in result["xen"]
    assert result["domains"]["d0"] == {"channel": None, "answered": False}


def test_a_page_that_the_partial_tree_does_not_map_is_a_fault(bench: Bench) -> None:
    result = bench.boot(domu=(("0x0 0x1000 0x0 0x22001000>", "0x0 0x1000 0x0 0x22005000>"),))
    assert result["domains"]["d1"] == {"answered": False}


def test_no_iommu_and_no_waiver_grants_and_then_panics(bench: Bench) -> None:
    registers = "xen,reg = <0x0 0xa003000 0x0 0x1000 0x0 0xa003000>;\n\t\t\t"
    waived, unwaived = registers + "xen,force-assign-without-iommu;", registers
    result = bench.boot(domu=((waived, unwaived),))
    assert result["panic"] == "Could not set up domain domU1 (rc = -22)"
    assert len(result["management_messages"]) == 10


@pytest.mark.parametrize("address", ["47ff1800", "47ff1ffc"])
def test_a_management_page_that_is_not_aligned_is_never_answered(bench: Bench, address: str) -> None:
    """Xen looks at the size alone; its message lands where no firmware looks."""
    result = bench.boot(("sram@47ff1000", f"sram@{address}"), ("0x47ff1000", f"0x{address}"))
    assert result["xen"] == ["scmi: get smc response agent_id = -1 msg_id = 7 proto = 10 res=-16"]


def test_a_window_at_the_end_of_a_page_is_a_fault(bench: Bench) -> None:
    result = bench.boot(domu=(("reg = <0x0 0x22001000", "reg = <0x0 0x22001ffc"),))
    assert result["domains"]["d1"] == {"answered": False}


def test_an_empty_entry_ends_the_walk_without_a_word(bench: Bench) -> None:
    result = bench.boot(("<&scmi_xen 3>", "<0>, <&scmi_xen 3>"))
    assert result["domains"]["d1"]["allowed"] == []
    assert result["xen"][-1].startswith("scmi: Acquire channel id = 0x2")


@pytest.mark.parametrize(
    ("entry", "line"),
    [
        ("<0x7777 3>", "/soc/fakedev@a003000: could not find phandle"),
        ("<&gic 3>", "/soc/fakedev@a003000: could not get #access-controller-cells for /intc@8000000"),
    ],
)
def test_an_entry_that_cannot_be_parsed_ends_the_walk(bench: Bench, entry: str, line: str) -> None:
    result = bench.boot(("<&scmi_xen 3>", entry))
    assert result["xen"][-1] == line
    assert result["domains"]["d1"]["allowed"] == []


def test_devices_without_size_cells_have_no_registers_to_map(bench: Bench) -> None:
    bus = "bus { #address-cells = <2>; #size-cells = <0>; ranges; d { reg = <0 1>; }; };"
    result = bench.boot(("\tscmi_shm: sram", f"\t{bus}\n\tscmi_shm: sram"))
    assert result["boots"]
