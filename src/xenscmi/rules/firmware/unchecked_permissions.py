"""XS503 unchecked-permissions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index
from xenscmi.rules.example import FIRMWARE
from xenscmi.rules.rule import Finding, HostRule

_SET = "BASE_SET_DEVICE_PERMISSIONS"

RULE = HostRule(
    code="XS503",
    name="unchecked-permissions",
    severity=Severity.INFO,
    summary="The firmware takes permissions, but checks none: any agent can use any device's resources.",
    xen="Xen grants each device to its domain's agent, and the firmware says SUCCESS. It serves the other agents "
    "all the same: a domain can stop the clocks of another. No log shows it.",
    fix="trust every domain that has an agent, or use a firmware that checks permissions "
    "(`xenscmi profiles --firmware`)",
    firmware=replace(FIRMWARE, profile="tfa-epam"),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    domains = [domain for domain in index.host.domains if index.channel(domain) is not None]
    if len(domains) < 2:
        return
    # The firmware's profiles take a while to import.
    from xenscmi.host.platform import profile_of

    profile = profile_of(index.host)
    # A firmware without the message may hold the agents apart by its tables, as OP-TEE does: Xen's grants fail there.
    if profile.checks_permissions or _SET in profile.missing:
        return
    titles = [domain.title for domain in domains]
    yield Finding(
        message=f"this firmware ({profile.name}) checks no permissions of devices: what keeps {', '.join(titles[:-1])} "
        f"and {titles[-1]} off each other's clocks, resets and power domains is only that they do not ask for them",
        span=index.host.firmware.span or (index.container.span if index.container else None),
    )
