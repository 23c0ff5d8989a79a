"""XS129 unsupported-message."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index
from xenscmi.host.types import Host
from xenscmi.rules.example import FIRMWARE
from xenscmi.rules.rule import Finding, HostRule, also

# What Xen's probe sends on every host.
_PROBE = ("BASE_DISCOVER_AGENT", "BASE_PROTOCOL_ATTRIBUTES")
_PERMISSIONS = "BASE_SET_DEVICE_PERMISSIONS"

RULE = HostRule(
    code="XS129",
    name="unsupported-message",
    severity=Severity.ERROR,
    summary="The firmware lacks a message that Xen needs on this host.",
    xen="Without BASE_DISCOVER_AGENT the probe fails, and every domain runs without SCMI. Without "
    "BASE_SET_DEVICE_PERMISSIONS no device can be given to a domain (-95): Xen panics at boot, `xl create` fails.",
    fix="use a firmware that implements the message",
    firmware=replace(FIRMWARE, unsupported=frozenset(("BASE_DISCOVER_AGENT",))),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    own, lacks = index.management, _lacking(index.host)
    if own is None:
        return
    for message in _PROBE:
        if message in lacks:
            yield Finding(
                message=f"the firmware does not implement {message}, which Xen's probe sends: no domain gets SCMI",
                span=own.span,
                related=also("the firmware", index.host.firmware.span),
            )
    if _PERMISSIONS in lacks:
        yield Finding(
            message=f"the firmware does not implement {_PERMISSIONS}: no device can be given to a domain",
            span=own.span,
            related=also("the firmware", index.host.firmware.span),
            severity=None if index.grants else Severity.WARNING,
        )


def _lacking(host: Host) -> frozenset[str]:
    """Return the messages that the firmware lacks: by its profile, or because host.toml says so."""
    if host.firmware.profile == "generic":
        return host.firmware.unsupported
    # The firmware's records take a while to import.
    from xenscmi.host.platform import profile_of

    return profile_of(host).missing
