"""`simulate` as a step of a build. This is not a command."""

from __future__ import annotations

import json
import sys

from xenscmi.cli.files import put, show
from xenscmi.cli.fleet import answers, located, name, show_notes, write_output
from xenscmi.cli.running import EXIT_FAILURE, EXIT_UNUSABLE, print_xen
from xenscmi.fleet.task import Task
from xenscmi.report.hosts import total
from xenscmi.report.json import finding
from xenscmi.report.junit import JUnitCase, render
from xenscmi.report.table import table
from xenscmi.report.text import render as render_text
from xenscmi.report.text import visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from xenscmi.fleet.run import Answer


def simulate_hosts(arguments: Namespace) -> int:
    """Run the hosts that the arguments mean, show and write what came of it; return the exit code.

    Raises XenscmiError.
    """
    found = answers(arguments, located(arguments, Task(command="simulate")))
    document = _document(arguments, found)
    if arguments.output is not None:
        write_output(arguments.output, document)
    else:
        put(document)
    show_notes(arguments, found)
    for each in found:
        outcome = each.outcome
        if not outcome.usable:
            print_xen(outcome.run["xen"])
        elif outcome.run["panic"] is not None:
            from xenscmi.model.console import telling_lines

            print_xen(telling_lines(outcome.run["xen"]))
        show(outcome.findings, name(each) if arguments.hosts else "xenscmi")
    if arguments.hosts:
        sys.stderr.write(_total(found))
    if not all(each.outcome.usable for each in found):
        return EXIT_UNUSABLE
    return EXIT_FAILURE if any(each.outcome.run["deviations"] for each in found) else 0


def _document(arguments: Namespace, found: Sequence[Answer]) -> str:
    """Return what came of the hosts in the format that the arguments name."""
    if arguments.format == "junit":
        return render("xenscmi simulate", list(map(_case, found)))
    if arguments.hosts:
        return _json(found) if arguments.format == "json" else "".join(map(_matrix, found))
    (outcome,) = (each.outcome for each in found)
    if not outcome.usable:
        return ""
    return json.dumps(outcome.run, indent=2) + "\n" if arguments.format == "json" else outcome.matrix


def _json(found: Sequence[Answer]) -> str:
    hosts = [
        {
            "host": name(each),
            "usable": each.outcome.usable,
            "simulation": each.outcome.run if each.outcome.usable else None,
            "diagnostics": [finding(one) for one in each.outcome.findings],
        }
        for each in found
    ]
    return json.dumps({"hosts": hosts}, indent=2) + "\n"


def _matrix(answer: Answer) -> str:
    """Return the matrix of a host with deviations, and a line of any other."""
    outcome = answer.outcome
    if not outcome.usable:
        return f"{visible(name(answer))}: cannot be used\n"
    if outcome.run["deviations"]:
        return f"{visible(name(answer))}:\n{outcome.matrix}\n"
    return f"{visible(name(answer))}: {outcome.matrix.rstrip().rpartition(chr(10))[2]}\n"


def _total(found: Sequence[Answer]) -> str:
    unusable = sum(not each.outcome.usable for each in found)
    deviating = sum(bool(each.outcome.run.get("deviations")) for each in found)
    return total(len(found), deviating, unusable, what="deviations", nothing="no deviation")


def _case(answer: Answer) -> JUnitCase:
    """Return a host as a test, which fails by deviations."""
    outcome = answer.outcome
    deviations = outcome.run.get("deviations", [])
    if not outcome.usable:
        kind, what, text = "error", "cannot be used", render_text(outcome.findings, name(answer))
    else:
        rows = [(each["domain"], each["subject"], each["expected"], each["seen"]) for each in deviations]
        kind, what = ("failure", f"{len(rows)} deviations") if rows else ("", "")
        text = table(("DOMAIN", "WHAT", "EXPECTED", "SEEN"), rows) if rows else ""
        text += render_text(outcome.findings, name(answer)) if rows else ""
    return JUnitCase(group="xenscmi.simulate", name=name(answer), kind=kind, type="deviation", message=what, text=text)
