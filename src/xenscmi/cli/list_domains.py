"""List the domains of the modelled host, as `xl list` does.

With -l the configurations of the domains are listed as libxl's JSON; Mem is in MiB. The host is booted if it does not
run yet. The model's domains take no processor time.

exit codes: 0; 1 where there is no such domain; 2 where the host or its state cannot be used

examples:
  xenscmi list --host board/
  xenscmi list -l DomD
  xenscmi list --json
"""

from __future__ import annotations

from xenscmi.cli.files import put, say
from xenscmi.cli.running import EXIT_FAILURE, find_domain, guarded, open_store
from xenscmi.cli.running import configure as configure_host

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from xenscmi.model.state import Session
    from xenscmi.simulation.overview import DomainRow


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("domain", nargs="?", metavar="DOMAIN", help="only this one: a name or an id")
    parser.add_argument("-l", "--long", action="store_true", help="configurations, as libxl's JSON")
    parser.add_argument("--json", action="store_true", help="the table as a JSON array")
    configure_host(parser)


@guarded
def run(arguments: Namespace) -> int:
    """Run the command."""
    from xenscmi.simulation.overview import domain_rows

    session = open_store(arguments).look()
    rows = domain_rows(session)
    if arguments.domain is not None:
        domid = find_domain(session, arguments.domain)
        if domid is None:
            return EXIT_FAILURE
        rows = tuple(row for row in rows if row.domid == domid)
        if not rows:
            say(f"Error: Domain '{arguments.domain}' does not exist.")
            return EXIT_FAILURE
    if arguments.long:
        put(_configurations(session, rows) + "\n")
    elif arguments.json:
        put(_json(session, rows) + "\n")
    else:
        put(_table(rows))
    return 0


def _table(rows: tuple[DomainRow, ...]) -> str:
    """Return the table in xl's columns."""
    lines = ["Name                                        ID   Mem VCPUs\tState\tTime(s)"]
    lines += [f"{row.name:<40} {row.domid:5} {row.memory:5} {row.vcpus:5}     {row.state}  {0:8.1f}" for row in rows]
    return "".join(f"{line}\n" for line in lines)


def _configurations(session: Session, rows: tuple[DomainRow, ...]) -> str:
    """Return `[{"domid": …, "config": {…}}]`; of domains that no toolstack has made, only the name is known."""
    import json

    from xenscmi.config.json import pretty

    documents = []
    for row in rows:
        kept = session.configurations.get(row.domid)
        config = json.loads(kept) if kept else {"c_info": {"name": row.name}}
        documents.append({"domid": row.domid, "config": config})
    return pretty(documents)


def _json(session: Session, rows: tuple[DomainRow, ...]) -> str:
    import json

    agents = {info.domid: info.agent_id for info in session.xen.list()}
    documents = [
        {
            "domid": row.domid,
            "name": row.name,
            "memory": row.memory,
            "vcpus": row.vcpus,
            "state": row.state,
            "agent_id": agents[row.domid],
        }
        for row in rows
    ]
    return json.dumps(documents, indent=2)
