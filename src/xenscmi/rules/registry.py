"""All rules, by family: each module of a family's package has a `RULE`, whose code starts with the family's prefix.

A family is imported only when its rules are needed: checking one xl.cfg file needs one family.
"""

from __future__ import annotations

import os
from functools import cache
from importlib import import_module

from xenscmi.diagnostics import Safety, Severity
from xenscmi.rules.rule import Change, FileRule, HostRule, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

FAMILIES = {"xlcfg": "XS0", "agents": "XS1", "domains": "XS2", "devices": "XS3", "dom0less": "XS4", "firmware": "XS5"}

UNUSED_SUPPRESSION = Rule(
    code="XS901",
    name="unused-suppression",
    severity=Severity.WARNING,
    summary="A comment suppresses a rule that finds nothing there.",
    xen="Xen is not affected. A forgotten suppression would hide the next mistake.",
    fix="remove the comment, or correct the rule's code",
    fixable=(Safety.SAFE,),
    bad=(Change("guest.cfg", "memory = 256\n", "memory = 256  # xenscmi: ignore[XS001]\n"),),
)


@cache
def file_rules() -> tuple[FileRule, ...]:
    """Return the rules about single xl.cfg files, by code."""
    return tuple(rule for rule in _family("xlcfg") if isinstance(rule, FileRule))


@cache
def host_rules() -> tuple[HostRule, ...]:
    """Return the rules about whole hosts, by code."""
    return tuple(rule for name in FAMILIES for rule in _family(name) if isinstance(rule, HostRule))


@cache
def all_rules() -> tuple[Rule, ...]:
    """Return all rules by code, including the one that the engine itself applies."""
    return (*file_rules(), *host_rules(), UNUSED_SUPPRESSION)


@cache
def _family(name: str) -> tuple[Rule, ...]:
    package = import_module(f"xenscmi.rules.{name}")
    modules = [import_module(f"{package.__name__}.{module}") for module in _modules(package.__path__[0])]
    return tuple(sorted((each.RULE for each in modules if hasattr(each, "RULE")), key=lambda rule: rule.code))


def _modules(folder: str) -> Iterator[str]:
    """Yield the names of a package's modules; pkgutil and pathlib take longer to import than they do."""
    for name in sorted(os.listdir(folder)):  # noqa: PTH208
        module, dot, suffix = name.partition(".")
        if dot and suffix == "py" and module != "__init__":
            yield module
