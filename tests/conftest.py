"""Shared by all tests: hypothesis profiles, and the vectors that stand beside the project."""

from __future__ import annotations

import os
import shutil
import subprocess
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from boot_vector import read_vector
from hypothesis import HealthCheck, settings

from xenscmi.host.types import Host

SHARED = Path(__file__).parents[2] / "shared"

settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("default")

_STATES = count()


@pytest.fixture(autouse=True)
def no_host_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Give each test, and the processes that it starts, a modelled host of its own: never the one of who runs it."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.getbasetemp() / "states" / str(next(_STATES))))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of facts and vectors beside the project; tests that need it skip where it is not there."""
    if not SHARED.is_dir():
        pytest.skip("no ../shared folder beside the project")
    return SHARED


BOOT_VECTORS = Path(__file__).parent / "vectors" / "boot"


@pytest.fixture(scope="session")
def boot_vectors() -> dict[str, Host]:
    """The hosts of all boot vectors by name."""
    return {folder.name: read_vector(folder) for folder in sorted(BOOT_VECTORS.iterdir()) if folder.is_dir()}


KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")

APT_CONFIG = """
Dir::State::Lists "{folder}/lists";
Dir::State::status "{folder}/status";
Dir::Cache "{folder}/cache";
Dir::Etc::sourcelist "{folder}/sources.list";
Dir::Etc::sourceparts "-";
APT::Architecture "arm64";
APT::Architectures {{ "arm64"; }};
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::Retries "1";
Acquire::http::Timeout "20";
"""


@pytest.fixture(scope="session")
def debian_dtbs(pytestconfig: pytest.Config) -> Path:
    """A folder with the DTBs of Debian's linux-image-arm64, a folder for each vendor; skips where they cannot be had.

    apt fetches the package with a configuration of its own, which leaves the machine's alone; pytest's cache keeps it.
    """
    assert pytestconfig.cache
    kept = pytestconfig.cache.mkdir("debian-arm64") / "dtbs"
    if not KEYRING.exists():
        pytest.skip(f"no Debian keyring ({KEYRING})")
    if not kept.is_dir():
        with TemporaryDirectory() as folder:
            shutil.move(fetch_dtbs(Path(folder)), kept)
    return kept


def fetch_dtbs(folder: Path) -> Path:
    """Fetch the arm64 kernel's package into `folder` and return the folder in it that holds the DTBs."""
    for name in ("lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True)
    (folder / "status").touch()
    (folder / "sources.list").write_text(f"deb [signed-by={KEYRING}] http://deb.debian.org/debian stable main\n")
    (folder / "apt.conf").write_text(APT_CONFIG.format(folder=folder))

    def run(*command: str) -> str:
        env = {**os.environ, "APT_CONFIG": str(folder / "apt.conf"), "LC_ALL": "C"}
        try:
            done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=True, timeout=300)
        except (OSError, subprocess.SubprocessError) as error:
            pytest.skip(f"{command[0]} cannot fetch Debian's kernel: {getattr(error, 'stderr', '') or error}")
        return done.stdout

    run("apt-get", "update", "--error-on=any")
    depends = run("apt-cache", "depends", "linux-image-arm64")
    run("apt-get", "download", next(line.split()[1] for line in depends.splitlines() if "Depends:" in line))
    (archive,) = folder.glob("linux-image-*.deb")
    run("dpkg-deb", "--extract", archive.name, "unpacked")
    (vendors,) = (folder / "unpacked/usr/lib").glob("linux-image-*")
    return vendors
