"""The known layouts of `struct xen_domctl_createdomain` on Arm, by name.

Several layouts share an interface version (0x17 is 4.19 and 4.21, 0x18 is 4.22 with and without the series), so the
user chooses a profile by its name; it is not derived from the version. Offsets and sizes are in bytes; all fields are
little endian. Source: xen/include/public/{domctl,arch-arm}.h of each release, and the series as posted.
"""

from __future__ import annotations

from xenscmi.record import Record

DOMCTL_HEADER_SIZE = 16
DOMCTL_UNION_SIZE = 128
CREATEDOMAIN_CMD = 1
# Offset of `struct xen_arch_domainconfig` in every profile.
ARCH_OFFSET = 60


class LayoutField(Record):
    """One field: its name in Xen's headers (with dots if nested), offset, size, and whether it is signed."""

    name: str
    offset: int
    size: int
    signed: bool = False


class Profile(Record):
    """A named layout of createdomain; `source` describes the Xen that has it.

    `always_traps` is true for a Xen without the flag trap_unmapped_accesses (before 4.21), which always traps.
    """

    name: str
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


def _fields(*rows: tuple[str, int, int] | tuple[str, int, int, bool]) -> tuple[LayoutField, ...]:
    return tuple(LayoutField(name=row[0], offset=row[1], size=row[2], signed=row[3:] == (True,)) for row in rows)


_COMMON = _fields(
    ("ssidref", 0, 4),
    ("handle", 4, 16),
    ("flags", 20, 4),
    ("iommu_opts", 24, 4),
    ("max_vcpus", 28, 4),
    ("max_evtchn_port", 32, 4),
    ("max_grant_frames", 36, 4, True),
    ("max_maptrack_frames", 40, 4, True),
    ("grant_opts", 44, 4),
)
_ALTP2M_WORD = _fields(("altp2m_opts", 48, 4))
_ALTP2M = _fields(("altp2m.opts", 48, 2), ("altp2m.nr", 50, 2))
_TAIL = _fields(
    ("vmtrace_size", 52, 4),
    ("cpupool_id", 56, 4),
    ("arch.gic_version", ARCH_OFFSET, 1),
    ("arch.sve_vl", ARCH_OFFSET + 1, 1),
    ("arch.tee_type", ARCH_OFFSET + 2, 2),
    ("arch.nr_spis", ARCH_OFFSET + 4, 4),
    ("arch.clock_frequency", ARCH_OFFSET + 8, 4),
)


def _sci(agent_id: int | None = None, v8r_el1_msa: int | None = None) -> tuple[LayoutField, ...]:
    """Return the fields after clock_frequency: the SCI type, and those of the other two that have an offset."""
    rows = [("arch.arm_sci_type", ARCH_OFFSET + 12, 1)]
    if agent_id is not None:
        rows.append(("arch.arm_sci_agent_id", agent_id, 1))
    if v8r_el1_msa is not None:
        rows.append(("arch.v8r_el1_msa", v8r_el1_msa, 1))
    return _fields(*sorted(rows, key=lambda row: row[1]))


_BYTE_13, _BYTE_14 = ARCH_OFFSET + 13, ARCH_OFFSET + 14
_OLD = (*_COMMON, *_ALTP2M_WORD, *_TAIL)
_NEW = (*_COMMON, *_ALTP2M, *_TAIL)

PROFILES: dict[str, Profile] = {
    profile.name: profile
    for profile in (
        Profile(name="4.19", interface_version=0x17, source="Xen 4.19: no SCI", layout=_OLD, always_traps=True),
        Profile(name="4.20", interface_version=0x17, source="Xen 4.20: no SCI", layout=_OLD, always_traps=True),
        Profile(name="4.21", interface_version=0x17, source="Xen 4.21: single-agent SCI", layout=(*_NEW, *_sci())),
        Profile(
            name="4.21+sci-ma",
            interface_version=0x17,
            source="Xen 4.21 with the multi-agent series v10/v11",
            layout=(*_NEW, *_sci(agent_id=_BYTE_13)),
        ),
        Profile(
            name="4.22",
            interface_version=0x18,
            source="Xen 4.22: single-agent SCI",
            layout=(*_NEW, *_sci(v8r_el1_msa=_BYTE_13)),
        ),
        Profile(
            name="4.22+sci-ma",
            interface_version=0x18,
            source="Xen 4.22 with the series, the field at the offset of the patch (not upstream)",
            layout=(*_NEW, *_sci(agent_id=_BYTE_13, v8r_el1_msa=_BYTE_14)),
        ),
        Profile(
            name="4.22+sci-ma-pad",
            interface_version=0x18,
            source="Xen 4.22 with the series, the field in the free padding (not upstream)",
            layout=(*_NEW, *_sci(agent_id=_BYTE_14, v8r_el1_msa=_BYTE_13)),
        ),
    )
}
DEFAULT_PROFILE = "4.22+sci-ma"
