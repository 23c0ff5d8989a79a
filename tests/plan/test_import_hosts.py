"""`xenscmi plan import` of hosts that work: the plan is rendered to a host with the same matrix."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from tests.plan.boards import Workplace
from tests.rules.judge import went_wrong

from xenscmi.bindings.properties import read_u32
from xenscmi.cli import main
from xenscmi.cli.files import load_host
from xenscmi.devicetree import load
from xenscmi.diagnostics import Severity
from xenscmi.host.types import Host
from xenscmi.rules.engine import check
from xenscmi.simulation.simulate import simulate

EXAMPLES = Path(__file__).parents[2] / "examples"
VECTORS = Path(__file__).parents[1] / "vectors" / "boot"
NAMES = sorted(path.name for path in VECTORS.iterdir() if path.is_dir())

# These hosts work, but each gives something to two owners, or gives what Xen keeps. A plan cannot mean that: `render`
# refuses it with this message. `check` has a finding for the hosts that share something.
NOT_A_PLAN = {
    "ac-on-cpu": "Xen keeps /psci2 to itself",
    "ac-on-uart-of-xen": "/pl011@9000000 is Xen's console",
    "dev-without-xen-passthrough": "/soc/fakedev@a003000 is given to dom0 and to domU1",
    "mem-reserved-nomap": "overlap /reserved-memory/scmi_res@47ff0000, which dom0 may read",
    "one-device-two-domUs": "/soc/fakedev@a003000 is given to domU2 and to domU1",
    "xen-and-dom0-one-page": "agents 0 and 1 have one page, 0x47ff1000",
}


def test_the_example_host_keeps_its_matrix(place: Workplace) -> None:
    old = place.folder / "old"
    shutil.copytree(EXAMPLES / "spider", old)
    assert_same_host(old, place.folder / "new")


def test_a_host_over_three_trees_keeps_its_matrix(place: Workplace) -> None:
    assert_same_host(EXAMPLES / "product" / "integration", place.folder / "new")


@pytest.mark.parametrize("name", NAMES)
def test_a_working_host_keeps_its_matrix(
    name: str, boot_vectors: dict[str, Host], place: Workplace, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = place.folder / "old", place.folder / "new"
    shutil.copytree(VECTORS / name, old)
    (old / "host.toml").write_text(manifest(old))
    if went_wrong(boot_vectors[name], json.loads((old / "expected.json").read_text())):
        # There is no matrix to keep; it must become a plan, or an error.
        assert name not in NOT_A_PLAN
        assert main(["plan", "import", str(old), "-o", str(new)]) in (0, 2)
    elif name in NOT_A_PLAN:
        assert main(["plan", "import", str(old), "-o", str(new)]) == 0
        assert Workplace(new).plan("render") == 2
        assert NOT_A_PLAN[name] in capsys.readouterr().err
    else:
        assert_same_host(old, new)


def test_other_access_controllers_stay_with_the_board(place: Workplace) -> None:
    new = place.folder / "new"
    assert main(["plan", "import", str(VECTORS / "ac-two-controllers"), "-o", str(new)]) == 0
    board = load(new / "board.dtb")
    device, fence = board.node("/soc/fakedev@a003000"), board.node("/fence")
    assert device is not None
    assert fence is not None
    listed = device.get("access-controllers")
    assert listed is not None
    assert listed.cells() == (read_u32(fence, "phandle"), 7, 8)
    other = board.node("/soc/fakedev@a000000")
    assert other is not None
    assert "access-controllers" not in other
    rendered = Workplace(new)
    assert rendered.plan("render") == 0
    assert f"access-controllers = <&scmi_xen 3>, <{listed.cells()[0]} 7 8>;" in rendered.read("xen.dtso")


def assert_same_host(old: Path, new: Path) -> None:
    """Import a host, render its plan, and compare the two hosts: the matrices, and what `check` warns of."""
    assert main(["plan", "import", str(old), "-o", str(new)]) == 0
    rendered = Workplace(new)
    assert rendered.plan("render") == 0
    before, after = load_host([str(old)]).host, load_host([str(rendered.host)]).host
    assert matrix(after) == matrix(before)
    assert findings(after) <= findings(before)


def matrix(host: Host) -> dict[str, tuple[int | None, dict[int, list[str]]]]:
    """Return which agent each domain is, and its devices by SCMI id with their paths; the host is as its files say."""
    seen = simulate(host)
    assert not seen.deviations
    controllers = {node.path for node in host.scmi_nodes}
    paths: dict[int, list[str]] = {}
    for device in host.devices:
        for entry in device.entries:
            if entry.target in controllers and not entry.problem:
                paths.setdefault(entry.arguments[0], []).append(device.path)
    return {
        view.name: (
            view.agent_id,
            {number: sorted(paths[number]) for number in view.given} if view.agent_id is not None else {},
        )
        for view in seen.domains
    }


def findings(host: Host) -> set[str]:
    """Return the rules that find something to warn of."""
    return {each.code for each in check(host) if each.severity in (Severity.ERROR, Severity.WARNING) and each.code}


def manifest(folder: Path) -> str:
    """Return the manifest of a boot vector: in its firmware, device d has clock d, reset d and power domain d."""
    firmware = json.loads((folder / "expected.json").read_text())["firmware"]
    lines = ['device_tree = "host.dts"', f"[firmware]\ntrusted_agent = {firmware['trusted_agent']}", "agents = ["]
    for row in firmware["agents"]:
        lines.append(f"    {{ id = {row['agent_id']}, func_id = {row['func_id']}, page = {row['shmem']} }},")
    lines += ["]", "devices = ["]
    for number in range(firmware["device_count"]):
        resources = ", ".join(f"{kind} = [{number}]" for kind in ("clocks", "resets", "power_domains"))
        lines.append(f"    {{ id = {number}, {resources} }},")
    lines.append("]")
    for path in sorted(folder.glob("domU*.dts")):
        lines.append(f'[[domain]]\nname = "{path.stem}"\ndevice_tree = "{path.name}"')
    return "\n".join(lines) + "\n"
