"""XS312 untranslatable-device."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index
from xenscmi.rules.rule import Change, Finding, HostRule, also
from xenscmi.source import Span

RULE = HostRule(
    code="XS312",
    name="untranslatable-device",
    severity=Severity.ERROR,
    summary="A device that Xen gives to dom0 has an address that does not translate.",
    then="Xen panics at boot",
    xen='Xen maps the registers of every device to dom0, SCMI or not, and panics at the first that it cannot: "Unable '
    'to retrieve address … for …", "Could not set up d0 guest OS (rc = -22)". In a tree that has no agents for Xen yet '
    "it is an info: another boot stage may still change the tree.",
    fix="make `ranges` of every node above the device cover its address, in the cells that these nodes declare",
    bad=(
        Change(
            "host.dts",
            "\tsoc {",
            "\tbus {\n\t\t#address-cells = <1>;\n\t\t#size-cells = <1>;\n"
            "\t\tranges = <0x0 0x0 0xf0000000 0x10000>;\n\n"
            "\t\ttimer@20000 {\n\t\t\treg = <0x20000 0x1000>;\n\t\t};\n\t};\n\n\tsoc {",
        ),
    ),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    seen: set[Span | None] = set()
    for device in index.unmappable_devices if index.dom0 else ():
        problem, path = device.problem, device.node.path
        if problem.span in seen:
            continue
        seen.add(problem.span)
        what = f"Unable to {'map' if device.what == 'ranges' else 'retrieve'} {device.what}"
        yield Finding(
            message=f"{what} for {path}: {problem.message}",
            span=problem.span,
            related=also("the device", device.node.span),
            severity=None if index.host.containers else Severity.INFO,
            then=RULE.then,
            help=problem.help or None,
        )
