"""XS502 unserved-resource."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index
from xenscmi.rules.example import FIRMWARE
from xenscmi.rules.rule import Finding, HostRule
from xenscmi.scmi.header import ProtocolId
from xenscmi.source import Source

RULE = HostRule(
    code="XS502",
    name="unserved-resource",
    severity=Severity.ERROR,
    summary="A device owns resources of a protocol that the firmware does not have.",
    then="no agent can use them",
    xen="Xen does not look at the protocols. The firmware answers NOT_SUPPORTED, and Linux does not even try: the "
    "driver of the device waits for a supplier that never comes.",
    fix="correct the profile, or remove the resources: `xenscmi profiles --firmware` lists what each firmware is",
    firmware=replace(
        FIRMWARE,
        profile="no-clocks.toml",
        profile_source=Source(
            "no-clocks.toml", 'name = "no-clocks"\ndoc = "Firmware without clocks"\nprotocols = ["base", "reset"]\n'
        ),
    ),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    host = index.host
    if host.tree is None:
        return
    # The firmware's profiles take a while to import.
    from xenscmi.host.platform import place_of, profile_of

    profile = profile_of(host)
    for device in index.platform.devices if profile.protocols is not None else ():
        for protocol, owned in device.resources.items():
            if profile.has(protocol):
                continue
            name = ProtocolId(protocol).name.lower()
            number = min(owned)
            path = f"devices[{device.device_id}].resources[{name}]"
            yield Finding(
                message=f"device {device.device_id} owns {name} resource {number}, "
                f"but the firmware ({profile.name}) does not have that protocol",
                span=place_of(path, host),
            )
