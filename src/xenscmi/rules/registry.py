"""All rules, in the order of their codes: a rule is a module of a family's package with a `RULE`.

Families: XS0 xl.cfg, XS1 agents, XS2 domains, XS3 devices, XS4 dom0less domains, XS9 xenscmi itself.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from xenscmi.diagnostics import Severity
from xenscmi.rules import agents, devices, dom0less, domains, xlcfg
from xenscmi.rules.rule import Rule


def _collect() -> tuple[Rule, ...]:
    modules = [
        import_module(f"{family.__name__}.{module.name}")
        for family in (xlcfg, agents, domains, devices, dom0less)
        for module in iter_modules(family.__path__)
    ]
    return tuple(sorted((m.RULE for m in modules if hasattr(m, "RULE")), key=lambda rule: rule.code))


RULES: tuple[Rule, ...] = _collect()

UNUSED_SUPPRESSION = Rule(
    code="XS901",
    name="unused-suppression",
    severity=Severity.WARNING,
    summary="A comment suppresses a rule that finds nothing there.",
    xen="Xen is not concerned. A forgotten suppression would hide the next mistake.",
    mend="remove the comment, or correct the rule's code",
    check=lambda view: (),
)
