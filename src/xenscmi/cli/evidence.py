"""`xenscmi simulate --evidence DIR`: a folder that shows what a host's agents can do. This is not a command."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, TypeVar, cast

from xenscmi.cli.files import load_given_host, put, read_file, say, show
from xenscmi.cli.running import EXIT_FAILURE, EXIT_UNUSABLE
from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.record import Record
from xenscmi.source import Source, Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace

    from xenscmi.host.load import LoadedHost
    from xenscmi.report.evidence import Evidence, InputFile, ToolIdentity
    from xenscmi.rules.rule import Rule
    from xenscmi.simulation.campaign import Campaign

T = TypeVar("T")

_NOT_SOURCES = ("__pycache__", "examples")


def write_evidence(arguments: Namespace) -> int:
    """Write the folder, whole or not at all; return the exit code. Raises XenscmiError where it cannot be."""
    from xenscmi.report.evidence import files

    if arguments.on != "model" or arguments.format == "html":
        say("xenscmi simulate: error: --evidence is of the model, and goes with text or JSON")
        return EXIT_UNUSABLE
    folder = Path(arguments.evidence)
    _refuse_others(folder)
    evidence = _gather(arguments)
    _replace(folder, files(evidence))
    put(_summary(evidence, folder, as_json=arguments.format == "json"))
    return 0 if evidence.clean else EXIT_FAILURE


def _gather(arguments: Namespace) -> Evidence:
    from xenscmi import api
    from xenscmi.report.evidence import Evidence

    inputs = _Inputs(arguments)
    loaded = inputs.load()
    show(loaded.host.notes)
    findings = tuple(inputs.relocated(each) for each in api.check(loaded))
    simulation = api.simulate(loaded)
    return Evidence(
        inputs=inputs.files(),
        tool=_tool(),
        host=loaded.host,
        findings=findings,
        simulation=simulation,
        campaign=_campaign(loaded) if simulation.panic is None else None,
        examples=list(_examples()),
        silenced=tuple(_silenced(loaded, inputs)),
    )


def _silenced(loaded: LoadedHost, inputs: _Inputs) -> Iterator[str]:
    """Yield what the host's files silence, and where they do."""
    from xenscmi.rules.suppression import suppressions

    rules = loaded.rules
    if rules.select:
        yield f"host.toml selects {', '.join(rules.select)}: no other rule ran"
    if rules.ignore:
        yield f"host.toml ignores {', '.join(rules.ignore)}"
    for file, ignored in sorted(rules.per_file.items()):
        yield f"host.toml ignores {', '.join(ignored)} in {inputs.name(file)}"
    for name, severity in sorted(rules.severity.items()):
        yield f"host.toml makes {name} {severity.value}"
    for each in suppressions(loaded.host.sources):
        yield f"a comment ignores {each.rule} at {inputs.name(each.span.source.name)}:{each.span.line}"


def _campaign(loaded: LoadedHost) -> Campaign:
    from xenscmi.cli.progress import Progress
    from xenscmi.simulation.campaign import run_campaign
    from xenscmi.simulation.running import run

    bar: Progress | None = None
    before = 0

    def shown(done: int, total: int) -> None:
        nonlocal bar, before
        bar = bar or Progress(total, "messages")
        bar.step(done - before)
        before = done

    try:
        return run_campaign(loaded.host, run(loaded.host), shown)
    finally:
        if bar is not None:
            bar.clear()


def _examples() -> Iterator[tuple[Rule, tuple[Diagnostic, ...]]]:
    """Try every rule on its example, here and now."""
    from xenscmi.cli.progress import Progress
    from xenscmi.rules.registry import all_rules
    from xenscmi.rules.trial import findings_on_bad_example

    with Progress(len(all_rules()), "rules") as progress:
        for rule in all_rules():
            yield rule, findings_on_bad_example(rule)
            progress.step()


# What went in


class _Inputs:
    """The files of a host: read, hashed, and named as seen from the host's folder, wherever that is."""

    def __init__(self, arguments: Namespace) -> None:
        self._arguments = arguments
        self._folder = _folder_of(arguments.paths or ["."])
        self._elsewhere = [*arguments.include, *(root.rpartition("=")[2] for root in arguments.roots)]
        self._found: dict[str, bytes] = {}
        here = re.escape(str(self._folder))
        self._prefix = re.compile(rf"(?<![\w./-]){here}/") if str(self._folder) != "." else None

    def load(self) -> LoadedHost:
        """Load the host, and keep what is read for it, included files too."""
        from xenscmi.fleet.shared_files import SharedFiles

        parsed = SharedFiles()
        parsed.watch = self._keep
        return load_given_host(self._arguments, read=self._read, parsed=parsed)

    def _read(self, path: Path) -> bytes:
        data = read_file(path)
        self._keep(path, data)
        return data

    def _keep(self, path: Path, data: bytes | None) -> None:
        if data is not None:
            self._found[self.name(str(path))] = data

    def files(self) -> list[InputFile]:
        """Return all that was read, by name."""
        from xenscmi.report.evidence import InputFile

        return [
            InputFile(name=name, size=len(data), sha256=hashlib.sha256(data).hexdigest())
            for name, data in sorted(self._found.items())
        ]

    def name(self, path: str) -> str:
        """Return the name of a file as seen from the host's folder, or from one that the command line names."""
        real, here = Path(os.path.realpath(path)), os.path.realpath(self._folder)
        for number, folder in enumerate([here, *map(os.path.realpath, self._elsewhere)]):
            if real.is_relative_to(folder):
                return f"{f'elsewhere-{number}/' if number else ''}{real.relative_to(folder).as_posix()}"
        return os.path.relpath(real, here)

    def relocated(self, value: T) -> T:
        """Return a finding, or a part of one, whose names are as seen from the host's folder."""
        found: Any = value
        if isinstance(value, Span):
            found = Span(Source(self.name(value.source.name), value.source.text), value.start, value.end)
        elif isinstance(value, str):
            found = self._prefix.sub("", value) if self._prefix is not None else value
        elif isinstance(value, tuple):
            found = tuple(map(self.relocated, value))
        elif isinstance(value, Record):
            found = value.replace(**{name: self.relocated(getattr(value, name)) for name in value.fields})
        return cast("T", found)


