"""XS320 unprotected-master."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index
from xenscmi.host.iommu import master
from xenscmi.rules.rule import Change, Finding, HostRule, also

RULE = HostRule(
    code="XS320",
    name="unprotected-master",
    severity=Severity.WARNING,
    summary="A domain gets a bus-mastering device that no IOMMU restricts.",
    then="the domain can read and write all memory",
    xen="Xen takes a device behind a disabled IOMMU, or behind one that it has no driver for, for a device that needs "
    "none. With SCMI, dtdev accepts it silently; a dom0less domain needs xen,force-assign-without-iommu.",
    fix="enable the IOMMU, or give the device to a domain that you trust with all memory",
    bad=(
        Change(
            "host.dts",
            "\t\taudio@e0002000 {\n",
            '\t\tiommu: iommu@e0010000 {\n\t\t\tcompatible = "arm,mmu-500";\n\t\t\tstatus = "disabled";\n'
            "\t\t\t#iommu-cells = <1>;\n\t\t};\n\n\t\taudio@e0002000 {\n\t\t\tiommus = <&iommu 3>;\n",
        ),
    ),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    for given in index.passthrough.given:
        found = master(given.node)
        if found is not None and found.reason is not None:
            yield Finding(
                message=f"nothing protects memory from {given.node.path} of {given.domain.title}: {found.reason}",
                span=found.span,
                related=also("the device", given.node.span) + also("given here", given.span),
            )
