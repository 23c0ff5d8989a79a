"""`create` and `destroy` on a running host: the sequence of the xl-create vectors, and what undoes what."""

from __future__ import annotations

import errno
import re
from dataclasses import replace
from pathlib import Path

import pytest
from boot_vector import scmi_lines

from xenscmi.devicetree import load
from xenscmi.firmware import Firmware
from xenscmi.model.boot import start
from xenscmi.model.dom0less import copied_nodes
from xenscmi.model.errors import DataAbort
from xenscmi.model.guest import Guest, NoAnswer, offers
from xenscmi.model.sanitise import boot_config
from xenscmi.model.xen import Model
from xenscmi.scmi.header import ProtocolId
from xenscmi.scmi.message import Refusal
from xenscmi.scmi.protocols.base import (
    AccessFlags,
    BaseDiscoverAgentRequest,
    BaseDiscoverAgentResponse,
    BaseResetAgentConfigurationRequest,
    BaseSetDevicePermissionsRequest,
    ResetAgentFlags,
)
from xenscmi.scmi.protocols.clock import ClockConfig, ClockConfigSetRequest
from xenscmi.scmi.protocols.power_domain import POWER_ON, PowerStateSetFlags, PowerStateSetRequest
from xenscmi.scmi.protocols.reset import ResetFlags, ResetRequest, ResetState
from xenscmi.scmi.status import Status
from xenscmi.toolstack.backend import XenError
from xenscmi.toolstack.create import CreationError, DomainPlan, IomemRange, create_domain

VECTORS = Path(__file__).parents[1] / "vectors" / "xl-create"
MULTIAGENT = 2
DEVICE = "/soc/fakedev@a003000"
NO_RESET = frozenset({"BASE_RESET_AGENT_CONFIGURATION"})


@pytest.fixture
def xen(xl_host: Model) -> Model:
    start(xl_host, {})
    return xl_host


def plan(agent_id: int = 2, sci_type: int = MULTIAGENT, page: int = 0x47FF2, *dtdevs: str) -> DomainPlan:
    config = boot_config(sci_type, agent_id)
    return DomainPlan(config=config, iomem=(IomemRange(start=page, count=1, guest=0x22001),), dtdevs=dtdevs)


def guest(xen: Model, domid: int) -> Guest:
    offer = next(offers(list(copied_nodes(load(VECTORS / "dom2.dts")))))
    return Guest(xen, domid, xen.domain(domid).memory, offer.func_id, offer.shmem)


def refusal(xen: Model, domain_plan: DomainPlan) -> tuple[str, int]:
    with pytest.raises(CreationError) as caught:
        create_domain(xen, domain_plan)
    return caught.value.step, caught.value.errno


def test_the_sequence_of_the_transcript(xen: Model) -> None:
    """Domain ids, errnos and Xen's lines, from 00-good to 02-agent0."""
    before = len(xen.console.lines)
    assert create_domain(xen, plan()) == 1
    assert refusal(xen, plan()) == ("createdomain", errno.EEXIST)
    xen.destroy(1)
    assert create_domain(xen, plan()) == 3
    xen.destroy(3)
    assert refusal(xen, plan(agent_id=0)) == ("createdomain", errno.EEXIST)
    assert refusal(xen, plan(agent_id=254)) == ("createdomain", errno.ENOENT)
    assert refusal(xen, plan(sci_type=1)) == ("createdomain", errno.EINVAL)
    assert create_domain(xen, plan(sci_type=0)) == 7
    transcript = (VECTORS / "transcript.txt").read_text()
    expected = re.findall(r"^\(XEN\) (scmi: .*)$", transcript, re.MULTILINE)
    assert scmi_lines(xen.console.lines[before:]) == expected


