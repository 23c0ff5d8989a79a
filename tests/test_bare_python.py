"""Commands that need nothing but Python: `python -S` finds no installed package, and they do not look for any."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOMD = str(ROOT / "examples/guests/domd.cfg")
UUID = 'uuid="5b9e83c3-54d0-4b3a-a9a5-0cb6b9b7d2f1"'

# To look for a package is a failure, even where the code would do without it. (`copy` looks for Jython's `org`.)
RUN = """
import sys

class NothingElse:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top not in ("xenscmi", "org") and top not in sys.stdlib_module_names:
            raise SystemExit(f"it looks for {name}")

sys.meta_path.insert(0, NothingElse())
from xenscmi.cli import main
sys.exit(main(sys.argv[1:]))
"""


def run(*options: str, arguments: list[str], stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, *options, *arguments]
    env = {"PYTHONPATH": str(ROOT / "src"), "PYTHONDONTWRITEBYTECODE": "1", "PATH": "/nowhere"}
    return subprocess.run(command, input=stdin, env=env, capture_output=True, timeout=60, check=False)


@pytest.mark.parametrize(
    "arguments",
    [
        ["create", "-n", DOMD, UUID],
        ["create", "-n", DOMD, "arm_sci='type=scmi_smc_multiagent,agent_id=300'"],
        ["domctl", DOMD, UUID],
        ["profiles"],
        ["completion", "bash"],
        ["create", "--help"],
        ["--version"],
    ],
    ids=" ".join,
)
def test_a_command_needs_no_package(arguments: list[str]) -> None:
    bare = run("-S", "-c", RUN, arguments=arguments)
    usual = run("-m", "xenscmi", arguments=arguments)
    assert b"it looks for" not in bare.stderr, bare.stderr
    assert b"Traceback" not in bare.stderr, bare.stderr
    assert (bare.returncode, bare.stdout, bare.stderr) == (usual.returncode, usual.stdout, usual.stderr)
    assert bare.stdout or bare.returncode


def test_a_blob_is_read_without_a_package() -> None:
    """So is a DTB: neither a package nor dtc is needed for it."""
    code = "import sys; from xenscmi.devicetree.dtb import read_dtb, write_dtb; "
    code += "sys.stdout.buffer.write(write_dtb(read_dtb(sys.stdin.buffer.read(), 't')))"
    blob = bytes.fromhex("d00dfeed 00000048 00000038 00000048 00000028 00000011 00000010 00000000 00000000 00000010")
    blob += bytes(16) + bytes.fromhex("00000001 00000000 00000002 00000009")
    done = run("-S", "-c", code, arguments=[], stdin=blob)
    assert (done.stdout, done.stderr) == (blob, b"")
