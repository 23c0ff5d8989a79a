"""Making domains in libxl's steps, on a hypervisor that only records what it is asked."""

from __future__ import annotations

import errno

import pytest
from tests.specs import make_spec
from tests.toolstack.fake import FakeBackend

from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.toolstack.create import CreationError, create, create_all
from xenscmi.toolstack.spec import DomainSpec

TEXT = """\
name = "{name}"
kernel = "/boot/Image"
memory = 64
arm_sci = "type=scmi_smc_multiagent,agent_id={agent}"
irqs = [ 72, 73 ]
iomem = [ "47ff2,1@22001", "e6800,1" ]
dtdev = [ "/soc/ethernet@1000", "/soc/mmc@2001" ]
"""
STEPS = [
    "createdomain",
    "build",
    "bind_pt_spi_irq",
    "iomem_permission",
    "memory_mapping",
    "assign_device",
    "unpausedomain",
]


def guest(name: str = "guest", agent: int = 2) -> DomainSpec:
    return make_spec(TEXT.format(name=name, agent=agent))


def failure(xen: FakeBackend, spec: DomainSpec) -> CreationError:
    with pytest.raises(CreationError) as caught:
        create(xen, spec)
    return caught.value


def test_the_steps_are_libxls() -> None:
    xen = FakeBackend()
    assert create(xen, guest()) == 1
    assert xen.calls == [
        ("createdomain", 2),
        ("build", 1, "guest"),
        ("bind_pt_spi_irq", 1, 72),
        ("bind_pt_spi_irq", 1, 73),
        ("iomem_permission", 1, 0x47FF2, 1, True),
        ("memory_mapping", 1, 0x22001, 0x47FF2, 1, True),
        ("iomem_permission", 1, 0xE6800, 1, True),
        ("memory_mapping", 1, 0xE6800, 0xE6800, 1, True),
        ("assign_device", 1, "/soc/ethernet@1000"),
        ("assign_device", 1, "/soc/mmc@2001"),
        ("unpausedomain", 1),
    ]
    assert xen.names() == {0: "Domain-0", 1: "guest"}


def test_a_paused_domain_stays_paused() -> None:
    xen = FakeBackend()
    create(xen, guest(), paused=True)
    assert ("unpausedomain", 1) not in xen.calls


def test_an_interrupt_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    xen = FakeBackend()

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(xen, "build", interrupt)
    with pytest.raises(KeyboardInterrupt):
        create(xen, guest())
    assert (xen.getdomaininfolist(), xen.names()) == ((), {0: "Domain-0"})


@pytest.mark.parametrize("step", STEPS)
def test_a_failure_at_any_step_leaves_nothing(step: str) -> None:
    xen = FakeBackend({step: errno.EINVAL})
    error = failure(xen, guest())
    assert (error.step, error.errno) == (step, errno.EINVAL)
    assert xen.getdomaininfolist() == ()
    assert xen.names() == {0: "Domain-0"}
    assert error.exit_code == (1 if step == "assign_device" else 3)
    assert xen.calls[-1] == (("createdomain", 2) if step == "createdomain" else ("destroydomain", 1))


@pytest.mark.parametrize(
    ("step", "number", "place", "help_text"),
    [
        ("createdomain", errno.EEXIST, (4, 37), "take another agent; free are 2, 3"),
        ("createdomain", errno.ENOENT, (4, 37), "agent 2 is not in scmi-secondary-agents"),
        ("createdomain", errno.ENODEV, None, 'the host has a GICv3: leave gic_version out, or write "v3"'),
        ("bind_pt_spi_irq", errno.EBUSY, (5, 10), "another domain has this interrupt"),
        ("iomem_permission", errno.EPERM, (6, 11), "this is agent 2's page"),
        ("assign_device", errno.ENODEV, (7, 11), "the host's device tree has no node /soc/ethernet@1000"),
        ("assign_device", errno.EACCES, (7, 11), "the firmware does not let Xen's agent set permissions"),
        ("assign_device", errno.EIO, (7, 11), "the firmware refused to grant the device"),
    ],
)
def test_a_failure_names_the_line_and_the_way_out(
    step: str, number: int, place: tuple[int, int] | None, help_text: str
) -> None:
    (diagnostic,) = failure(FakeBackend({step: number}), guest()).diagnostics
    span = diagnostic.span
    assert (span and (span.line, span.column)) == place
    assert diagnostic.message.endswith(f"(step {step}, errno {number} {errno.errorcode[number]})")
    assert diagnostic.help.startswith(help_text)


def test_a_taken_agent_is_named_with_its_owner() -> None:
    xen = FakeBackend()
    create(xen, guest("first"))
    (diagnostic,) = failure(xen, guest("second")).diagnostics
    assert diagnostic.message == "domain creation fail: File exists (step createdomain, errno 17 EEXIST)"
    assert (
        diagnostic.help == "agent 2 belongs to domain 1 (first): destroy that domain, or take another agent; free are 3"
    )


def test_a_name_is_given_once() -> None:
    xen = FakeBackend()
    create(xen, guest("same"))
    error = failure(xen, guest("same", agent=3))
    assert error.message == 'Domain 2:Domain with name "same" already exists.'
    assert error.diagnostics[0].help == "choose another name, or destroy same first"


def test_braces_in_a_name_stay_as_they_are() -> None:
    xen = FakeBackend()
    create(xen, guest("{0}{x}"))
    assert 'name "{0}{x}" already' in failure(xen, guest("{0}{x}", agent=3)).message


def test_of_several_domains_all_are_made_or_none() -> None:
    xen = FakeBackend()
    assert create_all(xen, [guest("one"), guest("two", agent=3)]) == [1, 2]
    xen = FakeBackend()
    with pytest.raises(CreationError):
        create_all(xen, [guest("one"), guest("two")])
    assert xen.getdomaininfolist() == ()
    assert ("destroydomain", 1) in xen.calls


def test_a_kernel_that_cannot_be_used_undoes_the_domain() -> None:
    class Broken(FakeBackend):
        def build(self, domid: int, spec: DomainSpec) -> None:
            raise XenscmiError(Diagnostic(message="zImage: not a kernel"))

    xen = Broken()
    error = failure(xen, guest())
    assert [each.message for each in error.diagnostics] == ["zImage: not a kernel"]
    assert error.step == "build"
    assert xen.getdomaininfolist() == ()


def test_what_xen_printed_comes_with_the_failure() -> None:
    xen = FakeBackend({"build": errno.ENOMEM})
    xen.lines.append("earlier")
    assert failure(xen, guest()).log[0].startswith("createdomain")
