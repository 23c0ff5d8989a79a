"""XS410 incomplete-domain."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.properties import compatible
from xenscmi.diagnostics import Severity
from xenscmi.host.domains import has_kernels
from xenscmi.host.index import Index
from xenscmi.host.properties import u32
from xenscmi.rules.rule import Change, Finding, HostRule

KERNEL = "multiboot,kernel"
LEAST_KIB = 2048

RULE = HostRule(
    code="XS410",
    name="incomplete-domain",
    severity=Severity.ERROR,
    summary="A dom0less domain lacks its cpus, its memory or its kernel.",
    then="Xen panics at boot",
    xen='Xen panics at boot: "Missing property \'cpus\' for domain …", "Error creating domain … (rc = -22)" for '
    'a wrong number of them, or "Could not set up domain …" without memory (-22) or a kernel (-2).',
    fix="write cpus = <…>; memory = <high low>; in KiB, and a multiboot,kernel module",
    bad=(Change("host.dts", "\t\t\tcpus = <1>;\n", ""),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    chosen = index.host.tree.node("/chosen") if index.host.tree else None
    for domain in index.host.domains:
        node = chosen.child(domain.name) if chosen and domain.has_node else None
        if node is None:
            continue
        cpus, memory = u32(node, "cpus"), node.get("memory")
        if cpus is None or cpus.value is None:
            yield Finding(message=f"domain {domain.name} has no cpus", span=cpus.span if cpus else node.span)
        elif not cpus.value:
            yield Finding(message=f"domain {domain.name} has 0 cpus", span=cpus.span)
        if memory is None or len(memory.value) < 8:
            message = f"domain {domain.name} has no memory property of two cells"
            yield Finding(message=message, span=memory.span if memory else node.span)
        elif domain.memory and domain.memory.value is not None and domain.memory.value < LEAST_KIB:
            yield Finding(
                message=f"domain {domain.name} has {domain.memory.value} KiB of memory",
                span=memory.span,
                severity=Severity.WARNING,
                then="no kernel fits into that; memory is in KiB",
            )
        if not any(KERNEL in compatible(child) for child in node.children):
            yield Finding(
                message=f"domain {domain.name} has no kernel module",
                span=node.span,
                severity=None if has_kernels(node.tree) else Severity.WARNING,
                then=None if has_kernels(node.tree) else "unless the boot loader adds it, Xen panics",
            )