def test_a_domain_with_its_agent_sees_what_the_test_guest_saw(xen: Model) -> None:
    agent = guest(xen, create_domain(xen, plan()))
    assert agent.ask(ProtocolId.BASE, BaseDiscoverAgentRequest(0xFFFF_FFFF)) == BaseDiscoverAgentResponse(2, "agent-2")
    denied = Refusal(Status.DENIED)
    for device in range(8):
        assert agent.ask(ProtocolId.CLOCK, ClockConfigSetRequest(device, ClockConfig.of(state=1), 0)) == denied
        assert agent.ask(ProtocolId.RESET, ResetRequest(device, ResetFlags(1), ResetState(0))) == denied
        assert (
            agent.ask(ProtocolId.POWER_DOMAIN, PowerStateSetRequest(PowerStateSetFlags(0), device, POWER_ON)) == denied
        )
    assert agent.ask(ProtocolId.BASE, BaseSetDevicePermissionsRequest(2, 3, AccessFlags(1))) == denied
    assert agent.ask(ProtocolId.BASE, BaseResetAgentConfigurationRequest(2, ResetAgentFlags(1))) == denied


def test_a_domain_without_scmi_is_not_answered(xen: Model) -> None:
    create_domain(xen, plan())
    domid = create_domain(xen, plan(sci_type=0))
    with pytest.raises(NoAnswer):
        guest(xen, domid).ask(ProtocolId.BASE, BaseDiscoverAgentRequest(0xFFFF_FFFF))
    assert xen.console.lines[-1] == f"d{domid}v0 Unhandled SMC/HVC: 0x82000004"


@pytest.mark.parametrize("func_id", [0x8200_0002, 0x8200_0003, 0x8200_0005, 0xC200_0004, 0x0200_0004, 0x8300_0004])
def test_foreign_function_ids_are_unknown(xen: Model, func_id: int) -> None:
    domid = create_domain(xen, plan())
    assert xen.smc(domid, (func_id, 1, 2, 3, 4, 5, 6, 7)) == ((1 << 64) - 1, 1, 2, 3)
    assert xen.console.lines[-1] == f"d{domid}v0 Unhandled SMC/HVC: {func_id:#x}"


def test_a_device_is_the_domains_until_it_is_destroyed(xen: Model) -> None:
    domid = create_domain(xen, plan(2, MULTIAGENT, 0x47FF2, DEVICE))
    on = ClockConfigSetRequest(3, ClockConfig.of(state=1), 0)
    assert not isinstance(guest(xen, domid).ask(ProtocolId.CLOCK, on), Refusal)
    xen.destroy(domid)
    again = create_domain(xen, plan())
    assert guest(xen, again).ask(ProtocolId.CLOCK, on) == Refusal(Status.DENIED)


def test_a_page_that_nobody_acquired_is_not_dom0s_to_give(xen: Model) -> None:
    """And once acquired, it stays so for later domains."""
    assert refusal(xen, plan(agent_id=0, sci_type=0, page=0x47FF4)) == ("iomem_permission", errno.EPERM)
    xen.destroy(create_domain(xen, plan(agent_id=4, page=0x47FF4)))
    assert create_domain(xen, plan(agent_id=0, sci_type=0, page=0x47FF4)) == 3


def test_a_failed_creation_leaves_nothing(xen: Model) -> None:
    assert refusal(xen, plan(2, MULTIAGENT, 0x47FF2, DEVICE, "/soc/nothing")) == ("assign_device", errno.ENODEV)
    assert [info.domid for info in xen.list()] == [0]
    assert xen.firmware.permissions.devices_of(2) == frozenset()
    assert create_domain(xen, plan()) == 2


def test_a_destroyed_domains_page_is_out_of_reach(xen: Model) -> None:
    domid = create_domain(xen, plan())
    xen.map_iomem(domid, 0x22001, 0x47FF2, 1, add=False)
    with pytest.raises(DataAbort):
        guest(xen, domid).ask(ProtocolId.BASE, BaseDiscoverAgentRequest(0))
    xen.destroy(domid)
    with pytest.raises(XenError) as caught:
        xen.smc(domid, (0x8200_0004, 0, 0, 0, 0, 0, 0, 0))
    assert caught.value.errno == errno.ESRCH


