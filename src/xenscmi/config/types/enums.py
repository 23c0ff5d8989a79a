"""libxl's enumerations, with libxl's names and numbers (tools/libs/light/libxl_types.idl)."""

from xenscmi.config.idl.enumeration import Enumeration


class DomainType(Enumeration):
    """libxl_domain_type."""

    INVALID = -1
    HVM = 1
    PV = 2
    PVH = 3


class Passthrough(Enumeration):
    """libxl_passthrough."""

    DEFAULT = 0
    DISABLED = 1
    ENABLED = 2
    SYNC_PT = 3
    SHARE_PT = 4


class TscMode(Enumeration):
    """libxl_tsc_mode."""

    DEFAULT = 0
    ALWAYS_EMULATE = 1
    NATIVE = 2
    NATIVE_PARAVIRT = 3


class DeviceModelVersion(Enumeration):
    """libxl_device_model_version."""

    UNKNOWN = 0
    QEMU_XEN_TRADITIONAL = 1
    QEMU_XEN = 2


class Scheduler(Enumeration):
    """libxl_scheduler."""

    UNKNOWN = 0
    SEDF = 4
    CREDIT = 5
    CREDIT2 = 6
    ARINC653 = 7
    RTDS = 8
    NULL = 9


class TimerMode(Enumeration):
    """libxl_timer_mode."""

    UNKNOWN = -1
    DELAY_FOR_MISSED_TICKS = 0
    NO_DELAY_FOR_MISSED_TICKS = 1
    NO_MISSED_TICKS_PENDING = 2
    ONE_MISSED_TICK_PENDING = 3


class TeeType(Enumeration):
    """libxl_tee_type."""

    NONE = 0
    OPTEE = 1
    FFA = 2


class BiosType(Enumeration):
    """libxl_bios_type."""

    UNKNOWN = 0
    ROMBIOS = 1
    SEABIOS = 2
    OVMF = 3


class SmbiosType(Enumeration):
    """libxl_smbios_type."""

    BIOS_VENDOR = 1
    BIOS_VERSION = 2
    SYSTEM_MANUFACTURER = 3
    SYSTEM_PRODUCT_NAME = 4
    SYSTEM_VERSION = 5
    SYSTEM_SERIAL_NUMBER = 6
    BASEBOARD_MANUFACTURER = 7
    BASEBOARD_PRODUCT_NAME = 8
    BASEBOARD_VERSION = 9
    BASEBOARD_SERIAL_NUMBER = 10
    BASEBOARD_ASSET_TAG = 11
    BASEBOARD_LOCATION_IN_CHASSIS = 12
    ENCLOSURE_MANUFACTURER = 13
    ENCLOSURE_SERIAL_NUMBER = 14
    ENCLOSURE_ASSET_TAG = 15
    BATTERY_MANUFACTURER = 16
    BATTERY_DEVICE_NAME = 17
    OEM = 18


class Hdtype(Enumeration):
    """libxl_hdtype."""

    IDE = 1
    AHCI = 2


class VgaInterfaceType(Enumeration):
    """libxl_vga_interface_type."""

    UNKNOWN = 0
    CIRRUS = 1
    STD = 2
    NONE = 3
    QXL = 4


class GfxPassthruKind(Enumeration):
    """libxl_gfx_passthru_kind."""

    DEFAULT = 0
    IGD = 1


class VendorDevice(Enumeration):
    """libxl_vendor_device."""

    NONE = 0
    XENSERVER = 1


class RdmReserveStrategy(Enumeration):
    """libxl_rdm_reserve_strategy."""

    IGNORE = 0
    HOST = 1


class RdmReservePolicy(Enumeration):
    """libxl_rdm_reserve_policy."""

    INVALID = -1
    STRICT = 0
    RELAXED = 1


class GicVersion(Enumeration):
    """libxl_gic_version."""

    DEFAULT = 0
    V2 = 32
    V3 = 48


class VuartType(Enumeration):
    """libxl_vuart_type."""

    UNKNOWN = 0
    SBSA_UART = 1


