"""libxl's defaults and refusals before a domain is created on Arm.

The steps are those of libxl__domain_config_setdefault (tools/libs/light/libxl_create.c) and of its Arm parts
(libxl_arm.c). They are in libxl's order because the first refusal decides the exit code.
"""

from __future__ import annotations

from xenscmi.config.capabilities import DEFAULT_HOST, SECINITSID_DOMU
from xenscmi.config.constants import (
    GRANT_VERSION_MASK,
    INVALID_AGENT_ID,
    INVALID_GFN,
    MEMKB_DEFAULT,
    UINT32_DEFAULT,
)
from xenscmi.config.errors import EXIT_ERROR_FAIL, EXIT_ERROR_INVAL, EXIT_FAILURE, ConfigError
from xenscmi.config.spis import assign_spis
from xenscmi.config.types.build import BuildPvh
from xenscmi.config.types.enums import (
    Altp2mMode,
    ArmSciType,
    DeviceModelVersion,
    DomainType,
    Passthrough,
    SveType,
    TimerMode,
)
from xenscmi.diagnostics import Diagnostic, Severity
from xenscmi.xlcfg.numbers import UINT32_MAX, ULONG_MAX

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from xenscmi.config.capabilities import HostCapabilities
    from xenscmi.config.parsed import Parsed
    from xenscmi.config.types.build import DomainBuildInfo
    from xenscmi.config.types.devices import DeviceVirtio
    from xenscmi.config.types.domain import DomainConfig

_EVENT_CHANNELS = 1023
_MAX_MEMKB = 32 * 1024
_MOST_VCPU_BYTES = 128
_ARM_EXTRA_PAGES = 128


def setdefault(parsed: Parsed, host: HostCapabilities = DEFAULT_HOST) -> tuple[DomainConfig, tuple[Diagnostic, ...]]:
    """Return the configuration as libxl completes it for createdomain, and libxl's warnings.

    Raises ConfigError if libxl refuses the configuration before the hypercall; it names the field that libxl refuses.
    The exit code is 6 for ERROR_INVAL, 3 for ERROR_FAIL, 1 if the real libxl aborts.
    """
    work = _Defaults(parsed, host)
    for step in (
        work.security_labels,
        work.cpu_pool,
        work.create_info,
        work.passthrough,
        work.paging_memory,
        work.build_info,
        work.arch_build_info,
        work.grants_and_altp2m,
        work.late_checks,
        work.virtio_backends,
        work.spis,
        work.agent_id,
    ):
        step()
    return work.config, tuple(work.warnings)


