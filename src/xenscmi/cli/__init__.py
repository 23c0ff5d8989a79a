"""The command line: arguments, files, exit codes, and no logic.

Each command is a module with `configure(parser)` and `run(arguments) -> exit code`; only the one that is called is
imported, since commands such as `create -n` run in loops.
"""

from __future__ import annotations

import errno
import gc
import os
import sys
from io import TextIOWrapper

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, HelpFormatter
    from collections.abc import Sequence
    from types import ModuleType

# Command -> what the list of commands says about it. The module has the same name, except those in _MODULES.
COMMANDS = {
    "create": "create a domain from an xl.cfg file; with -n, only show its JSON",
    "domctl": "show the bytes of the createdomain hypercall, or decode them",
    "list": "list the domains of the host, real or modelled",
    "destroy": "destroy a domain",
    "console": "attach to a domain's console in dom0 of a real Xen",
    "agents": "list the firmware's SCMI agents, and which domain has each",
    "dmesg": "print Xen's log",
    "scmi": "send an SCMI message as a domain, and show the response",
    "decode": "explain the SCMI messages in a dump or a kernel trace",
    "simulate": "run a whole host, and show which domain reaches which device",
    "board": "run a real Linux or Xen on a virtual board, served by our firmware",
    "conform": "test whether an SCMI platform does what the specification says",
    "profiles": "list the layouts of createdomain, or the firmware profiles",
    "check": "report where the parts of a host disagree",
    "diagnose": "explain what went wrong in a log of Xen, Linux or xl",
    "show": "show a host as a table: agents, pages, owners, devices",
    "plan": "write every file of a host from one plan",
    "convert": "rewrite a host tree of an older dialect with the current container",
    "explain": "explain a rule of check, with an example",
    "rules": "list the rules of check",
    "lsp": "serve an editor: findings as you type, completion, renaming",
    "completion": "print a completion script for bash, zsh or fish",
}

# A module of the name `list` would hide the builtin in this package.
_MODULES = {"list": "list_domains"}

EXIT_USAGE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return its exit code, which is 2 for wrong arguments."""
    _prepare_streams()
    try:
        try:
            return _run(list(sys.argv[1:] if arguments is None else arguments))
        finally:
            sys.stdout.flush()  # an error of buffered output is raised now, not when Python ends
    except BrokenPipeError:
        return _give_up_output()
    except OSError as error:
        closed = error.errno == errno.EBADF
        of_file = f"{error.filename}: " if error.filename else ""
        reason = "standard output is closed" if closed else f"{of_file}{error.strerror or error}"
        print(f"xenscmi: error: {reason}", file=sys.stderr)
        return _give_up_output()
    except KeyboardInterrupt:
        return 130


def _run(given: list[str]) -> int:
    command = given[0] if given else "--help"
    if command in COMMANDS:
        module = load(command)
        code: int = module.run(make_parser(command, module).parse_intermixed_args(given[1:]))
        return code
    if command in ("-h", "--help", "help"):
        from xenscmi.cli.help import overview

        print(overview(COMMANDS))
        return 0 if given else EXIT_USAGE
    if command in ("-V", "--version"):
        from xenscmi.version import __version__

        print(f"xenscmi {__version__}")
        return 0
    from xenscmi.cli.files import say
    from xenscmi.spelling import did_you_mean

    say(f"xenscmi: error: there is no command `{command}'; {did_you_mean(command, COMMANDS, 'see xenscmi --help')}")
    return EXIT_USAGE


def _prepare_streams() -> None:
    """Make the standard streams safe, and escape what the locale cannot show.

    If they are closed, stdin is empty and stderr goes nowhere. Output must not be lost silently, so writing to a closed
    stdout fails (EBADF), as it does for other programs.
    """
    for name, mode, flags in (
        ("stdin", "r", os.O_RDONLY),
        ("stdout", "w", os.O_RDONLY),
        ("stderr", "w", os.O_WRONLY),
    ):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, flags), mode))
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _give_up_output() -> int:
    """Keep Python from complaining at exit that the reader of the output is gone (`| head`), or the disk is full."""
    for stream in (sys.stdout, sys.stderr):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    return 1


def load(command: str) -> ModuleType:
    """Import the module of a command."""
    name = f"xenscmi.cli.{_MODULES.get(command, command)}"
    gc.disable()  # imports create no garbage, and a collection takes as long as importing argparse
    try:
        __import__(name)  # importing importlib takes longer than importing a small command
    finally:
        gc.enable()
    return sys.modules[name]


def make_parser(command: str, module: ModuleType) -> ArgumentParser:
    """Return the parser of a command's arguments; the help is the module's docstring."""
    from argparse import ArgumentParser

    # argparse's own would import shutil at every start, to find the width.
    def formatter(prog: str) -> HelpFormatter:
        from xenscmi.cli.help import Formatter

        return Formatter(prog)

    summary, _, rest = (module.__doc__ or "").strip().partition("\n")
    parser = ArgumentParser(
        prog=f"xenscmi {command}",
        description=summary,
        epilog=rest.strip("\n"),
        formatter_class=formatter,
        allow_abbrev=False,
    )
    module.configure(parser)
    return parser
