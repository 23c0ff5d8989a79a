"""From xl.cfg files to domains for the real Xen, and what of them this toolstack does not make."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from xenscmi.config.errors import EXIT_FAILURE, ConfigError
from xenscmi.config.parsed import Parsed
from xenscmi.config.types.domain import DomainConfig
from xenscmi.config.types.enums import DomainType
from xenscmi.diagnostics import Diagnostic, Severity
from xenscmi.hypercall.xen import Xen
from xenscmi.toolstack.hosts import with_domain
from xenscmi.toolstack.prepare import prepare
from xenscmi.toolstack.spec import DomainSpec

# Lists of libxl_domain_config whose devices this toolstack does not create, and what they are called.
_DEVICES = {
    "disks": "disk",
    "nics": "network interface",
    "pcidevs": "PCI device",
    "vfbs": "framebuffer",
    "vkbs": "keyboard",
    "virtios": "virtio device",
    "vtpms": "TPM",
    "p9s": "9p folder",
    "pvcallsifs": "PV calls interface",
    "vdispls": "display",
    "vsnds": "sound card",
    "channels": "channel",
    "usbctrls": "USB controller",
    "usbdevs": "USB device",
}
# Settings that libxl would carry out and that are not carried out here: field, how it is given, what is missing.
_SETTINGS: tuple[tuple[str, Callable[[DomainConfig], Any], str], ...] = (
    ("b_info.cpumap", lambda config: config.b_info.cpumap, "its vCPUs run on any CPU"),
    ("b_info.vcpu_hard_affinity", lambda config: config.b_info.vcpu_hard_affinity, "its vCPUs run on any CPU"),
    ("b_info.vcpu_soft_affinity", lambda config: config.b_info.vcpu_soft_affinity, "its vCPUs prefer no CPU"),
    ("b_info.nodemap", lambda config: config.b_info.nodemap, "its memory comes from any node"),
    ("b_info.vnuma_nodes", lambda config: config.b_info.vnuma_nodes, "it sees one NUMA node"),
    (
        "b_info.sched_params.weight",
        lambda config: config.b_info.sched_params.weight > 0,
        "the scheduler's default counts",
    ),
    ("b_info.sched_params.cap", lambda config: config.b_info.sched_params.cap > 0, "the scheduler's default counts"),
)
# What would be another domain than the one that was asked for.
_REFUSED: tuple[tuple[str, Callable[[DomainConfig], Any], str], ...] = (
    ("b_info.acpi", lambda config: config.b_info.acpi, "a guest with ACPI tables"),
    ("b_info.llc_colors", lambda config: config.b_info.llc_colors, "a guest with LLC colours"),
    ("b_info.bootloader", lambda config: config.b_info.bootloader, "a boot loader in dom0"),
    ("c_info.driver_domain", lambda config: config.c_info.driver_domain, "a driver domain"),
)


def prepare_for_xen(files: Sequence[tuple[str, Parsed]], xen: Xen) -> tuple[list[DomainSpec], tuple[Diagnostic, ...]]:
    """Return the domains to create from several xl.cfg files on the running Xen, and remarks for the user.

    Raises ConfigError as `prepare` does, and if a domain needs what this toolstack cannot do.
    """
    capabilities = xen.capabilities()
    specs, remarks = [], []
    for _, parsed in files:
        spec = prepare(parsed, capabilities, xen.profile)
        remarks += [*spec.warnings, *not_made(spec)]
        specs.append(spec)
        capabilities = with_domain(capabilities, spec.name)
    return specs, tuple(remarks)


def not_made(spec: DomainSpec) -> tuple[Diagnostic, ...]:
    """Return warnings of what the domain will lack, each with the place of its key. Raises ConfigError for the rest."""
    config = spec.config
    refusals = [
        Diagnostic(
            message=f"xenscmi does not make {what}", span=spec.place(field), help="use xl for this domain, or remove it"
        )
        for field, given, what in _REFUSED
        if given(config)
    ]
    if config.b_info.type is not DomainType.PVH:
        refusals.append(Diagnostic(message="on Arm there is no guest but PVH", span=spec.place("c_info.type")))
    if refusals:
        raise ConfigError(refusals, EXIT_FAILURE)
    return tuple(_missing(spec))


def _missing(spec: DomainSpec) -> Iterator[Diagnostic]:
    for field, what in _DEVICES.items():
        for index in range(len(getattr(spec.config, field))):
            yield Diagnostic(
                message=f"the domain will not have this {what}: xenscmi makes no backend for it",
                severity=Severity.WARNING,
                span=spec.place(f"{field}[{index}]"),
                help="use xl for a domain with paravirtual devices, or pass a device on with dtdev",
            )
    for field, given, what in _SETTINGS:
        if given(spec.config):
            yield Diagnostic(
                message=f"this is not carried out: {what}",
                severity=Severity.WARNING,
                span=spec.place(field),
                help="set it once the domain runs: xl vcpu-pin, xl sched-credit2",
            )
