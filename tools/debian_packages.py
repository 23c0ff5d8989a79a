"""Fetch arm64 packages of Debian into a cache folder, for tests that boot a real kernel or a real Xen.

The machine's own apt set-up is read (which mirror, which proxy) and never changed: a private configuration has its own
lists, its own empty package database and its own sources. apt verifies what it downloads against Debian's keyring.
No root is needed, and nothing is installed: packages are unpacked side by side,

    <cache>/debian/<suite>/<package>/…          its files, and its control file in DEBIAN/

and a package that is there is not looked up again. Delete the folder to have newer ones.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
TOOLS = ("apt-get", "apt-cache", "dpkg-deb")
_DONE = "DEBIAN/control"


class Unavailable(Exception):
    """The packages cannot be had here; the text says why, and reads well as the reason of a skipped test."""


def cache_folder() -> Path:
    """The folder in which this project keeps what it has fetched: `xenscmi` in $XDG_CACHE_HOME or ~/.cache."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if Path(base).is_absolute() else Path.home() / ".cache") / "xenscmi"


_unavailable: dict[str, Unavailable] = {}
"""Suites that could not be had: they are not asked for again by this process."""


def fetch(suite: str, names: Sequence[str], *, timeout: float = 300) -> dict[str, Path]:
    """Return the folders into which the packages of a suite are unpacked, by name.

    `suite` is a Debian suite such as `trixie`. `timeout` in seconds bounds all of it. Raises Unavailable.
    """
    folder = cache_folder() / "debian" / suite
    folders = {name: folder / name for name in names}
    if not all((each / _DONE).is_file() for each in folders.values()):
        if suite in _unavailable:
            raise _unavailable[suite]
        try:
            _fill(suite, folder, names, time.monotonic() + timeout)
        except Unavailable as error:
            _unavailable[suite] = error
            raise
    return folders


def _fill(suite: str, folder: Path, names: Sequence[str], deadline: float) -> None:
    """Fetch those of the packages that are not there."""
    with _locked(folder, deadline):
        missing = [name for name in names if not (folder / name / _DONE).is_file()]
        if missing:
            _Apt(suite, folder, deadline).unpack(missing)


def depends(package: Path) -> list[str]:
    """Return the names of the packages on which an unpacked package depends, the first of each choice."""
    control = (package / _DONE).read_text(encoding="utf-8")
    fields = re.findall(r"^(?:Pre-)?Depends: *(.*(?:\n[ \t].*)*)", control, re.MULTILINE)
    return [match[0] for each in fields for part in each.split(",") if (match := re.match(r"[^\s:(|]+", part.strip()))]


def closure(suite: str, names: Sequence[str], *, timeout: float = 300) -> dict[str, Path]:
    """As `fetch`, with everything that the packages depend on, by their first choices."""
    deadline = time.monotonic() + timeout
    folders: dict[str, Path] = {}
    wanted = list(names)
    while wanted:
        new = fetch(suite, wanted, timeout=max(1, deadline - time.monotonic()))
        folders |= new
        wanted = sorted({each for folder in new.values() for each in depends(folder)} - set(folders))
    return folders


def kernel(suite: str, flavour: str = "cloud-arm64", *, timeout: float = 300) -> Path:
    """Return the file of the suite's current kernel of a flavour.

    It is in the package that `linux-image-FLAVOUR` names, or since Debian 14 in that one's `linux-binary-…`.
    """
    deadline = time.monotonic() + timeout
    name = f"linux-image-{flavour}"
    for prefix in ("linux-image-", "linux-binary-", ""):
        folder = fetch(suite, [name], timeout=max(1, deadline - time.monotonic()))[name]
        for pattern in ("boot/vmlinuz-*", "usr/lib/modules/*/vmlinuz"):
            for file in folder.glob(pattern):
                return file
        name = next((each for each in depends(folder) if prefix and each.startswith(prefix)), "")
        if not name:
            break
    raise Unavailable(f"no package of Debian {suite} has a kernel of flavour {flavour}")


def device_trees(suite: str, *, timeout: float = 300) -> Path:
    """Return the folder with the DTBs of the suite's current kernel, a folder for each vendor.

    They are in the package that linux-image-arm64 names, or since Debian 14 in another that this one depends on.
    """
    deadline = time.monotonic() + timeout
    wanted, seen = ["linux-image-arm64"], set[str]()
    while wanted:
        seen.update(wanted)
        folders = fetch(suite, wanted, timeout=max(1, deadline - time.monotonic()))
        for folder in folders.values():
            for pattern in ("usr/lib/linux-image-*", "usr/lib/modules/*/dtb"):
                for found in folder.glob(pattern):
                    return found
        depended = {name for folder in folders.values() for name in depends(folder)}
        wanted = sorted(name for name in depended - seen if re.match(r"linux-(image|binary|base)-\d", name))
    raise Unavailable(f"no kernel package of Debian {suite} has device trees")


