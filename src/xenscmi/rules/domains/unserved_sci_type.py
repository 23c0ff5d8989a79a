"""XS232 unserved-sci-type."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from typing import NamedTuple

from xenscmi.bindings.names import SCMI_SMC, SMC_ID
from xenscmi.bindings.properties import is_available, is_compatible, is_for_passthrough, read_u32
from xenscmi.config.types.enums import ArmSciType
from xenscmi.diagnostics import Severity
from xenscmi.domctl.releases import ARM_SCI_KEY, SCI_WITHOUT_DRIVER
from xenscmi.host.command_line import smc_passthrough
from xenscmi.host.index import Index, multi_agent, wanted_agent
from xenscmi.host.types import Host, HostDomain
from xenscmi.rules.phrases import refusal
from xenscmi.rules.rule import Finding, HostRule

RULE = HostRule(
    code="XS232",
    name="unserved-sci-type",
    severity=Severity.ERROR,
    summary="A domain, or the container, needs an SCI driver that the host's Xen does not have.",
    xen="A Xen has the driver for one agent, or with the series that for many, or none (CONFIG_ARM_SCI_NONE). Since "
    "4.22.0 and 4.21.2, Xen refuses a request for another type with -EINVAL, at boot with a panic. Before, a Xen "
    "without a driver ignores it, and the domain runs without SCMI; there is no log line. Xen 4.20 and older know no "
    "type at all. The driver for one agent serves a guest only with scmi-smc-passthrough on Xen's command line, and "
    "only one. Only the driver for many agents reads the container.",
    fix='ask for a type that this Xen has a driver for, or state its Xen in host.toml: [xen] profile = "4.22+sci-ma", '
    'sci_driver = "scmi_smc_multiagent"',
    sci_driver=ArmSciType.NONE,
)

_TYPES = {
    ArmSciType.SCMI_SMC.text: ArmSciType.SCMI_SMC,
    ArmSciType.SCMI_SMC_MULTIAGENT.text: ArmSciType.SCMI_SMC_MULTIAGENT,
}
_IGNORED = "Xen ignores that, and the domain runs without SCMI"
_PANICS = 'Xen panics: "Error getting SCI configuration"'


class _Answer(NamedTuple):
    """What Xen does with a request that it does not serve, and why."""

    why: str
    then: str


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    yield from _unread_container(index)
    host = index.host
    served: HostDomain | None = None
    for domain in host.domains:
        wanted = _TYPES.get(domain.sci_type.value or "") if domain.sci_type and not domain.is_dom0 else None
        if wanted is None or domain.sci_type is None:
            continue
        answer = _answer(index, domain, wanted)
        if answer is None and wanted is ArmSciType.SCMI_SMC and host.driver is wanted:
            if served is not None:
                answer = _Answer(f"{served.title} has the only agent", refusal(domain, errno.EEXIST))
            served = served or domain
        if answer is not None:
            yield Finding(
                message=f"{domain.title} asks for {wanted.text}, but {answer.why}",
                span=domain.sci_type.span,
                then=answer.then,
                severity=Severity.WARNING if answer.then == _IGNORED else None,
            )


def _unread_container(index: Index) -> Iterator[Finding]:
    host, container = index.host, index.container
    if container is None or host.driver is ArmSciType.SCMI_SMC_MULTIAGENT:
        return
    single = host.driver is ArmSciType.SCMI_SMC
    known = "only the driver for one agent" if single else "no SCI driver"
    # The series asks for dom0's agent whatever the driver (create_dom0).
    asks = index.dom0 is not None and index.dom0.is_dom0 and wanted_agent(index.dom0) is not None and host.xen.agent_ids
    refused = asks and (_single_agent_starts(host) if single else SCI_WITHOUT_DRIVER.is_in(host.xen.release))
    yield Finding(
        message=f"{container.path} lists agents, but Xen {host.xen.name} has {known}",
        span=container.span,
        then='Xen panics: "Error creating domain 0 (rc = -22)"' if refused else "no domain gets an agent",
        severity=None if any(multi_agent(domain) for domain in host.domains) else Severity.WARNING,
    )


def _answer(index: Index, domain: HostDomain, wanted: ArmSciType) -> _Answer | None:
    """Return what Xen does with a domain's request; None if it serves it, or if another rule says what is wrong."""
    host, driver, xen = index.host, index.host.driver, index.host.xen
    no_place = not xen.agent_ids if wanted is ArmSciType.SCMI_SMC_MULTIAGENT else not ARM_SCI_KEY.is_in(xen.release)
    if no_place and not domain.has_node:
        return None  # refused-by-libxl: createdomain of this Xen has no field for it
    if not ARM_SCI_KEY.is_in(xen.release):
        return _Answer(f"Xen {xen.name} does not read xen,sci_type", _IGNORED)
    if no_place:
        return _Answer(f"Xen {xen.name} knows one agent only", _PANICS if host.reads_sci_type else _IGNORED)
    if driver is ArmSciType.NONE:
        return _without_driver(domain, wanted, xen.name, refuses=SCI_WITHOUT_DRIVER.is_in(xen.release))
    if driver is ArmSciType.SCMI_SMC:
        return _of_single_agent(host, domain, wanted)
    if wanted is ArmSciType.SCMI_SMC and index.container is None:
        panics = domain.has_node and SCI_WITHOUT_DRIVER.is_in(xen.release)
        return _Answer(f"Xen {xen.name} has the driver for many agents", _PANICS if panics else _IGNORED)
    return None


def _without_driver(domain: HostDomain, wanted: ArmSciType, name: str, *, refuses: bool) -> _Answer:
    why = f"Xen {name} is built without a driver"
    if not refuses:
        return _Answer(why, _IGNORED)
    if domain.has_node and wanted is ArmSciType.SCMI_SMC:
        return _Answer(why, _PANICS)
    return _Answer(why, refusal(domain, errno.EINVAL))


def _of_single_agent(host: Host, domain: HostDomain, wanted: ArmSciType) -> _Answer | None:
    name = host.xen.name
    if not _single_agent_starts(host):
        return _Answer(f"the host tree has no {SCMI_SMC} node with {SMC_ID}, so the driver does not start", _IGNORED)
    if wanted is not ArmSciType.SCMI_SMC:
        return _Answer(f"Xen {name} is built with the driver for one agent", refusal(domain, errno.EINVAL))
    if host.tree is None or not smc_passthrough(host.tree):
        return _Answer("scmi-smc-passthrough is not on Xen's command line", refusal(domain, errno.EINVAL))
    return None


def _single_agent_starts(host: Host) -> bool:
    """Return whether the driver for one agent finds its node: the first one must have a function id."""
    nodes = (node for node in (host.tree.walk() if host.tree else ()) if is_compatible(node, SCMI_SMC))
    first = next((node for node in nodes if is_available(node) and not is_for_passthrough(node)), None)
    return first is not None and read_u32(first, SMC_ID) is not None
