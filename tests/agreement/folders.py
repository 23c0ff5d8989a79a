"""Hosts as folders of files, and what `check`, `simulate` and `create` say of each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from xenscmi.cli import main
from xenscmi.config.types.enums import ArmSciType
from xenscmi.host.types import HostFirmware

PROBE_CFG = 'name = "probe"\nkernel = "/boot/Image"\nmemory = 64\n'
"""A domain without SCMI, devices or memory of the host: made where the host itself boots."""


def write_host(
    folder: Path,
    files: Mapping[str, str],
    firmware: HostFirmware | None,
    xen_profile: str | None = None,
    sci_driver: ArmSciType | None = None,
) -> Path:
    """Write a host: `host.dts`, partial trees and xl.cfg files by their names, and a manifest for all of them.

    A tree belongs to the xl.cfg file or to the node of the host tree that has its name.
    """
    for name, text in files.items():
        (folder / name).write_text(text)
    if firmware is not None and firmware.profile_source is not None:
        (folder / firmware.profile).write_text(firmware.profile_source.text)
    (folder / "host.toml").write_text("\n".join(_manifest(files, firmware, xen_profile, sci_driver)) + "\n")
    return folder


def _manifest(
    files: Mapping[str, str], firmware: HostFirmware | None, xen_profile: str | None, sci_driver: ArmSciType | None
) -> Iterator[str]:
    yield 'device_tree = "host.dts"'
    yield "[xen]"
    if xen_profile is not None:
        yield f'profile = "{xen_profile}"'
    if sci_driver is not None:
        yield f'sci_driver = "{sci_driver.text}"'
    trees = {name.removesuffix(".dts") for name in files if name.endswith(".dts")} - {"host"}
    configs = [name for name in files if name.endswith(".cfg")]
    for name in configs:
        tree = name.removesuffix(".cfg")
        yield f'[[domain]]\nconfig = "{name}"' + (f'\ndevice_tree = "{tree}.dts"' if tree in trees else "")
        trees.discard(tree)
    for tree in sorted(trees):
        yield f'[[domain]]\nname = "{tree}"\ndevice_tree = "{tree}.dts"'
    if firmware is not None:
        yield from _firmware(firmware)


def _firmware(firmware: HostFirmware) -> Iterator[str]:
    yield f'[firmware]\nprofile = "{firmware.profile}"'
    if firmware.trusted_agent is not None:
        yield f"trusted_agent = {firmware.trusted_agent}"
    yield f"unsupported = {json.dumps(sorted(firmware.unsupported))}"
    for agent in firmware.agents or ():
        yield f"[[firmware.agents]]\nid = {agent.agent_id}\nfunc_id = {agent.func_id}\npage = {agent.shmem}"
    for device in firmware.devices or ():
        yield f"[[firmware.devices]]\nid = {device.device_id}"
        for kind in ("clocks", "resets", "power_domains"):
            yield f"{kind} = {sorted(getattr(device, kind))}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """What the three commands say of a host: Xen's panic, the domains that are not made, and what `check` finds.

    `simulated` has the reasons for which domains are not made, `created` what `create` says of each file that fails,
    tried one after the other. `milder` is what `check` finds besides `errors`. `unusable` is what `simulate` says of a
    host that cannot be switched on.
    """

    panic_simulated: str | None
    panic_created: str | None
    simulated: frozenset[str]
    created: Mapping[str, str]
    deviations: tuple[str, ...]
    errors: tuple[str, ...]
    milder: tuple[str, ...] = ()
    error_files: frozenset[str] = field(default=frozenset())
    unusable: str | None = None


class Commands:
    """Runs the commands on folders, each with a state file of its own."""

    def __init__(self, capsys: pytest.CaptureFixture[str], folder: Path) -> None:
        self.capsys = capsys
        self.folder = folder
        self.count = 0

    def run(self, *arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        out, err = self.capsys.readouterr()
        return code, out, err

    def verdicts(self, host: Path) -> Verdicts:
        _, out, err = self.run("check", "--format", "json", str(host))
        assert out, err
        found = json.loads(out)["diagnostics"]
        code, out, err = self.run("simulate", "--json", str(host))
        unusable = err if code == 2 else None
        simulation: dict[str, Any] = {"panic": None, "deviations": ()} if unusable else json.loads(out)
        deviations = simulation["deviations"]
        panic, created = self.create_all(host)
        return Verdicts(
            panic_simulated=simulation["panic"],
            panic_created=panic,
            simulated=frozenset(each["seen"] for each in deviations if each["subject"] == "create"),
            created=created,
            deviations=tuple(f"{each['domain']}: {each['subject']}" for each in deviations),
            errors=tuple(each["message"] for each in found if each["severity"] == "error"),
            unusable=unusable,
            milder=tuple(each["message"] for each in found if each["severity"] != "error"),
            error_files=frozenset(each["file"] for each in found if each["severity"] == "error" and each["file"]),
        )

    def create_all(self, host: Path) -> tuple[str | None, dict[str, str]]:
        """Create the host's domains one after the other: return Xen's panic, and why those failed that did."""
        self.count += 1
        state = self.folder / f"{self.count}.db"
        configs = _configs(host)
        if not configs:
            configs = [self.folder / "probe.cfg"]
            configs[0].write_text(PROBE_CFG)
        failed: dict[str, str] = {}
        for config in configs:
            code, _, err = self.run("create", "-q", "--host", str(host), "--state", str(state), str(config))
            if "Xen panics at boot: " in err:
                return err.split("Xen panics at boot: ")[1].splitlines()[0], {}
            if code:
                failed[config.stem] = err
        return None, failed


def _configs(host: Path) -> list[Path]:
    lines = (host / "host.toml").read_text().splitlines()
    return [host / line.split('"')[1] for line in lines if line.startswith("config = ")]
