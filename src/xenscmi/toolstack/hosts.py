"""Prepares all domains of a host that the toolstack creates: what libxl would create for each, or why it refuses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from xenscmi.config.capabilities import HostCapabilities
from xenscmi.config.errors import ConfigError
from xenscmi.config.parsed import Parsed
from xenscmi.devicetree import Tree
from xenscmi.diagnostics import Diagnostic, Severity
from xenscmi.domctl.profiles import Profile
from xenscmi.host.abilities import capabilities_of
from xenscmi.host.configuration import Configuration
from xenscmi.host.files import HostFiles, Read
from xenscmi.host.target_tree import partial_tree_of
from xenscmi.host.types import DomainKind, Host, HostDomain
from xenscmi.toolstack.backend import Backend
from xenscmi.toolstack.prepare import prepare
from xenscmi.toolstack.spec import DomainSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """An xl.cfg file of a host: its domain, and the domain to create, or why it is refused.

    `domain` is None if xl cannot read the file; `spec` is None if xl or libxl refuses it, and `diagnostics` then say
    why, in their words.
    """

    configuration: Configuration
    domain: HostDomain | None
    spec: DomainSpec | None
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def name(self) -> str:
        """The domain's name, or that of its file if it has none."""
        named = self.domain.name if self.domain else ""
        return named or self.configuration.source.name


def prepare_host(host: Host) -> tuple[Prepared, ...]:
    """Return the toolstack's domains of a host in order, each prepared for a host that has those before it."""
    return tuple(_prepare_all(host))


def _prepare_all(host: Host) -> Iterator[Prepared]:
    capabilities = capabilities_of(host)
    domains = {id(each.configuration): each for each in host.domains if each.kind is DomainKind.TOOLSTACK}
    for configuration in host.configurations:
        prepared = _prepared(configuration, domains.get(id(configuration)), capabilities, host.xen)
        yield prepared
        if prepared.spec is not None:
            capabilities = with_domain(capabilities, prepared.spec.name)


def _prepared(
    configuration: Configuration, domain: HostDomain | None, capabilities: HostCapabilities, profile: Profile
) -> Prepared:
    if configuration.parsed is None or domain is None:
        return Prepared(configuration=configuration, domain=None, spec=None, diagnostics=configuration.errors)
    tree = domain.tree.tree if domain.tree else None
    if not configuration.parsed.config.virtios:  # else their backends are other domains
        capabilities = capabilities.replace(domains=())
    spec, diagnostics = configuration.once(_prepare, capabilities, profile, tree)
    return Prepared(configuration=configuration, domain=domain, spec=spec, diagnostics=diagnostics)


def _prepare(
    configuration: Configuration, capabilities: HostCapabilities, profile: Profile, tree: Tree | None
) -> tuple[DomainSpec | None, tuple[Diagnostic, ...]]:
    """Return the domain to create from a file that xl can read, or why libxl refuses it."""
    assert configuration.parsed is not None
    try:
        return prepare(configuration.parsed, capabilities, profile, tree), ()
    except ConfigError as error:
        return None, error.diagnostics


def with_domain(capabilities: HostCapabilities, name: str) -> HostCapabilities:
    """Return the capabilities of a host that has one more domain, with the next id."""
    domid = max(capabilities.domains, default=(0, ""))[0] + 1
    return capabilities.replace(domains=(*capabilities.domains, (domid, name)))


def prepare_files(
    files: Sequence[tuple[str, Parsed]], xen: Backend, host: Host, *, read: Read, folders: Sequence[Path]
) -> tuple[list[DomainSpec], tuple[Diagnostic, ...]]:
    """Return the domains to create from several xl.cfg files on a running host, and remarks for the user.

    `host` is the host as its files describe it. Partial trees are also looked for in `folders`; `read` reads them.
    Raises ConfigError as `prepare` does, and XenscmiError for a partial tree that cannot be read.
    """
    capabilities = xen.capabilities()
    specs: list[DomainSpec] = []
    reader = HostFiles(read)
    remarks: list[Diagnostic] = []
    for file, parsed in files:
        device_tree, place = parsed.config.b_info.device_tree, parsed.place("b_info.device_tree")
        partial = partial_tree_of(host, file, device_tree, reader, folders, place) if device_tree else None
        spec = prepare(parsed, capabilities, xen.profile, partial)
        remarks += spec.warnings
        if not spec.tree_known:
            message = f"{device_tree} is not here: the model assumes that it offers the agent's channel"
            remarks.append(Diagnostic(message=message, severity=Severity.INFO, span=place))
        specs.append(spec)
        capabilities = with_domain(capabilities, spec.name)
    return specs, tuple(remarks)
