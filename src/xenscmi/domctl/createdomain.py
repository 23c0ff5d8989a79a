"""`struct xen_domctl_createdomain`: from libxl's configuration, to bytes and back, in any profile."""

from __future__ import annotations

from xenscmi.config.constants import GRANT_VERSION_MASK, PAGE_SIZE
from xenscmi.config.types.enums import Altp2mMode, ArmSciType, GicVersion, Passthrough, TeeType
from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.domctl.profiles import (
    CREATEDOMAIN_CMD,
    DEFAULT_PROFILE,
    DOMCTL_HEADER_SIZE,
    DOMCTL_UNION_SIZE,
    PROFILES,
    LayoutField,
    Profile,
)
from xenscmi.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from xenscmi.config.types.domain import DomainConfig

# XEN_DOMCTL_CDF_*, from bit 0.
FLAGS = (
    "hvm",
    "hap",
    "s3_integrity",
    "oos_off",
    "xs_domain",
    "iommu",
    "nested_virt",
    "vpmu",
    "trap_unmapped_accesses",
)
_FLAG = {name: 1 << bit for bit, name in enumerate(FLAGS)}
_TRAP_NAME = "trap_unmapped_accesses"
_TRAP = _FLAG[_TRAP_NAME]

_GIC = {GicVersion.DEFAULT: 0, GicVersion.V2: 1, GicVersion.V3: 2}
_TEE = {TeeType.NONE: 0, TeeType.OPTEE: 1, TeeType.FFA: 2}
_SCI = {ArmSciType.NONE: 0, ArmSciType.SCMI_SMC: 1, ArmSciType.SCMI_SMC_MULTIAGENT: 2}
_ALTP2M = {Altp2mMode.DISABLED: 0, Altp2mMode.MIXED: 1, Altp2mMode.EXTERNAL: 2, Altp2mMode.LIMITED: 3}

_UINT16_MAX = (1 << 16) - 1
_SVE_GRANULE = 128
_TRAP_FIELD = "b_info.trap_unmapped_accesses"


class DomctlError(XenscmiError):
    """The bytes are not a createdomain of this profile, or the profile has no place for a value.

    `field` is libxl's path of the field that does not fit (`b_info.arch_arm.arm_sci.type`); it is empty if the error is
    not about one field.
    """

    def __init__(self, message: str, help: str = "", field: str = "") -> None:
        super().__init__(Diagnostic(message=message, help=help))
        self.field = field


class CreateDomain(Record):
    """What the toolstack tells Xen about a new domain. Names are those of Xen's headers, with `_` for `.`.

    `handle` has 16 bytes; `vmtrace_size` is in bytes for each virtual CPU; `arch_sve_vl` is the vector length in bits
    divided by 128; Xen writes `arch_clock_frequency` (Hz). -1 as a number of frames means Xen's default.
    """

    ssidref: int = 0
    handle: bytes = bytes(16)
    flags: int = 0
    iommu_opts: int = 0
    max_vcpus: int = 0
    max_evtchn_port: int = 0
    max_grant_frames: int = -1
    max_maptrack_frames: int = -1
    grant_opts: int = 0
    altp2m_opts: int = 0
    altp2m_nr: int = 0
    vmtrace_size: int = 0
    cpupool_id: int = 0
    arch_gic_version: int = 0
    arch_sve_vl: int = 0
    arch_tee_type: int = 0
    arch_nr_spis: int = 0
    arch_clock_frequency: int = 0
    arch_arm_sci_type: int = 0
    arch_arm_sci_agent_id: int = 0
    arch_v8r_el1_msa: int = 0


def _signed(value: int) -> int:
    return value - (1 << 32) if value >> 31 else value


def _whole_pages(kib: int) -> int:
    return (kib * 1024 + PAGE_SIZE - 1) // PAGE_SIZE * PAGE_SIZE & 0xFFFFFFFF


