"""Rules as pages of the documentation: one each, and a table of all."""

from __future__ import annotations

from collections.abc import Iterable

from xenscmi.rules.rule import Rule

_FAMILIES = {
    "XS0": "xl.cfg files",
    "XS1": "Agents, pages, Xen's own channel",
    "XS2": "Domains and their channels",
    "XS3": "Devices under SCMI control",
    "XS4": "dom0less domains",
    "XS9": "xenscmi itself",
}


def page(rule: Rule) -> str:
    """Return a rule's page in Markdown."""
    parts = [
        f"# {rule.code} {rule.name}",
        f"*{rule.severity.value}*: {rule.summary}",
        f"**What Xen does.** {rule.xen}",
        f"**How to mend it.** {rule.mend[0].upper()}{rule.mend[1:]}.",
    ]
    for change in rule.bad:
        for title, sample in (("Bad", change.bad), ("Good", change.good)):
            shown = sample.strip("\n").expandtabs(4) if sample.strip() else "(nothing)"
            parts.append(f"{title}, in {change.file}:\n\n```\n{shown}\n```")
    if not rule.bad and (rule.firmware or rule.xen_profile):
        parts.append("The files of the example agree with each other; it is the firmware, or the Xen, that is another.")
    parts.append(f"Silence it with a comment: `xenscmi: ignore[{rule.code}]`.")
    return "\n\n".join(parts) + "\n"


def index(rules: Iterable[Rule]) -> str:
    """Return the table of all rules in Markdown."""
    rules = tuple(rules)
    lines = [
        "# Rules",
        "",
        "What `xenscmi check` finds. An **error** is what Xen or xl refuses, or what leaves a domain without what its",
        "files give it; a **warning** is what they accept although it is dangerous or has no effect; an **info** is",
        "worth knowing. `xenscmi explain CODE` says the same in a terminal.",
        "",
    ]
    for family, title in _FAMILIES.items():
        lines += [f"## {title}", "", "| code | name | severity | finds |", "|---|---|---|---|"]
        lines += [
            f"| [{rule.code}]({rule.code}.md) | {rule.name} | {rule.severity.value} | {rule.summary} |"
            for rule in rules
            if rule.code.startswith(family)
        ]
        lines.append("")
    return "\n".join(lines)
