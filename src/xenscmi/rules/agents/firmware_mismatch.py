"""XS125 firmware-mismatch."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Fix, Safety, Severity
from xenscmi.host.guest_memory import mappings, maps_host
from xenscmi.host.index import Index, page
from xenscmi.host.passthrough import unit_address
from xenscmi.host.types import DomainKind, FirmwareAgent, HostDomain, SecondaryAgent
from xenscmi.rules.editing.rows import address_as_firmware, call_as_firmware, number_as_firmware, page_as_firmware
from xenscmi.rules.example import FIRMWARE
from xenscmi.rules.phrases import PROBE_FAILS
from xenscmi.rules.rule import Change, Finding, HostRule, also
from xenscmi.source import Span

RULE = HostRule(
    code="XS125",
    name="firmware-mismatch",
    severity=Severity.ERROR,
    summary="A row of the list differs from the firmware's own agent.",
    then="calls are not answered, or count as another agent's",
    xen="Xen does not check rows of three cells: the domain's calls are not answered or count as another agent's, and "
    "permissions go to the wrong agent. With two cells a row Xen asks the firmware on each channel: one wrong row "
    "fails the whole probe, and every domain runs without SCMI.",
    fix="copy the function id, page and agent id from the firmware's configuration",
    fixable=(Safety.SAFE, Safety.UNSAFE),
    bad=(Change("host.dts", "0x82000007 &page_5 5", "0x82000008 &page_5 5"),),
    firmware=FIRMWARE,
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    if index.host.firmware.agents is None:
        return
    for row in index.rows:
        known = index.firmware_by_func_id.get(row.func_id.value)
        for message, span, harmful in _differences(index, row, known):
            # Xen sends a message on every channel of a list without ids: one wrong row fails the whole probe.
            yield Finding(
                message=message,
                span=span,
                related=(
                    *also("the firmware's agent", known.span if known and span != known.span else None),
                    *also("the row of the list", row.span if known and span == known.span else None),
                    *also("the page", row.shmem.value.span if row.shmem.value and span == row.shmem.span else None),
                    *also("listed here", row.shmem.span if row.shmem.value and span == row.shmem.value.span else None),
                ),
                severity=None if harmful or row.agent_id is None else Severity.WARNING,
                then=PROBE_FAILS if row.agent_id is None else None,
                fix=_fix(index, row, span),
            )


def _differences(index: Index, row: SecondaryAgent, known: FirmwareAgent | None) -> Iterator[tuple[str, Span, bool]]:
    """Yield how a row differs from the firmware's agent with its function id, where, and whether that does harm."""
    name, users = index.row_name(row), index.users(row)
    if known is None:
        message = f"the firmware has no agent with function id {row.func_id.value:#x} ({name})"
        yield message, row.func_id.span, bool(users)
        return
    if row.agent_id is not None and row.agent_id.value != known.agent_id:
        what = f"the firmware knows function id {row.func_id.value:#x} as agent {known.agent_id}"
        yield f"{what}, not {row.agent_id.value}", row.agent_id.span, bool(users)
    address = page(row.shmem)
    if address is not None and address != known.shmem:
        # Xen uses the listed page only to let dom0 map it for the toolstack; dom0less domains map their own.
        by_toolstack = any(domain.kind is DomainKind.TOOLSTACK for domain in users)
        message = f"the page of {name} is {known.shmem:#x} in the firmware, not {address:#x}"
        yield message, _wrong_page_place(index, row, address, known.shmem), by_toolstack


def _wrong_page_place(index: Index, row: SecondaryAgent, address: int, wanted: int) -> Span:
    """Return where the page went wrong: where the others disagree with it.

    That is the firmware's table if the domains map what is listed; the row if it has another agent's page; or else reg
    of the page's node.
    """
    known = index.firmware_by_func_id.get(row.func_id.value)
    users = index.users(row)
    if known and known.span and users and all(_maps(index, user, address) for user in users):
        return known.span  # the list and the domains agree, and the firmware's table is alone
    listed = row.shmem.value
    named = index.host.tree.node(listed.path) if index.host.tree and listed and listed.path else None
    is_other = any(agent.shmem == address for agent in index.host.firmware.agents or ())
    if listed is None or named is None or (is_other and unit_address(named) != wanted):
        return row.shmem.span
    return listed.span


def _maps(index: Index, domain: HostDomain, address: int) -> bool:
    """Return whether a domain has a page of shared memory at an address."""
    if domain.kind is DomainKind.DOM0:
        return index.dom0_channel is not None and page(index.dom0_channel.shmem) == address
    return any(maps_host(each, address) for each in mappings(domain))


def _fix(index: Index, row: SecondaryAgent, span: Span) -> Fix | None:
    """Return the firmware's value at the place that differs from it."""
    if span == row.func_id.span:
        return call_as_firmware(index, row)
    if row.agent_id and span == row.agent_id.span:
        return number_as_firmware(index, row)
    if span == row.shmem.span:
        return page_as_firmware(index, row)
    return address_as_firmware(index, row) if row.shmem.value and span == row.shmem.value.span else None
