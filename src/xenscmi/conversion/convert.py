"""Rewrites a host of an older dialect in the current form (v8), and nothing else.

Files stay as they are: what changes comes beside them, as overlays, as removals, and as xl.cfg files to put in the
place of the old ones. The result is read again, so that a caller can check it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePath

from xenscmi.conversion.additions import Additions
from xenscmi.conversion.agents import AgentChoice, assign, note
from xenscmi.conversion.configurations import XlcfgConversion, apply, without_memory_types
from xenscmi.conversion.host_tree import HostTreeConversion, error
from xenscmi.conversion.memory import keep_from_dom0, set_aside
from xenscmi.conversion.partial_tree import FIRST_PAGE, PartialTreeConversion, left_behind
from xenscmi.conversion.removals import Removal, as_dts, as_uboot, without
from xenscmi.devicetree import Tree, apply_overlays, parse_dts
from xenscmi.diagnostics import Diagnostic, Severity
from xenscmi.host.configuration import Configuration, read_configuration
from xenscmi.host.index import CURRENT_DIALECTS, Index
from xenscmi.host.reader import read_host
from xenscmi.host.types import DomainKind, Host, HostDomain
from xenscmi.source import Source, join
from xenscmi.version import __version__

_MADE = f"Made by xenscmi {__version__} (`xenscmi convert')."


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """What converts a host: files by their names, and notes on what was assumed or could not be done.

    `removals` are what an overlay cannot delete: the files say it too. `host` is the host with all of it done.
    """

    files: dict[str, str]
    removals: tuple[Removal, ...]
    notes: tuple[Diagnostic, ...]
    host: Host


def readable(host: Host) -> dict[str, str]:
    """Return new texts, by the names of the files, for xl.cfg files that only EPAM's xl accepts.

    Where there are any, read the host again with them before it is converted: a file that xl refuses makes no domain.
    """
    found: dict[str, str] = {}
    for each in host.configurations:
        found |= apply(without_memory_types(each))
    return found


def convert(host: Host, changed: Iterable[str] = ()) -> Conversion:
    """Return what brings a host to the current form; no files where it has that already.

    `changed` names xl.cfg files whose text is `readable`'s already. Raises XenscmiError where there is nothing of
    SCMI, or where an old form cannot be read.
    """
    return _Converter(host, frozenset(changed)).convert()


class _Converter:
    def __init__(self, host: Host, changed: frozenset[str]) -> None:
        self.host = host
        self.changed = changed
        self.container = next(iter(Index(host).containers), None)
        self.choices = assign(host, self.container) if self.container else ()
        self.files: dict[str, str] = {}
        self.removals: list[Removal] = []
        self.notes: list[Diagnostic] = [each.note for each in self.choices if each.note]

    def convert(self) -> Conversion:
        if self.container is None and not self.host.configurations:
            message = "this tree has no list of SCMI agents for Xen, in any dialect"
            place = self.host.tree.root.span if self.host.tree else None
            raise error(message, place, "name the host device tree that Xen gets")
        tree = self._convert_tree(self.host.tree) if self.host.tree else None
        partial: dict[str, Tree] = {}
        toolstack: list[tuple[Configuration, Tree | None]] = []
        for domain in self.host.domains:
            own, guest_page = self._convert_partial(domain)
            if domain.kind is DomainKind.DOM0LESS and own is not None:
                partial[domain.name] = own
            if domain.configuration is not None:
                toolstack.append((self._convert_configuration(domain, domain.configuration, guest_page), own))
        for each in self.host.configurations:
            if each.parsed is None:
                toolstack.append((each, None))
                self.notes.append(_refused(each))
        return Conversion(
            files=self.files,
            removals=tuple(self.removals),
            notes=tuple(self.notes),
            host=read_host(
                tree,
                partial=partial,
                toolstack=toolstack,
                firmware=self.host.firmware,
                xen_profile=self.host.xen_profile,
                sci_driver=self.host.sci_driver,
                unlisted=self.host.unlisted,
                sources=self._other_sources(),
            ),
        )

    def _other_sources(self) -> list[Source]:
        """Return the texts that stay as they are beside trees and xl.cfg files, such as host.toml."""
        replaced = {file.name for each in self.host.configurations for file in each.source.files}
        return [each for each in self.host.sources if each.name not in replaced]

    def _convert_tree(self, tree: Tree) -> Tree:
        """Write the overlay and the removals of the host tree; return the tree with both."""
        if self.container is None:
            return tree
        made = HostTreeConversion(self.host, tree, self.container, self.choices)
        made.convert()
        self.notes += made.notes
        removals = made.removals
        if self.container.dialect not in CURRENT_DIALECTS:
            for each in set_aside(self.host, tree, made.additions, made.pages()):
                if isinstance(each, Removal):
                    removals.append(each)
                else:
                    self.notes.append(each)
            keep_from_dom0(tree, made.additions, made.pages(dom0=False), self.container.path)
        self.removals = removals
        overlaid = self._write_overlay(tree, made.additions)
        if not removals:
            return overlaid
        stem = _stem(tree)
        where = f"Include this after {_shown(tree)}."
        if any(each.span.source is not tree.source for each in removals):
            where = "Delete these where they stand, or include this after the tree that has its overlays."
        self._write(f"{stem}-removals.dtsi", as_dts(_slashes(where), removals))
        head = _hashes("U-Boot's commands, after fdt apply of the overlay.")
        self._write(f"{stem}-removals.cmd", as_uboot(head, removals))
        return without(overlaid, removals)

    def _convert_partial(self, domain: HostDomain) -> tuple[Tree | None, int]:
        """Write the overlay of a domain's partial tree; return the tree with it, and where the guest sees its page."""
        tree = domain.tree.tree if domain.tree else None
        choice = self._choice(domain)
        if choice is None or choice.row is None or choice.note is None:
            return tree, FIRST_PAGE
        if tree is None:
            message = f"{domain.title} has no partial tree here: it needs an scmi node for its agent below /passthrough"
            self.notes.append(note(message, domain.span, Severity.WARNING, "name its partial tree too"))
            return None, FIRST_PAGE
        made = PartialTreeConversion(choice, choice.row, tree)
        made.convert()
        self.notes += made.notes
        return self._write_overlay(tree, made.additions), made.guest_page

    def _convert_configuration(self, domain: HostDomain, configuration: Configuration, page: int) -> Configuration:
        """Write the new xl.cfg file of a domain; return what it says then."""
        assert configuration.settings is not None, "a domain comes from a file that xl accepts"
        choice = self._choice(domain)
        made = XlcfgConversion(self.host, domain, configuration.settings)
        made.convert(
            choice.row if choice and choice.note else None,
            page,
            complete=domain.tree is not None and not left_behind(domain.tree.tree),
        )
        files, texts = configuration.source.files, apply(made.edits)
        for each in files:
            if each.name in texts or each.name in self.changed:
                self._write(PurePath(each.name).name, texts.get(each.name, each.text))
        if not texts:
            return configuration
        return read_configuration(join([Source(each.name, texts.get(each.name, each.text)) for each in files]))

    def _choice(self, domain: HostDomain) -> AgentChoice | None:
        return next((each for each in self.choices if each.domain is domain), None)

    def _write_overlay(self, tree: Tree, additions: Additions) -> Tree:
        """Write the overlay if there is anything in it; return the tree with it."""
        if not additions:
            return tree
        name = self._write(f"{_stem(tree)}.dtso", additions.text(_slashes(f"An overlay of {_shown(tree)}.")))
        overlay = parse_dts(self.files[name].encode(), name=name, directory=Path())
        return apply_overlays(tree, [overlay])

    def _write(self, name: str, text: str) -> str:
        """Keep a file, under another name where two different ones have it; return the name."""
        path, count = PurePath(name), 2
        while self.files.get(name, text) != text:
            name, count = f"{path.stem}-{count}{path.suffix}", count + 1
        self.files[name] = text
        return name


def _refused(configuration: Configuration) -> Diagnostic:
    first = next((each for each in configuration.errors if each.severity is Severity.ERROR), None)
    message = f"{configuration.source.name} is left as it is, because xl refuses it"
    return note(message, first.span if first else None, Severity.WARNING, "run `xenscmi check', and correct it first")


def _stem(tree: Tree) -> str:
    """Return what the names of a tree's files start with."""
    return (re.sub(r"[^\w.+-]", "", PurePath(tree.source.name).stem) or "host") + "-v8"


def _shown(tree: Tree) -> str:
    return re.sub(r"[^\w.+-]", "?", PurePath(tree.source.name).name)


def _slashes(text: str) -> str:
    return f"/* {_MADE} {text} */"


def _hashes(text: str) -> str:
    return f"# {_MADE} {text}"
