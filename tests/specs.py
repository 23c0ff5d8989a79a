"""Domains to be made, from the text of an xl.cfg file."""

from __future__ import annotations

from itertools import count

from xenscmi.config.capabilities import DEFAULT_HOST, HostCapabilities
from xenscmi.config.parse import parse_xlcfg
from xenscmi.devicetree import Tree
from xenscmi.domctl.profiles import DEFAULT_PROFILE, PROFILES
from xenscmi.source import Source
from xenscmi.toolstack.prepare import prepare
from xenscmi.toolstack.spec import DomainSpec

_NAMES = count()


def make_spec(
    text: str, partial: Tree | None = None, host: HostCapabilities = DEFAULT_HOST, profile: str = DEFAULT_PROFILE
) -> DomainSpec:
    """Return what is to be made of an xl.cfg text."""
    return prepare(parse_xlcfg(Source("guest.cfg", text)), host, PROFILES[profile], partial)


def agent_spec(
    agent_id: int = 2, sci_type: str = "scmi_smc_multiagent", page: int | None = 0x47FF2, *dtdevs: str, name: str = ""
) -> DomainSpec:
    """Return a domain with an agent, as those of the xl-create vectors: its page at guest frame 0x22001.

    Without a name it gets one of its own.
    """
    iomem = f'iomem = [ "{page:x},1@22001" ]' if page is not None else ""
    paths = ", ".join(f'"{path}"' for path in dtdevs)
    return make_spec(
        f"""\
name = "{name or f"guest-{next(_NAMES)}"}"
kernel = "/boot/Image"
memory = 64
arm_sci = "type={sci_type},agent_id={agent_id}"
{iomem}
dtdev = [ {paths} ]
"""
    )
