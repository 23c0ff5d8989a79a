"""List the layouts of `struct xen_domctl_createdomain` for `--profile`, or the firmware profiles for host.toml.

The interface version that Xen checks does not identify a layout: Xen often accepts a wrong one silently.
"""

from __future__ import annotations

import sys

from xenscmi.cli.files import put, write_json
from xenscmi.cli.terminal import width_of
from xenscmi.domctl.profiles import DEFAULT_PROFILE, PROFILES
from xenscmi.report.table import table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--firmware", action="store_true", help="list the profiles of EL3 firmware instead")
    parser.add_argument("--json", action="store_true", help="print JSON; for layouts, with every offset and size")


def run(arguments: Namespace) -> int:
    """Run the command."""
    if arguments.firmware:
        return _list_firmware(as_json=arguments.json)
    if arguments.json:
        document = [
            {
                "name": profile.name,
                "default": profile.name == DEFAULT_PROFILE,
                "interface_version": profile.interface_version,
                "size": profile.size,
                "agent_ids": profile.agent_ids,
                "source": profile.source,
                "layout": [{"name": one.name, "offset": one.offset, "size": one.size} for one in profile.layout],
            }
            for profile in PROFILES.values()
        ]
        write_json(document)
        return 0
    rows = [
        (
            f"{profile.name}{'*' if profile.name == DEFAULT_PROFILE else ''}",
            f"{profile.interface_version:#9x}",
            f"{profile.size:4}",
            "yes" if profile.agent_ids else "no",
            profile.source,
        )
        for profile in PROFILES.values()
    ]
    put(table(("PROFILE", "INTERFACE", "SIZE", "AGENT IDS", "SOURCE"), rows, width_of(sys.stdout)))
    print("* is the default")
    return 0


def _list_firmware(*, as_json: bool) -> int:
    from xenscmi.firmware.profile import PROFILES as FIRMWARE_PROFILES

    if as_json:
        write_json(
            [{"name": each.name, "doc": each.doc, "sources": each.sources} for each in FIRMWARE_PROFILES.values()]
        )
    else:
        put(
            table(
                ("PROFILE", "FIRMWARE"),
                [(each.name, each.doc) for each in FIRMWARE_PROFILES.values()],
                width_of(sys.stdout),
            )
        )
    return 0
