"""What libxl finds out about the host before it creates a domain (libxl_physinfo and others)."""

from __future__ import annotations

from xenscmi.record import Record

SECINITSID_DOMU = 12


class HostCapabilities(Record):
    """A host as libxl sees it. The defaults describe the host on which the vectors were recorded.

    `nodes` has a bitmap of CPUs for each NUMA node, at least one; `sve_vl` is the longest SVE vector in bits, 0 without
    SVE; `cap_*` are the flags of libxl_physinfo; `pools` and `domains` are pairs of id and name. Xen has no Flask
    policy.
    """

    nodes: tuple[int, ...] = (0xFF,)
    sve_vl: int = 2048
    cap_hap: bool = True
    cap_shadow: bool = False
    cap_hvm_directio: bool = True
    cap_vpmu: bool = True
    cap_gnttab_v1: bool = True
    cap_gnttab_v2: bool = False
    pools: tuple[tuple[int, str], ...] = ((0, "Pool-0"),)
    domains: tuple[tuple[int, str], ...] = ((0, "Domain-0"),)

    @property
    def cpu_bits(self) -> int:
        """The size of libxl's CPU bitmaps in bits: the number of CPUs, rounded up to whole bytes."""
        return (max(self.nodes).bit_length() + 7) // 8 * 8

    @property
    def nr_cpus(self) -> int:
        """The number of CPUs that are online."""
        return sum(cpus.bit_count() for cpus in self.nodes)


DEFAULT_HOST = HostCapabilities()