# Flag of createdomain -> libxl's field, and whether its value sets the flag.
_FLAG_FIELDS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "hap": ("c_info.hap", bool),
    "oos_off": ("c_info.oos", lambda in_sync: not in_sync),
    "iommu": ("c_info.passthrough", lambda mode: mode is not Passthrough.DISABLED),
    "nested_virt": ("b_info.nested_hvm", bool),
    "vpmu": ("b_info.vpmu", bool),
    _TRAP_NAME: (_TRAP_FIELD, bool),
}
# Field of createdomain -> libxl's field, and how its value is converted.
_FIELDS: dict[str, tuple[str, Callable[[Any], int | bytes]]] = {
    "ssidref": ("c_info.ssidref", int),
    "handle": ("c_info.uuid", bytes),
    "max_vcpus": ("b_info.max_vcpus", lambda number: number & 0xFFFFFFFF),
    "max_evtchn_port": ("b_info.event_channels", int),
    "max_grant_frames": ("b_info.max_grant_frames", _signed),
    "max_maptrack_frames": ("b_info.max_maptrack_frames", _signed),
    "grant_opts": ("b_info.max_grant_version", lambda version: version & GRANT_VERSION_MASK),
    "altp2m_opts": ("b_info.altp2m", _ALTP2M.__getitem__),
    "altp2m_nr": ("b_info.altp2m_count", lambda count: count & 0xFFFF),
    "vmtrace_size": ("b_info.vmtrace_buf_kb", _whole_pages),
    "cpupool_id": ("c_info.poolid", int),
    "arch_gic_version": ("b_info.arch_arm.gic_version", _GIC.__getitem__),
    "arch_sve_vl": ("b_info.arch_arm.sve_vl", lambda length: length.value // _SVE_GRANULE),
    "arch_tee_type": ("b_info.tee", _TEE.__getitem__),
    "arch_nr_spis": ("b_info.arch_arm.nr_spis", int),
    "arch_arm_sci_type": ("b_info.arch_arm.arm_sci.type", _SCI.__getitem__),
    "arch_arm_sci_agent_id": ("b_info.arch_arm.arm_sci.agent_id", int),
}


def from_config(config: DomainConfig) -> CreateDomain:
    """Return what libxl tells Xen about a configuration that `setdefault` completed (libxl__domain_make)."""
    values: dict[str, Any] = {name: convert(_value(config, path)) for name, (path, convert) in _FIELDS.items()}
    flags = [name for name, (path, is_set) in _FLAG_FIELDS.items() if is_set(_value(config, path))]
    if config.b_info.arch_arm.arm_sci.type is not ArmSciType.SCMI_SMC_MULTIAGENT:
        values["arch_arm_sci_agent_id"] = 0
    return CreateDomain(flags=sum(_FLAG[name] for name in ("hvm", *flags)), **values)


def _value(config: DomainConfig, path: str) -> Any:
    value: Any = config
    for name in path.split("."):
        value = getattr(value, name)
    return value


def flag_names(flags: int) -> tuple[str, ...]:
    """Return the names of the flags (XEN_DOMCTL_CDF_*) that are set."""
    return tuple(name for name, bit in _FLAG.items() if flags & bit)


def encode(domain: CreateDomain, profile: Profile = PROFILES[DEFAULT_PROFILE]) -> bytes:
    """Return the bytes of the structure. Raises DomctlError if the profile has no place for a value."""
    _check_fits(domain, profile)
    data = bytearray(profile.size)
    for field in profile.layout:
        value = getattr(domain, _attribute(field.name))
        if field.name == "flags" and profile.always_traps:
            value &= ~_TRAP
        data[field.offset : field.offset + field.size] = _field_bytes(field, value)
    return bytes(data)


def _field_bytes(field: LayoutField, value: int | bytes) -> bytes:
    try:
        data = value if isinstance(value, bytes) else value.to_bytes(field.size, "little", signed=field.signed)
    except OverflowError:
        data = b""
    if len(data) != field.size:
        message = f"{field.name} of {value!r} does not fit into {field.size} bytes"
        raise DomctlError(message, field=_libxl_field(_attribute(field.name)))
    return data


def read_fields(data: bytes, profile: Profile) -> dict[str, int | bytes]:
    """Return the raw value of each field of the structure, by its name in the layout."""
    fields: dict[str, int | bytes] = {}
    for field in profile.layout:
        raw = data[field.offset : field.offset + field.size]
        fields[field.name] = raw if field.name == "handle" else int.from_bytes(raw, "little", signed=field.signed)
    return fields


def decode(data: bytes, profile: Profile = PROFILES[DEFAULT_PROFILE]) -> CreateDomain:
    """Return the structure in these bytes; the trap flag is set for a Xen that always traps.

    Raises DomctlError for a wrong size, for padding that is not zero, and for the trap flag if the profile has none.
    """
    help_text = "choose the profile of the Xen that these bytes are for"
    if len(data) != profile.size:
        message = f"createdomain of profile {profile.name} has {profile.size} bytes, not {len(data)}"
        raise DomctlError(message, help_text)
    used = {offset for field in profile.layout for offset in range(field.offset, field.offset + field.size)}
    stray = next((offset for offset, byte in enumerate(data) if byte and offset not in used), None)
    if stray is not None:
        message = f"byte {stray} is {data[stray]:#04x}, but profile {profile.name} has padding there"
        raise DomctlError(message, help_text)
    values: dict[str, Any] = {_attribute(name): value for name, value in read_fields(data, profile).items()}
    if profile.always_traps:
        if values["flags"] & _TRAP:
            message = (
                f"flags {values['flags']:#x} have bit {FLAGS.index(_TRAP_NAME)}, which profile {profile.name} lacks"
            )
            raise DomctlError(message, help_text, _TRAP_FIELD)
        values["flags"] |= _TRAP
    return CreateDomain(**values)


def encode_domctl(domain: CreateDomain, profile: Profile, domid: int = 0) -> bytes:
    """Return the whole `struct xen_domctl` of XEN_DOMCTL_createdomain: a header and the union, padded with zeros.

    `domid` is 0..65535. Raises DomctlError for any other, and as `encode` does.
    """
    if not 0 <= domid <= _UINT16_MAX:
        raise DomctlError(f"{domid} is not a domain id", f"use 0 to {_UINT16_MAX}")
    header = b"".join(
        value.to_bytes(size, "little")
        for value, size in ((CREATEDOMAIN_CMD, 4), (profile.interface_version, 4), (domid, 2), (0, 6))
    )
    return header + encode(domain, profile).ljust(DOMCTL_UNION_SIZE, b"\0")


def decode_domctl(data: bytes, profile: Profile) -> CreateDomain:
    """Return the structure in a whole `struct xen_domctl`. Raises DomctlError if it is for another command."""
    if len(data) != DOMCTL_HEADER_SIZE + DOMCTL_UNION_SIZE:
        raise DomctlError(f"a xen_domctl has {DOMCTL_HEADER_SIZE + DOMCTL_UNION_SIZE} bytes, not {len(data)}")
    cmd, version = (int.from_bytes(data[at : at + 4], "little") for at in (0, 4))
    if cmd != CREATEDOMAIN_CMD:
        raise DomctlError(f"domctl {cmd} is not createdomain ({CREATEDOMAIN_CMD})")
    if version != profile.interface_version:
        message = (
            f"interface version {version:#x} is not that of profile {profile.name} ({profile.interface_version:#x})"
        )
        raise DomctlError(message, "choose a profile with this interface version: see xenscmi profiles")
    if any(data[10:DOMCTL_HEADER_SIZE]):
        raise DomctlError("bytes 10 to 15 are not zero, but they are padding of xen_domctl")
    end = DOMCTL_HEADER_SIZE + profile.size
    if any(data[end:]):
        raise DomctlError(f"bytes from {end} on are not zero, but createdomain of {profile.name} ends there")
    return decode(data[DOMCTL_HEADER_SIZE:end], profile)


def _attribute(name: str) -> str:
    return name.replace(".", "_")


def _libxl_field(name: str) -> str:
    """Return libxl's path of a field of createdomain; empty if libxl has no such field."""
    return _FIELDS[name][0] if name in _FIELDS else ""


def _check_fits(domain: CreateDomain, profile: Profile) -> None:
    """Refuse what this Xen cannot be told, instead of dropping it."""
    if domain.arch_arm_sci_type == _SCI[ArmSciType.SCMI_SMC_MULTIAGENT] and not profile.agent_ids:
        message = f"Xen {profile.name} cannot be told an SCMI agent id, so scmi_smc_multiagent is not possible"
        help_text = "use a Xen with the multi-agent series, and its profile (4.22+sci-ma)"
        raise DomctlError(message, help_text, _libxl_field("arch_arm_sci_type"))
    layout = {_attribute(field.name) for field in profile.layout}
    for name in domain.fields:
        if name not in layout and getattr(domain, name):
            message = f"Xen {profile.name} has no field {name}, which should be {getattr(domain, name)}"
            raise DomctlError(message, "remove the option, or use the profile of a newer Xen", _libxl_field(name))
    if profile.always_traps and not domain.flags & _TRAP:
        message = f"Xen {profile.name} always traps accesses to unmapped addresses"
        help_text = "remove trap_unmapped_accesses, or use the profile of a newer Xen"
        raise DomctlError(message, help_text, _TRAP_FIELD)
