"""One arm64 machine in qemu: a real Xen, Debian's kernel as dom0, and Python in it that runs snippets.

It has one CPU: emulated CPUs wait for each other, and on a busy machine two are ten times slower than one.
"""

from __future__ import annotations

import json
import shutil
import socket
import struct
import subprocess
import tempfile
import textwrap
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.xen import initramfs, packages

QEMU = "qemu-system-aarch64"
BOOT_LIMIT = 120
# Whatever happens, no qemu is left behind: not when pytest is killed, and not after this many seconds.
LIFE_LIMIT = 900
# In the order in which they need each other.
_MODULES = (
    "virtio",
    "virtio_ring",
    "virtio_mmio",
    "virtio_console",
    "xen-privcmd",
    "xen-evtchn",
    "xenfs",
    "xen-gntdev",
    "xen-gntalloc",
)
_KERNEL_ADDRESS, _INITRD_ADDRESS = 0x5000_0000, 0x5400_0000
_HERE = Path(__file__).parent
_SOURCE = _HERE.parents[1] / "src"


class SnippetError(Exception):
    """A snippet failed in dom0; the message is its traceback there."""


class Machine:
    """A booted machine; use it in a `with`. `console` is what Xen and dom0 printed."""

    def __init__(self, release: packages.Release, folder: Path, files: Mapping[str, bytes]) -> None:
        self.release = release
        self._console = folder / "console.txt"
        self._socket = folder / "port"
        root, kernel = packages.dom0_root(release), packages.kernel_root()
        (vmlinuz,) = (kernel / "boot").glob("vmlinuz-*")
        initrd = folder / "initrd"
        initrd.write_bytes(_base(release, root) + _own(kernel, files))
        self._command = [
            *("setpriv", "--pdeathsig", "TERM", "timeout", "--kill-after=5", str(LIFE_LIMIT), QEMU),
            *("-machine", "virt,virtualization=on,gic-version=3", "-cpu", "cortex-a57", "-m", "2048", "-smp", "1"),
            *("-display", "none", "-nodefaults", "-monitor", "none", "-serial", f"file:{self._console}"),
            *("-kernel", str(root / "boot" / f"xen-{release.xen}-arm64")),
            *("-append", "console=dtuart dom0_mem=768M dom0_max_vcpus=1 loglvl=all guest_loglvl=all"),
            *(
                "-device",
                f"guest-loader,addr={_KERNEL_ADDRESS:#x},kernel={vmlinuz},bootargs=console=hvc0 rdinit=/init quiet",
            ),
            *("-device", f"guest-loader,addr={_INITRD_ADDRESS:#x},initrd={initrd}"),
            *("-device", "virtio-serial-device", "-device", "virtserialport,chardev=port,name=snippets"),
            *("-chardev", f"socket,id=port,path={self._socket},server=on,wait=off"),
        ]

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL)
        try:
            self._port = self._connect()
            failure = self._receive(BOOT_LIMIT).get("error")
            if failure:
                raise SnippetError(failure)
        except BaseException as error:
            self.stop()
            raise AssertionError(f"no dom0 after {BOOT_LIMIT} s ({error!r}):\n{self.console[-5000:]}") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._port.close()
        self.stop()

    def stop(self) -> None:
        """End qemu."""
        self._process.terminate()
        self._process.wait(20)

    @property
    def console(self) -> str:
        return self._console.read_text(errors="replace") if self._console.exists() else ""

    def run(self, code: str, *, limit: float = 60, **values: Any) -> Any:
        """Run Python in dom0 with these names set, and return what it leaves in `result`.

        Raises SnippetError with the traceback where it fails or takes more than `limit` seconds.
        """
        request = json.dumps({"code": textwrap.dedent(code), "values": values, "limit": limit}).encode()
        self._port.sendall(struct.pack("<I", len(request)) + request)
        answer = self._receive(limit + 20)
        if "error" in answer:
            raise SnippetError(f"{answer['error']}\n{answer.get('output', '')}\n{self.console[-300:]}")
        return answer["result"]

    def _connect(self) -> socket.socket:
        end = time.monotonic() + 20
        while True:
            port = socket.socket(socket.AF_UNIX)
            try:
                port.connect(str(self._socket))
            except OSError:
                port.close()
                if time.monotonic() > end or self._process.poll() is not None:
                    raise
                time.sleep(0.05)
            else:
                return port

    def _receive(self, limit: float) -> dict[str, Any]:
        end = time.monotonic() + limit
        (size,) = struct.unpack("<I", self._exactly(4, end))
        answer: dict[str, Any] = json.loads(self._exactly(size, end))
        return answer

    def _exactly(self, size: int, end: float) -> bytes:
        data = b""
        while len(data) < size:
            self._port.settimeout(max(0.1, end - time.monotonic()))
            piece = self._port.recv(size - len(data))
            if not piece:
                raise ConnectionError("qemu has ended")
            data += piece
        return data


def why_not() -> str:
    """Return why no machine can be had here; empty where one can."""
    return "" if shutil.which(QEMU) else f"no {QEMU} here (Debian: qemu-system-arm)"


def _base(release: packages.Release, root: Path) -> bytes:
    """Return the archive of dom0's packages, made once for the packages that are unpacked."""
    path = root.with_name(root.name + ".cpio")
    stamp = root / ".packages"
    if not path.exists() or path.stat().st_mtime < stamp.stat().st_mtime:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".new-") as new:  # others may make it, too
            fresh = Path(new, path.name)
            fresh.write_bytes(initramfs.dom0_base(root, release.python))
            fresh.replace(path)
    return path.read_bytes()


def _own(kernel: Path, files: Mapping[str, bytes]) -> bytes:
    """Return the archive of what is ours: the first process, modules, xenscmi, what snippets import, `files`."""
    archive = initramfs.Archive()
    archive.file("init", (_HERE / "dom0.py").read_bytes(), 0o755)
    for number, module in enumerate(_MODULES):
        (path,) = kernel.glob(f"lib/modules/*/kernel/**/{module}.ko")
        archive.file(f"modules/{number}-{module}.ko", path.read_bytes())
    for name, content in files.items():
        archive.file(name, content)
    for source in sorted(_SOURCE.rglob("*.py")):
        archive.file(f"xenscmi/{source.relative_to(_SOURCE).as_posix()}", source.read_bytes())
    for source in (_HERE / "inside.py", _HERE.parent / "toolstack" / "sessions.py"):
        archive.file(f"xenscmi/{source.name}", source.read_bytes())
    return archive.finish()
