"""Make a domain of an xl.cfg file, as `xl create` does.

With -n nothing is created: libxl's JSON of the configuration goes to standard output, exactly as `xl -N create` prints
it; of several files, a JSON array of them. What there is to say goes to standard error.

Settings given behind the files are appended to each file, so they win over what it says.

exit codes: those of xl: 0; 1 for most errors in the file; 3 for an unreadable file; 6 for a bad PCI address

examples:
  xenscmi create -n guest.cfg
  xenscmi create -n guest.cfg 'arm_sci="type=scmi_smc_multiagent,agent_id=2"'
  generate-config | xenscmi create -n -
"""

from __future__ import annotations

import sys

from xenscmi.cli.files import read_source, show, split_arguments, write
from xenscmi.config.errors import EXIT_ERROR_FAIL, ConfigError
from xenscmi.config.json import to_json
from xenscmi.config.parse import parse_xlcfg

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("-n", "--dryrun", action="store_true", help="do not create the domain, show its configuration")
    parser.add_argument("-q", "--quiet", action="store_true", help="no warnings and remarks, only errors")
    parser.add_argument(
        "-f", "--defconfig", metavar="FILE", action="append", default=[], help="another way to name a file"
    )
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
    documents, exit_code = [], 0
    for file in files:
        try:
            parsed = parse_xlcfg(read_source(file, settings))
        except ConfigError as error:
            show(error.diagnostics, file)
            exit_code = exit_code or error.exit_code
        else:
            if not arguments.quiet:
                show(parsed.diagnostics, file)
            documents.append(to_json(parsed.config))
    if exit_code:
        return exit_code
    if not arguments.dryrun:
        print(
            "xenscmi create: error: there is no hypervisor to talk to yet: use -n to see what it would be told",
            file=sys.stderr,
        )
        return EXIT_ERROR_FAIL
    write(documents[0] if len(files) == 1 else "[\n" + ",\n".join(documents) + "\n]")
    return 0
