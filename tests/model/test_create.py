"""`create` and `destroy` on a running host: the sequence of the xl-create vectors, and what undoes what."""

from __future__ import annotations

import errno
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from boot_vector import scmi_lines
from tests.specs import agent_spec

from xenscmi.devicetree import load
from xenscmi.firmware import Firmware
from xenscmi.model.boot import start
from xenscmi.model.errors import DataAbort
from xenscmi.model.guest import Guest, NoAnswer
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
from xenscmi.toolstack.backend import RunState, XenError
from xenscmi.toolstack.create import CreationError, create
from xenscmi.toolstack.offer import copied_nodes, offers
from xenscmi.toolstack.spec import DomainSpec

VECTORS = Path(__file__).parents[1] / "vectors" / "xl-create"
MULTIAGENT = "scmi_smc_multiagent"
DEVICE = "/soc/fakedev@a003000"
NO_RESET = frozenset({"BASE_RESET_AGENT_CONFIGURATION"})


@pytest.fixture
def xen(xl_host: Model) -> Model:
    start(xl_host, {})
    return xl_host


def guest(xen: Model, domid: int) -> Guest:
    offer = next(offers(list(copied_nodes(load(VECTORS / "dom2.dts")))))
    return Guest(xen, domid, xen.domain(domid).memory, offer.func_id, offer.shmem)


def refusal(xen: Model, spec: DomainSpec) -> tuple[str, int]:
    with pytest.raises(CreationError) as caught:
        create(xen, spec)
    return caught.value.step, caught.value.errno


def test_the_sequence_of_the_transcript(xen: Model) -> None:
    """Domain ids, errnos and Xen's lines, from 00-good to 02-agent0."""
    before = len(xen.console.lines)
    assert create(xen, agent_spec()) == 1
    assert refusal(xen, agent_spec()) == ("createdomain", errno.EEXIST)
    xen.destroydomain(1)
    assert create(xen, agent_spec()) == 3
    xen.destroydomain(3)
    assert refusal(xen, agent_spec(agent_id=0)) == ("createdomain", errno.EEXIST)
    assert refusal(xen, agent_spec(agent_id=254)) == ("createdomain", errno.ENOENT)
    assert refusal(xen, agent_spec(sci_type="scmi_smc")) == ("createdomain", errno.EINVAL)
    assert create(xen, agent_spec(sci_type="none")) == 7
    transcript = (VECTORS / "transcript.txt").read_text()
    expected = re.findall(r"^\(XEN\) (scmi: .*)$", transcript, re.MULTILINE)
    assert scmi_lines(xen.console.lines[before:]) == expected


def test_a_domain_with_its_agent_sees_what_the_test_guest_saw(xen: Model) -> None:
    agent = guest(xen, create(xen, agent_spec()))
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
    create(xen, agent_spec())
    domid = create(xen, agent_spec(sci_type="none"))
    with pytest.raises(NoAnswer):
        guest(xen, domid).ask(ProtocolId.BASE, BaseDiscoverAgentRequest(0xFFFF_FFFF))
    assert xen.console.lines[-1] == f"d{domid}v0 Unhandled SMC/HVC: 0x82000004"


@pytest.mark.parametrize("func_id", [0x8200_0002, 0x8200_0003, 0x8200_0005, 0xC200_0004, 0x0200_0004, 0x8300_0004])
def test_foreign_function_ids_are_unknown(xen: Model, func_id: int) -> None:
    domid = create(xen, agent_spec())
    assert xen.smc(domid, (func_id, 1, 2, 3, 4, 5, 6, 7)) == ((1 << 64) - 1, 1, 2, 3)
    assert xen.console.lines[-1] == f"d{domid}v0 Unhandled SMC/HVC: {func_id:#x}"


def test_a_device_is_the_domains_until_it_is_destroyed(xen: Model) -> None:
    domid = create(xen, agent_spec(2, MULTIAGENT, 0x47FF2, DEVICE))
    on = ClockConfigSetRequest(3, ClockConfig.of(state=1), 0)
    assert not isinstance(guest(xen, domid).ask(ProtocolId.CLOCK, on), Refusal)
    xen.destroydomain(domid)
    again = create(xen, agent_spec())
    assert guest(xen, again).ask(ProtocolId.CLOCK, on) == Refusal(Status.DENIED)


def test_a_page_that_nobody_acquired_is_not_dom0s_to_give(xen: Model) -> None:
    """And once acquired, it stays so for later domains."""
    assert refusal(xen, agent_spec(agent_id=0, sci_type="none", page=0x47FF4)) == ("iomem_permission", errno.EPERM)
    xen.destroydomain(create(xen, agent_spec(agent_id=4, page=0x47FF4)))
    assert create(xen, agent_spec(agent_id=0, sci_type="none", page=0x47FF4)) == 3


