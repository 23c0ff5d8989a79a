"""Reads a host that exists, for `plan import`.

Its files are found as `check` finds them. What `host` makes of them does not count here, so that it can check the
result.
"""

from __future__ import annotations

import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

from xenscmi.cli.files import read_text
from xenscmi.config.parse import parse_xlcfg
from xenscmi.devicetree import load, write_dtb
from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.filesystem import list_folder, read_file
from xenscmi.host.files import HostFiles
from xenscmi.host.load import read_parts
from xenscmi.host.parts import HostParts
from xenscmi.plan.importing import BOARD, ExistingHost, Imported, KnownAgent, KnownFirmware, import_host
from xenscmi.plan.schema import NAME

_MANIFEST = "host.toml"


def import_folder(folder: Path) -> tuple[Imported, dict[str, bytes]]:
    """Return the plan of a host's folder, and the files of the plan's folder. Raises XenscmiError."""
    parts = read_parts([str(folder)], HostFiles(read_file, list_folder), list_folder)
    if parts.tree is None:
        help = f"put it there, or write a {_MANIFEST} that names it"
        raise XenscmiError(Diagnostic(message=f"{folder} has no host device tree", help=help))
    imported = import_host(_existing(parts))
    return imported, {NAME: imported.plan.encode(), BOARD: write_dtb(imported.board)}


def import_file(path: Path, board: Path) -> dict[str, bytes]:
    """Return the files of a plan's folder from a firmware's C tables, or from lopper's YAML, and a board's tree."""
    tree = write_dtb(load(board))
    source = read_text(str(path))
    if path.suffix == ".c":
        from xenscmi.plan.import_table import plan_of_table, read_table

        plan = plan_of_table(read_table(source), BOARD)
    else:
        from xenscmi.plan.import_lopper import plan_of_lopper

        plan = plan_of_lopper(_yaml(source.text, path), source, BOARD)
    return {NAME: plan.encode(), BOARD: tree}


def _yaml(text: str, path: Path) -> object:
    try:
        yaml = import_module("yaml")  # has no type hints
    except ImportError:
        help = "pip install pyyaml"
        raise XenscmiError(Diagnostic(message=f"{path}: reading YAML needs PyYAML", help=help)) from None
    try:
        found: object = yaml.safe_load(text)
        return found
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise XenscmiError(Diagnostic(message=f"{path} is not YAML: {error}")) from None


def _existing(parts: HostParts) -> ExistingHost:
    assert parts.tree is not None
    taken = [tree for _, tree in parts.toolstack]
    section = tomllib.loads(parts.named.places.source.text) if parts.named else {}
    return ExistingHost(
        tree=parts.tree,
        partial={name: tree for name, tree in parts.partial.items() if tree not in taken},
        toolstack=tuple((parse_xlcfg(configuration.source), tree) for configuration, tree in parts.toolstack),
        firmware=_firmware(section.get("firmware", {})),
        xen_profile=section.get("xen", {}).get("profile"),
    )


def _firmware(section: dict[str, Any]) -> KnownFirmware:
    return KnownFirmware(
        profile=section.get("profile", "generic"),
        trusted_agent=section.get("trusted_agent"),
        agents=tuple(
            KnownAgent(agent_id=row["id"], func_id=row["func_id"], page=row["page"])
            for row in section.get("agents", [])
        ),
        devices={
            row["id"]: {kind: tuple(row.get(kind, ())) for kind in ("clocks", "resets", "power_domains")}
            for row in section.get("devices", [])
        },
        unsupported=tuple(section.get("unsupported", ())),
    )