class SveType(Enumeration):
    """libxl_sve_type: the longest vector in bits."""

    HW = -1
    DISABLED = 0
    VL128 = 128
    VL256 = 256
    VL384 = 384
    VL512 = 512
    VL640 = 640
    VL768 = 768
    VL896 = 896
    VL1024 = 1024
    VL1152 = 1152
    VL1280 = 1280
    VL1408 = 1408
    VL1536 = 1536
    VL1664 = 1664
    VL1792 = 1792
    VL1920 = 1920
    VL2048 = 2048

    @property
    def text(self) -> str:
        return self.name.removeprefix("VL").lower()


class ArmSciType(Enumeration):
    """libxl_arm_sci_type."""

    NONE = 0
    SCMI_SMC = 1
    SCMI_SMC_MULTIAGENT = 2


class Altp2mMode(Enumeration):
    """libxl_altp2m_mode."""

    DISABLED = 0
    MIXED = 1
    EXTERNAL = 2
    LIMITED = 3


class DiskBackend(Enumeration):
    """libxl_disk_backend."""

    UNKNOWN = 0
    PHY = 1
    TAP = 2
    QDISK = 3
    STANDALONE = 4


class DiskFormat(Enumeration):
    """libxl_disk_format."""

    UNKNOWN = 0
    QCOW = 1
    QCOW2 = 2
    VHD = 3
    RAW = 4
    EMPTY = 5
    QED = 6


class DiskSpecification(Enumeration):
    """libxl_disk_specification."""

    UNKNOWN = 0
    XEN = 1
    VIRTIO = 2


class DiskTransport(Enumeration):
    """libxl_disk_transport."""

    UNKNOWN = 0
    MMIO = 1


class NicType(Enumeration):
    """libxl_nic_type."""

    UNKNOWN = 0
    VIF_IOEMU = 1
    VIF = 2


class VkbBackend(Enumeration):
    """libxl_vkb_backend."""

    UNKNOWN = 0
    QEMU = 1
    LINUX = 2


class VirtioTransport(Enumeration):
    """libxl_virtio_transport."""

    UNKNOWN = 0
    MMIO = 1


class P9Type(Enumeration):
    """libxl_p9_type."""

    UNKNOWN = 0
    QEMU = 1
    XEN_9PFSD = 2


class VsndPcmFormat(Enumeration):
    """libxl_vsnd_pcm_format."""

    S8 = 1
    U8 = 2
    S16_LE = 3
    S16_BE = 4
    U16_LE = 5
    U16_BE = 6
    S24_LE = 7
    S24_BE = 8
    U24_LE = 9
    U24_BE = 10
    S32_LE = 11
    S32_BE = 12
    U32_LE = 13
    U32_BE = 14
    F32_LE = 15
    F32_BE = 16
    F64_LE = 17
    F64_BE = 18
    IEC958_SUBFRAME_LE = 19
    IEC958_SUBFRAME_BE = 20
    MU_LAW = 21
    A_LAW = 22
    IMA_ADPCM = 23
    MPEG = 24
    GSM = 25


class VsndStreamType(Enumeration):
    """libxl_vsnd_stream_type."""

    P = 1
    C = 2


class ChannelConnection(Enumeration):
    """libxl_channel_connection."""

    UNKNOWN = 0
    PTY = 1
    SOCKET = 2


class UsbctrlType(Enumeration):
    """libxl_usbctrl_type."""

    AUTO = 0
    PV = 1
    DEVICEMODEL = 2
    QUSB = 3


class UsbdevType(Enumeration):
    """libxl_usbdev_type."""

    HOSTDEV = 1


class ActionOnShutdown(Enumeration):
    """libxl_action_on_shutdown."""

    DESTROY = 1
    RESTART = 2
    RESTART_RENAME = 3
    PRESERVE = 4
    COREDUMP_DESTROY = 5
    COREDUMP_RESTART = 6
    SOFT_RESET = 7


class ViridianEnlightenment(Enumeration):
    """libxl_viridian_enlightenment."""

    BASE = 0
    FREQ = 1
    TIME_REF_COUNT = 2
    REFERENCE_TSC = 3
    HCALL_REMOTE_TLB_FLUSH = 4
    APIC_ASSIST = 5
    CRASH_CTL = 6
    SYNIC = 7
    STIMER = 8
    HCALL_IPI = 9
    EX_PROCESSOR_MASKS = 10
    NO_VP_LIMIT = 11
    CPU_HOTPLUG = 12
