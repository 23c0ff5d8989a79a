"""Running whole hosts: good ones show no deviation, and each planted mistake shows where it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from boot_vector import read_firmware

from xenscmi.devicetree import load
from xenscmi.diagnostics import XenscmiError
from xenscmi.host.reader import read_host
from xenscmi.host.types import Domain, DomainKind, Firmware, Host, Mapping, Stated
from xenscmi.model.machine import boot
from xenscmi.simulation.simulate import Access, Deviation, simulate
from xenscmi.source import Source, Span

VECTORS = Path(__file__).parents[1] / "vectors"
SPAN = Span(Source("guest.cfg", ""), 0, 0)


def host_of(name: str, *, firmware: bool = True) -> Host:
    folder = VECTORS / "boot" / name
    text = (folder / "expected.json").read_text()
    return read_host(
        load(folder / "host.dts"),
        partial={path.stem: load(path) for path in folder.glob("domU*.dts")},
        firmware=read_firmware(Source("expected.json", text)) if firmware else None,
    )


def toolstack_domain(name: str, agent_id: int, page: int, *dtdevs: str) -> Domain:
    return Domain(
        name=name,
        kind=DomainKind.TOOLSTACK,
        sci_type=Stated(value="scmi_smc_multiagent", span=SPAN),
        agent_id=Stated(value=agent_id, span=SPAN),
        agent_property="agent_id",
        span=SPAN,
        iomem=(Mapping(host=page, size=0x1000, guest=0x2200_1000, span=SPAN),),
        dtdevs=tuple(Stated(value=path, span=SPAN) for path in dtdevs),
    )


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
    host = host_of("good-default")
    same, own = (
        toolstack_domain("twice", 2, 0x47FF_2000),
        toolstack_domain("third", 3, 0x47FF_3000, "/soc/fakedev@a005000"),
    )
    simulation = simulate(replace(host, domains=(*host.domains, same, own)))
    assert [view.name for view in simulation.domains] == ["dom0", "domU1", "third"]
    created = [each for each in simulation.deviations if each.subject == "create"]
    assert created == [
        Deviation(domain="twice", subject="create", expected="created", seen="domain creation fail: File exists")
    ]
    assert simulation.domains[2].given == {5}


def test_firmware_that_cannot_be_is_said_so() -> None:
    host = host_of("good-default")
    with pytest.raises(XenscmiError, match="profile u-boot is not known"):
        simulate(replace(host, firmware=Firmware(profile="u-boot")))
    assert host.firmware.agents is not None
    with pytest.raises(XenscmiError, match="same agent id"):
        simulate(replace(host, firmware=replace(host.firmware, agents=host.firmware.agents * 2)))
    with pytest.raises(XenscmiError, match="no host device tree"):
        simulate(Host())
