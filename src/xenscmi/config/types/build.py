"""How a domain is built: libxl_domain_build_info and its parts."""

from __future__ import annotations

from xenscmi.config.constants import INVALID_GFN, UINT32_DEFAULT
from xenscmi.config.idl import kinds as f
from xenscmi.config.idl.struct import Struct
from xenscmi.config.types.enums import (
    Altp2mMode,
    ArmSciType,
    DeviceModelVersion,
    DomainType,
    GicVersion,
    Scheduler,
    SveType,
    TeeType,
    TimerMode,
    TscMode,
    VuartType,
)
from xenscmi.config.types.hvm import BuildHvm


class VnodeInfo(Struct):
    """One virtual NUMA node (libxl_vnode_info)."""

    memkb: int = f.memkb()
    distances: tuple[int, ...] = f.array(f.uint32())
    pnode: int = f.uint32()
    vcpus: int = f.bitmap()


class DomainSchedParams(Struct):
    """Scheduling parameters; -1 leaves each to the scheduler (libxl_domain_sched_params)."""

    sched: Scheduler = f.enum(Scheduler.UNKNOWN)
    weight: int = f.integer(-1)
    cap: int = f.integer(-1)
    period: int = f.integer(-1)
    budget: int = f.integer(-1)
    extratime: int = f.integer(-1)
    slice: int = f.integer(-1)
    latency: int = f.integer(-1)


class IoportRange(Struct):
    """A range of I/O ports (libxl_ioport_range)."""

    first: int = f.uint32()
    number: int = f.uint32()


class IomemRange(Struct):
    """Memory to map: `number` page frames from host frame `start` at guest frame `gfn` (libxl_iomem_range)."""

    start: int = f.uint64()
    number: int = f.uint64()
    gfn: int = f.uint64(INVALID_GFN)


class XsQuotaItem(Struct):
    """One Xenstore quota (libxl_xs_quota_item)."""

    name: str | None = f.string()
    val: int = f.uint32()


class XsQuotaList(Struct):
    """The Xenstore quotas (libxl_xs_quota_list)."""

    quota: tuple[XsQuotaItem, ...] = f.array_of(XsQuotaItem)


class ArmSci(Struct):
    """The domain's SCMI agent; `agent_id` counts only with the multi-agent type (libxl_arm_sci, with the series)."""

    type: ArmSciType = f.enum(ArmSciType.NONE)
    agent_id: int = f.uint8()


class ArchArm(Struct):
    """What only Arm has; `nr_spis` of UINT32_DEFAULT lets libxl count (b_info.arch_arm)."""

    gic_version: GicVersion = f.enum(GicVersion.DEFAULT)
    vuart: VuartType = f.enum(VuartType.UNKNOWN)
    sve_vl: SveType = f.enum(SveType.DISABLED)
    nr_spis: int = f.uint32(UINT32_DEFAULT)
    arm_sci: ArmSci = f.struct(ArmSci)


class ArchX86(Struct):
    """What only x86 has (b_info.arch_x86)."""

    msr_relaxed: bool | None = f.defbool()


class BuildPv(Struct):
    """What only PV guests have (b_info.u.pv)."""

    kernel: str | None = f.string()
    slack_memkb: int = f.memkb()
    bootloader: str | None = f.string()
    bootloader_args: tuple[str, ...] = f.string_list()
    cmdline: str | None = f.string()
    ramdisk: str | None = f.string()
    e820_host: bool | None = f.defbool()


class BuildPvh(Struct):
    """What only PVH guests have (b_info.u.pvh)."""

    pvshim: bool | None = f.defbool()
    pvshim_path: str | None = f.string()
    pvshim_cmdline: str | None = f.string()
    pvshim_extra: str | None = f.string()


class BuildInvalid(Struct):
    """The union before a type is set."""


