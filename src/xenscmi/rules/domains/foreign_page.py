"""XS205 foreign-page."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.types import PAGE_SIZE, DomainKind, Mapping
from xenscmi.host.view import Page, View, mappings
from xenscmi.rules.rule import Change, Finding, HostRule, also

# dom0 may map an agent's page from when its domain was first created, and may then do so for ever.
_BY_TOOLSTACK = "`xl create` fails, or Xen maps it without a word where the agent has been in use"


def _check(view: View) -> Iterator[Finding]:
    for domain in view.host.domains:
        row = view.channel(domain)
        for mapping in mappings(domain):
            if mapping.host % PAGE_SIZE:
                continue  # Xen refuses it: bad-xen-reg
            for page in _within(mapping, view.owners):
                own = page.row is not None and row is not None and page.address == view.row_page(row)
                # The page of an agent that the domain asks for in vain harms nobody, and other rules tell.
                spare = row is None and page.row is not None and not view.users(page.row)
                if not (own or spare):
                    yield Finding(
                        message=f"{domain.title} is given the page {page.address:#x} of {page.owner}",
                        span=mapping.span,
                        then=_BY_TOOLSTACK if domain.kind is DomainKind.TOOLSTACK else None,
                        related=also("whose page it is", page.span),
                    )


def _within(mapping: Mapping, owners: dict[int, Page]) -> Iterator[Page]:
    first, last = mapping.host // PAGE_SIZE, (mapping.host + max(mapping.size, 1) - 1) // PAGE_SIZE
    if last - first > len(owners):
        yield from (page for number, page in owners.items() if first <= number <= last)
    else:
        yield from (owners[number] for number in range(first, last + 1) if number in owners)


RULE = HostRule(
    code="XS205",
    name="foreign-page",
    severity=Severity.ERROR,
    summary="A domain is given the page of another agent.",
    then="Xen maps it without a word",
    xen="Xen maps it without a word. The domain reads and forges another's messages; isolation is gone. If it looks "
    "for its own channel there, its calls go unanswered.",
    mend="map the page of the domain's own agent, and one page only",
    check=_check,
    bad=(
        Change(
            "panel.dts",
            "xen,reg = <0x0 0x47ff3000 0x0 0x1000 0x0 0x22001000>;",
            "xen,reg = <0x0 0x47ff4000 0x0 0x1000 0x0 0x22001000>;",
        ),
    ),
)
