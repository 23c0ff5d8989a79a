"""The known layouts of `struct xen_domctl_createdomain` on Arm, by name.

Several layouts share an interface version (0x17 is 4.19 and 4.21, 0x18 is 4.22 with and without the series), so the
user chooses a profile by its name, or `hypercall` probes it; it is not derived from the version. A name may have a
point release (4.21.2, 4.21.2+sci-ma): the layout is that of its branch, but Xen's behaviour may differ (`releases`).
Offsets and sizes are in bytes; all fields are little endian. The layouts stand in `layouts`: tools/xen_layouts.py
writes it from the public headers of each release (xen/include/public/{domctl,arch-arm}.h), and of the series as posted.
"""

from __future__ import annotations

from xenscmi.config.types.enums import ArmSciType
from xenscmi.domctl.layouts import LAYOUTS
from xenscmi.domctl.releases import Release, parse_release
from xenscmi.record import Record

DOMCTL_HEADER_SIZE = 16
DOMCTL_UNION_SIZE = 128
CREATEDOMAIN_CMD = 1


class LayoutField(Record):
    """One field: its name in Xen's headers (with dots if nested), offset, size, and whether it is signed."""

    name: str
    offset: int
    size: int
    signed: bool = False


class Profile(Record):
    """A named layout of createdomain; `source` describes the Xen that has it, `release` is the first such Xen.

    `always_traps` is true for a Xen without the flag trap_unmapped_accesses (before 4.21), which always traps.
    """

    name: str
    release: Release
    interface_version: int
    source: str
    layout: tuple[LayoutField, ...]
    always_traps: bool = False

    @property
    def size(self) -> int:
        """The size of the structure in bytes, trailing padding included."""
        return (max(field.offset + field.size for field in self.layout) + 3) // 4 * 4

    @property
    def agent_ids(self) -> bool:
        """Whether an SCMI agent id can be passed."""
        return any(field.name == "arch.arm_sci_agent_id" for field in self.layout)

    @property
    def sci_driver(self) -> ArmSciType:
        """The SCI driver that this Xen is built with unless its .config says otherwise (Kconfig's default)."""
        if self.agent_ids:
            return ArmSciType.SCMI_SMC_MULTIAGENT
        return ArmSciType.SCMI_SMC if self.release >= FIRST_WITH_SCI_DRIVER else ArmSciType.NONE


FIRST_WITH_SCI_DRIVER = Release(4, 20)
"""The first Xen with the single-agent driver; in 4.20 it serves dom0 alone."""

CDF_TRAP_UNMAPPED_ACCESSES = 1 << 8
"""XEN_DOMCTL_CDF_trap_unmapped_accesses."""

# Type in C -> size in bytes, and whether it is signed.
_TYPES = {
    "uint8_t": (1, False),
    "uint16_t": (2, False),
    "uint32_t": (4, False),
    "int32_t": (4, True),
    "uint64_aligned_t": (8, False),
    "xen_domain_handle_t": (16, False),
}


def _profile(name: str) -> Profile:
    version, source, flags, fields = LAYOUTS[name]
    layout = []
    for field, offset, kind in fields:
        size, signed = _TYPES[kind]
        layout.append(LayoutField(name=field, offset=offset, size=size, signed=signed))
    release = parse_release(name.partition("+")[0])
    assert release is not None, name
    return Profile(
        name=name,
        release=release,
        interface_version=version,
        source=source,
        layout=tuple(layout),
        always_traps=not flags & CDF_TRAP_UNMAPPED_ACCESSES,
    )


PROFILES: dict[str, Profile] = {name: _profile(name) for name in LAYOUTS}
PROFILES_HELP = f"profiles are {', '.join(PROFILES)}, with a point release if need be (4.21.2+sci-ma)"
"""What to say of a name that `find_profile` does not know."""
DEFAULT_PROFILE = "4.22+sci-ma"


def find_profile(name: str) -> Profile | None:
    """Return the profile with a name, which may have a point release (4.21.2+sci-ma); None if there is none."""
    if name in PROFILES:
        return PROFILES[name]
    version, plus, variant = name.partition("+")
    release = parse_release(version)
    if release is None:
        return None
    profile = PROFILES.get(f"{release.branch}{plus}{variant}")
    return profile and profile.replace(name=name, release=release)
