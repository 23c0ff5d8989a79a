"""Reads a host from its trees: the one place where everything that belongs to a host comes together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from xenscmi.bindings.names import BOOTARGS, CHOSEN, FIRMWARE_SCMI, XEN_BOOTARGS
from xenscmi.config.types.enums import ArmSciType
from xenscmi.devicetree.once import once
from xenscmi.devicetree.tree import Tree
from xenscmi.diagnostics import Diagnostic
from xenscmi.domctl.releases import DOMAIN_CAPABILITIES
from xenscmi.host.configuration import Configuration
from xenscmi.host.container import read_containers
from xenscmi.host.devices import read_devices
from xenscmi.host.domains import loader_note, read_boot_domains
from xenscmi.host.memory import read_memory, read_reserved
from xenscmi.host.properties import string
from xenscmi.host.scmi_nodes import read_scmi_node, scmi_compatible
from xenscmi.host.toolstack import domain_of
from xenscmi.host.types import Host, HostDomain, HostFirmware, Stated
from xenscmi.source import Source, Span


def read_host(
    tree: Tree | None,
    *,
    partial: Mapping[str, Tree] | None = None,
    toolstack: Sequence[tuple[Configuration, Tree | None]] = (),
    given: Mapping[str, Span] | None = None,
    firmware: HostFirmware | None = None,
    xen_profile: str | None = None,
    sci_driver: ArmSciType | None = None,
    unlisted: Sequence[Configuration] = (),
    notes: Sequence[Diagnostic] = (),
    sources: Sequence[Source] = (),
) -> Host:
    """Return the host that a host device tree describes; without one, a host of the toolstack's domains alone.

    `partial` has the partial trees of dom0less domains by the names of their nodes, `toolstack` are the xl.cfg files,
    each with its domain's partial tree; `given` says where a manifest gives a domain its tree, by the name of its
    xl.cfg or the path of its node. `unlisted` are xl.cfg files that belong to no domain of the host. `firmware` is the
    EL3 firmware's table where it is known, `xen_profile` the name of a Xen and `sci_driver` the SCI driver that it is
    built with, `sources` are further texts that were read.
    """
    partial, given = partial or {}, given or {}
    configurations = tuple(each for each, _ in toolstack)
    trees = [*partial.values(), *(each for _, each in toolstack if each)]
    texts = (
        *sources,
        *(text for each in trees for text in each.sources),
        *(file for each in (*configurations, *unlisted) for file in each.source.files),
    )
    known = Host(
        domains=tuple(domain for each, own in toolstack if (domain := domain_of(each, own))),
        configurations=configurations,
        unlisted=tuple(unlisted),
        firmware=firmware or HostFirmware(),
        xen_profile=xen_profile,
        sci_driver=sci_driver,
        notes=tuple(notes),
        sources=tuple(dict.fromkeys(texts)),
    )
    host = known if tree is None else _with_tree(known, tree, partial)
    return replace(host, domains=tuple(_placed(each, given) for each in host.domains)) if given else host


def _placed(domain: HostDomain, given: Mapping[str, Span]) -> HostDomain:
    """Return a domain with the place at which a manifest gives it its tree."""
    named = domain.configuration.source.name if domain.configuration else f"{CHOSEN}/{domain.name}"
    return replace(domain, tree_given=given[named]) if named in given else domain


def _with_tree(host: Host, tree: Tree, partial: Mapping[str, Tree]) -> Host:
    """Return a host with what its host tree says, and with the domains that Xen makes at boot."""
    board = _board(tree)
    note = loader_note(tree) if board.containers or host.configurations else None
    capabilities = DOMAIN_CAPABILITIES.is_in(host.xen.release)
    boot = read_boot_domains(tree, board.containers, partial, capabilities=capabilities)
    return replace(
        board,
        domains=(*boot, *host.domains),
        configurations=host.configurations,
        unlisted=host.unlisted,
        firmware=host.firmware,
        xen_profile=host.xen_profile,
        sci_driver=host.sci_driver,
        notes=(*host.notes, note) if note else host.notes,
        sources=tuple(dict.fromkeys((*tree.sources, *host.sources))),
    )


@once
def _board(tree: Tree) -> Host:
    """Return what a host tree alone says."""
    command_line = _command_line(tree)
    dom0_node = tree.node(FIRMWARE_SCMI)
    return Host(
        tree=tree,
        containers=read_containers(tree, command_line),
        scmi_nodes=tuple(read_scmi_node(node) for node in tree.walk() if scmi_compatible(node)),
        dom0_node=read_scmi_node(dom0_node) if dom0_node and scmi_compatible(dom0_node) else None,
        memory=read_memory(tree),
        reserved=read_reserved(tree),
        devices=read_devices(tree),
        command_line=command_line,
    )


def _command_line(tree: Tree) -> Stated[str] | None:
    """Return Xen's command line: `xen,xen-bootargs`, or `bootargs` where that is missing."""
    chosen = tree.node(CHOSEN)
    return (string(chosen, XEN_BOOTARGS) or string(chosen, BOOTARGS)) if chosen else None