def merged(suite: str, names: Sequence[str], root: Path, *, timeout: float = 300) -> Path:
    """Return `root` with the files of several packages of a suite in one tree, as if they were installed there."""
    wanted, deadline = "\n".join((suite, *names)), time.monotonic() + timeout
    stamp = root / ".packages"
    if not stamp.is_file() or stamp.read_text() != wanted:
        folders = fetch(suite, names, timeout=timeout)
        with _locked(root.parent, deadline), tempfile.TemporaryDirectory(dir=cache_folder(), prefix=".new-") as new:
            if stamp.is_file() and stamp.read_text() == wanted:
                return root  # another process has made it meanwhile
            whole = Path(new) / "root"
            for folder in folders.values():
                shutil.copytree(folder, whole, symlinks=True, dirs_exist_ok=True, ignore=_control)
            (whole / ".packages").write_text(wanted)
            shutil.rmtree(root, ignore_errors=True)
            whole.rename(root)
    return root


def _control(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if name == "DEBIAN"]


@contextmanager
def _locked(folder: Path, deadline: float) -> Iterator[None]:
    """Keep other processes from filling the same folder meanwhile."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise Unavailable(f"another process has been filling {folder} for too long") from None
                time.sleep(0.2)
        yield


class _Apt:
    """apt with a configuration of its own, for one suite."""

    def __init__(self, suite: str, folder: Path, deadline: float) -> None:
        for tool in TOOLS:
            if shutil.which(tool) is None:
                raise Unavailable(f"{tool} is not installed: Debian packages are fetched with it")
        if not KEYRING.is_file():
            raise Unavailable(f"{KEYRING} is missing (package debian-archive-keyring): nothing could be verified")
        self.suite = suite
        self.folder = folder
        self.deadline = deadline
        self.home = folder / ".apt"
        self._configure(_mirror())

    def _configure(self, mirror: str) -> None:
        for name in ("lists/partial", "cache/archives/partial"):
            (self.home / name).mkdir(parents=True, exist_ok=True)
        (self.home / "status").touch()
        (self.home / "sources.list").write_text(f"deb [signed-by={KEYRING}] {mirror} {self.suite} main\n")
        self.config = self.home / "apt.conf"
        self.config.write_text(
            f'Dir::State "{self.home}";\n'
            f'Dir::State::Lists "{self.home}/lists";\n'
            f'Dir::State::status "{self.home}/status";\n'
            f'Dir::Cache "{self.home}/cache";\n'
            f'Dir::Etc::SourceList "{self.home}/sources.list";\n'
            'Dir::Etc::SourceParts "/nonexistent";\n'
            'Dir::Etc::Preferences "/nonexistent";\n'
            'Dir::Etc::PreferencesParts "/nonexistent";\n'
            'APT::Architecture "arm64";\n'
            'APT::Architectures { "arm64"; };\n'
            'APT::Sandbox::User "";\n'
            'Acquire::Languages "none";\n'
            'Acquire::Retries "2";\n'
            'Acquire::http::Timeout "20";\n'
        )

    def unpack(self, names: Sequence[str]) -> None:
        """Download the packages and unpack each into its folder: whole, or not at all."""
        self._run("apt-get", "update", "-q", "-o", "APT::Update::Error-Mode=any")
        with tempfile.TemporaryDirectory(dir=self.folder, prefix=".new-") as new:
            self._run("apt-get", "download", "-q", *names, cwd=Path(new))
            for archive in sorted(Path(new).glob("*.deb")):
                name = archive.name.partition("_")[0]
                self._run("dpkg-deb", "--raw-extract", str(archive), f"{new}/{name}")
                archive.unlink()
                target = self.folder / name
                shutil.rmtree(target, ignore_errors=True)
                (Path(new) / name).rename(target)

    def _run(self, *command: str, cwd: Path | None = None) -> None:
        seconds = self.deadline - time.monotonic()
        environment = {**os.environ, "APT_CONFIG": str(self.config), "LC_ALL": "C.UTF-8"}
        try:
            done = subprocess.run(
                command, cwd=cwd, env=environment, timeout=max(seconds, 1), check=False, capture_output=True, text=True
            )
        except subprocess.TimeoutExpired:
            raise Unavailable(f"{' '.join(command[:2])} for Debian {self.suite} did not end in time") from None
        if done.returncode != 0:
            errors = [
                line for line in (done.stderr + done.stdout).splitlines() if line.startswith(("E:", "Err:", "dpkg"))
            ]
            reason = errors[0] if errors else f"exit status {done.returncode}"
            raise Unavailable(f"{' '.join(command[:2])} for Debian {self.suite} failed (no network?): {reason}")


def _mirror() -> str:
    """Return the address of the Debian mirror that this machine's own apt uses."""
    done = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"],
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )
    for uri in done.stdout.split():
        if urlsplit(uri).path.rstrip("/") == "/debian":
            return uri
    raise Unavailable("apt on this machine has no Debian mirror among its sources")
