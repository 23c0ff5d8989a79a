"""XS225 duplicate-domain-name."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index
from xenscmi.host.types import DomainKind, HostDomain
from xenscmi.rules.rule import Change, Finding, HostRule, also

RULE = HostRule(
    code="XS225",
    name="duplicate-domain-name",
    severity=Severity.ERROR,
    summary="Two xl.cfg files have the same domain name.",
    then='`xl create` fails for the second one: "Domain with name … already exists."',
    xen="libxl refuses the second domain. Xen is not affected.",
    fix="give every domain its own name",
    bad=(Change("other.cfg", "", 'name = "guest"\nmemory = 64\nkernel = "/boot/Image"\n'),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    first: dict[str, HostDomain] = {}
    for domain in index.host.domains:
        other = first.setdefault(domain.name, domain) if domain.kind is DomainKind.TOOLSTACK else domain
        if other is not domain:
            yield Finding(
                message=f"another domain is also named {domain.name}",
                span=domain.span,
                related=also("first named here", other.span),
            )
