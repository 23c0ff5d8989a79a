"""Rules as pages of the documentation: one page per rule, and a table of all rules."""

from __future__ import annotations

from collections.abc import Iterable

from xenscmi.diagnostics import Safety
from xenscmi.rules.rule import Rule

_FAMILIES = {
    "XS0": "xl.cfg files",
    "XS1": "Agents, pages, Xen's own channel",
    "XS2": "Domains and their channels",
    "XS3": "Devices under SCMI control",
    "XS4": "dom0less domains",
    "XS5": "What the firmware has",
    "XS9": "xenscmi itself",
}


def page(rule: Rule) -> str:
    """Return a rule's page in Markdown."""
    parts = [
        f"# {rule.code} {rule.name}",
        f"*{rule.severity.value}*: {rule.summary}",
        f"**What Xen does.** {rule.xen}",
        f"**How to fix it.** {rule.fix[0].upper()}{rule.fix[1:]}.",
        f"**Fix: {_fixes(rule)}",
    ]
    for change in rule.bad:
        for title, sample in (("Bad", change.bad), ("Good", change.good)):
            shown = sample.strip("\n").expandtabs(4) if sample.strip() else "(nothing)"
            parts.append(f"{title}, in {change.file}:\n\n```\n{shown}\n```")
    if not rule.bad and (rule.firmware or rule.xen_profile or rule.sci_driver):
        parts.append("The example's files agree with each other; only its firmware or its Xen is a different one.")
    parts.append(f"Silence it with a comment: `xenscmi: ignore[{rule.code}]`.")
    return "\n\n".join(parts) + "\n"


def _fixes(rule: Rule) -> str:
    """Return how far `check --fix` fixes the mistake: where the files show how."""
    if not rule.fixable:
        return "none.** A person has to decide."
    if rule.fixable == (Safety.SAFE,):
        return "safe.** `check --fix` does it where the files show what was meant."
    if rule.fixable == (Safety.UNSAFE,):
        return "unsafe.** `check --fix --unsafe-fixes` does it: look at what changes."
    return (
        "safe or unsafe.** `check --fix` does it where the files show what was meant, and with `--unsafe-fixes` where "
        "they leave a doubt."
    )


def index(rules: Iterable[Rule]) -> str:
    """Return the table of all rules in Markdown."""
    rules = tuple(rules)
    lines = [
        "# Rules",
        "",
        "What `xenscmi check` finds. An **error** is something that Xen or xl refuses, or that keeps a domain from",
        "what its files give it; a **warning** is something they accept although it is dangerous or has no effect;",
        "an **info** is worth knowing. `xenscmi explain CODE` prints a rule's page in a terminal.",
        "",
    ]
    for family, title in _FAMILIES.items():
        lines += [f"## {title}", "", "| code | name | severity | fix | finds |", "|---|---|---|---|---|"]
        lines += [
            f"| [{rule.code}]({rule.code}.md) | {rule.name} | {rule.severity.value} | {_marks(rule)} | {rule.summary} |"
            for rule in rules
            if rule.code.startswith(family)
        ]
        lines.append("")
    return "\n".join(lines)


def _marks(rule: Rule) -> str:
    return " or ".join(each.value for each in rule.fixable) or "none"
