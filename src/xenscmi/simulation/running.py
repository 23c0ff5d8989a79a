"""Switches a host on: boots it, and creates every domain of the toolstack."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from xenscmi.diagnostics import Diagnostic, Severity
from xenscmi.firmware import Firmware
from xenscmi.host.index import Index, wanted_agent
from xenscmi.host.types import DomainKind, Host, HostDomain, ResourceUse
from xenscmi.model.boot import start
from xenscmi.model.domain import Domain
from xenscmi.model.errors import Panic
from xenscmi.model.guest import offer_of, own_offer
from xenscmi.model.machine import MakeFirmware, partial_trees, switch_on
from xenscmi.model.xen import Model
from xenscmi.toolstack.create import CreationError, create
from xenscmi.toolstack.hosts import prepare_host
from xenscmi.toolstack.offer import Offer


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningDomain:
    """A domain that runs, the agent that it should have, the channel that its tree offers, and what the tree uses."""

    name: str
    made: Domain
    wanted: int | None
    offer: Offer | None
    uses: tuple[ResourceUse, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningHost:
    """A host that was switched on, with its domains.

    `panic` is Xen's last message if it did not boot. `not_created` has the names of domains that xl, libxl or Xen
    refused, each with the reason; `refusals` say the same, and why Xen panicked, with places.
    """

    xen: Model
    panic: str | None
    domains: tuple[RunningDomain, ...]
    not_created: tuple[tuple[str, str], ...]
    refusals: tuple[Diagnostic, ...]


def run(host: Host, make_firmware: MakeFirmware = Firmware) -> RunningHost:
    """Boot a host and create its domains; `make_firmware` makes what answers at EL3.

    Raises XenscmiError if it cannot be switched on.
    """
    xen = switch_on(host, make_firmware=make_firmware)
    try:
        start(xen, partial_trees(host))
    except Panic as error:
        return RunningHost(xen=xen, panic=error.reason, domains=(), not_created=(), refusals=tuple(error.diagnostics))
    index = Index(host)
    domains = list(_booted(xen, index))
    not_created: list[tuple[str, str]] = []
    refusals: list[Diagnostic] = []
    for prepared in prepare_host(host):
        spec = prepared.spec
        if spec is None:
            errors = [each for each in prepared.diagnostics if each.severity is Severity.ERROR]
            not_created += [(prepared.name, each.message) for each in errors]
            refusals += errors
            continue
        try:
            made = xen.domain(create(xen, spec))
        except CreationError as error:
            not_created.append((prepared.name, error.message))
            refusals += error.diagnostics
            continue
        offer = spec.offer if spec.tree_known else own_offer(made)
        uses = tuple(_uses(index, prepared.domain)) if prepared.domain else ()
        domains.append(RunningDomain(name=prepared.name, made=made, wanted=spec.agent_id, offer=offer, uses=uses))
    return RunningHost(
        xen=xen, panic=None, domains=tuple(domains), not_created=tuple(not_created), refusals=tuple(refusals)
    )


def _booted(xen: Model, index: Index) -> Iterator[RunningDomain]:
    """Yield the domains that Xen itself started."""
    booted = [domain for domain in index.host.domains if domain.kind is not DomainKind.TOOLSTACK]
    for domain, made in zip(booted, list(xen.domains.values()), strict=True):
        wanted = wanted_agent(domain)
        yield RunningDomain(
            name=domain.name,
            made=made,
            wanted=None if wanted is None else wanted.value,
            offer=offer_of(made),
            uses=tuple(_uses(index, domain)),
        )


def _uses(index: Index, domain: HostDomain) -> Iterator[ResourceUse]:
    """Yield the resources that a domain's own device tree uses; none if the firmware's devices are only assumed."""
    if index.host.firmware.devices is None:
        return
    if domain.kind is DomainKind.DOM0:
        yield from (use for _, uses in index.resources_of_dom0 for use in uses)
    for node in domain.tree.nodes if domain.tree else ():
        yield from node.resources
