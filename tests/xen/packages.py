"""Debian's arm64 packages, fetched as an ordinary user and unpacked into a cache folder.

The machine's own apt stays as it is: apt gets a configuration of its own.
Everything is kept under `${XDG_CACHE_HOME:-~/.cache}/xenscmi/xen` and used again: only the first run needs a network.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

MIRROR = "http://deb.debian.org/debian"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_UPDATE_LIMIT, _DOWNLOAD_LIMIT, _UNPACK_LIMIT = 120, 240, 120

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


class Unavailable(Exception):
    """The packages cannot be had here; the message says why."""


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
KERNEL_PACKAGE = "linux-image-cloud-arm64"


def cache_folder() -> Path:
    """Return where the packages are kept."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "xenscmi" / "xen"


def dom0_root(release: Release) -> Path:
    """Return the folder in which the packages for dom0 are unpacked, fetching them if they are not there yet.

    Raises Unavailable where apt or the network is missing.
    """
    return _unpacked(cache_folder() / f"dom0-{release.xen}", release.suite, release.packages)


def kernel_root() -> Path:
    """Return the folder in which Debian's arm64 kernel is unpacked: dom0 and the guests run it. Raises Unavailable."""
    return _unpacked(cache_folder() / "kernel", KERNEL_SUITE, (KERNEL_PACKAGE,))


def _unpacked(root: Path, suite: str, packages: tuple[str, ...]) -> Path:
    stamp = root / ".packages"
    wanted = "\n".join(packages)
    if stamp.exists() and stamp.read_text() == wanted:
        return root
    for tool in ("apt-get", "apt-cache", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise Unavailable(f"{tool} is not here, which fetches Debian's packages")
    if not KEYRING.exists():
        raise Unavailable(f"{KEYRING} is not here (package debian-archive-keyring)")
    apt = _private_apt(cache_folder() / f"apt-{suite}", suite)
    names = [_real_name(apt, each) for each in packages]
    debs = root.with_name(root.name + ".debs")
    fresh = root.with_name(root.name + ".new")
    for folder in (root, debs, fresh):
        shutil.rmtree(folder, ignore_errors=True)
    for folder in (debs, fresh):
        folder.mkdir(parents=True)
    _run(["apt-get", "-qq", "download", *names], apt, _DOWNLOAD_LIMIT, debs)
    for deb in sorted(debs.glob("*.deb")):
        _run(["dpkg-deb", "-x", str(deb), str(fresh)], apt, _UNPACK_LIMIT, debs)
    (fresh / ".packages").write_text(wanted)
    fresh.rename(root)
    shutil.rmtree(debs)
    return root


def _private_apt(folder: Path, suite: str) -> Path:
    """Return the configuration of an apt of our own for the arm64 packages of a suite, its lists fetched."""
    for name in ("lists/partial", "archives/partial", "parts"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "status").touch()
    (folder / "sources.list").write_text(f"deb [signed-by={KEYRING}] {MIRROR} {suite} main\n")
    settings = {
        "APT::Architecture": "arm64",
        "APT::Architectures": "arm64",
        "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
        "Acquire::Retries": "2",
        "Acquire::http::Timeout": "30",
        "Dir::Cache": str(folder),
        "Dir::Cache::pkgcache": "",
        "Dir::Cache::srcpkgcache": "",
        "Dir::Etc::parts": str(folder / "parts"),
        "Dir::Etc::preferencesparts": str(folder / "parts"),
        "Dir::Etc::sourcelist": str(folder / "sources.list"),
        "Dir::Etc::sourceparts": str(folder / "parts"),
        "Dir::State": str(folder),
        "Dir::State::lists": str(folder / "lists"),
        "Dir::State::status": str(folder / "status"),
    }
    configuration = folder / "apt.conf"
    configuration.write_text("".join(f'{name} "{value}";\n' for name, value in settings.items()))
    _run(["apt-get", "-qq", "--error-on=any", "update"], configuration, _UPDATE_LIMIT, folder)
    return configuration


def _real_name(apt: Path, package: str) -> str:
    """Return what a metapackage of the kernel depends on; any other package's name as it is."""
    if package != KERNEL_PACKAGE:
        return package
    match = re.search(r"Depends: (linux-image-\S+)", _run(["apt-cache", "depends", package], apt, 60, apt.parent))
    if match is None:
        raise Unavailable(f"{package} depends on no kernel")
    return match[1]


def _run(command: list[str], apt: Path, limit: int, folder: Path) -> str:
    environment = {**os.environ, "APT_CONFIG": str(apt), "LC_ALL": "C"}
    try:
        done = subprocess.run(command, cwd=folder, env=environment, timeout=limit, capture_output=True, text=True)
    except subprocess.TimeoutExpired:
        raise Unavailable(f"{' '.join(command[:3])} took more than {limit} s") from None
    if done.returncode:
        complaint = (done.stderr.strip().splitlines() or ["no word why"])[-1]
        raise Unavailable(f"{' '.join(command[:3])}: {complaint}")
    return done.stdout
