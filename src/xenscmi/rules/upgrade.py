"""What another release of Xen does differently with a host: the changes of Xen's behaviour, each with whom it touches.

The changes and their releases stand in `domctl.releases`. To report another one, add a row to `REPORTS` and the
function that says which places of a host it touches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from xenscmi.bindings.addresses import mapping_cells
from xenscmi.bindings.names import CAPABILITIES, CHOSEN, SCI_TYPE, XEN_DOMAIN, XEN_REG
from xenscmi.bindings.properties import is_compatible
from xenscmi.config.types.enums import ArmSciType
from xenscmi.diagnostics import Annotation, Diagnostic, Severity, XenscmiError
from xenscmi.domctl.profiles import PROFILES, Profile, find_profile
from xenscmi.domctl.releases import (
    ARM_SCI_KEY,
    DOMAIN_CAPABILITIES,
    SCI_WITHOUT_DRIVER,
    TRAPPING,
    ZERO_CELLS,
    BehaviourChange,
)
from xenscmi.host.configuration import ARM_SCI
from xenscmi.host.types import DomainKind, Host, HostDomain
from xenscmi.source import Span

TRAP_UNMAPPED_ACCESSES = "trap_unmapped_accesses"


class Touched(NamedTuple):
    """A place of a host that a change touches, and what it is there."""

    span: Span
    what: str


class Report(NamedTuple):
    """What to say of a change of Xen's behaviour, and of which places of a host.

    `breaks`: what worked before can fail after it. Going back to a release without it is said in the words of `undone`.
    """

    change: BehaviourChange
    done: str
    undone: str
    help: str
    touches: Callable[[Host, Profile], Iterator[Touched]]
    breaks: bool = True


def find_release(text: str) -> Profile:
    """Return the Xen of a release, written as 4.20, 4.20.4 or with the series (4.21.2+sci-ma).

    Raises XenscmiError if there is none that is known.
    """
    found = find_profile(text)
    if found is None:
        help_text = f"write one of {', '.join(PROFILES)}, or a point release such as 4.21.2"
        raise XenscmiError(Diagnostic(message=f"`{text}' is not a release of Xen that xenscmi knows", help=help_text))
    return found


def upgrade(host: Host, before: Profile, after: Profile) -> tuple[Diagnostic, ...]:
    """Return what changes for a host when its Xen is replaced: one finding for each change that touches it."""
    changed = (each for each in REPORTS if each.change.is_in(before.release) != each.change.is_in(after.release))
    found = [_finding(each, host, before, after) for each in changed]
    return tuple(filter(None, (*found, _layout(host, before, after))))


def _finding(report: Report, host: Host, before: Profile, after: Profile) -> Diagnostic | None:
    touched = tuple(report.touches(host, after))
    if not touched:
        return None
    first, *others = touched
    since = report.change.is_in(after.release)
    words, verb = (report.done, "since") if since else (report.undone, "before")
    releases = ", ".join(map(str, report.change.since))
    return Diagnostic(
        message=f"{first.what}: {words.format(before=before.name, after=after.name)} ({verb} {releases})",
        severity=Severity.WARNING if report.breaks else Severity.INFO,
        span=first.span,
        related=tuple(Annotation(span=each.span, label=f"touched as well: {each.what}") for each in others),
        help=report.help,
        name=report.change.name,
    )


def _layout(host: Host, old: Profile, new: Profile) -> Diagnostic | None:
    """Return a finding if the toolstack's domains are made by another createdomain: xl must be that of the new Xen."""
    toolstack = [each for each in host.domains if each.kind is DomainKind.TOOLSTACK]
    if (old.layout, old.interface_version) == (new.layout, new.interface_version) or not toolstack:
        return None
    fields = {field.name for field in old.layout}, {field.name for field in new.layout}
    changed = [f"+{name}" for name in sorted(fields[1] - fields[0])] + [
        f"-{name}" for name in sorted(fields[0] - fields[1])
    ]
    listed = f"; fields: {', '.join(changed)}" if changed else ""
    return Diagnostic(
        message=f"createdomain of Xen {new.name} has interface version {new.interface_version:#x} and "
        f"{new.size} bytes, that of Xen {old.name} {old.interface_version:#x} and {old.size}{listed}",
        span=toolstack[0].span,
        help="install the toolstack of the same release; other toolstacks, such as Zephyr's, must be built for it, and "
        f'set [xen] profile = "{new.name}" in host.toml',
        name="createdomain-layout",
    )


