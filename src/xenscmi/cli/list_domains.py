"""List the domains of the host, as `xl list` does: of the real Xen in dom0, else of the modelled host.

With -l, it prints the configurations of the domains as libxl's JSON. Mem is in MiB. A modelled host is booted if it
does not run yet, and its domains use no processor time.

exit codes: 0; 1 if there is no such domain; 2 if the host or its state cannot be used

examples:
  xenscmi list --host board/
  xenscmi list -l DomD
  xenscmi list --json
"""

from __future__ import annotations

from xenscmi.cli.files import put, say, write_json
from xenscmi.cli.running import EXIT_FAILURE, find_domain, guarded, open_host
from xenscmi.cli.running import configure as configure_host
from xenscmi.toolstack.backend import RunState

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

    from xenscmi.toolstack.backend import DomainInfo, Inventory


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("domain", nargs="?", metavar="DOMAIN", help="list only this domain: a name or an id")
    parser.add_argument("-l", "--long", action="store_true", help="print the configurations, as libxl's JSON")
    parser.add_argument("--json", action="store_true", help="print the table as a JSON array")
    configure_host(parser)


@guarded
def run(arguments: Namespace) -> int:
    """Run the command."""
    xen = open_host(arguments).look()
    domains = xen.getdomaininfolist()
    if arguments.domain is not None:
        domid = find_domain(xen, arguments.domain)
        if domid is None:
            return EXIT_FAILURE
        domains = tuple(domain for domain in domains if domain.domid == domid)
        if not domains:
            say(f"Error: Domain '{arguments.domain}' does not exist.")
            return EXIT_FAILURE
    if arguments.long:
        put(_configurations(xen, domains) + "\n")
    elif arguments.json:
        write_json(_documents(xen, domains))
    else:
        put(_table(xen, domains))
    return 0


def _table(xen: Inventory, domains: Sequence[DomainInfo]) -> str:
    """Return the table in xl's columns."""
    names = xen.names()
    lines = ["Name                                        ID   Mem VCPUs\tState\tTime(s)"]
    for domain in domains:
        name, seconds = names.get(domain.domid, "(null)"), domain.cpu_time / 1e9
        numbers = f"{domain.domid:5} {domain.memory // 1024:5} {domain.vcpus:5}"
        lines.append(f"{name:<40} {numbers}     {_state(domain)}  {seconds:8.1f}")
    return "".join(f"{line}\n" for line in lines)


def _state(domain: DomainInfo) -> str:
    """Return xl's six letters."""
    return "".join(state.value if state in domain.states else "-" for state in RunState)


def _configurations(xen: Inventory, domains: Sequence[DomainInfo]) -> str:
    """Return `[{"domid": …, "config": {…}}]`; of domains that no toolstack created, only the name is known."""
    import json

    from xenscmi.config.json import pretty

    kept, names = xen.configurations(), xen.names()
    documents = []
    for domain in domains:
        given = kept.get(domain.domid)
        config = json.loads(given) if given else {"c_info": {"name": names.get(domain.domid, "(null)")}}
        documents.append({"domid": domain.domid, "config": config})
    return pretty(documents)


def _documents(xen: Inventory, domains: Sequence[DomainInfo]) -> list[dict[str, object]]:
    agents = {agent.owner: agent.agent_id for agent in xen.agents()}
    names = xen.names()
    return [
        {
            "domid": domain.domid,
            "name": names.get(domain.domid, "(null)"),
            "memory": domain.memory // 1024,
            "vcpus": domain.vcpus,
            "state": _state(domain),
            "agent_id": agents.get(domain.domid),
        }
        for domain in domains
    ]
