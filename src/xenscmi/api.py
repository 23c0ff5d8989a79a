"""The functions of the Python API that work on a whole host. `import xenscmi` has them, and the others, by name."""

from __future__ import annotations

from pathlib import Path

from xenscmi import filesystem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from os import PathLike

    from xenscmi.diagnostics import Diagnostic
    from xenscmi.host.files import ListFolder, Read
    from xenscmi.host.load import LoadedHost
    from xenscmi.host.parsed import ParsedFiles
    from xenscmi.model.xen import Model
    from xenscmi.simulation.simulate import Simulation
    from xenscmi.source import Source


def read_source(path: str | PathLike[str], *, read: Read = filesystem.read_file) -> Source:
    """Return the text of a file, with its path as its name. Raises XenscmiError if the file cannot be read.

    Bytes that are not UTF-8 are kept (as surrogates), since xl keeps them.
    """
    from xenscmi.host.files import HostFiles

    return HostFiles(read).text(Path(path))


def load_host(
    *paths: str | PathLike[str],
    read: Read = filesystem.read_file,
    list_folder: ListFolder = filesystem.list_folder,
    include: Sequence[str | PathLike[str]] = (),
    roots: Sequence[str | PathLike[str]] = (),
    named_roots: Mapping[str, str | PathLike[str]] | None = None,
    confined: bool = False,
    parsed: ParsedFiles | None = None,
) -> LoadedHost:
    """Return the host of a folder, of a host.toml, or of single files; without paths, of the current folder.

    `read` returns a file's bytes and `list_folder` the files in a folder (None if the path is not one); both raise
    OSError. Give your own to read from elsewhere, such as an editor's buffers. DTS files may include what lies below
    their own folders, and in the folders `include`, where other files of the host are looked for, too. Below `roots`
    are the files of the target, such as /boot/guest.dtb. `named_roots` take the place of folders in host.toml's
    `[paths]`; if `confined`, those may not lead out of its folder. Give `parsed` to load a host again and again: what
    did not change is not read anew. Raises XenscmiError if a file cannot be read, or if the files do not make a host.
    """
    from xenscmi.host.load import load_host as load
    from xenscmi.host.search import SearchPath

    search = SearchPath(
        include=tuple(map(Path, include)),
        roots=tuple(map(Path, roots)),
        named={name: Path(folder) for name, folder in (named_roots or {}).items()},
        confined=confined,
    )
    names = [str(path) for path in paths]
    return load(names, read=read, list_folder=list_folder, search=search, parsed=parsed)


def check(host: LoadedHost, *, select: Sequence[str] = (), ignore: Sequence[str] = ()) -> tuple[Diagnostic, ...]:
    """Return where the parts of a host disagree, sorted by file and place: what `xenscmi check` shows.

    Rules are named by code (`XS201`), by the start of a code (`XS2`) or by name. `select` replaces the selection of
    host.toml, `ignore` adds to it. Raises XenscmiError for a name that no rule has.
    """
    from xenscmi.rules.engine import Selection
    from xenscmi.rules.engine import check as run

    rules = host.rules
    selection = Selection(
        select=tuple(select) or rules.select,
        ignore=(*rules.ignore, *ignore),
        per_file=rules.per_file,
        severities=rules.severity,
    )
    return run(host.host, selection)


def diagnose(log: Source, host: LoadedHost | None = None) -> tuple[Diagnostic, ...]:
    """Return what a log of Xen, Linux or xl shows to be wrong, the cause first: what `xenscmi diagnose` shows.

    Without a host these are the candidates, at the lines of the log; with the host that wrote the log they are its
    errors, those that explain the log first. Raises XenscmiError for a log that is not a text.
    """
    from xenscmi.diagnosis.diagnose import diagnose as run
    from xenscmi.diagnosis.log import require_text

    require_text(log)
    return run(log, None if host is None else check(host))


def simulate(host: LoadedHost) -> Simulation:
    """Run a host on the model, and return what each domain reached and where that differs from its assignments.

    Raises XenscmiError for a host that cannot be switched on. A Xen that panics is a result, not an error.
    """
    from xenscmi.simulation.simulate import simulate as run

    return run(host.host)


def boot(host: LoadedHost) -> Model:
    """Return the modelled Xen of a host, booted: dom0 and the dom0less domains run, none of the toolstack's does.

    Raises XenscmiError for a host that cannot be switched on, and Panic, with Xen's `log`, if Xen panics.
    """
    from xenscmi.model.machine import boot as run

    return run(host.host)
