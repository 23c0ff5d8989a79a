"""XS205 foreign-page."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.config.constants import PAGE_SIZE
from xenscmi.diagnostics import Fix, Safety, Severity
from xenscmi.host.guest_memory import mappings
from xenscmi.host.index import Index, Page, guest_channel, page
from xenscmi.host.types import DomainKind, GuestMapping, HostDomain, SecondaryAgent
from xenscmi.rules.editing.agents import has_func_id, is_agreed
from xenscmi.rules.editing.mappings import change
from xenscmi.rules.rule import Change, Finding, HostRule, also, fix_if

# dom0 may map an agent's page once the agent's domain was created, and from then on for ever.
_BY_TOOLSTACK = "`xl create` fails, or Xen maps it silently if the agent has been in use"
_IF_DOM0 = "`xl create` fails, or Xen maps it silently if a node of dom0 covers it"

RULE = HostRule(
    code="XS205",
    name="foreign-page",
    severity=Severity.ERROR,
    summary="A domain gets the page of another agent, or the page on which that agent is notified.",
    then="Xen maps it silently",
    xen="Xen maps it silently. The domain can read and forge another domain's messages: isolation is gone. If the "
    "domain looks for its own channel there, its calls are not answered. On a page for notifications it can read what "
    "the other agent hears, and take it away.",
    fix="map the page of the domain's own agent, and only that page",
    fixable=(Safety.SAFE, Safety.UNSAFE),
    bad=(
        Change(
            "panel.dts",
            "xen,reg = <0x0 0x47ff3000 0x0 0x1000 0x0 0x22001000>;",
            "xen,reg = <0x0 0x47ff4000 0x0 0x1000 0x0 0x22001000>;",
        ),
    ),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    for domain in index.host.domains:
        row = index.channel(domain)
        for mapping in mappings(domain):
            if mapping.host % PAGE_SIZE:
                continue  # Xen refuses that: bad-xen-reg
            for shared in _within(mapping, index.owners):
                own = shared.row is not None and row is not None and shared.address == index.row_page(row)
                # The page of an unused agent does no harm to a domain without a channel, and other rules report it.
                spare = row is None and shared.row is not None and not index.users(shared.row)
                if not (own or spare):
                    yield Finding(
                        message=f"{domain.title} gets the page {shared.address:#x} of {shared.owner}",
                        span=mapping.span,
                        then=_BY_TOOLSTACK if domain.kind is DomainKind.TOOLSTACK else None,
                        related=also("the page's owner", shared.span),
                        fix=_own(index, domain, row, mapping) if row else None,
                    )
            for shared in _within(mapping, index.notification_pages):
                if shared.row is None or shared.row is not row:
                    yield Finding(
                        message=f"{domain.title} gets the page {shared.address:#x}, "
                        f"on which {shared.owner} is notified",
                        span=mapping.span,
                        then=_IF_DOM0 if domain.kind is DomainKind.TOOLSTACK else None,
                        related=also("the page's owner", shared.span),
                    )


def _own(index: Index, domain: HostDomain, row: SecondaryAgent, mapping: GuestMapping) -> Fix | None:
    """Return the domain's own page, and it alone, if the domain looks for it there.

    It is safe if the domain has the agent's function id.
    """
    channel, address = guest_channel(domain), index.row_page(row)
    if address is None or channel is None or page(channel.shmem) != mapping.guest or not is_agreed(index, row):
        return None
    if mapping.size != PAGE_SIZE and mapping.host != address:
        return None
    title = f"Map the domain's own page {address:#x}"
    edit = change(domain, mapping, host=address, size=PAGE_SIZE)
    return fix_if(has_func_id(index, domain, row), title, edit)


def _within(mapping: GuestMapping, owners: dict[int, Page]) -> Iterator[Page]:
    first, last = mapping.host // PAGE_SIZE, (mapping.host + max(mapping.size, 1) - 1) // PAGE_SIZE
    if last - first > len(owners):
        yield from (page for number, page in owners.items() if first <= number <= last)
    else:
        yield from (owners[number] for number in range(first, last + 1) if number in owners)
