"""XS004 unknown-key."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.config.options import KEYS
from xenscmi.diagnostics import Severity
from xenscmi.host.configuration import Configuration
from xenscmi.rules.rule import Change, FileRule, Finding

RULE = FileRule(
    code="XS004",
    name="unknown-key",
    severity=Severity.WARNING,
    summary="An xl.cfg file has a key that xl does not know.",
    then="xl ignores it",
    xen="xl silently ignores unknown keys: the domain is created without what was meant.",
    fix="correct the key, or remove it",
    bad=(Change("guest.cfg", "vcpus = 1\n", "vcpus = 1\nmaxmemory = 256\n"),),
)


@RULE.check
def check(configuration: Configuration) -> Iterator[Finding]:
    for setting in configuration.settings or ():
        if setting.key not in KEYS:
            from difflib import get_close_matches

            nearest = get_close_matches(setting.key, KEYS, 1)
            yield Finding(
                message=f"xl does not know the key `{setting.key}'",
                span=setting.key_span,
                help=f"did you mean `{nearest[0]}'?" if nearest else None,
            )
