"""List the firmware's SCMI agents: channel, owner, and the devices granted to each.

An agent is reached by its SMC function id and its page of shared memory. OWNER is the domain that has the agent, Xen
itself, `-` if it is free, or `not listed` if the host's device tree does not tell Xen about it. A trusted agent (*) may
set permissions and use everything. DEVICES are SCMI device ids.

exit codes: 0; 2 where the host or its state cannot be used

examples:
  xenscmi agents --host board/
  xenscmi agents --json
"""

from __future__ import annotations

import sys

from xenscmi.cli.files import put
from xenscmi.cli.running import configure as configure_host
from xenscmi.cli.running import guarded, open_store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from xenscmi.simulation.overview import AgentRow


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--json", action="store_true", help="as a JSON array, with the devices' paths")
    configure_host(parser)


@guarded
def run(arguments: Namespace) -> int:
    """Run the command."""
    from xenscmi.simulation.overview import agent_rows

    session = open_store(arguments).look()
    rows = agent_rows(session)
    if arguments.json:
        import json
        from dataclasses import asdict

        put(json.dumps([asdict(row) for row in rows], indent=2) + "\n")
        return 0
    put(_table(rows))
    if not session.xen.mediator.initialized:
        print("Xen's SCMI mediator does not run: no domain has SCMI. `xenscmi dmesg` may say why", file=sys.stderr)
    return 0


def _table(rows: tuple[AgentRow, ...]) -> str:
    from xenscmi.report.table import table

    return table(
        ("ID", "NAME", "FUNC_ID", "PAGE", "OWNER", "DEVICES"),
        [
            (
                f"{row.agent_id}{'*' if row.trusted else ''}",
                row.name,
                f"{row.func_id:#x}",
                f"{row.page:#x}",
                _owner(row),
                ",".join(map(str, row.devices)) or "-",
            )
            for row in rows
        ],
    )


def _owner(row: AgentRow) -> str:
    if row.owner is not None:
        return f"{row.owner_name} ({row.owner})"
    return row.owner_name or ("-" if row.listed else "not listed")