def test_what_xen_refuses(xen: Model) -> None:
    domid = create_domain(xen, plan())
    for call, number in (
        (lambda: xen.destroy(0), errno.EINVAL),
        (lambda: xen.destroy(99), errno.ESRCH),
        (lambda: xen.get_info(99), errno.ESRCH),
        (lambda: xen.assign_device(domid, "/nothing"), errno.ENODEV),
        (lambda: xen.map_iomem(domid, 0x22002, 0x47FF4, 1, add=True), errno.EPERM),
        (lambda: xen.permit_iomem(domid, 0x47FF1, 1, allow=True), errno.EPERM),
        (lambda: xen.permit_iomem(domid, 0, 0, allow=True), errno.EINVAL),
        (lambda: xen.permit_iomem(domid, 1 << 60, 1, allow=True), errno.EINVAL),
    ):
        with pytest.raises(XenError) as caught:
            call()
        assert caught.value.errno == number


def test_a_firmware_that_refuses_the_reset_leaves_the_domain_dying(xen: Model) -> None:
    domid = create_domain(xen, plan())
    xen.firmware.permissions.trusted = frozenset({0})
    with pytest.raises(XenError) as caught:
        xen.destroy(domid)
    assert caught.value.errno == errno.EACCES
    assert xen.get_info(domid).dying
    assert refusal(xen, plan()) == ("createdomain", errno.EEXIST)


@pytest.mark.parametrize(
    "change",
    [
        {"flags": 0},
        {"flags": 1},
        {"flags": 3 | 1 << 6},
        {"max_vcpus": 0},
        {"max_vcpus": 129},
        {"vmtrace_size": 4096},
        {"altp2m_opts": 1},
        {"arch_sve_vl": 2},
        {"arch_tee_type": 1},
        {"arch_gic_version": 7},
        {"arch_nr_spis": 961},
    ],
)
def test_a_domain_that_no_machine_can_have_is_refused(xen: Model, change: dict[str, int]) -> None:
    with pytest.raises(XenError) as caught:
        xen.create(plan().config.replace(**change))
    assert caught.value.errno == errno.EINVAL
    assert xen.create(plan().config) == 2


def test_an_old_gic_is_refused_on_a_new_one(xen: Model) -> None:
    with pytest.raises(XenError) as caught:
        xen.create(plan().config.replace(arch_gic_version=1))
    assert caught.value.errno == errno.ENODEV
    assert xen.console.lines[-1] == "d1: vGICv2 is not supported on this platform."


def test_firmware_without_reset_lets_a_domain_go(xl_host: Model) -> None:
    """Xen says what it was answered, and takes the channel back all the same."""
    firmware = Firmware(xl_host.firmware.platform, replace(xl_host.firmware.profile, missing=NO_RESET))
    xen = Model(xl_host.tree, firmware)
    start(xen, {})
    domid = create_domain(xen, plan())
    xen.destroy(domid)
    assert scmi_lines(xen.console.lines)[-3:] == [
        "scmi: Error received: -95",
        "scmi: get smc response agent_id = 1 msg_id = b proto = 10 res=-95",
        f"scmi: Free domain {domid}",
    ]
    assert create_domain(xen, plan()) == 2


def test_what_a_domain_may_not_have_is_not_mapped_for_it(xen: Model) -> None:
    """dom0 may map the page of its own agent; a guest only once it was permitted to."""
    domid = create_domain(xen, plan())
    with pytest.raises(XenError) as caught:
        xen.map_iomem(domid, 0x22002, 0x47FF0, 1, add=True)
    assert caught.value.errno == errno.EPERM
    xen.permit_iomem(domid, 0x47FF0, 1, allow=True)
    xen.map_iomem(domid, 0x22002, 0x47FF0, 1, add=True)
    xen.permit_iomem(domid, 0x47FF0, 1, allow=False)
    with pytest.raises(XenError):
        xen.map_iomem(domid, 0x22003, 0x47FF0, 1, add=True)