class DomainBuildInfo(Struct):
    """How the domain is built (libxl_domain_build_info). Memory is in KiB."""

    max_vcpus: int = f.integer()
    avail_vcpus: int = f.bitmap()
    cpumap: int = f.bitmap()
    nodemap: int = f.bitmap()
    vcpu_hard_affinity: tuple[int, ...] = f.array(f.bitmap())
    vcpu_soft_affinity: tuple[int, ...] = f.array(f.bitmap())
    numa_placement: bool | None = f.defbool()
    tsc_mode: TscMode = f.enum(TscMode.DEFAULT)
    max_memkb: int = f.memkb()
    target_memkb: int = f.memkb()
    video_memkb: int = f.memkb()
    shadow_memkb: int = f.memkb()
    iommu_memkb: int = f.memkb()
    rtc_timeoffset: int = f.uint32()
    exec_ssidref: int = f.uint32()
    exec_ssid_label: str | None = f.string()
    localtime: bool | None = f.defbool()
    disable_migrate: bool | None = f.defbool()
    blkdev_start: str | None = f.string()
    vnuma_nodes: tuple[VnodeInfo, ...] = f.array_of(VnodeInfo)
    max_grant_frames: int = f.uint32(UINT32_DEFAULT)
    max_maptrack_frames: int = f.uint32(UINT32_DEFAULT)
    max_grant_version: int = f.integer(-1)
    device_model_version: DeviceModelVersion = f.enum(DeviceModelVersion.UNKNOWN)
    device_model_stubdomain: bool | None = f.defbool()
    stubdomain_memkb: int = f.memkb()
    stubdomain_kernel: str | None = f.string()
    stubdomain_cmdline: str | None = f.string()
    stubdomain_ramdisk: str | None = f.string()
    device_model: str | None = f.string()
    device_model_ssidref: int = f.uint32()
    device_model_ssid_label: str | None = f.string()
    device_model_user: str | None = f.string()
    extra: tuple[str, ...] = f.string_list()
    extra_pv: tuple[str, ...] = f.string_list()
    extra_hvm: tuple[str, ...] = f.string_list()
    sched_params: DomainSchedParams = f.struct(DomainSchedParams)
    ioports: tuple[IoportRange, ...] = f.array_of(IoportRange)
    irqs: tuple[int, ...] = f.array(f.uint32())
    iomem: tuple[IomemRange, ...] = f.array_of(IomemRange)
    llc_colors: tuple[int, ...] = f.array(f.uint32())
    claim_mode: bool | None = f.defbool()
    event_channels: int = f.uint32()
    kernel: str | None = f.string()
    cmdline: str | None = f.string()
    ramdisk: str | None = f.string()
    device_tree: str | None = f.string()
    acpi: bool | None = f.defbool()
    bootloader: str | None = f.string()
    bootloader_args: tuple[str, ...] = f.string_list()
    bootloader_restrict: bool | None = f.defbool()
    bootloader_user: str | None = f.string()
    timer_mode: TimerMode = f.enum(TimerMode.UNKNOWN)
    nested_hvm: bool | None = f.defbool()
    apic: bool | None = f.defbool()
    dm_restrict: bool | None = f.defbool()
    tee: TeeType = f.enum(TeeType.NONE)
    u: BuildHvm | BuildPv | BuildPvh | BuildInvalid = f.keyed_union(
        "type",
        {DomainType.HVM: BuildHvm, DomainType.PV: BuildPv, DomainType.PVH: BuildPvh, DomainType.INVALID: BuildInvalid},
        DomainType.INVALID,
    )
    arch_arm: ArchArm = f.struct(ArchArm)
    arch_x86: ArchX86 = f.struct(ArchX86)
    altp2m: Altp2mMode = f.enum(Altp2mMode.DISABLED)
    altp2m_count: int = f.uint32(UINT32_DEFAULT)
    vmtrace_buf_kb: int = f.integer()
    vpmu: bool | None = f.defbool()
    trap_unmapped_accesses: bool | None = f.defbool()
    xenstore_feature_mask: int = f.uint32(UINT32_DEFAULT)
    xenstore_quota: XsQuotaList = f.struct(XsQuotaList)

    @property
    def type(self) -> DomainType:
        """The type of domain, which libxl stores next to the union."""
        kind = {BuildHvm: DomainType.HVM, BuildPv: DomainType.PV, BuildPvh: DomainType.PVH}
        return kind.get(type(self.u), DomainType.INVALID)
