"""XS210 dropped-scmi-node."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.view import View
from xenscmi.rules.rule import Change, Finding, HostRule


def _check(view: View) -> Iterator[Finding]:
    for domain in view.host.domains:
        for node in domain.tree.scmi_nodes if domain.tree else ():
            if not node.kept:
                yield Finding(
                    message=f"{node.path} stands outside of /passthrough: it is not copied to {domain.title}",
                    span=node.span,
                )


RULE = HostRule(
    code="XS210",
    name="dropped-scmi-node",
    severity=Severity.ERROR,
    summary="The partial tree has its scmi node where it is dropped.",
    xen="Xen and libxl copy /passthrough and /aliases of a partial tree and nothing else: the guest finds no channel.",
    mend="move the node below /passthrough, for example to /passthrough/firmware/scmi",
    check=_check,
    bad=(
        Change(
            "panel.dts",
            "\tpassthrough {",
            '\tfirmware {\n\t\tscmi {\n\t\t\tcompatible = "arm,scmi-smc";\n\t\t};\n\t};\n\n\tpassthrough {',
        ),
    ),
)
