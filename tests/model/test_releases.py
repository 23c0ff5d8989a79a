"""Which Xen the model is: its SCI driver, and a node in the place of dom0."""

from __future__ import annotations

from pathlib import Path

from tests.agreement.test_releases import with_hardware_domain

from xenscmi.config.types.enums import ArmSciType
from xenscmi.devicetree import parse_dts
from xenscmi.host.reader import read_host
from xenscmi.model.machine import boot
from xenscmi.model.xen import SMCCC_UNKNOWN, Model
from xenscmi.rules.example import FILES, FIRMWARE


def example(files: dict[str, str], profile: str, driver: ArmSciType | None = None) -> Model:
    """Return the example host, booted on this Xen."""
    trees = {
        name: parse_dts(files[f"{name}.dts"].encode(), name=f"{name}.dts", directory=Path())
        for name in ("host", "panel")
    }
    partial = {"panel": trees["panel"]}
    host = read_host(trees["host"], partial=partial, firmware=FIRMWARE, xen_profile=profile, sci_driver=driver)
    return boot(host)


def rings(xen: Model, domid: int) -> set[int]:
    """Return the function ids that a domain can ring."""
    found = [agent.func_id for agent in xen.firmware.agents.values()]
    return {each for each in found if xen.smc(domid, (each, 0, 0, 0, 0, 0, 0, 0))[0] != SMCCC_UNKNOWN}


def test_the_driver_for_many_agents() -> None:
    xen = example(FILES, "4.21.2+sci-ma")
    assert (rings(xen, 0), rings(xen, 1)) == ({0x82000004}, {0x82000005})


def test_the_driver_for_one_agent_forwards_the_last_node_of_the_tree() -> None:
    """The example's last scmi node is Xen's own in the container, which this driver takes like any other."""
    xen = example({**FILES, "host.dts": FILES["host.dts"].replace("scmi_smc_multiagent", "none")}, "4.22")
    assert (rings(xen, 0), rings(xen, 1)) == ({0x82000003}, set())
    assert any("mediator already registered (ret = -17)" in line for line in xen.console.lines)


def test_the_driver_of_4_20_has_the_first_node_and_dom0_alone() -> None:
    text = FILES["host.dts"].replace("dom0_mem=512M", "dom0_mem=512M scmi-smc-passthrough")
    xen = example({**FILES, "host.dts": text}, "4.20")
    assert (rings(xen, 0), rings(xen, 1)) == ({0x82000004}, set())
    assert not any("already registered" in line for line in xen.console.lines)
    later = example({**FILES, "host.dts": text.replace("scmi_smc_multiagent", "scmi_smc")}, "4.22")
    assert (rings(later, 0), rings(later, 1)) == (set(), {0x82000003})


def test_no_driver() -> None:
    xen = example(FILES, "4.21.1+sci-ma", ArmSciType.NONE)
    assert (rings(xen, 0), rings(xen, 1)) == (set(), set())
    assert not xen.scmi_works()


def test_a_hardware_domain_has_what_dom0_had() -> None:
    dom0 = example(FILES, "4.22+sci-ma").domains[0]
    xen = example(with_hardware_domain(), "4.22+sci-ma")
    assert list(xen.domains) == [1, 2]
    found = xen.hardware_domain
    assert found is xen.domains[2]
    assert found is not None
    assert (found.name, found.channel and found.channel.agent_id) == ("hw", 2)
    assert found.devices == dom0.devices
    assert [node.path for node in found.tree if node.path != "/chosen"] == [
        node.path for node in dom0.tree if node.path != "/chosen"
    ]
    assert found.irqs == dom0.irqs
    assert rings(xen, 2) == {0x82000004}


def test_before_4_21_nobody_takes_the_place_of_dom0() -> None:
    xen = example(with_hardware_domain(), "4.20")
    assert xen.hardware_domain is None
    assert all(domain.channel is None for domain in xen.domains.values())
