"""XS004 unknown-key."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.config.options import KEYS
from xenscmi.diagnostics import Fix, Safety, Severity
from xenscmi.host.configuration import Configuration
from xenscmi.rules.editing import xlcfg
from xenscmi.rules.rule import Change, FileRule, Finding, fix_if
from xenscmi.spelling import nearest, only_like
from xenscmi.xlcfg import Setting

_OWN = "EPAM's products know it; upstream has nothing in its place: leave the key out"

# Keys of downstream toolstacks, and what stands for them upstream.
DOWNSTREAM = {
    "dt_compatible": "EPAM's xl writes it into the guest's root node; upstream always writes xen,xenvm there: let what "
    "looks for the board's name look for a device instead",
    "dt_passthrough_nodes": "xl of EPAM's products copies these nodes of the partial tree; upstream copies "
    "/passthrough and /aliases alone: move the nodes into /passthrough",
    "force_assign_without_iommu": "EPAM's first series knows it; upstream, a device under SCMI control may be in dtdev "
    "without an IOMMU: leave the key out",
    "renesas_vmq": _OWN,
    "rproc": _OWN,
    "scmi": 'EPAM\'s products know it; upstream, write arm_sci = "type=scmi_smc_multiagent,agent_id=N"',
    "vcamera": _OWN,
    "vgsx": _OWN,
}

RULE = FileRule(
    code="XS004",
    name="unknown-key",
    severity=Severity.WARNING,
    summary="An xl.cfg file has a key that xl does not know.",
    then="xl ignores it",
    xen="xl silently ignores unknown keys: the domain is created without what was meant. That holds for the keys of "
    "downstream toolstacks too.",
    fix="correct the key, or remove it",
    fixable=(Safety.SAFE, Safety.UNSAFE),
    bad=(Change("guest.cfg", "vcpus = 1\n", "vcpus = 1\nmaxmemory = 256\n"),),
)


@RULE.check
def check(configuration: Configuration) -> Iterator[Finding]:
    for setting in configuration.settings or ():
        if setting.key not in KEYS:
            near, known = nearest(setting.key, KEYS), setting.key in DOWNSTREAM
            meant = f"did you mean `{near}'?" if near else None
            yield Finding(
                message=f"xl does not know the key `{setting.key}'",
                span=setting.key_span,
                help=DOWNSTREAM.get(setting.key, meant),
                fix=_rename(configuration, setting, near) if near and not known else None,
            )


def _rename(configuration: Configuration, setting: Setting, key: str) -> Fix | None:
    """Return the key as it was meant: safe if no other is as near, and the file does not have it yet."""
    if configuration.settings is None or key in configuration.settings:
        return None
    certain = only_like(setting.key, KEYS) == key
    return fix_if(certain, f"Rename {setting.key} to {key}", xlcfg.replace(setting.key_span, setting.key, key))
