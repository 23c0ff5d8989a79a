"""Reads the example host of the rules, changed as a rule's bad example says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from xenscmi.config.types.enums import ArmSciType
from xenscmi.devicetree import Tree, parse_dts
from xenscmi.host.configuration import read_configuration
from xenscmi.host.reader import read_host
from xenscmi.host.types import Host, HostFirmware
from xenscmi.rules.example import FILES
from xenscmi.rules.rule import Change
from xenscmi.source import Source

ReadExample = Callable[..., Host]

UNLISTED = "unlisted.cfg"  # as if the manifest did not name it


def _apply(changes: tuple[Change, ...]) -> dict[str, str]:
    files = dict(FILES)
    for change in changes:
        text = files.get(change.file, "")
        assert text.count(change.good) == 1 or not text, f"{change.file}: {change.good!r}"
        files[change.file] = text.replace(change.good, change.bad)
    return {name: text for name, text in files.items() if text}


def _tree(name: str, text: str) -> Tree:
    return parse_dts(text.encode(), name=name, directory=Path())


@pytest.fixture(scope="session")
def read_example() -> ReadExample:
    def read(
        changes: tuple[Change, ...] = (),
        firmware: HostFirmware | None = None,
        xen_profile: str | None = None,
        sci_driver: ArmSciType | None = None,
    ) -> Host:
        files = _apply(changes)
        trees = {Path(name).stem: _tree(name, text) for name, text in files.items() if name.endswith(".dts")}
        host = trees.pop("host")
        toolstack = [
            (read_configuration(Source(name, text)), trees.pop(Path(name).stem, None))
            for name, text in files.items()
            if name.endswith(".cfg") and name != UNLISTED
        ]
        return read_host(
            host,
            partial=trees,
            toolstack=toolstack,
            firmware=firmware,
            xen_profile=xen_profile,
            sci_driver=sci_driver,
            unlisted=[read_configuration(Source(UNLISTED, files[UNLISTED]))] if UNLISTED in files else [],
        )

    return read