def _requests_for_sci(host: Host, xen: Profile) -> Iterator[Touched]:
    """Yield the requests for a type whose driver is not built in, or may not be: where no file says which one is.

    With the series, dom0's agent in the container is a request, too.
    """
    for domain in host.domains:
        if domain.is_dom0 and xen.agent_ids and host.sci_driver in (None, ArmSciType.NONE) and domain.agent_id:
            yield Touched(domain.agent_id.span, "dom0 asks for an agent")
        wanted = domain.sci_type.value if domain.sci_type and not domain.is_dom0 else None
        if domain.sci_type is None or wanted in (None, "none") or not _may_lack(host.sci_driver, wanted, domain):
            continue
        yield Touched(domain.sci_type.span, f"{domain.title} asks for SCI ({wanted})")


def _may_lack(driver: ArmSciType | None, wanted: str, domain: HostDomain) -> bool:
    """Return whether a request may go to a Xen without a driver; a node's also to one with the driver for many."""
    if driver in (None, ArmSciType.NONE):
        return True
    single = wanted == ArmSciType.SCMI_SMC.text
    return driver is ArmSciType.SCMI_SMC_MULTIAGENT and single and domain.has_node


def _arm_sci(host: Host, _: Profile) -> Iterator[Touched]:
    for configuration in host.configurations:
        setting = configuration.settings.get(ARM_SCI) if configuration.settings else None
        if setting is not None:
            yield Touched(setting.key_span, f"{configuration.source.name} sets {ARM_SCI}")
    for domain in host.domains:
        if domain.has_node and domain.sci_type:
            yield Touched(domain.sci_type.span, f"{domain.title} has {SCI_TYPE}")


def _zero_cells(host: Host, _: Profile) -> Iterator[Touched]:
    for domain in host.domains:
        tree = domain.tree.tree if domain.tree and domain.kind is DomainKind.DOM0LESS else None
        for node in tree.walk() if tree else ():
            above, cells = node.parent, mapping_cells(node)
            if XEN_REG in node and above is not None and not {1, 2}.issuperset(cells):
                count = "zero" if cells == (0, 0) else f"{cells[0]} and {cells[1]}"
                yield Touched(
                    node.span, f"{node.path} of {domain.title} has xen,reg below {above.path}, of {count} cells"
                )


def _capabilities(host: Host, _: Profile) -> Iterator[Touched]:
    chosen = host.tree.node(CHOSEN) if host.tree else None
    for node in chosen.children if chosen else ():
        prop = node.get(CAPABILITIES)
        if prop is not None and is_compatible(node, XEN_DOMAIN):
            yield Touched(prop.span, f"domain {node.name} has capabilities")


def _trapping(host: Host, _: Profile) -> Iterator[Touched]:
    for configuration in host.configurations:
        setting = configuration.settings.get(TRAP_UNMAPPED_ACCESSES) if configuration.settings else None
        if setting is not None:
            yield Touched(setting.key_span, f"{configuration.source.name} sets {TRAP_UNMAPPED_ACCESSES}")


REPORTS = (
    Report(
        SCI_WITHOUT_DRIVER,
        done="if the driver is not built in, Xen {after} refuses the domain with -EINVAL, which is a panic for a "
        "dom0less domain; Xen {before} ignores the request, and the domain runs without SCMI",
        undone="if the driver is not built in, Xen {after} ignores the request, and the domain runs without SCMI; "
        "Xen {before} refuses the domain with -EINVAL",
        help="build Xen with the driver, and say so in host.toml ([xen] sci_driver), or ask for no SCI",
        touches=_requests_for_sci,
    ),
    Report(
        ARM_SCI_KEY,
        done="Xen {after} and its xl read it, and refuse a type that they do not know; those of {before} ignore it",
        undone="Xen {after} and its xl ignore it: the domain runs without SCMI",
        help="see that the Xen which the domain runs on has the driver that it asks for",
        touches=_arm_sci,
    ),
    Report(
        ZERO_CELLS,
        done="Xen {before} panics with a division by zero if both are zero, and reads other counts; Xen {after} "
        "refuses the tree with -EINVAL, which is a panic too",
        undone="Xen {after} panics with a division by zero if both are zero, and reads other counts; Xen {before} "
        "refuses the tree with -EINVAL",
        help="write #address-cells = <2>; #size-cells = <2>; into the node above",
        touches=_zero_cells,
    ),
    Report(
        DOMAIN_CAPABILITIES,
        done="Xen {after} makes it the control (0x1), hardware (0x2) or xenstore (0x4) domain; Xen {before} ignores "
        "the property, and the domain has no privilege",
        undone="Xen {after} ignores the property, and the domain has no privilege",
        help="see docs/misc/arm/device-tree/booting.txt; remove the property if the domain is to have no privilege",
        touches=_capabilities,
    ),
    Report(
        TRAPPING,
        done="xl of Xen {after} knows the key, and obeys it; Xen {before} traps such accesses always",
        undone="Xen {after} traps such accesses always, and its xl ignores the key",
        help="set it to what the guest needs",
        touches=_trapping,
        breaks=False,
    ),
)
