"""The parts of a host: files that were read and told apart, before anybody asks what they mean together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from xenscmi.devicetree import Tree
from xenscmi.diagnostics import Diagnostic
from xenscmi.host.configuration import Configuration
from xenscmi.host.named_files import NamedFiles
from xenscmi.source import Source, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class HostParts:
    """The trees and xl.cfg files of a host, overlays applied and fragments joined.

    `partial` has the partial trees of dom0less domains by the names of their nodes; `toolstack` are the xl.cfg files,
    each with its domain's partial tree. `given` says where the manifest gives a domain its tree, by the name of its
    xl.cfg or the path of its node. `named` is the manifest with its files, None where the files were told apart by
    their kinds; `own_profile` is a firmware profile of the host's own. `sources` are further texts that were read.
    """

    tree: Tree | None
    partial: Mapping[str, Tree]
    toolstack: tuple[tuple[Configuration, Tree | None], ...]
    given: Mapping[str, Span] = field(default_factory=dict)
    named: NamedFiles | None = None
    own_profile: Source | None = None
    unlisted: tuple[Configuration, ...] = ()
    notes: tuple[Diagnostic, ...] = ()
    sources: tuple[Source, ...] = ()
