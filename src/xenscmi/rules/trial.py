"""Tries a rule on its bad example: the tests do, and evidence shows on the machine at hand that each rule finds it."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from xenscmi.devicetree import Tree, parse_dts
from xenscmi.host.configuration import read_configuration
from xenscmi.host.reader import read_host
from xenscmi.rules.engine import check
from xenscmi.rules.example import FILES
from xenscmi.source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xenscmi.config.types.enums import ArmSciType
    from xenscmi.diagnostics import Diagnostic
    from xenscmi.host.types import Host, HostFirmware
    from xenscmi.rules.rule import Change, Rule

UNLISTED = "unlisted.cfg"  # as if the manifest did not name it


def example_host(
    changes: Sequence[Change] = (),
    firmware: HostFirmware | None = None,
    xen_profile: str | None = None,
    sci_driver: ArmSciType | None = None,
) -> Host:
    """Return the example host with changes. Raises DeviceTreeError where dtc is missing."""
    return host_of(example_files(changes), firmware, xen_profile, sci_driver)


def host_of(
    files: Mapping[str, str],
    firmware: HostFirmware | None = None,
    xen_profile: str | None = None,
    sci_driver: ArmSciType | None = None,
) -> Host:
    """Return the host of texts that are named as the example's are."""
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


def findings_on_bad_example(rule: Rule) -> tuple[Diagnostic, ...]:
    """Return what all rules find on a rule's bad example: findings of this rule, and of no other."""
    return check(example_host(rule.bad, rule.firmware, rule.xen_profile, rule.sci_driver))


def example_files(changes: Sequence[Change]) -> dict[str, str]:
    """Return the texts of the example host with changes, by name."""
    files = dict(FILES)
    for change in changes:
        text = files.get(change.file, "")
        assert text.count(change.good) == 1 or not text, f"{change.file}: {change.good!r}"
        files[change.file] = text.replace(change.good, change.bad)
    return {name: text for name, text in files.items() if text}


@lru_cache(maxsize=len(FILES))
def _tree(name: str, text: str) -> Tree:
    return parse_dts(text.encode(), name=name, directory=Path())
