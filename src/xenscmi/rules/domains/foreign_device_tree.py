"""XS231 foreign-device-tree."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from xenscmi.diagnostics import Safety, Severity
from xenscmi.host.index import Index
from xenscmi.host.types import DomainKind, HostDomain
from xenscmi.rules.editing import xlcfg
from xenscmi.rules.editing.agents import settings_of
from xenscmi.rules.phrases import GIVEN
from xenscmi.rules.rule import Change, Finding, HostRule, also, unsafe_fix

RULE = HostRule(
    code="XS231",
    name="foreign-device-tree",
    severity=Severity.ERROR,
    summary="device_tree of an xl.cfg names the partial tree of another domain.",
    then="xl loads the other domain's tree",
    xen="libxl loads what device_tree names, whatever host.toml says. The domain then looks for the other's channel "
    "and devices.",
    fix="name the domain's own tree",
    fixable=(Safety.UNSAFE,),
    bad=(Change("guest.cfg", 'device_tree = "/boot/guest.dtb"', 'device_tree = "/boot/panel.dtb"'),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    owners = {PurePath(domain.tree.span.source.name).stem: domain for domain in index.host.domains if domain.tree}
    for domain in index.host.domains:
        if domain.kind is not DomainKind.TOOLSTACK or domain.tree is None or domain.tree_file is None:
            continue
        named = PurePath(domain.tree_file.value or "").stem
        owner: HostDomain | None = owners.get(named)
        if owner is not None and owner is not domain and named != PurePath(domain.tree.span.source.name).stem:
            own = str(PurePath(domain.tree_file.value or "").with_stem(PurePath(domain.tree.span.source.name).stem))
            yield Finding(
                message=f"{domain.tree_file.value} is the partial tree of {owner.title}, not of {domain.title}",
                span=domain.tree_file.span,
                related=(*also(GIVEN, domain.tree_given), *also("the domain's own tree", domain.tree.span)),
                fix=unsafe_fix(
                    f"Name {own}", xlcfg.string(settings_of(domain), "device_tree", domain.tree_file.value or "", own)
                ),
            )
