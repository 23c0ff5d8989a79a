"""XS210 dropped-scmi-node."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index, guest_channel
from xenscmi.rules.rule import Change, Finding, HostRule

RULE = HostRule(
    code="XS210",
    name="dropped-scmi-node",
    severity=Severity.ERROR,
    summary="The scmi node of a partial tree is outside /passthrough.",
    xen="Xen and libxl copy only /passthrough and /aliases of a partial tree: the guest does not find its channel.",
    fix="move the node below /passthrough, for example to /passthrough/firmware/scmi",
    bad=(
        Change(
            "panel.dts",
            "\tpassthrough {",
            '\tfirmware {\n\t\tscmi {\n\t\t\tcompatible = "arm,scmi-smc";\n\t\t};\n\t};\n\n\tpassthrough {',
        ),
    ),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    for domain in index.host.domains:
        for node in domain.tree.scmi_nodes if domain.tree else ():
            if not node.kept:
                yield Finding(
                    message=f"{node.path} is outside /passthrough: it is not copied to {domain.title}",
                    span=node.span,
                    severity=None if guest_channel(domain) is None else Severity.INFO,  # it has another
                )