def test_a_failed_creation_leaves_nothing(xen: Model) -> None:
    assert refusal(xen, agent_spec(2, MULTIAGENT, 0x47FF2, DEVICE, "/soc/nothing")) == ("assign_device", errno.ESRCH)
    assert [info.domid for info in xen.getdomaininfolist()] == [0]
    assert xen.firmware.permissions.devices_of(2) == frozenset()
    assert create(xen, agent_spec()) == 2


def test_a_destroyed_domains_page_is_out_of_reach(xen: Model) -> None:
    domid = create(xen, agent_spec())
    xen.memory_mapping(domid, 0x22001, 0x47FF2, 1, add=False)
    with pytest.raises(DataAbort):
        guest(xen, domid).ask(ProtocolId.BASE, BaseDiscoverAgentRequest(0))
    xen.destroydomain(domid)
    with pytest.raises(XenError) as caught:
        xen.smc(domid, (0x8200_0004, 0, 0, 0, 0, 0, 0, 0))
    assert caught.value.errno == errno.ESRCH


def test_what_xen_refuses(xen: Model) -> None:
    domid = create(xen, agent_spec())
    refused: list[tuple[Callable[[], object], int]] = [
        (lambda: xen.destroydomain(0), errno.EINVAL),
        (lambda: xen.destroydomain(99), errno.ESRCH),
        (lambda: xen.assign_device(domid, "/nothing"), errno.ESRCH),
        (lambda: xen.memory_mapping(domid, 0x22002, 0x47FF4, 1, add=True), errno.EPERM),
        (lambda: xen.iomem_permission(domid, 0x47FF1, 1, allow=True), errno.EPERM),
        (lambda: xen.iomem_permission(domid, 0, 0, allow=True), errno.EINVAL),
        (lambda: xen.iomem_permission(domid, 1 << 60, 1, allow=True), errno.EINVAL),
    ]
    for call, number in refused:
        with pytest.raises(XenError) as caught:
            call()
        assert caught.value.errno == number


def test_a_firmware_that_refuses_the_reset_leaves_the_domain_dying(xen: Model) -> None:
    domid = create(xen, agent_spec())
    xen.firmware.permissions.trusted = frozenset({0})
    with pytest.raises(XenError) as caught:
        xen.destroydomain(domid)
    assert caught.value.errno == errno.EACCES
    assert RunState.DYING in xen.domain(domid).states
    assert refusal(xen, agent_spec()) == ("createdomain", errno.EEXIST)


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
        xen.createdomain(agent_spec().createdomain.replace(**change))
    assert caught.value.errno == errno.EINVAL
    assert xen.createdomain(agent_spec().createdomain) == 2


def test_an_old_gic_is_refused_on_a_new_one(xen: Model) -> None:
    with pytest.raises(XenError) as caught:
        xen.createdomain(agent_spec().createdomain.replace(arch_gic_version=1))
    assert caught.value.errno == errno.ENODEV
    assert xen.console.lines[-1] == "d1: vGICv2 is not supported on this platform."


def test_firmware_without_reset_lets_a_domain_go(xl_host: Model) -> None:
    """Xen says what it was answered, and takes the channel back all the same."""
    firmware = Firmware(xl_host.firmware.platform, replace(xl_host.firmware.profile, missing=NO_RESET))
    xen = Model(xl_host.tree, firmware)
    start(xen, {})
    domid = create(xen, agent_spec())
    xen.destroydomain(domid)
    assert scmi_lines(xen.console.lines)[-3:] == [
        "scmi: Error received: -95",
        "scmi: get smc response agent_id = 1 msg_id = b proto = 10 res=-95",
        f"scmi: Free domain {domid}",
    ]
    assert create(xen, agent_spec()) == 2


def test_what_a_domain_may_not_have_is_not_mapped_for_it(xen: Model) -> None:
    """dom0 may map the page of its own agent; a guest only once it was permitted to."""
    domid = create(xen, agent_spec())
    with pytest.raises(XenError) as caught:
        xen.memory_mapping(domid, 0x22002, 0x47FF0, 1, add=True)
    assert caught.value.errno == errno.EPERM
    xen.iomem_permission(domid, 0x47FF0, 1, allow=True)
    xen.memory_mapping(domid, 0x22002, 0x47FF0, 1, add=True)
    xen.iomem_permission(domid, 0x47FF0, 1, allow=False)
    with pytest.raises(XenError):
        xen.memory_mapping(domid, 0x22003, 0x47FF0, 1, add=True)
