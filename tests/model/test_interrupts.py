"""Interrupts and IOMMUs of a host with dom0: who may have what, and what a second owner meets."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from tests.specs import agent_spec, make_spec

from xenscmi.devicetree import Tree, parse_dts
from xenscmi.firmware import Firmware
from xenscmi.model.boot import start
from xenscmi.model.errors import Panic
from xenscmi.model.xen import Model
from xenscmi.toolstack.backend import XenError
from xenscmi.toolstack.create import CreationError, create

HOST = (Path(__file__).parents[1] / "vectors" / "xl-create" / "host.dts").read_text()
SMMU = 'smmu: iommu@1f000000 { compatible = "arm,smmu-v3"; reg = <0x0 0x1f000000 0x0 0x20000>; #iommu-cells = <1>;'
DEVICES = """
	lines {{
		compatible = "simple-bus"; #address-cells = <2>; #size-cells = <2>; ranges; interrupt-parent = <&gic>;
		spare: spare@b000000 {{ reg = <0x0 0xb000000 0x0 0x1000>; interrupts = <0 50 4>; xen,passthrough; {spare} }};
		kept: kept@b001000 {{ reg = <0x0 0xb001000 0x0 0x1000>; interrupts = {kept}; }};
		{more}
	}};

	chosen {{"""


def boot(xl_host: Model, spare: str = "", kept: str = "<0 51 4>", more: str = "") -> Model:
    text = HOST.replace("\n\tchosen {", DEVICES.format(spare=spare, kept=kept, more=more), 1)
    xen = Model(tree_of(text), Firmware(xl_host.firmware.platform, xl_host.firmware.profile))
    start(xen, {})
    return xen


def tree_of(text: str) -> Tree:
    return parse_dts(text.encode(), name="host.dts", directory=Path())


def refusal(xen: Model, domid: int, irq: int) -> int:
    with pytest.raises(XenError) as caught:
        xen.bind_pt_spi_irq(domid, irq)
    return caught.value.errno


def guest(irqs: str, name: str = "g") -> str:
    return f'name = "{name}"\nkernel = "/k"\nmemory = 64\nirqs = [ {irqs} ]\n'


def test_dom0_keeps_the_lines_of_what_it_keeps_and_may_give_away_the_others(xl_host: Model) -> None:
    xen = boot(xl_host)
    dom0 = xen.domain(0)
    assert 32 + 51 in dom0.irqs
    assert 32 + 50 not in dom0.irqs
    assert {32 + 50, 32 + 51} <= dom0.irq_access
    domid = create(xen, make_spec(guest(str(32 + 50))))
    assert xen.domain(domid).irqs == {32 + 50}


def test_what_xen_refuses_of_interrupts(xl_host: Model) -> None:
    xen = boot(xl_host)
    one = create(xen, make_spec(guest(str(32 + 50), "one")))
    two = create(xen, make_spec("nr_spis = 256\n" + guest("", "two")))
    assert refusal(xen, two, 32 + 50) == errno.EBUSY
    assert refusal(xen, one, 32 + 50) == errno.EBUSY
    assert refusal(xen, two, 32 + 51) == errno.EBUSY
    assert refusal(xen, two, 32 + 99) == errno.EPERM
    xen.destroydomain(one)
    xen.bind_pt_spi_irq(two, 32 + 50)


def test_an_interrupt_that_is_taken_undoes_the_domain(xl_host: Model) -> None:
    xen = boot(xl_host)
    with pytest.raises(CreationError) as caught:
        create(xen, make_spec(guest(f"{32 + 50}, {32 + 51}")))
    assert (caught.value.step, caught.value.errno) == ("bind_pt_spi_irq", errno.EBUSY)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.message.startswith("Domain 1:failed give domain access to irq 83: Device or resource busy")
    assert diagnostic.span is not None
    assert diagnostic.span.text == "83"
    assert xen.domains.keys() == {0}
    create(xen, make_spec(guest(str(32 + 50))))


@pytest.mark.parametrize(
    ("kept", "code"),
    [
        ("<0 300 4>", -22),  # beyond the lines of this machine's GIC
        ("<0 51 4>, <0 51 1>", -1),  # triggered in two ways
    ],
)
def test_dom0_is_not_built_with_interrupts_that_cannot_be(xl_host: Model, kept: str, code: int) -> None:
    with pytest.raises(Panic, match=r"Could not set up d0 guest OS \(rc = -22\)") as caught:
        boot(xl_host, kept=kept)
    assert caught.value.log[-1] == f"Device tree generation failed ({code})."


def test_a_node_with_a_private_interrupt_is_not_dom0s(xl_host: Model) -> None:
    xen = boot(xl_host, kept="<1 7 4>")
    assert not any(node.name == "kept@b001000" for node in xen.domain(0).tree)
    assert not xen.domain(0).iomem.covers(0xB001, 0xB002)


def test_a_device_behind_an_iommu_has_one_owner(xl_host: Model) -> None:
    xen = boot(xl_host, spare="iommus = <&smmu 3>;", more=f"{SMMU} }};")
    path = "/lines/spare@b000000"
    one = create(xen, agent_spec(2, "scmi_smc_multiagent", 0x47FF2, path))
    with pytest.raises(CreationError) as caught:
        create(xen, agent_spec(3, "scmi_smc_multiagent", 0x47FF3, path))
    assert (caught.value.step, caught.value.errno) == ("assign_device", errno.EBUSY)
    xen.destroydomain(one)
    create(xen, agent_spec(3, "scmi_smc_multiagent", 0x47FF3, path))


def test_a_disabled_iommu_protects_nothing(xl_host: Model) -> None:
    """So the device has no owner to Xen, who asks the firmware alone."""
    xen = boot(xl_host, spare="iommus = <&smmu 3>;", more=f'{SMMU} status = "disabled"; }};')
    path = "/lines/spare@b000000"
    create(xen, agent_spec(2, "scmi_smc_multiagent", 0x47FF2, path))
    create(xen, agent_spec(3, "scmi_smc_multiagent", 0x47FF3, path))


def test_without_a_mediator_the_iommu_decides(xl_host: Model) -> None:
    xen = Model(tree_of(HOST.replace('"xen,sci"', '"xen,none"')), xl_host.firmware)
    start(xen, {})
    without, with_iommu = (
        create(xen, make_spec(guest("", name) + more))
        for name, more in (("one", ""), ("two", 'passthrough = "enabled"\n'))
    )
    for domid, path, number in (
        (without, "/soc/fakedev@a003000", errno.EOPNOTSUPP),
        (with_iommu, "/soc/nothing", errno.ESRCH),
        (with_iommu, "/soc/fakedev@a003000", errno.EINVAL),
    ):
        with pytest.raises(XenError) as caught:
            xen.assign_device(domid, path)
        assert caught.value.errno == number
