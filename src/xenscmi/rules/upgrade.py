"""What another release of Xen does differently with a host: the changes of Xen's behaviour, each with whom it touches.

A change came with a release, and with point releases of older branches into which it was backported. To add one, add a
row to `CHANGES` and the function that says which places of a host it touches.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from xenscmi.bindings.addresses import ADDRESS_CELLS, SIZE_CELLS
from xenscmi.bindings.names import CHOSEN, XEN_DOMAIN, XEN_REG
from xenscmi.bindings.properties import is_compatible, read_u32
from xenscmi.devicetree import Node
from xenscmi.diagnostics import Annotation, Diagnostic, Severity, XenscmiError
from xenscmi.domctl.profiles import PROFILES
from xenscmi.host.configuration import ARM_SCI
from xenscmi.host.types import DomainKind, Host
from xenscmi.source import Span

CAPABILITIES = "capabilities"
TRAP_UNMAPPED_ACCESSES = "trap_unmapped_accesses"


class Release(NamedTuple):
    """A release of Xen; a branch's first release, 4.22 for example, is 4.22.0."""

    major: int
    minor: int
    point: int = 0

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.point}" if self.point else f"{self.major}.{self.minor}"

    @property
    def branch(self) -> str:
        """The branch, by which the layouts of createdomain are named."""
        return f"{self.major}.{self.minor}"


class Touched(NamedTuple):
    """A place of a host that a change touches, and what it is there."""

    span: Span
    what: str


class BehaviourChange(NamedTuple):
    """A change of Xen's behaviour: the first release of each branch that has it, oldest first, and what it means.

    `breaks`: what worked before can fail after it. Going back to a release without it is said in the words of `undone`.
    """

    name: str
    since: tuple[Release, ...]
    done: str
    undone: str
    help: str
    touches: Callable[[Host], Iterator[Touched]]
    breaks: bool = True

    def is_in(self, release: Release) -> bool:
        """Return whether a release has the change: by its own branch, or because its branch is newer than all."""
        for first in self.since:
            if release[:2] == first[:2]:
                return release >= first
        return release > self.since[-1]


def parse_release(text: str) -> Release:
    """Return a release written as 4.20 or 4.20.4. Raises XenscmiError if it is none, or of an unknown branch."""
    found = re.fullmatch(r"(\d{1,3})\.(\d{1,3})(?:\.(\d{1,3}))?", text, re.ASCII)
    release = Release(int(found[1]), int(found[2]), int(found[3] or 0)) if found else None
    if release is None or release.branch not in PROFILES:
        known = ", ".join(name for name in PROFILES if "+" not in name)
        help_text = f"write one of {known}, or a point release of it such as 4.21.2"
        raise XenscmiError(Diagnostic(message=f"`{text}' is not a release of Xen that xenscmi knows", help=help_text))
    return release


def upgrade(host: Host, before: Release, after: Release) -> tuple[Diagnostic, ...]:
    """Return what changes for a host when its Xen is replaced: one finding for each change that touches it."""
    found = [_finding(change, host, before, after) for change in CHANGES if change.is_in(before) != change.is_in(after)]
    return tuple(filter(None, (*found, _layout(host, before, after))))


def _finding(change: BehaviourChange, host: Host, before: Release, after: Release) -> Diagnostic | None:
    touched = tuple(change.touches(host))
    if not touched:
        return None
    first, *others = touched
    words, verb = (change.done, "since") if change.is_in(after) else (change.undone, "before")
    releases = ", ".join(map(str, change.since))
    return Diagnostic(
        message=f"{first.what}: {words.format(before=before, after=after)} ({verb} {releases})",
        severity=Severity.WARNING if change.breaks else Severity.INFO,
        span=first.span,
        related=tuple(Annotation(span=each.span, label=f"touched as well: {each.what}") for each in others),
        help=change.help,
        name=change.name,
    )


def _layout(host: Host, before: Release, after: Release) -> Diagnostic | None:
    """Return a finding if the toolstack's domains are made by another createdomain: xl must be that of the new Xen."""
    old, new = PROFILES[before.branch], PROFILES[after.branch]
    toolstack = [each for each in host.domains if each.kind is DomainKind.TOOLSTACK]
    if (old.layout, old.interface_version) == (new.layout, new.interface_version) or not toolstack:
        return None
    fields = {field.name for field in old.layout}, {field.name for field in new.layout}
    changed = [f"+{name}" for name in sorted(fields[1] - fields[0])] + [
        f"-{name}" for name in sorted(fields[0] - fields[1])
    ]
    listed = f"; fields: {', '.join(changed)}" if changed else ""
    return Diagnostic(
        message=f"createdomain of Xen {after} has interface version {new.interface_version:#x} and {new.size} bytes, "
        f"that of Xen {before} {old.interface_version:#x} and {old.size}{listed}",
        span=toolstack[0].span,
        help="install the toolstack of the same release; other toolstacks, such as Zephyr's, must be built for it, and "
        f'set [xen] profile = "{after.branch}" in host.toml',
        name="createdomain-layout",
    )


