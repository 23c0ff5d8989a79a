#!/usr/bin/python3
"""What runs in dom0 as its first process: it starts Xen's daemons, then runs the snippets that come over a virtio port.

A request and its answer are JSON behind their length in bytes (4, little endian). Each snippet runs in a process of its
own: one that crashes or hangs takes nothing with it.
"""

import contextlib
import io
import json
import os
import select
import signal
import struct
import subprocess
import sys
import time
import traceback
from importlib import import_module
from pathlib import Path
from typing import Any

PORT = "/dev/vport0p1"


def say(text: str) -> None:
    Path("/dev/console").write_text(f"dom0: {text}\n")


def mount() -> None:
    for kind, place in (
        ("proc", "/proc"),
        ("sysfs", "/sys"),
        ("devtmpfs", "/dev"),
        ("devpts", "/dev/pts"),
        ("tmpfs", "/run"),
        ("tmpfs", "/tmp"),
    ):
        Path(place).mkdir(parents=True, exist_ok=True)
        subprocess.run(["busybox", "mount", "-t", kind, kind, place], check=True)
    for module in sorted(Path("/modules").glob("*.ko")):
        subprocess.run(["busybox", "insmod", module], check=True)
    subprocess.run(["busybox", "mount", "-t", "xenfs", "xenfs", "/proc/xen"], check=True)


def start_daemons() -> None:
    (tools,) = Path("/usr/lib").glob("xen-*/bin")
    os.environ["PATH"] = f"{tools}:/usr/bin:/usr/sbin"
    for folder in ("/run/xen", "/run/xenstored"):
        Path(folder).mkdir()
    for command in (["xenstored"], ["xen-init-dom0"], ["xenconsoled", "--log=none"]):
        subprocess.run(command, timeout=30, check=True)


def read_exactly(port: int, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = os.read(port, size - len(data))
        if not piece:
            time.sleep(0.05)  # nobody is connected on the other side
        data += piece
    return data


def write_all(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]


def run(request: Any) -> Any:
    """Run a snippet in a child and return its answer."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        os.setsid()
        write_all(writer, json.dumps(perform(request)).encode())
        os._exit(0)
    os.close(writer)
    answer, end = b"", time.monotonic() + request["limit"]
    while select.select([reader], [], [], max(0.0, end - time.monotonic()))[0]:
        piece = os.read(reader, 1 << 16)
        if not piece:
            break
        answer += piece
    else:
        os.killpg(child, signal.SIGKILL)
    os.close(reader)
    _, status = os.waitpid(child, 0)
    try:
        return json.loads(answer)
    except ValueError:
        return {"error": f"the snippet ended with wait status {status} (9 is the time limit of {request['limit']} s)"}


def perform(request: Any) -> Any:
    printed = io.StringIO()
    namespace = dict(request["values"])
    try:
        with contextlib.redirect_stdout(printed):
            exec(compile(request["code"], "<snippet>", "exec"), namespace)
        return {"result": json.loads(json.dumps(namespace.get("result"))), "output": printed.getvalue()}
    except BaseException:
        return {"error": traceback.format_exc(), "output": printed.getvalue()}


def answer(port: int, what: Any) -> None:
    data = json.dumps(what).encode()
    write_all(port, struct.pack("<I", len(data)) + data)


def main() -> None:
    mount()
    port = os.open(PORT, os.O_RDWR)
    try:
        start_daemons()
    except Exception:
        answer(port, {"error": traceback.format_exc()})
        raise
    sys.path.insert(0, "/xenscmi")
    for module in ("inside", "sessions"):  # what snippets use: importing takes seconds here
        import_module(module)
    answer(port, {})
    while True:
        (size,) = struct.unpack("<I", read_exactly(port, 4))
        answer(port, run(json.loads(read_exactly(port, size))))


if __name__ == "__main__":
    try:
        main()
    except BaseException:
        say(traceback.format_exc())
        time.sleep(1000)
