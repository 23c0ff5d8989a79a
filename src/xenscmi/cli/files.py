"""Reads the files that the command line names, and prints to the terminal. This is not a command."""

from __future__ import annotations

import sys

from xenscmi.config.errors import EXIT_ERROR_FAIL, ConfigError
from xenscmi.diagnostics import Diagnostic, Severity, XenscmiError
from xenscmi.filesystem import LARGEST_FILE, bounded
from xenscmi.source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence
    from pathlib import Path

    from xenscmi.host.files import Read
    from xenscmi.host.load import LoadedHost
    from xenscmi.host.parsed import ParsedFiles
    from xenscmi.source import Span


def read_source(path: str, settings: Sequence[str] = ()) -> Source:
    """Read a file (`-` is standard input), and append settings `KEY=VALUE` to it as xl does.

    Bytes that are not UTF-8 are kept. Raises ConfigError, with xl's exit code 3, if the file cannot be read.
    """
    name = _shown(path)
    try:
        text = _read(path)
    except (OSError, ValueError) as error:
        message = f"Failed to read config file: {name}: {_reason(error)}"
        raise ConfigError([Diagnostic(message=message)], EXIT_ERROR_FAIL) from None
    appended = len(text)
    if settings:
        text += "\n" + "".join(f"{setting}\n" for setting in settings) + "\n"
    return Source(name, text, appended)


def read_text(path: str, span: Span | None = None) -> Source:
    """Read a text that is not an xl.cfg file (`-` is standard input).

    Bytes that are not UTF-8 are kept. Raises XenscmiError, at the place that names the file, if it cannot be read.
    """
    name = _shown(path)
    try:
        return Source(name, _read(path))
    except (OSError, ValueError) as error:
        raise XenscmiError(Diagnostic(message=f"cannot read {name}: {_reason(error)}", span=span)) from None


def _read(path: str) -> str:
    """Return the text of a file, which may be a pipe. Raises OSError and ValueError."""
    if path == "-":
        data = sys.stdin.buffer.read(LARGEST_FILE + 1)
    else:
        with open(path, "rb") as file:  # noqa: PTH123 (pathlib takes longer to import than the parse takes)
            data = file.read(LARGEST_FILE + 1)
    return bounded(data).decode("utf-8", "surrogateescape")


def _reason(error: OSError | ValueError) -> str:
    return (isinstance(error, OSError) and error.strerror) or str(error)


def _shown(path: str) -> str:
    return "<stdin>" if path == "-" else path


def configure_include(parser: ArgumentParser) -> None:
    """Declare the arguments that say where the files of a host may lie."""
    parser.add_argument(
        "-I",
        "-i",
        "--include",
        metavar="DIR",
        action="append",
        default=[],
        help="look in this folder too for included files, and for those that a host.toml or an xl.cfg names",
    )
    parser.add_argument(
        "--root",
        dest="roots",
        metavar="[NAME=]DIR",
        action="append",
        default=[],
        help="look below this folder for files of the target, such as /boot/domu.dtb; "
        "with NAME, put it in the place of a folder in host.toml's [paths]",
    )
    parser.add_argument("--confined", action="store_true", help="do not let [paths] lead out of host.toml's folder")


def load_host(
    paths: Sequence[str],
    include: Sequence[str] = (),
    roots: Sequence[str] = (),
    *,
    confined: bool = False,
    read: Read | None = None,
    parsed: ParsedFiles | None = None,
) -> LoadedHost:
    """Return the host of a folder, of a host.toml, or of single files; `roots` are folders, or NAME=FOLDER.

    `read` is to read the files, `read_file` unless given, and `parsed` what makes trees and configurations of them.
    Raises XenscmiError as `api.load_host` does.
    """
    from xenscmi import api

    pairs = [split_root(root) for root in roots]
    return api.load_host(
        *map(_shown, paths),
        read=read or read_file,
        include=include,
        roots=[folder for name, folder in pairs if not name],
        named_roots={name: folder for name, folder in pairs if name},
        confined=confined,
        parsed=parsed,
    )


def load_given_host(
    arguments: Namespace,
    paths: Sequence[str] | None = None,
    *,
    read: Read | None = None,
    parsed: ParsedFiles | None = None,
) -> LoadedHost:
    """Return the host of a command line's paths, or of others, with its arguments of `configure_include`.

    `read` and `parsed` are as for `load_host`.
    """
    look_for_folders(arguments, warn=read is None)
    paths = arguments.paths if paths is None else paths
    confined = arguments.confined
    return load_host(paths, arguments.include, arguments.roots, confined=confined, read=read, parsed=parsed)


def look_for_folders(arguments: Namespace, *, warn: bool = True) -> None:
    """Raise XenscmiError for a `--root` that is not a folder; `warn` of such an `--include`, as compilers do.

    Nothing would be found below a mistyped root, and less of the host would be checked.
    """
    from pathlib import Path

    for root in arguments.roots:
        if not Path(split_root(root)[1]).is_dir():
            raise XenscmiError(Diagnostic(message=f"--root {root}: there is no such folder", help="correct its path"))
    for folder in arguments.include if warn else ():
        if not Path(folder).is_dir():
            show([Diagnostic(message=f"-I {folder}: there is no such folder", severity=Severity.WARNING)])


def split_root(root: str) -> tuple[str, str]:
    """Return the name and the folder of a `--root`; the name is empty where there is none."""
    name, sign, folder = root.partition("=")
    return (name, folder) if sign and "/" not in name else ("", root)


def read_file(path: Path) -> bytes:
    """Return a regular file's bytes, or those of standard input. Raises OSError."""
    from xenscmi import filesystem

    if str(path) == _shown("-"):
        return bounded(sys.stdin.buffer.read(LARGEST_FILE + 1))
    return filesystem.read_file(path)


def split_arguments(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Separate file names from settings: as in xl, an argument with an equals sign is a setting."""
    return [one for one in arguments if "=" not in one], [one for one in arguments if "=" in one]


def show(diagnostics: Sequence[Diagnostic], name: str = "xenscmi") -> None:
    """Print diagnostics to standard error, in colour on a terminal; `name` is shown for those without a place."""
    if not diagnostics:
        return
    from xenscmi.cli.terminal import has_colours, width_of
    from xenscmi.report.text import render

    colour, width = has_colours(sys.stderr), width_of(sys.stderr)
    sys.stderr.write(render(diagnostics, _shown(name), colour=colour, width=width))


def say(text: str) -> None:
    """Print a line to standard error; escape characters with which a name could control the terminal."""
    from xenscmi.cli.terminal import width_of
    from xenscmi.report.text import visible
    from xenscmi.report.wrapping import fold

    print("\n".join(fold(visible(text), width_of(sys.stderr), "    ")), file=sys.stderr)


def put(text: str) -> None:
    """Print text to standard output; bytes that were not UTF-8 are written as they were read."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))


def write(text: str) -> None:
    """Print a document to standard output, with a newline after it only on a terminal."""
    put(f"{text}\n" if sys.stdout.isatty() else text)


def write_json(document: object) -> None:
    """Print a value to standard output as JSON, indented by two spaces."""
    import json

    put(json.dumps(document, indent=2) + "\n")
