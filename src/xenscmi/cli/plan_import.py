"""Reading a host that exists for `plan import`: by its manifest, or as a folder of files; what `host` makes of it does
not count here, so that it can check the result."""

from __future__ import annotations

import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

from xenscmi.cli.files import read_source, read_text
from xenscmi.config.parse import parse_xlcfg
from xenscmi.devicetree import Tree, apply_overlays, load, write_dtb
from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.plan.importing import BOARD, ExistingHost, Imported, KnownAgent, KnownFirmware, import_host
from xenscmi.plan.schema import NAME

_MANIFEST = "host.toml"


def import_folder(folder: Path) -> tuple[Imported, dict[str, bytes]]:
    """Return the plan of a host's folder, and the files of the plan's folder. Raises XenscmiError."""
    if (folder / _MANIFEST).is_file():
        host = _by_manifest(folder)
    elif (folder / "host.dts").is_file():
        host = _by_names(folder)
    else:
        help = f"write a {_MANIFEST}, or call the host's tree host.dts and the partial trees by their domains"
        raise XenscmiError(Diagnostic(message=f"{folder} has neither {_MANIFEST} nor host.dts", help=help))
    imported = import_host(host)
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


def _by_manifest(folder: Path) -> ExistingHost:
    source = read_text(str(folder / _MANIFEST))
    try:
        manifest = tomllib.loads(source.text)
        tree = _load(folder, manifest["device_tree"])
        overlays = [_load(folder, name) for name in manifest.get("overlays", [])]
        partial, toolstack = {}, []
        for domain in manifest.get("domain", []):
            own = _load(folder, domain["device_tree"]) if "device_tree" in domain else None
            if "config" in domain:
                toolstack.append((parse_xlcfg(read_source(str(_inside(folder, domain["config"])))), own))
            elif own is not None:
                partial[domain["name"]] = own
        return ExistingHost(
            tree=apply_overlays(tree, overlays) if overlays else tree,
            partial=partial,
            toolstack=tuple(toolstack),
            firmware=_firmware(manifest.get("firmware", {})),
            xen_profile=manifest.get("xen", {}).get("profile"),
        )
    except (KeyError, TypeError, AttributeError, tomllib.TOMLDecodeError) as error:
        help = "`xenscmi check' says what is wrong with it"
        raise XenscmiError(Diagnostic(message=f"{source.name} does not describe a host: {error}", help=help)) from None


def _by_names(folder: Path) -> ExistingHost:
    """Return the host of a folder with host.dts, a DTS for each dom0less domain, and .cfg files."""
    trees = {path.stem: load(path) for path in sorted(folder.glob("*.dts")) if path.stem != "host"}
    toolstack = []
    for path in sorted(folder.glob("*.cfg")):
        toolstack.append((parse_xlcfg(read_source(str(path))), trees.pop(path.stem, None)))
    return ExistingHost(tree=load(folder / "host.dts"), partial=trees, toolstack=tuple(toolstack))


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


def _load(folder: Path, name: str) -> Tree:
    return load(_inside(folder, name))


def _inside(folder: Path, name: str) -> Path:
    """Return a file of the manifest. Raises XenscmiError if it leaves the manifest's folder."""
    found = folder / name
    if Path(name).is_absolute() or not found.resolve().is_relative_to(folder.resolve()):
        raise XenscmiError(Diagnostic(message=f"{name} lies outside of {folder}"))
    return found
