"""`check` as a step of a build. This is not a command."""

from __future__ import annotations

import sys

from xenscmi.cli.files import show
from xenscmi.cli.findings import REVIEW_FORMATS, rendered
from xenscmi.cli.fleet import answers, host_findings, show_notes, write_output
from xenscmi.cli.terminal import has_colours, width_of
from xenscmi.fleet.task import Task
from xenscmi.report import hosts as report
from xenscmi.report.text import tally

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Collection, Sequence

    from xenscmi.diagnostics import Severity
    from xenscmi.report.hosts import HostFindings


def check_hosts(arguments: Namespace, task: Task, failing: Collection[Severity]) -> list[HostFindings]:
    """Check the hosts that the arguments mean, show and write what was found, and return it. Raises XenscmiError.

    Findings of a severity in `failing` are those for which the command fails.
    """
    found = answers(arguments, task)
    hosts = host_findings(found)
    show_notes(arguments, found)
    if arguments.format == "text" or arguments.output is not None:
        _show(arguments, hosts)
    if arguments.output is not None:
        write_output(arguments.output, _document(arguments, hosts, failing))
    elif arguments.format != "text":
        sys.stdout.write(_document(arguments, hosts, failing))
    return hosts


def _show(arguments: Namespace, hosts: Sequence[HostFindings]) -> None:
    """Print the findings for a person."""
    if arguments.hosts:
        sys.stderr.write(report.as_text(hosts, colour=has_colours(sys.stderr), width=width_of(sys.stderr)))
        return
    (host,) = hosts
    show(host.findings)
    sys.stderr.write(f"{tally(host.findings)}\n")


def _document(arguments: Namespace, hosts: Sequence[HostFindings], failing: Collection[Severity]) -> str:
    """Return the findings in the format that the arguments name."""
    if arguments.format == "junit":
        from xenscmi.report.junit import render

        return render("xenscmi check", [report.host_case(host, "check", failing) for host in hosts])
    if arguments.format in REVIEW_FORMATS:
        return rendered(arguments.format, report.distinct(hosts))
    if arguments.format == "text":
        return report.as_text(hosts) if arguments.hosts else report.one_as_text(hosts[0])
    return report.as_json(hosts) if arguments.hosts else rendered("json", hosts[0].findings)
