"""Domains of the toolstack: what an xl.cfg says, and where."""

from __future__ import annotations

from xenscmi.host.configuration import read_configuration
from xenscmi.host.toolstack import domain_of
from xenscmi.host.types import DomainKind
from xenscmi.source import Source

TEXT = """\
name = "guest"
kernel = "/boot/Image"
arm_sci = "type=scmi_smc_multiagent,agent_id=2, foo"
iomem = [ "47ff2,1@22001", "a003,2" ]
dtdev = [ "/soc/a", "/soc/b" ]
device_tree = "guest.dtb"
"""


def test_a_domain_has_everything_that_must_agree_with_its_place() -> None:
    found = read_configuration(Source("guest.cfg", TEXT))
    domain = domain_of(found)
    assert domain
    assert (domain.kind, domain.name) == (DomainKind.TOOLSTACK, "guest")
    assert domain.sci_type
    assert (domain.sci_type.value, domain.sci_type.span.text) == ("scmi_smc_multiagent", "type=scmi_smc_multiagent")
    assert domain.agent_id
    assert (domain.agent_id.value, domain.agent_id.span.text) == (2, "agent_id=2")
    assert [(m.host, m.size, m.guest) for m in domain.iomem] == [
        (0x47FF2000, 0x1000, 0x22001000),
        (0xA003000, 0x2000, 0xA003000),
    ]
    assert [m.span.text for m in domain.iomem] == ['"47ff2,1@22001"', '"a003,2"']
    assert [path.value for path in domain.dtdevs] == ["/soc/a", "/soc/b"]
    assert [(part.key, part.text) for part in found.arm_sci][2] == (None, " foo")


def test_a_refused_file_still_has_its_settings() -> None:
    found = read_configuration(Source("guest.cfg", TEXT.replace("agent_id=2", "agent_id=300")))
    assert domain_of(found) is None
    assert found.settings
    assert found.arm_sci[1].value == "300"
    assert "300" in found.errors[0].message


def test_a_file_without_syntax_has_errors_alone() -> None:
    found = read_configuration(Source("guest.cfg", "name guest\n"))
    assert (domain_of(found), found.settings) == (None, None)
    assert found.errors
