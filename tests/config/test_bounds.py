"""What hostile input may cost: a child with little memory must come to an end by itself."""

from __future__ import annotations

import subprocess
import sys

import pytest

from xenscmi.config.errors import ConfigError
from xenscmi.config.parse import parse_xlcfg
from xenscmi.source import Source

GUEST = 'name = "a"\nkernel = "/k"\n'
CHILD = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (700 << 20,) * 2)
from xenscmi.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize(
    ("text", "command", "exit_code"),
    [
        ('name = "a"\nkernel = "/k"\nextra = "' + "x" * 5_000_000 + '"\n', "create", 0),
        ('name = "a"\nkernel = "/k"\nvnuma = [' + '["pnode=0"],' * 8000 + "]\n", "create", 1),
        ('name = "a"\nkernel = "/k"\nvnuma = [' + '["vcpus=0-65000"],' * 200 + "]\n", "create", 1),
        ('name = "a"\nkernel = "/k"\nvif = [' + '"a",' * 100_000 + "]\n", "create", 0),
        ('{"c_info":{"type":"pvh"},"b_info":{"type.pvh":{},"max_vcpus":2147483647,"cpumap":[0]}}', "domctl", 0),
    ],
    ids=["long string", "virtual nodes", "their vcpus", "findings on one line", "cpumap"],
)
def test_memory_and_output_stay_small(text: str, command: str, exit_code: int) -> None:
    arguments = ["create", "-n", "-"] if command == "create" else ["domctl", "-"]
    done = subprocess.run(
        [sys.executable, "-c", CHILD, *arguments], input=text, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == exit_code, done.stderr[-2000:]
    assert "Traceback" not in done.stderr
    assert len(done.stderr) < 1_000_000


def test_the_most_virtual_cpus() -> None:
    assert parse_xlcfg(Source("f", f"{GUEST}vcpus = 65536\n")).config.b_info.max_vcpus == 65536
    with pytest.raises(ConfigError, match="65537 virtual CPUs are more than xenscmi accepts"):
        parse_xlcfg(Source("f", f"{GUEST}vcpus = 65537\n"))
