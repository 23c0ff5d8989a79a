"""What `check` and `simulate` share as steps of a build: many hosts, a cache, and files for the build system.

This is not a command.
"""

from __future__ import annotations

import os

from xenscmi.cli.files import look_for_folders, say, show, split_root
from xenscmi.cli.writing import write_result
from xenscmi.diagnostics import Diagnostic, Severity, XenscmiError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

    from xenscmi.fleet.run import Answer
    from xenscmi.fleet.task import Task
    from xenscmi.report.hosts import HostFindings

_CACHE = "XENSCMI_CACHE"


def configure_fleet(parser: ArgumentParser, does: str) -> None:
    """Declare the arguments; `does` says what the command does with a host."""
    group = parser.add_argument_group("in a build")
    group.add_argument(
        "--hosts",
        metavar="GLOB",
        action="append",
        help=f"{does} every host that matches, in quotes: 'variants/*/host.toml'; ** is any number of folders",
    )
    group.add_argument(
        "-j", "--jobs", metavar="N", type=_number, help="run this many processes (default: one for each processor)"
    )
    group.add_argument(
        "--cache",
        metavar="DIR",
        help=f"keep results here, and take them from here while nothing has changed (default: ${_CACHE}, else none)",
    )
    group.add_argument("-o", "--output", metavar="FILE", help="write the result to this file, whole or not at all")
    group.add_argument(
        "--depfile", metavar="FILE", help="write to this file, in the syntax of Make, what the output depends on"
    )
    group.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        help="print for each host how its files were taken, and whether it was in the cache, and if not, why",
    )


def _number(text: str) -> int:
    number = int(text) if text.isascii() and text.isdecimal() else 0
    if not 1 <= number <= 1024:
        from argparse import ArgumentTypeError

        raise ArgumentTypeError(f"{text} is not a number of processes from 1 to 1024")
    return number


def in_build(arguments: Namespace, alone: Sequence[str]) -> bool:
    """Return whether the command runs as a step of a build.

    `alone` are the options given that do not go with that: the variable for the cache does not count then.
    """
    return bool(_given(arguments)) or bool(os.environ.get(_CACHE) and not alone)


def wrong_use(arguments: Namespace, alone: Sequence[str]) -> str:
    """Return which options do not go together; empty if all do. `alone` is as for `in_build`."""
    given = _given(arguments)
    if given and alone:
        return f"{given[0]} does not go with {alone[0]}"
    if arguments.hosts and arguments.paths:
        return f"--hosts does not go with {arguments.paths[0]}"
    if arguments.depfile is not None and arguments.output is None:
        return "--depfile needs --output, the file that depends on the others"
    if arguments.depfile is not None and os.path.realpath(arguments.depfile) == os.path.realpath(arguments.output):
        return "--depfile and --output name the same file"
    return "--cache needs the name of a folder" if arguments.cache == "" else ""


def _given(arguments: Namespace) -> list[str]:
    """Return the options given that are for a build."""
    values = {
        "--hosts": arguments.hosts is not None,
        "--jobs": arguments.jobs is not None,
        "--cache": arguments.cache is not None,
        "--output": arguments.output is not None,
        "--depfile": arguments.depfile is not None,
        "--verbose": arguments.verbose,
        "--format junit": arguments.format == "junit",
    }
    return [option for option, given in values.items() if given]


def located(arguments: Namespace, task: Task) -> Task:
    """Return the task with what the arguments of `configure_include` say about where files lie.

    Raises XenscmiError for a root that is not there.
    """
    from dataclasses import replace

    look_for_folders(arguments)
    pairs = [split_root(root) for root in arguments.roots]
    return replace(
        task,
        include=tuple(arguments.include),
        roots=tuple(folder for name, folder in pairs if not name),
        named_roots=tuple((name, folder) for name, folder in pairs if name),
        confined=arguments.confined,
    )


def answers(arguments: Namespace, task: Task) -> list[Answer]:
    """Do the task with every host that the arguments mean, and write the depfile. Raises XenscmiError."""
    from xenscmi.cli.progress import Progress
    from xenscmi.fleet.hosts import find_hosts
    from xenscmi.fleet.run import run

    hosts = [[host] for host in find_hosts(arguments.hosts)] if arguments.hosts else [arguments.paths]
    cache = arguments.cache if arguments.cache is not None else os.environ.get(_CACHE, "")
    progress = Progress(len(hosts), "hosts")

    def told(answer: Answer) -> None:
        if arguments.verbose:
            progress.clear()
            say(f"{name(answer)}: {'from the cache' if answer.cached else answer.reason or 'done'}")
        progress.step()

    jobs = arguments.jobs or len(os.sched_getaffinity(0))
    try:
        found = run(task, hosts, jobs=jobs, cache=cache, told=told)
    finally:
        progress.clear()
    _refuse_inputs(arguments, found)
    if arguments.depfile is not None:
        from xenscmi.fleet.depfile import depfile

        write_result(arguments.depfile, depfile(arguments.output, [each.states for each in found]))
    return found


def _refuse_inputs(arguments: Namespace, found: Sequence[Answer]) -> None:
    """Raise XenscmiError where the output or the depfile would take the place of a file that was read."""
    read = {os.path.realpath(path) for each in found for path in each.states}
    for option, path in (("--output", arguments.output), ("--depfile", arguments.depfile)):
        if path is not None and os.path.isfile(path) and os.path.realpath(path) in read:  # noqa: PTH113
            raise XenscmiError(Diagnostic(message=f"{option} {path} is a file of the host", help="name another file"))


def name(answer: Answer) -> str:
    """Return what to call a host: its path as given."""
    return ", ".join(answer.host) or "."


def host_findings(found: Sequence[Answer]) -> list[HostFindings]:
    """Return the answers as reports take them."""
    from xenscmi.report.hosts import HostFindings

    return [HostFindings(name=name(each), findings=each.outcome.findings, usable=each.outcome.usable) for each in found]


def show_notes(arguments: Namespace, found: Sequence[Answer]) -> None:
    """Print how the files of each host were taken; of many hosts, only if that is asked for or is a warning."""
    for each in found:
        notes = each.outcome.notes
        if arguments.hosts and not arguments.verbose:
            notes = tuple(note for note in notes if note.severity is not Severity.INFO)
        show(notes)


def write_output(path: str, document: str) -> None:
    """Write a document to the output's file. Raises XenscmiError."""
    write_result(path, document.encode("utf-8", "backslashreplace"))