def _folder_of(paths: Sequence[str]) -> Path:
    """Return the folder that the names of the inputs start from."""
    folders = [each if each.is_dir() else each.parent for each in map(Path, paths)]
    return folders[0] if len(folders) == 1 else Path(os.path.commonpath([folder.absolute() for folder in folders]))


def _tool() -> ToolIdentity:
    from importlib.metadata import version
    from platform import python_version

    from xenscmi.devicetree.program import dtc_version
    from xenscmi.report.evidence import ToolIdentity
    from xenscmi.version import __version__

    package = Path(__file__).parents[1]
    names = [
        path.relative_to(package)
        for path in package.rglob("*")
        if path.is_file() and not path.name.endswith(".schema.json")
    ]
    digest = hashlib.sha256()
    for name in sorted(name for name in names if not {*name.parts} & {*_NOT_SOURCES}):
        sum_of = hashlib.sha256((package / name).read_bytes()).hexdigest()
        digest.update(f"{sum_of}  {name.as_posix()}\n".encode())
    programs = {"python": python_version(), "msgspec": version("msgspec"), "dtc": dtc_version()}
    return ToolIdentity(version=__version__, sources=digest.hexdigest(), programs=programs)


# What comes out


def _is_evidence(folder: Path) -> bool:
    from xenscmi.report.evidence import MANIFEST

    try:
        document = json.loads((folder / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(document, dict) and "xenscmi-evidence" in document


def _refuse_others(folder: Path) -> None:
    """Raise XenscmiError where something else than evidence would be written over."""
    try:
        there = folder.is_symlink() or folder.exists()
        if not there or (folder.is_dir() and not folder.is_symlink() and not any(folder.iterdir())):
            return
    except OSError as error:
        raise _error(f"cannot use {folder}: {error.strerror}") from None
    if folder.is_symlink() or not _is_evidence(folder):
        raise _error(f"{folder} is there, and is not a folder of evidence", "name a folder that is not there yet")
    other = _first_other(folder)
    if other is not None:
        help = "move it away, or name a folder that is not there yet: this one would be replaced as a whole"
        raise _error(f"{folder} holds something else than evidence: {other}", help)


def _first_other(folder: Path) -> Path | None:
    """Return the first path in a folder of evidence that its own sums do not name; None if there is none."""
    from xenscmi.report.evidence import SUMS

    try:
        lines = (folder / SUMS).read_text("utf-8").splitlines()
        ours = {folder / SUMS, *(folder / line.partition("  ")[2] for line in lines)}
        folders = {parent for each in ours for parent in each.parents}
        return next((each for each in sorted(folder.rglob("*")) if each not in ours and each not in folders), None)
    except (OSError, ValueError):
        return folder / SUMS


def _replace(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write all files, then put them in the place of the folder. Raises XenscmiError, and leaves what was there."""
    made = ""
    try:
        folder.absolute().parent.mkdir(parents=True, exist_ok=True)
        made = mkdtemp(dir=folder.absolute().parent, prefix=f".{folder.name}.")
        new, old = Path(made, "new"), Path(made, "old")
        for name, data in files.items():
            (new / name).parent.mkdir(parents=True, exist_ok=True)
            (new / name).write_bytes(data)
        if folder.exists():
            folder.rename(old)
        try:
            new.rename(folder)
        except OSError:
            if old.exists():
                old.rename(folder)
            raise
    except OSError as error:
        raise _error(f"cannot write {folder}: {error.strerror}") from None
    finally:
        if made:
            shutil.rmtree(made, ignore_errors=True)


def _error(message: str, help: str = "") -> XenscmiError:
    return XenscmiError(Diagnostic(message=message, help=help))


def _summary(evidence: Evidence, folder: Path, *, as_json: bool) -> str:
    from xenscmi.report.evidence import result_of

    result = result_of(evidence)
    if as_json:
        return json.dumps({"evidence": str(folder), **result}, indent=2) + "\n"
    agents = len(evidence.campaign.speakers) if evidence.campaign else 0
    tried = f"{result['messages_sent']} messages from {agents} agents"
    return (
        f"{folder}: {tried if agents else 'Xen does not boot, no message was tried'}\n"
        f"  answered otherwise than the host's files ask for: {result['permission_faults']}\n"
        f"  deviations from the assignments: {result['deviations']}\n"
        f"  errors of check: {result['errors']}, warnings: {result['warnings']}\n"
        f"  rules that find their own example: {result['rules_that_find_their_example']} of {result['rules']}\n"
    )
