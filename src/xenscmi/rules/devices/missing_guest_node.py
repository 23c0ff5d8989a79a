"""XS317 missing-guest-node."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index
from xenscmi.host.registers import registers
from xenscmi.host.types import DomainKind
from xenscmi.rules.phrases import GIVEN
from xenscmi.rules.rule import Change, Finding, HostRule, also

RULE = HostRule(
    code="XS317",
    name="missing-guest-node",
    severity=Severity.ERROR,
    summary="A domain gets a device by dtdev, but its partial tree has no node for it.",
    then="the guest does not know that it has the device",
    xen="Neither Xen nor libxl adds the node: the guest sees only what the partial tree describes.",
    fix="describe the device below /passthrough of the partial tree, with the guest addresses of its registers",
    bad=(
        Change(
            "guest.dts",
            '\t\taudio@e0002000 {\n\t\t\tcompatible = "lab,audio";\n\t\t\treg = <0x0 0xe0002000 0x0 0x1000>;\n'
            "\t\t\tinterrupts = <0 50 4>;\n\t\t\tclocks = <&scmi_clock 20>;\n\t\t};\n",
            "",
        ),
    ),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    for given in index.passthrough.given:
        tree = given.domain.tree
        if given.domain.kind is not DomainKind.TOOLSTACK or tree is None or not tree.has_passthrough:
            continue
        if given.guest is None:
            yield Finding(
                message=f"the partial tree of {given.domain.title} has no node for {given.node.path}",
                span=given.span,
                related=(*also(GIVEN, given.domain.tree_given), *also("the partial tree", tree.span)),
                # A device without registers may be named for its permissions alone.
                severity=None if any(registers(given.node)) else Severity.WARNING,
            )
