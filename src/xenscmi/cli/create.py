"""Create a domain from an xl.cfg file, as `xl create` does: on the real Xen in dom0, else on the modelled host.

The steps are libxl's, in its order: defaults, createdomain, the name, iomem, the devices of dtdev. If a step fails, all
steps before it are undone; the message says which step it was, what Xen said, and what to do. With several files,
either all domains are created or none. A modelled host is booted if it does not run yet.

On a real Xen, the domain gets its kernel, ramdisk, device tree and memory, and runs. It does not get disks, network
interfaces and other paravirtual devices; a warning says so. With --host, that host is checked first, and nothing is
created if it has errors.

With -n nothing is created: libxl's JSON of the configuration goes to standard output, exactly as `xl -N create` prints
it; with several files, a JSON array of them. Messages go to standard error.

Settings after the files are appended to each file, so they override what it says.

exit codes: 0; as in xl, 1 for most errors in the file, and for a device that cannot be assigned; 3 for an unreadable
file, for a few options, if libxl returns ERROR_FAIL, and if Xen refuses; 6 if libxl returns ERROR_INVAL, and for a bad
PCI address; also 2 for wrong arguments, and if the host or its state cannot be used

examples:
  xenscmi create guest.cfg --host board/
  xenscmi create -n guest.cfg
  xenscmi create -n guest.cfg 'arm_sci="type=scmi_smc_multiagent,agent_id=2"'
  generate-config | xenscmi create -n -
"""

from __future__ import annotations

import sys

from xenscmi.cli.files import read_file, read_source, say, show, split_arguments, write, write_json
from xenscmi.config.errors import EXIT_FAILURE, ConfigError
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

# Switches for how xl waits, connects and debugs, which scripts may give.
_XL_SWITCHES = (
    *("-d", "-e", "-F", "-V", "--vncviewer", "-A", "--vncviewer-autopass"),
    *("-i", "--ignore-global-affinity-masks"),
)


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "-n", "--dryrun", action="store_true", help="show the configuration, and do not create the domain"
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="print only errors")
    parser.add_argument("-f", "--defconfig", metavar="FILE", action="append", default=[], help="read this file too")
    parser.add_argument(
        *_XL_SWITCHES, action="store_true", dest="xl_switch", help="accept these switches of xl, which have no effect"
    )
    parser.add_argument("-p", "--paused", action="store_true", help="leave the domain paused")
    parser.add_argument(
        "-c", "--console", action="store_true", help="attach to the console of the domain; on a real Xen only"
    )
    parser.add_argument("--json", action="store_true", help="print id, name and agent of the created domains as JSON")
    parser.add_argument(
        "--hypervisor",
        choices=("auto", "model", "xen"),
        default="auto",
        help="choose where to create the domain; see xenscmi list --help",
    )
    parser.add_argument("--host", metavar="PATH", help="use this modelled host; on a real Xen, check this host first")
    parser.add_argument("--state", metavar="FILE", help="keep the modelled host here; see xenscmi list --help")
    parser.add_argument(
        "arguments",
        nargs="*",
        metavar="FILE | KEY=VALUE",
        help="read these xl.cfg files (- is standard input), and append these settings",
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
    """Create the domains of several files, all of them or none; return the exit code."""
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
    from xenscmi.diagnostics import Diagnostic, XenscmiError
    from xenscmi.toolstack.hosts import prepare_files

    if arguments.console:
        message = "-c attaches to the console of a domain on a real Xen: a domain of the model has none"
        raise XenscmiError(Diagnostic(message=message, help="leave out -c, or run this in the dom0 of a real Xen"))
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
    """Show what `check` finds on a host. Raises ConfigError if there is an error."""
    from xenscmi.api import check
    from xenscmi.cli.files import load_host
    from xenscmi.diagnostics import Severity

    found = check(load_host([path]))
    errors = [each for each in found if each.severity is Severity.ERROR]
    if errors:
        raise ConfigError(errors, EXIT_FAILURE)
    if not quiet:
        show(found)


def _make(
    arguments: Namespace, xen: Backend, specs: Sequence[DomainSpec], remarks: Sequence[Diagnostic]
) -> Sequence[int]:
    """Create the domains, and print what was asked for; return their ids."""
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