class _Defaults:
    """The configuration while it is completed; every step replaces `config`."""

    def __init__(self, parsed: Parsed, host: HostCapabilities) -> None:
        self.parsed = parsed
        self.config = parsed.config
        self.host = host
        self.warnings: list[Diagnostic] = []
        self.populate_on_demand = False

    def refuse(self, message: str, field: str, help: str, exit_code: int = EXIT_ERROR_INVAL) -> NoReturn:
        """Refuse a field, named by its path, in libxl's words. Raises ConfigError."""
        error = Diagnostic(message=message, span=self.parsed.place(field), help=help)
        raise ConfigError([*self.warnings, error], exit_code, field=field)

    def fail(self, message: str, field: str, help: str) -> NoReturn:
        """Refuse a field with ERROR_FAIL. Raises ConfigError."""
        self.refuse(message, field, help, EXIT_ERROR_FAIL)

    def warn(self, message: str, field: str, help: str) -> None:
        span = self.parsed.place(field)
        self.warnings.append(Diagnostic(message=message, severity=Severity.WARNING, span=span, help=help))

    def create(self, **changes: object) -> None:
        self.config = self.config.replace(c_info=self.config.c_info.replace(**changes))

    def build(self, **changes: object) -> None:
        self.config = self.config.replace(b_info=self.config.b_info.replace(**changes))

    def security_labels(self) -> None:
        # The host has no Flask policy, so libxl drops the labels with a warning.
        c_info, b_info = self.config.c_info, self.config.b_info
        help_text = "this host's Xen has no Flask policy"
        if c_info.ssid_label is not None:
            self.warn("XSM Disabled: init_seclabel not supported", "c_info.ssid_label", help_text)
        if b_info.exec_ssid_label is not None:
            self.warn("XSM Disabled: seclabel not supported", "b_info.exec_ssid_label", help_text)
        if b_info.device_model_ssid_label is not None:
            message = "XSM Disabled: device_model_stubdomain_seclabel not supported"
            self.warn(message, "b_info.device_model_ssid_label", help_text)

    def cpu_pool(self) -> None:
        c_info = self.config.c_info
        pools = dict(self.host.pools)
        if c_info.pool_name is not None:
            name = c_info.pool_name
            by_name = {pool: number for number, pool in pools.items()}
            is_number = name.isascii() and name.isdigit()
            self.create(poolid=min(int(name[:20]), ULONG_MAX) & UINT32_MAX if is_number else by_name.get(name, -1))
        if self.config.c_info.poolid not in pools:
            known = ", ".join(pools.values())
            message = f"Illegal pool specified: {c_info.pool_name}"
            self.refuse(message, "c_info.pool_name", f"the host has: {known}")

    def create_info(self) -> None:
        c_info = self.config.c_info
        if c_info.type is DomainType.PV:
            self.warn("Converting PV guest to PVH.", "c_info.type", 'write type = "pvh"')
            self.create(type=DomainType.PVH)
        if not (self.host.cap_hap or self.host.cap_shadow):
            help_text = "the host's Xen cannot run such guests"
            self.refuse("neither hap nor shadow paging available", "c_info.hap", help_text)
        self.create(
            hap=_or(c_info.hap, self.host.cap_hap),
            oos=_or(c_info.oos, True),
            run_hotplug_scripts=_or(c_info.run_hotplug_scripts, True),
            driver_domain=_or(c_info.driver_domain, False),
            ssidref=c_info.ssidref or SECINITSID_DOMU,
            xend_suspend_evtchn_compat=_or(c_info.xend_suspend_evtchn_compat, False),
        )

    def passthrough(self) -> None:
        config = self.config
        mode = config.c_info.passthrough
        devices = bool(config.pcidevs or config.dtdevs)
        field = "c_info.passthrough"
        if mode is Passthrough.DEFAULT:
            mode = Passthrough.ENABLED if devices else Passthrough.DISABLED
            field = "dtdevs" if config.dtdevs else "pcidevs"
        if mode is not Passthrough.DISABLED and not self.host.cap_hvm_directio:
            self.refuse("passthrough not supported on this platform", field, "Xen does not use an IOMMU on this host")
        if mode is Passthrough.DISABLED and devices:
            message = "passthrough disabled but devices are specified"
            self.refuse(message, field, 'remove passthrough = "disabled", or remove dtdev and pci')
        if mode is Passthrough.ENABLED:
            mode = Passthrough.SHARE_PT
        if mode not in (Passthrough.DISABLED, Passthrough.SHARE_PT):
            message = f'passthrough="{mode.text}" not supported on ARM'
            self.refuse(message, field, 'write passthrough = "enabled" or "share_pt"')
        self.create(passthrough=mode)
        b_info = config.b_info
        self.populate_on_demand = b_info.target_memkb < b_info.max_memkb  # before their defaults, as in libxl
        if self.populate_on_demand and mode is not Passthrough.DISABLED:
            message = "IOMMU required for device passthrough but not supported together with PoD"
            self.refuse(message, "b_info.max_memkb", "give memory and maxmem the same value")
        if self.populate_on_demand and b_info.vnuma_nodes:
            message = "Cannot enable PoD and vNUMA at the same time"
            self.refuse(message, "b_info.vnuma_nodes", "give memory and maxmem the same value")

    def paging_memory(self) -> None:
        b_info, c_info = self.config.b_info, self.config.c_info
        if b_info.shadow_memkb == MEMKB_DEFAULT:
            # In pages: 1 for each MiB of memory (2 without hardware paging), 256 for each vCPU, and 128 more on Arm.
            pages = 256 * b_info.max_vcpus + (1 + (not c_info.hap)) * (b_info.max_memkb // 1024)
            self.build(shadow_memkb=4 * (pages + _ARM_EXTRA_PAGES) & ULONG_MAX)
        if b_info.iommu_memkb == MEMKB_DEFAULT:
            self.build(iommu_memkb=0)

    def build_info(self) -> None:
        b_info = self.config.b_info
        if b_info.type is DomainType.INVALID:
            self.refuse("invalid domain type", "b_info.type", 'add type = "pvh"')
        if b_info.type is DomainType.HVM:
            message = (
                "HVM guests cannot be created on Arm: libxl_defbool_val: Assertion `!libxl_defbool_is_default(db)'"
            )
            self.refuse(message, "b_info.type", 'write type = "pvh"; libxl aborts here', EXIT_FAILURE)
        if (b_info.avail_vcpus.bit_length() + 7) // 8 > _MOST_VCPU_BYTES:
            message = "avail_vcpus bitmap contains too many VCPUS"
            self.fail(message, "b_info.avail_vcpus", f"libxl accepts at most {_MOST_VCPU_BYTES * 8}, and Xen 128")
        max_vcpus = b_info.max_vcpus or 1
        max_memkb = _MAX_MEMKB if b_info.max_memkb == MEMKB_DEFAULT else b_info.max_memkb
        version = b_info.device_model_version
        self.build(
            device_model_stubdomain=_or(b_info.device_model_stubdomain, False),
            vpmu=_or(b_info.vpmu, False),
            device_model_version=version if version.value else DeviceModelVersion.QEMU_XEN,
            blkdev_start="xvda" if b_info.blkdev_start is None else b_info.blkdev_start,
            max_vcpus=max_vcpus,
            avail_vcpus=b_info.avail_vcpus or 1,
            numa_placement=_or(b_info.numa_placement, True),
            max_memkb=max_memkb,
            target_memkb=max_memkb if b_info.target_memkb == MEMKB_DEFAULT else b_info.target_memkb,
            stubdomain_memkb=0 if b_info.stubdomain_memkb == MEMKB_DEFAULT else b_info.stubdomain_memkb,
            claim_mode=_or(b_info.claim_mode, False),
            localtime=_or(b_info.localtime, False),
            disable_migrate=_or(b_info.disable_migrate, False),
            iomem=tuple(one.replace(gfn=one.start) if one.gfn == INVALID_GFN else one for one in b_info.iomem),
            event_channels=b_info.event_channels or _EVENT_CHANNELS,
            dm_restrict=_or(b_info.dm_restrict, False),
            video_memkb=0 if b_info.video_memkb == MEMKB_DEFAULT else b_info.video_memkb,
            timer_mode=_timer_mode(b_info),
            apic=_or(b_info.apic, True),
            nested_hvm=_or(b_info.nested_hvm, False),
            bootloader_restrict=_or(b_info.bootloader_restrict, b_info.bootloader_user is not None),
        )

    def arch_build_info(self) -> None:
        b_info = self.config.b_info
        arch = b_info.arch_arm
        if arch.sve_vl is not SveType.DISABLED:
            arch = arch.replace(sve_vl=self._sve(arch.sve_vl))
        union = b_info.u if isinstance(b_info.u, BuildPvh) else BuildPvh()
        self.build(
            acpi=_or(b_info.acpi, False),
            trap_unmapped_accesses=_or(b_info.trap_unmapped_accesses, True),
            arch_arm=arch,
            u=union.replace(pvshim=_or(union.pvshim, False)),
        )

    def _sve(self, wanted: SveType) -> SveType:
        most = self.host.sve_vl
        if not most:
            self.fail("SVE is unsupported on this machine.", "b_info.arch_arm.sve_vl", "remove it")
        if wanted is SveType.HW:
            return SveType(most)
        if wanted.value > most:
            message = f"Invalid sve value: {wanted.value}. Platform supports up to {most} bits"
            self.fail(message, "b_info.arch_arm.sve_vl", f'write sve = "hw", or at most {most}')
        return wanted

    def grants_and_altp2m(self) -> None:
        b_info = self.config.b_info
        version = b_info.max_grant_version
        if version == -1:
            version = 2 if self.host.cap_gnttab_v2 else int(self.host.cap_gnttab_v1)
        elif version & ~GRANT_VERSION_MASK:
            message = f"max grant version {version} out of range"
            # libxl returns the wrong sign here, so the real xl exits with 0 and creates no domain.
            self.refuse(message, "b_info.max_grant_version", "write 1 or 2", EXIT_FAILURE)
        count = 0 if b_info.altp2m_count == UINT32_DEFAULT else b_info.altp2m_count
        self.build(max_grant_version=version, altp2m_count=count)

    def late_checks(self) -> None:
        b_info = self.config.b_info
        altp2m = b_info.altp2m is not Altp2mMode.DISABLED
        if b_info.nested_hvm and altp2m:
            self.refuse("nestedhvm and altp2mhvm cannot be used together", "b_info.altp2m", "remove one")
        if altp2m and self.populate_on_demand:
            message = "Cannot enable PoD and ALTP2M at the same time"
            self.refuse(message, "b_info.altp2m", "give memory and maxmem the same value")
        if b_info.vpmu and not self.host.cap_vpmu:
            self.refuse("vPMU not supported on this platform", "b_info.vpmu", "boot Xen with vpmu=on, or remove vpmu")

    def virtio_backends(self) -> None:
        virtios = tuple(self._virtio(index, one) for index, one in enumerate(self.config.virtios))
        self.config = self.config.replace(virtios=virtios)

    def _virtio(self, index: int, virtio: DeviceVirtio) -> DeviceVirtio:
        name, domid = virtio.backend_domname, virtio.backend_domid
        if name is not None:
            domids = {domain: number for number, domain in self.host.domains}
            if all(character in "0123456789" for character in name):
                domid = int(name[:20] or "0") & UINT32_MAX
            elif name in domids:
                domid = domids[name]
            else:
                message = f"Unable to set virtio defaults for device {index}"
                help_text = f'there is no domain "{name}" on this host'
                self.refuse(message, f"virtios[{index}].backend_domname", help_text)
        return virtio.replace(backend_domid=domid, grant_usage=_or(virtio.grant_usage, domid != 0))

    def spis(self) -> None:
        self.config = assign_spis(self.config, self.fail)

    def agent_id(self) -> None:
        sci = self.config.b_info.arch_arm.arm_sci
        if sci.type is ArmSciType.SCMI_SMC_MULTIAGENT and sci.agent_id >= INVALID_AGENT_ID:
            message = f"Invalid ARM SCI agent_id: {sci.agent_id}. Valid range is [0..254]"
            help_text = "write the agent id that the firmware has for this domain"
            self.fail(message, "b_info.arch_arm.arm_sci.agent_id", help_text)


def _or(value: bool | None, default: bool) -> bool:
    return default if value is None else value


def _timer_mode(b_info: DomainBuildInfo) -> TimerMode:
    default = b_info.timer_mode is TimerMode.UNKNOWN
    return TimerMode.NO_DELAY_FOR_MISSED_TICKS if default else b_info.timer_mode
