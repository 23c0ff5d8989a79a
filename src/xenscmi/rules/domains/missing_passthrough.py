"""XS223 missing-passthrough."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.names import PASSTHROUGH
from xenscmi.devicetree.tree import Node
from xenscmi.diagnostics import Fix, Safety, Severity
from xenscmi.host.index import Index
from xenscmi.host.types import DomainKind
from xenscmi.rules.editing import dts
from xenscmi.rules.rule import Change, Finding, HostRule, also, safe_fix
from xenscmi.spelling import only_like

_ALIKE = 0.8  # of `pass-through` and `passthru`
DOWNSTREAM_KEY = "dt_passthrough_nodes"

RULE = HostRule(
    code="XS223",
    name="missing-passthrough",
    severity=Severity.ERROR,
    summary="The partial device tree of a toolstack domain has no /passthrough node, or nothing in it.",
    then="`xl create` fails",
    xen="libxl copies this node and fails without it; other nodes, such as those that EPAM's dt_passthrough_nodes "
    "names, it does not copy. For dom0less domains, Xen copies what there is.",
    fix="put the devices and the scmi node below /passthrough",
    fixable=(Safety.SAFE,),
    bad=(
        Change("guest.cfg", 'arm_sci = "type=scmi_smc_multiagent,agent_id=4"\n', ""),
        Change("guest.dts", "\tpassthrough {", "\tpass {"),
        Change("guest.dts", 'compatible = "arm,scmi-smc";', 'compatible = "arm,scmi";'),
    ),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    for domain in index.host.domains:
        if domain.kind is not DomainKind.TOOLSTACK or domain.tree is None:
            continue
        node = domain.tree.tree.node(PASSTHROUGH)
        theirs = domain.configuration.settings if domain.configuration else None
        downstream = theirs.get(DOWNSTREAM_KEY) if theirs else None
        if node is None:
            yield Finding(
                message=f'Can\'t copy the node "/passthrough" from the partial FDT of {domain.title}: there is none',
                span=domain.tree.span,
                related=also("named here", domain.tree_file.span if domain.tree_file else None),
                fix=_rename(domain.tree.tree.root),
            )
        elif downstream is not None and not node.children:
            yield Finding(
                message=f"{PASSTHROUGH} of {domain.title} is empty, and xl does not know {DOWNSTREAM_KEY}",
                span=node.span,
                related=also("EPAM's xl copies these nodes", downstream.key_span),
                then="the guest gets no device and no channel",
            )


def _rename(root: Node) -> Fix | None:
    """Return the name that was meant, for the one node of the tree that is spelled like it."""
    name = PASSTHROUGH.strip("/")
    misspelled = only_like(name, (node.name for node in root.children), _ALIKE)
    node = root.child(misspelled) if misspelled else None
    return safe_fix(f"Rename {node.path} to {PASSTHROUGH}", dts.rename_node(node, name)) if node else None
