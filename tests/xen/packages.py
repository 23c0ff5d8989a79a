"""Debian's arm64 packages for a dom0 on a real Xen (tools/debian_packages.py fetches them)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import debian_packages

_STABLE_LIBRARIES = ("libxencall1", "libxenforeignmemory1", "libxenevtchn1", "libxenstore4")
_XEN_LIBRARIES = (
    *_STABLE_LIBRARIES,
    "libxentoolcore1",
    "libxentoollog1",
    "libxendevicemodel1",
    "libxengnttab1",
    "libxenhypfs1",
)
_OTHER_LIBRARIES = (
    "libc6",
    "libgcc-s1",
    "zlib1g",
    "libbz2-1.0",
    "liblzma5",
    "libzstd1",
    "libexpat1",
    "libffi8",
    "libuuid1",
    "libyajl2",
    "libfdt1",
    "libncurses6",
    "libtinfo6",
)


@dataclass(frozen=True, slots=True)
class Release:
    """One Xen to test on: Debian's suite that has it, and that suite's Python."""

    xen: str
    suite: str
    python: str
    msgspec: tuple[str, ...] = ()
    """The package of msgspec, which only commands that read a host.toml need; bookworm has none."""

    @property
    def packages(self) -> tuple[str, ...]:
        """What dom0 needs: Xen, its tools, Python, busybox."""
        python = (f"libpython{self.python}-minimal", f"python{self.python}-minimal", f"libpython{self.python}-stdlib")
        xen = (f"xen-hypervisor-{self.xen}-arm64", f"xen-utils-{self.xen}", f"libxenmisc{self.xen}", "xenstore-utils")
        return (*xen, *_XEN_LIBRARIES, *_OTHER_LIBRARIES, *python, *self.msgspec, "busybox-static")


RELEASES = {
    each.xen: each
    for each in (Release("4.17", "bookworm", "3.11"), Release("4.20", "trixie", "3.13", ("python3-msgspec",)))
}
KERNEL_SUITE = "bookworm"


def dom0_root(release: Release) -> Path:
    """Return the folder in which the packages for dom0 are unpacked, fetching them if they are not there yet.

    Raises Unavailable where apt or the network is missing.
    """
    folder = debian_packages.cache_folder() / "xen" / f"dom0-{release.xen}"
    return debian_packages.merged(release.suite, release.packages, folder)


def kernel_root() -> Path:
    """Return the folder in which Debian's arm64 kernel is unpacked: dom0 and the guests run it. Raises Unavailable."""
    return debian_packages.kernel(KERNEL_SUITE).parent.parent
