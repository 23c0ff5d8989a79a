"""XS230 refused-by-xen."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from xenscmi.config.types.enums import GicVersion
from xenscmi.diagnostics import Severity
from xenscmi.domctl.createdomain import CreateDomain, flag_names
from xenscmi.host.abilities import gic_version_of
from xenscmi.host.index import Index
from xenscmi.rules.rule import Change, Finding, HostRule
from xenscmi.toolstack.hosts import prepare_host

RULE = HostRule(
    code="XS230",
    name="refused-by-xen",
    severity=Severity.ERROR,
    summary="A domain asks for something that Xen on Arm, or this machine, does not have.",
    then='`xl create` fails: "domain creation fail: Invalid argument"',
    xen="Xen refuses createdomain with -EINVAL, or with -ENODEV for an interrupt controller that the machine lacks. "
    "Only a debug build of Xen says which field it was.",
    fix="remove the setting",
    bad=(Change("guest.cfg", "vcpus = 1\n", "vcpus = 1\nvmtrace_buf_kb = 64\n"),),
)

MAX_SPIS = 960

_REFUSED: tuple[tuple[str, str, Callable[[CreateDomain], bool]], ...] = (
    ("c_info.oos", "Xen on Arm has no out-of-sync shadow pages", lambda config: "oos_off" in flag_names(config.flags)),
    ("b_info.nested_hvm", "Xen on Arm has no nested guests", lambda config: "nested_virt" in flag_names(config.flags)),
    ("b_info.vmtrace_buf_kb", "Xen on Arm has no buffers for tracing", lambda config: config.vmtrace_size != 0),
    ("b_info.altp2m", "Xen on Arm does not take altp2m at creation", lambda config: config.altp2m_opts != 0),
    ("b_info.altp2m_count", "Xen on Arm does not take a number of altp2ms", lambda config: config.altp2m_nr != 0),
    ("b_info.arch_arm.sve_vl", "the machine is taken to have no SVE", lambda config: config.arch_sve_vl != 0),
    ("b_info.tee", "the machine is taken to have no TEE for guests", lambda config: config.arch_tee_type != 0),
    (
        "b_info.arch_arm.nr_spis",
        f"a virtual GIC has at most {MAX_SPIS} SPIs",
        lambda config: config.arch_nr_spis > MAX_SPIS,
    ),
)
"""The field of libxl's configuration, what is wrong, and when it is."""


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    tree = index.host.tree
    machine = gic_version_of(tree) if tree is not None else GicVersion.DEFAULT
    for prepared in index.once(prepare_host):
        spec = prepared.spec
        if spec is None:
            continue
        for field, reason, refuses in _REFUSED:
            if refuses(spec.createdomain):
                yield Finding(message=f"domain {prepared.name} cannot be made: {reason}", span=spec.place(field))
        wanted = spec.config.b_info.arch_arm.gic_version
        if GicVersion.DEFAULT not in (wanted, machine) and wanted is not machine:
            yield Finding(
                message=f"domain {prepared.name} asks for a GIC{wanted.text} on a machine with a GIC{machine.text}",
                span=spec.place("b_info.arch_arm.gic_version"),
                then='`xl create` fails: "domain creation fail: No such device"',
            )
