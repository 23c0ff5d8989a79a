"""XS326 unpaired-names."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.devicetree.tree import Node, ShapeError
from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index
from xenscmi.host.passthrough import guest_nodes
from xenscmi.host.references import WITH_ARGUMENTS
from xenscmi.rules.rule import Change, Finding, HostRule, also

# Which list a list of names is for.
_NAMES = {
    "clock-names": "clocks",
    "dma-names": "dmas",
    "phy-names": "phys",
    "power-domain-names": "power-domains",
    "reset-names": "resets",
}

RULE = HostRule(
    code="XS326",
    name="unpaired-names",
    severity=Severity.WARNING,
    summary="A node of a partial tree has more or fewer names than clocks, resets and so on.",
    then="the guest's driver finds the wrong one, or none",
    xen="Xen does not look at these properties.",
    fix="name each entry once, in the order of the list",
    bad=(
        Change(
            "panel.dts",
            "clocks = <&scmi_clock 10>;",
            'clocks = <&scmi_clock 10>;\n\t\t\tclock-names = "core", "bus";',
        ),
    ),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    for domain in index.host.domains:
        for node in guest_nodes(domain):
            for names_name, list_name in _NAMES.items():
                names, entries = node.get(names_name), node.get(list_name)
                if names is None or not names.value.endswith(b"\0"):
                    continue
                count = _entry_count(node, list_name)
                named = names.value.count(b"\0")
                if count is not None and count != named:
                    yield Finding(
                        message=f"{node.path} of {domain.title} has {named} {names_name}, but {count} {list_name}",
                        span=names.span,
                        related=also("the list", entries.span if entries else None),
                    )


def _entry_count(node: Node, name: str) -> int | None:
    """Return how many entries a list has; None where that cannot be said."""
    prop = node.get(name)
    if prop is None:
        return 0
    try:
        return sum(1 for _ in prop.references(WITH_ARGUMENTS[name]))
    except ShapeError:
        return None