def _requests_for_sci(host: Host) -> Iterator[Touched]:
    for domain in host.domains:
        if domain.kind is not DomainKind.DOM0 and domain.sci_type and domain.sci_type.value not in (None, "none"):
            yield Touched(domain.sci_type.span, f"{domain.title} asks for SCI ({domain.sci_type.value})")


def _arm_sci(host: Host) -> Iterator[Touched]:
    for configuration in host.configurations:
        setting = configuration.settings.get(ARM_SCI) if configuration.settings else None
        if setting is not None:
            yield Touched(setting.key_span, f"{configuration.source.name} sets {ARM_SCI}")


def _zero_cells(host: Host) -> Iterator[Touched]:
    for domain in host.domains:
        tree = domain.tree.tree if domain.tree and domain.kind is DomainKind.DOM0LESS else None
        for node in tree.walk() if tree else ():
            above = node.parent
            if XEN_REG in node and above is not None and not _cells(above, ADDRESS_CELLS) | _cells(above, SIZE_CELLS):
                yield Touched(node.span, f"{node.path} of {domain.title} has xen,reg below {above.path}, of zero cells")


def _cells(node: Node, name: str) -> int:
    """Return a count of cells of a node above; Xen does not take one that is missing as zero."""
    value = read_u32(node, name)
    return 1 if value is None else value


def _capabilities(host: Host) -> Iterator[Touched]:
    chosen = host.tree.node(CHOSEN) if host.tree else None
    for node in chosen.children if chosen else ():
        prop = node.get(CAPABILITIES)
        if prop is not None and is_compatible(node, XEN_DOMAIN):
            yield Touched(prop.span, f"domain {node.name} has capabilities")


def _trapping(host: Host) -> Iterator[Touched]:
    for configuration in host.configurations:
        setting = configuration.settings.get(TRAP_UNMAPPED_ACCESSES) if configuration.settings else None
        if setting is not None:
            yield Touched(setting.key_span, f"{configuration.source.name} sets {TRAP_UNMAPPED_ACCESSES}")


CHANGES = (
    BehaviourChange(
        name="sci-without-driver",
        since=(Release(4, 21, 2), Release(4, 22)),
        done="if the driver is not built in, or has not started, Xen {after} refuses the domain with -EINVAL, which is "
        "a panic for a dom0less domain; Xen {before} ignores the request, and the domain runs without SCMI",
        undone="if the driver is not built in, or has not started, Xen {after} ignores the request, and the domain "
        "runs without SCMI; Xen {before} refuses the domain with -EINVAL",
        help="build Xen with the driver, or ask for no SCI",
        touches=_requests_for_sci,
    ),
    BehaviourChange(
        name="arm-sci-key",
        since=(Release(4, 21),),
        done="xl of Xen {after} knows the key, and obeys it; that of Xen {before} ignores it",
        undone="xl of Xen {after} does not know the key, and ignores it: the domain runs without SCMI",
        help="see that the Xen which the domain runs on has the driver that it asks for",
        touches=_arm_sci,
    ),
    BehaviourChange(
        name="zero-cells",
        since=(Release(4, 20, 4), Release(4, 21, 2), Release(4, 22)),
        done="Xen {before} panics with a division by zero; Xen {after} refuses the tree with -EINVAL",
        undone="Xen {after} panics with a division by zero; Xen {before} refuses the tree with -EINVAL",
        help="write #address-cells = <2>; #size-cells = <2>; into the node above",
        touches=_zero_cells,
    ),
    BehaviourChange(
        name="domain-capabilities",
        since=(Release(4, 21),),
        done="Xen {after} makes it the control (0x1), hardware (0x2) or xenstore (0x4) domain; Xen {before} ignores "
        "the property, and the domain has no privilege",
        undone="Xen {after} ignores the property, and the domain has no privilege",
        help="see docs/misc/arm/device-tree/booting.txt; remove the property if the domain is to have no privilege",
        touches=_capabilities,
    ),
    BehaviourChange(
        name="trapping-of-unmapped-accesses",
        since=(Release(4, 21),),
        done="xl of Xen {after} knows the key, and obeys it; Xen {before} traps such accesses always",
        undone="Xen {after} traps such accesses always, and its xl ignores the key",
        help="set it to what the guest needs",
        touches=_trapping,
        breaks=False,
    ),
)
