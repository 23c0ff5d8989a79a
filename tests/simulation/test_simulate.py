"""Running whole hosts: good ones show no deviation, and each planted mistake shows where it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from boot_vector import read_firmware

from xenscmi.devicetree import load
from xenscmi.diagnostics import XenscmiError
from xenscmi.host.configuration import read_configuration
from xenscmi.host.reader import read_host
from xenscmi.host.types import Host, HostFirmware
from xenscmi.model.machine import boot
from xenscmi.simulation.simulate import Access, Deviation, simulate
from xenscmi.source import Source

VECTORS = Path(__file__).parents[1] / "vectors"


def host_of(name: str, *, firmware: bool = True) -> Host:
    folder = VECTORS / "boot" / name
    text = (folder / "expected.json").read_text()
    return read_host(
        load(folder / "host.dts"),
        partial={path.stem: load(path) for path in folder.glob("domU*.dts")},
        firmware=read_firmware(Source("expected.json", text)) if firmware else None,
    )


def xl_host(*configs: str) -> Host:
    """The host of the xl-create vectors, with domains of xl.cfg files whose partial tree is not at hand."""
    files = [read_configuration(Source(f"{number}.cfg", text)) for number, text in enumerate(configs)]
    return read_host(load(VECTORS / "xl-create" / "host.dts"), toolstack=[(each, None) for each in files])


def guest_cfg(name: str, agent_id: int, dtdev: str = "", more: str = "") -> str:
    return f"""\
name = "{name}"
kernel = "/boot/Image"
device_tree = "/boot/{name}.dtb"
arm_sci = "type=scmi_smc_multiagent,agent_id={agent_id}"
iomem = [ "{0x47FF0 + agent_id:x},1@22001" ]
dtdev = [ {f'"{dtdev}"' if dtdev else ""} ]
{more}
"""


@pytest.mark.parametrize("name", ["good-default", "good-dom0+2domU", "good-dom0less-2domU", "cells-2", "ac-cells-2"])
@pytest.mark.parametrize("firmware", [True, False], ids=["stated", "assumed"])
def test_a_good_host_has_no_deviation(name: str, firmware: bool) -> None:
    simulation = simulate(host_of(name, firmware=firmware))
    assert (simulation.panic, simulation.deviations) == (None, ())
    for view in simulation.domains:
        assert {device for device, access in view.devices.items() if access is Access.ALL} == view.given


def test_a_denied_device_is_a_deviation() -> None:
    simulation = simulate(host_of("ac-second-entry-after-foreign"))
    assert Deviation(domain="domU1", subject="device 3", expected="all", seen="none") in simulation.deviations
    simulation = simulate(host_of("domU-other-agents-smc-id"))
    assert Deviation(domain="domU1", subject="agent", expected="agent 2", seen="no answer") in simulation.deviations


def test_anothers_page_in_reach_is_a_deviation() -> None:
    simulation = simulate(host_of("mem-reserved-nomap"))
    pages = [each for each in simulation.deviations if each.subject == "page 0x47ff1000"]
    assert pages == [
        Deviation(domain="dom0", subject="page 0x47ff1000", expected="out of reach", seen="mapped at 0x47ff1000")
    ]


def test_reserved_memory_is_mapped_to_dom0_but_not_its_to_give() -> None:
    """As in Xen: the pages below /reserved-memory are dom0's to read, and no iomem of a guest's."""
    xen = boot(host_of("mem-reserved-nomap"))
    dom0 = xen.domain(0)
    assert dom0.memory.frame(0x47FF1) == 0x47FF1
    assert not dom0.iomem.covers(0x47FF1, 0x47FF2)


def test_a_panic_ends_the_run() -> None:
    simulation = simulate(host_of("same-agent-dom0-domU"))
    assert simulation.panic == "Error creating domain domU1 (rc = -17)"
    assert simulation.domains == ()
    assert [each.subject for each in simulation.deviations] == ["boot"]


def test_toolstack_domains_are_made_and_tried() -> None:
    simulation = simulate(
        xl_host(guest_cfg("one", 2), guest_cfg("twice", 2), guest_cfg("third", 3, "/soc/fakedev@a003000"))
    )
    assert [view.name for view in simulation.domains] == ["dom0", "one", "third"]
    assert simulation.deviations == (
        Deviation(domain="twice", subject="create", expected="created", seen="domain creation fail: File exists"),
    )
    assert simulation.domains[2].given == {3}


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ('virtio = ["type=virtio,device,transport=pci"]', "Unknown transport"),
        ('arm_sci = "type=scmi_smc_multiagent,agent_id=255"', "An invalid ARM_SCI agent_id specified (255)"),
        ('passthrough = "sync_pt"', 'passthrough="sync_pt" not supported on ARM'),
        ('irqs = [ 32 ]\nvuart = "sbsa_uart"', "Physical IRQ 32 conflicting with pl011 SPI"),
    ],
)
def test_a_domain_that_is_refused_is_a_deviation(more: str, reason: str) -> None:
    """Whether xl or libxl refuses it: a domain that does not exist is not as its files mean it."""
    simulation = simulate(xl_host(guest_cfg("one", 2, more=more), guest_cfg("two", 3)))
    assert [view.name for view in simulation.domains] == ["dom0", "two"]
    (deviation,) = simulation.deviations
    assert (deviation.subject, deviation.seen[: len(reason)]) == ("create", reason)


def test_firmware_that_cannot_be_is_said_so() -> None:
    host = host_of("good-default")
    with pytest.raises(XenscmiError, match="there is no firmware profile u-boot"):
        simulate(replace(host, firmware=HostFirmware(profile="u-boot")))
    assert host.firmware.agents is not None
    with pytest.raises(XenscmiError, match="two agents have agent_id"):
        simulate(replace(host, firmware=replace(host.firmware, agents=host.firmware.agents * 2)))
    with pytest.raises(XenscmiError, match="no host device tree"):
        simulate(Host())
