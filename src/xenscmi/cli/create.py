"""Make a domain of an xl.cfg file, as `xl create` does: on the real Xen in dom0, else on the modelled host.

The steps are libxl's, in its order: defaults, createdomain, the name, iomem, the devices of dtdev. What fails undoes
what came before it, says which step it was, what Xen said, and what to do. Of several files, all domains are made, or
none. A modelled host is booted if it does not run yet; its Xen sees what the bytes of createdomain say.

On a real Xen the domain gets its kernel, ramdisk, device tree and memory, and runs; disks, network interfaces and other
paravirtual devices it does not get, which is said before. With --host, that host is checked first: errors stop it.

With -n nothing is created: libxl's JSON of the configuration goes to standard output, exactly as `xl -N create` prints
it; of several files, a JSON array of them. What there is to say goes to standard error.

Settings given behind the files are appended to each file, so they win over what it says.

exit codes: 0; as xl, 1 for most errors in the file, and for a device that cannot be assigned; 3 for an unreadable file,
for a few options, where libxl's answer is ERROR_FAIL, and for what Xen refuses; 6 where libxl's answer is ERROR_INVAL,
and for a bad PCI address; besides, 2 for wrong arguments, and where the host or its state cannot be used

examples:
  xenscmi create guest.cfg --host board/
  xenscmi create -n guest.cfg
  xenscmi create -n guest.cfg 'arm_sci="type=scmi_smc_multiagent,agent_id=2"'
  generate-config | xenscmi create -n -
"""

from __future__ import annotations

import sys

from xenscmi.cli.files import read_file, read_source, say, show, split_arguments, write, write_json
from xenscmi.config.errors import ConfigError
from xenscmi.config.json import to_json
from xenscmi.config.parse import parse_xlcfg

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

    from xenscmi.config.parsed import Parsed
    from xenscmi.diagnostics import Diagnostic
    from xenscmi.toolstack.backend import Backend
    from xenscmi.toolstack.spec import DomainSpec

# How xl waits, connects and debugs. Scripts give them.
_XL_SWITCHES = (
    *("-d", "-e", "-F", "-V", "--vncviewer", "-A", "--vncviewer-autopass"),
    *("-i", "--ignore-global-affinity-masks"),
)


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("-n", "--dryrun", action="store_true", help="do not create the domain, show its configuration")
    parser.add_argument("-q", "--quiet", action="store_true", help="print only errors")
    parser.add_argument(
        "-f", "--defconfig", metavar="FILE", action="append", default=[], help="another way to name a file"
    )
    parser.add_argument(*_XL_SWITCHES, action="store_true", dest="xl_switch", help="xl's; they mean nothing here")
    parser.add_argument("-p", "--paused", action="store_true", help="leave the domain paused")
    parser.add_argument("-c", "--console", action="store_true", help="attach to its console; on a real Xen only")
    parser.add_argument("--json", action="store_true", help="print id, name and agent of what was created as JSON")
    parser.add_argument(
        "--hypervisor",
        choices=("auto", "model", "xen"),
        default="auto",
        help="where to create it; see xenscmi list --help",
    )
    parser.add_argument(
        "--host", metavar="PATH", help="use this modelled host, or check this one before a real creation"
    )
    parser.add_argument("--state", metavar="FILE", help="keep the modelled host here; see xenscmi list --help")
    parser.add_argument(
        "arguments", nargs="*", metavar="FILE | KEY=VALUE", help="xl.cfg files (- is standard input), settings"
    )


def run(arguments: Namespace) -> int:
    """Run the command."""
    files, settings = split_arguments(arguments.arguments)
    files = [*arguments.defconfig, *files]
    if not files:
        print("xenscmi create: error: name an xl.cfg file; see xenscmi create --help", file=sys.stderr)
        return 2
    results, exit_code = [], 0
    for file in files:
        if not arguments.dryrun and not arguments.quiet:
            say(f"Parsing config from {file}")
        try:
            parsed = parse_xlcfg(read_source(file, settings))
        except ConfigError as error:
            show(error.diagnostics, file)
            exit_code = exit_code or error.exit_code
        else:
            if not arguments.quiet:
                show(parsed.diagnostics, file)
            results.append((file, parsed))
    if exit_code:
        return exit_code
    if not arguments.dryrun:
        return _create(arguments, results)
    documents = [to_json(parsed.config) for _, parsed in results]
    write(documents[0] if len(files) == 1 else "[\n" + ",\n".join(documents) + "\n]")
    return 0


def _create(arguments: Namespace, files: Sequence[tuple[str, Parsed]]) -> int:
    """Make the domains of several files, all of them or none; return the exit code."""
    from xenscmi.cli.running import EXIT_UNUSABLE, is_real, show_error
    from xenscmi.diagnostics import XenscmiError
    from xenscmi.toolstack.create import CreationError

    try:
        return _on_xen(arguments, files) if is_real(arguments) else _on_the_model(arguments, files)
    except (ConfigError, CreationError) as error:
        show_error(error)
        return error.exit_code
    except XenscmiError as error:
        show_error(error)
        return EXIT_UNUSABLE


def _on_the_model(arguments: Namespace, files: Sequence[tuple[str, Parsed]]) -> int:
    from xenscmi.cli.running import location, open_store
    from xenscmi.toolstack.hosts import prepare_files

    store = open_store(arguments)
    with store.session() as xen:
        place = location(arguments)
        folders = [place if place.is_dir() else place.parent]
        specs, remarks = prepare_files(files, xen, store.host, read=read_file, folders=folders)
        _make(arguments, xen, specs, remarks)
    return 0


def _on_xen(arguments: Namespace, files: Sequence[tuple[str, Parsed]]) -> int:
    from xenscmi.hypercall.preparation import prepare_for_xen
    from xenscmi.hypercall.xen import Xen

    if arguments.host:
        _check_host(arguments.host, quiet=arguments.quiet)
    with Xen() as xen:
        specs, remarks = prepare_for_xen(files, xen)
        domids = _make(arguments, xen, specs, remarks)
        if arguments.console:
            from xenscmi.cli.console import attach

            return attach(xen, domids[-1])
    return 0


def _check_host(path: str, *, quiet: bool) -> None:
    """Show what is wrong with a host. Raises ConfigError where something is."""
    from xenscmi.cli.files import load_host
    from xenscmi.config.errors import EXIT_FAILURE
    from xenscmi.diagnostics import Severity
    from xenscmi.rules.engine import check

    found = check(load_host([path]).host)
    errors = [each for each in found if each.severity is Severity.ERROR]
    if errors:
        raise ConfigError(errors, EXIT_FAILURE)
    if not quiet:
        show(found)


def _make(
    arguments: Namespace, xen: Backend, specs: Sequence[DomainSpec], remarks: Sequence[Diagnostic]
) -> Sequence[int]:
    """Make the domains, and say what was asked for; return their ids."""
    from xenscmi.toolstack.create import create_all

    if not arguments.quiet:
        show(remarks)
    domids = create_all(xen, specs, paused=arguments.paused)
    if arguments.json:
        write_json(
            [
                {"domid": domid, "name": spec.name, "agent_id": spec.agent_id}
                for domid, spec in zip(domids, specs, strict=True)
            ]
        )
    return domids
