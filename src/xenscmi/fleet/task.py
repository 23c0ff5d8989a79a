"""A command on a host, as a value: what to do, with which options, and doing it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.fleet.outcome import HostOutcome

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xenscmi.fleet.shared_files import SharedFiles
    from xenscmi.host.load import LoadedHost
    from xenscmi.source import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is done with each host: `check` or `simulate`, and with which of their options.

    `include`, `roots`, `named_roots` and `confined` are as for `api.load_host`; `before` and `after` are releases of
    Xen, both or none.
    """

    command: str
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    roots: tuple[str, ...] = ()
    named_roots: tuple[tuple[str, str], ...] = ()
    confined: bool = False
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What came of a host, the state of every path that it depends on, and whether the outcome may be kept."""

    outcome: HostOutcome
    states: Mapping[str, str] = field(default_factory=dict)
    is_final: bool = False


def do(task: Task, paths: Sequence[str], files: SharedFiles) -> Done:
    """Read a host and do the task. What is wrong with the host is an outcome, not an error."""
    from xenscmi.fleet.recorder import Recorder
    from xenscmi.host.configuration import is_alone
    from xenscmi.host.files import HostFiles
    from xenscmi.host.load import load_host
    from xenscmi.host.search import SearchPath

    recorder = Recorder(paths)
    files.watch = recorder.note
    try:
        elsewhere = (*task.include, *task.roots, *task.named_roots)
        if task.command == "check" and not task.before and is_alone(paths, elsewhere):
            outcome = _checked_alone(task, HostFiles(recorder.read).text(Path(paths[0])))
            return Done(outcome=outcome, states=recorder.states, is_final=recorder.is_steady)
        loaded = load_host(
            paths,
            read=recorder.read,
            list_folder=recorder.list_folder,
            search=SearchPath(
                include=tuple(map(Path, task.include)),
                roots=tuple(map(Path, task.roots)),
                named={name: Path(folder) for name, folder in task.named_roots},
                confined=task.confined,
                follow=recorder.follow,
            ),
            parsed=files,
        )
        outcome = _simulated(loaded) if task.command == "simulate" else _checked(task, loaded)
    except XenscmiError as error:
        # Kept by nobody: a full disk or a missing dtc would stay the verdict when they are none any more.
        run = {"xen": list(getattr(error, "log", ()))}
        return Done(outcome=HostOutcome(findings=error.diagnostics, usable=False, run=run), states=recorder.states)
    return Done(outcome=outcome, states=recorder.states, is_final=recorder.is_steady)


def _checked_alone(task: Task, source: Source) -> HostOutcome:
    """Check an xl.cfg by itself, which has nothing to disagree with."""
    from xenscmi.host.configuration import read_configuration
    from xenscmi.rules.engine import Selection, check_files

    selection = Selection(select=task.select, ignore=task.ignore)
    return HostOutcome(findings=check_files([read_configuration(source)], selection))


def _checked(task: Task, loaded: LoadedHost) -> HostOutcome:
    if task.before:
        from xenscmi.rules.upgrade import find_release, upgrade

        found = upgrade(loaded.host, find_release(task.before), find_release(task.after))
        return HostOutcome(findings=tuple(found), notes=tuple(loaded.host.notes))
    from xenscmi.api import check

    found = check(loaded, select=task.select, ignore=task.ignore)
    return HostOutcome(findings=found, notes=tuple(loaded.host.notes))


def _simulated(loaded: LoadedHost) -> HostOutcome:
    from xenscmi.report.matrix import device_labels, document, render
    from xenscmi.simulation.simulate import simulate

    simulation, labels = simulate(loaded.host), device_labels(loaded.host)
    return HostOutcome(
        findings=simulation.refusals,
        notes=tuple(loaded.host.notes),
        run=document(simulation, *labels),
        matrix=render(simulation, *labels),
    )


def failed(reason: str) -> Done:
    """Return what came of a host on which xenscmi itself failed."""
    message = f"xenscmi failed on this host: {reason}"
    help = "the fault is xenscmi's own; please report it with the host's files"
    return Done(outcome=HostOutcome(findings=(Diagnostic(message=message, help=help),), usable=False))
