"""Convert a host of an older dialect to the current form: overlays, what to delete, and new xl.cfg files.

Older versions of the series, and EPAM's first drivers, described the agents to Xen in other places; Xen with v8 or
later of the series reads none of them. PATH is what `xenscmi check` takes: a folder, a host.toml, or a host's files.

For each tree to change there is an overlay, to be applied after the overlays that it has already. What an overlay
cannot delete stands beside it twice: as DTS to include after the tree, and as commands for U-Boot. An xl.cfg file
comes whole, with the lines changed that must. Without -o, overlays and xl.cfg files go to standard output, and what to
delete to standard error. Standard error also says what was assumed, and what `xenscmi check` still finds once all of it
is applied: a person decides on that.

exit codes: 0 converted, or nothing to convert; 2 the input cannot be used

examples:
  xenscmi convert rpi5/ -o rpi5-v8/
  xenscmi convert host.dtb domd.dtb domd.cfg -o v8/
  xenscmi convert host.dtb | dtc -@ -O dtb -o host-v8.dtbo && fdtoverlay -i host.dtb -o new.dtb host-v8.dtbo
"""

from __future__ import annotations

from xenscmi.cli.files import configure_include, load_given_host, put, read_file, say, show, write_json
from xenscmi.diagnostics import Diagnostic, Severity, XenscmiError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence
    from pathlib import Path

    from xenscmi.conversion.convert import Conversion
    from xenscmi.conversion.removals import Removal
    from xenscmi.host.load import LoadedHost

EXIT_UNUSABLE = 2


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "paths", nargs="*", metavar="PATH", help="convert the host in this folder, host.toml or these files"
    )
    configure_include(parser)
    parser.add_argument(
        "--to", choices=("v8",), default="v8", help="choose the dialect to write (default: v8, the current one)"
    )
    parser.add_argument("-o", "--output", metavar="DIR", help="write the files into this folder, all or none")
    parser.add_argument("--json", action="store_true", help="print the files, and all that is said, as JSON")
    parser.add_argument("--force", action="store_true", help="overwrite files that are in the folder already")


def run(arguments: Namespace) -> int:
    """Run the command."""
    try:
        loaded, made = _convert(arguments)
        found = _found(loaded, made)
        if arguments.output and made.files:
            _write(arguments.output, made.files, force=arguments.force)
    except XenscmiError as error:
        show(error.diagnostics)
        return EXIT_UNUSABLE
    if arguments.json:
        _put_json(made, _left(found))
    else:
        _tell(made, found, arguments.output)
    return 0


def _tell(made: Conversion, found: Sequence[Diagnostic], output: str | None) -> None:
    """Say what came of it: the files, unless they are in a folder; what to delete, what was assumed, what is left."""
    if not made.files:
        show(made.notes)
        say("nothing to convert")
        return
    if not output:
        put(_listing(made.files))
        show([_deletion(each) for each in made.removals])
    show(made.notes)
    left = _left(found)
    if left:
        say("once all of this is applied, xenscmi check still finds:")
        show(left)
    else:
        infos = f" but {len(found)} info{'s' if len(found) > 1 else ''}" if found else ""
        say(f"once all of this is applied, xenscmi check finds nothing{infos}")
    if output:
        say(f"{', '.join(made.files)} written to {output}")


def _put_json(made: Conversion, left: Sequence[Diagnostic]) -> None:
    from xenscmi.report.json import finding

    removals = [{"path": each.path, "property": each.name, "why": each.why} for each in made.removals]
    notes, findings = [finding(each) for each in made.notes], [finding(each) for each in left]
    write_json({"files": made.files, "removals": removals, "notes": notes, "left": findings})


def _convert(arguments: Namespace) -> tuple[LoadedHost, Conversion]:
    from xenscmi.conversion.convert import convert, readable

    loaded = load_given_host(arguments)
    changed = readable(loaded.host)
    if changed:
        # xl's refusal of these hides their domains: read all of it again as it will be.
        def read(path: Path) -> bytes:
            text = changed.get(str(path))
            return read_file(path) if text is None else text.encode("utf-8", "surrogateescape")

        loaded = load_given_host(arguments, read=read)
    return loaded, convert(loaded.host, changed)


def _listing(files: dict[str, str]) -> str:
    """Return the text of a single overlay or xl.cfg file as it is, and of several with their names above them."""
    shown = {name: text for name, text in files.items() if not name.endswith((".dtsi", ".cmd"))}
    if len(shown) == 1:
        return next(iter(shown.values()))
    return "\n".join(f"==> {name} <==\n{text}" for name, text in shown.items())


def _deletion(removal: Removal) -> Diagnostic:
    message = f"to be deleted, which no overlay can: {removal.what}; {removal.why}"
    return Diagnostic(message=message, severity=Severity.INFO, span=removal.span)


def _left(found: Sequence[Diagnostic]) -> Sequence[Diagnostic]:
    """Return what a person has to decide, of what is found."""
    return [each for each in found if each.severity is not Severity.INFO]


def _found(loaded: LoadedHost, made: Conversion) -> Sequence[Diagnostic]:
    """Return what is found on the host once everything is applied. Raises XenscmiError as `api.check` does."""
    from xenscmi.api import check
    from xenscmi.host.load import LoadedHost

    return check(LoadedHost(host=made.host, rules=loaded.rules)) if made.files else ()


def _write(folder: str, files: dict[str, str], *, force: bool) -> None:
    """Write files into a folder, all or none. Raises XenscmiError, also for files that it would overwrite."""
    import shutil
    from pathlib import Path
    from tempfile import mkdtemp

    target = Path(folder)
    there = [name for name in files if (target / name).exists()]
    if there and not (force and all((target / name).is_file() for name in there)):
        message = f"{target / there[0]} is there already"
        raise XenscmiError(Diagnostic(message=message, help="name another folder, or write over it with --force"))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        staged = Path(mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        try:
            for name, text in files.items():
                (staged / name).write_bytes(text.encode("utf-8", "surrogateescape"))
            target.mkdir(exist_ok=True)
            for name in files:
                (staged / name).replace(target / name)
        finally:
            shutil.rmtree(staged, ignore_errors=True)
    except OSError as error:
        raise XenscmiError(Diagnostic(message=f"cannot write to {folder}: {error.strerror}")) from None
