"""List the layouts of `struct xen_domctl_createdomain` that `--profile` takes.

The interface version that Xen checks does not tell them apart: a wrong layout is often accepted silently.
"""

from __future__ import annotations

from xenscmi.cli.files import write
from xenscmi.domctl.profiles import DEFAULT_PROFILE, PROFILES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--json", action="store_true", help="as JSON, with every offset and size")


def run(arguments: Namespace) -> int:
    """Run the command."""
    if arguments.json:
        import json

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
        write(json.dumps(document, indent=2))
        return 0
    width = max(map(len, PROFILES)) + 1
    print(f"{'PROFILE':{width}}  INTERFACE  SIZE  AGENT IDS  SOURCE")
    for profile in PROFILES.values():
        name = f"{profile.name}{'*' if profile.name == DEFAULT_PROFILE else ''}"
        agents = "yes" if profile.agent_ids else "no"
        print(f"{name:{width}}  {profile.interface_version:#9x}  {profile.size:4}  {agents:9}  {profile.source}")
    print("* is the default")
    return 0
