"""XS305 shared-device."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.devicetree.tree import Node
from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index
from xenscmi.host.passthrough import GivenDevice
from xenscmi.rules.ownership import one_owner
from xenscmi.rules.rule import Change, Finding, HostRule, also

RULE = HostRule(
    code="XS305",
    name="shared-device",
    severity=Severity.WARNING,
    summary="One device is given to two domains.",
    then="Xen lets both have it",
    xen="With interrupts Xen refuses to create the second domain (-16), and so does an IOMMU. Without them Xen does "
    "not notice: both domains get the registers, and the firmware lets both switch the device's clocks, resets and "
    "power domains. EPAM's firmware for Raspberry Pi 5 allows one owner (DENIED, -13).",
    fix="give the device to one domain",
    bad=(
        Change(
            "host.dts",
            "\t\tpanel {\n",
            '\t\tpanel2 {\n\t\t\tcompatible = "xen,domain";\n\t\t\tcpus = <1>;\n\t\t\tmemory = <0x0 0x20000>;\n'
            '\t\t\tmodule@55000000 {\n\t\t\t\tcompatible = "multiboot,kernel", "multiboot,module";\n'
            "\t\t\t\treg = <0x0 0x55000000 0x0 0x1000>;\n\t\t\t};\n"
            '\t\t\tmodule@54000000 {\n\t\t\t\tcompatible = "multiboot,device-tree", "multiboot,module";\n'
            "\t\t\t\treg = <0x0 0x54000000 0x0 0x1000>;\n\t\t\t};\n\t\t};\n\n\t\tpanel {\n",
        ),
        Change(
            "panel2.dts",
            "",
            "/dts-v1/;\n/ {\n\t#address-cells = <2>;\n\t#size-cells = <2>;\n\tpassthrough {\n"
            "\t\t#address-cells = <2>;\n\t\t#size-cells = <2>;\n\t\tdisplay@e0001000 {\n"
            "\t\t\treg = <0x0 0xe0001000 0x0 0x1000>;\n\t\t\tinterrupts = <0 51 4>;\n"
            '\t\t\txen,path = "/soc/display@e0001000";\n'
            "\t\t\txen,reg = <0x0 0xe0001000 0x0 0x1000 0x0 0xe0001000>;\n"
            "\t\t\txen,force-assign-without-iommu;\n\t\t};\n\t};\n};\n",
        ),
    ),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    first: dict[Node, GivenDevice] = {}
    for each in index.passthrough.given:
        other = first.setdefault(each.node, each)
        if other.domain is not each.domain:
            reason = one_owner(index, each.node)
            yield Finding(
                message=f"{each.node.path} is given to {each.domain.title} and to {other.domain.title}",
                span=each.span,
                related=also("first given here", other.span),
                severity=Severity.ERROR if reason else None,
                then=reason,
            )
