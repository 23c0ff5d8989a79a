"""XS315 wrong-guest-interrupt."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.interrupts import (
    FIRST_SPI,
    INTERRUPT_CELLS,
    INTERRUPTS,
    INTERRUPTS_EXTENDED,
    InterruptEntry,
    interrupt_parent,
)
from xenscmi.bindings.names import PASSTHROUGH
from xenscmi.bindings.properties import read_u32
from xenscmi.devicetree.tree import Node
from xenscmi.diagnostics import Fix, Safety, Severity
from xenscmi.host.index import Index
from xenscmi.host.passthrough import GivenDevice, GuestInterrupt, interrupts_as_written, spis
from xenscmi.rules.editing import dts
from xenscmi.rules.editing.meaning import rename_like
from xenscmi.rules.rule import Change, Finding, HostRule, also, fix_if, unsafe_fix

_GIC_CELLS, _SPI, _TRIGGER_MASK = 3, 0, 0xF
_SPI_TRIGGERS = (1, 4)
"""Rising edge and high level: the GIC has no other SPIs."""
_NAMES = "interrupt-names"

RULE = HostRule(
    code="XS315",
    name="wrong-guest-interrupt",
    severity=Severity.ERROR,
    summary="A device has different interrupts in the partial tree and in the host tree.",
    then="the guest's driver waits for an interrupt that never comes",
    xen="Xen gives a guest the host's interrupts by their own numbers, and copies the guest's node without comparing.",
    fix="copy interrupts from the device's node in the host tree",
    fixable=(Safety.SAFE, Safety.UNSAFE),
    bad=(Change("panel.dts", "interrupts = <0 51 4>;", "interrupts = <0 52 4>;"),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    for given in index.passthrough.given:
        host = dict(spis(given.node))
        guest = given.guest
        if guest is None or not given.is_alike or not _is_at_gic(guest):
            continue
        prop, written = guest.get(INTERRUPTS), interrupts_as_written(guest)
        if prop is not None and len(prop.value) % (4 * _GIC_CELLS):
            yield Finding(
                message=f"interrupts of {guest.path} of {given.domain.title} has {len(prop.value) // 4} cells, "
                f"which is not a whole number of entries of {_GIC_CELLS}",
                span=prop.span,
                related=also("the host's interrupt", *(entry.span for entry in host.values())),
            )
            continue
        wrong = [found for each in written if (found := _compare(given, each, host))]
        yield from wrong
        if host and prop is None and INTERRUPTS_EXTENDED not in guest:
            yield Finding(
                message=f"{guest.path} of {given.domain.title} has no interrupts, but {given.node.path} has",
                span=guest.span,
                related=also("the host's interrupt", *(entry.span for entry in host.values())),
                severity=Severity.WARNING,
                then="the guest's driver gets none",
                fix=_add(guest, host),
            )
        elif (
            prop is not None and not wrong and _reordered(given.node, guest, [*host], [each.number for each in written])
        ):
            yield Finding(
                message=f"interrupts of {guest.path} of {given.domain.title} are in another order than the host's",
                span=prop.span,
                related=also("the host's interrupt", *(entry.span for entry in host.values())),
                severity=Severity.WARNING,
                then="the guest's driver takes one for the other",
            )


def _is_at_gic(guest: Node) -> bool:
    """Return whether a guest's interrupts go to the GIC that Xen makes, not to a controller that the guest is given."""
    parent = interrupt_parent(guest)
    if parent is None:
        return True
    return read_u32(parent, INTERRUPT_CELLS) == _GIC_CELLS and not f"{parent.path}/".startswith(f"{PASSTHROUGH}/")


def _compare(given: GivenDevice, written: GuestInterrupt, host: dict[int, InterruptEntry]) -> Finding | None:
    """Return what is wrong with an interrupt of a guest's node."""
    kind, number, trigger = written.specifier
    name, has = f"{given.node.path} of {given.domain.title}", "none"
    if host:
        has = "SPI " + ", ".join(str(each - FIRST_SPI) for each in host)
    places = also("the host's interrupt", *(entry.span for entry in host.values()))
    if kind != _SPI:
        return Finding(
            message=f"the guest's node for {name} has an interrupt of type {kind} (an SPI is 0), "
            f"but the host's has {has}",
            span=written.span,
            related=places,
            fix=_correct(given, written, host),
        )
    entry = host.get(written.number)
    if entry is None:
        return Finding(
            message=f"the guest's node for {name} has SPI {number}, but the host's has {has}",
            span=written.span,
            related=places,
            fix=_correct(given, written, host),
        )
    own = entry.specifier[2]
    if (own ^ trigger) & _TRIGGER_MASK:
        return Finding(
            message=f"SPI {number} of the guest's node for {name} has trigger {trigger & _TRIGGER_MASK}, "
            f"but the host's has {own & _TRIGGER_MASK}",
            span=written.span,
            related=also("the host's interrupt", entry.span),
            severity=Severity.WARNING,
            then="the guest may lose interrupts, or never see one end",
            fix=_correct(given, written, {written.number: entry}),
        )
    return None


def _correct(given: GivenDevice, written: GuestInterrupt, host: dict[int, InterruptEntry]) -> Fix | None:
    """Return the one interrupt of the host's node that can be meant: the guest's node does not have it elsewhere."""
    every = interrupts_as_written(given.guest) if given.guest else ()
    others = {each.number for each in every if each.span != written.span}
    meant = [entry for number, entry in host.items() if number not in others]
    if written.number - FIRST_SPI in host:  # the GIC's number, where the device tree has the SPI's
        meant = [host[written.number - FIRST_SPI]]
    prop = given.guest.get(INTERRUPTS) if given.guest else None
    cells = range(0, len(prop.value) // 4, _GIC_CELLS) if prop else ()
    at = next((at for at in cells if prop and prop.place(4 * at, 4 * _GIC_CELLS) == written.span), None)
    if len(meant) != 1 or at is None:
        return None
    spi, trigger = (meant[0].number or 0) - FIRST_SPI, meant[0].specifier[2] & _TRIGGER_MASK
    # What irqs says, too, is certain: if that is the guest's number, the host's tree may be what is wrong.
    routed = {irq.value for irq in given.domain.irqs}
    if trigger not in _SPI_TRIGGERS:
        return None  # the host's tree is what is wrong
    certain = written.number == meant[0].number or (written.number not in routed and meant[0].number in routed)
    return fix_if(certain, f"Write <{_SPI} {spi} {trigger}>", dts.cells(prop, [_SPI, spi, trigger], at))


def _add(guest: Node, host: dict[int, InterruptEntry]) -> Fix | None:
    """Return the host's interrupts; a driver may do without."""
    rows = (f"<{_SPI} {number - FIRST_SPI} {entry.specifier[2] & _TRIGGER_MASK}>" for number, entry in host.items())
    statement = f"{INTERRUPTS} = {', '.join(rows)};"
    return rename_like(guest, INTERRUPTS) or unsafe_fix(f"Add {statement}", dts.insert(guest, statement))


def _reordered(node: Node, guest: Node, host: list[int], written: list[int]) -> bool:
    """Return whether a guest's interrupts are not in the host's order, nor told apart by names."""
    return [each for each in host if each in written] != written and _NAMES not in guest
