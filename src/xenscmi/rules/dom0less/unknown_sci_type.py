"""XS403 unknown-sci-type."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.names import SCI_TYPE
from xenscmi.diagnostics import Fix, Safety, Severity
from xenscmi.host.configuration import MULTI_AGENT
from xenscmi.host.index import Index
from xenscmi.host.types import HostDomain
from xenscmi.rules.editing import dts
from xenscmi.rules.editing.agents import boot_node
from xenscmi.rules.rule import Change, Finding, HostRule, safe_fix
from xenscmi.spelling import only_like

_TYPES = ("none", "scmi_smc", MULTI_AGENT)

RULE = HostRule(
    code="XS403",
    name="unknown-sci-type",
    severity=Severity.ERROR,
    summary="A dom0less domain has an unknown xen,sci_type.",
    then='Xen panics: "Error getting SCI configuration"',
    xen='Xen panics at boot: "Error getting SCI configuration".',
    fix='write "scmi_smc_multiagent", or "none"',
    fixable=(Safety.SAFE,),
    bad=(Change("host.dts", '"scmi_smc_multiagent"', '"scmi-smc-multiagent"'),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    for domain in index.host.domains if index.host.reads_sci_type else ():
        stated = domain.sci_type
        if not domain.has_node or stated is None or stated.value in _TYPES:
            continue
        said = "not a string" if stated.value is None else f'"{stated.value}"'
        yield Finding(
            message=f"xen,sci_type is not valid ({said}) for domain {domain.name}",
            span=stated.span,
            fix=_correct(index, domain, stated.value),
        )


def _correct(index: Index, domain: HostDomain, said: str | None) -> Fix | None:
    """Return the type that is spelled like what is said."""
    node = boot_node(index, domain)
    meant = only_like((said or "").replace("-", "_").lower(), _TYPES)
    if node is None or said is None or meant is None:
        return None
    return safe_fix(f'Write "{meant}"', dts.string(node.get(SCI_TYPE), said, meant))
