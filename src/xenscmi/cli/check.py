"""Report where the parts of a host disagree: device trees, xl.cfg files, dom0less domains, firmware.

PATH is a folder with a host.toml; a folder without one, whose files are recognised by their kind; or the files
themselves: the host device tree, partial trees, overlays, xl.cfg files. The default is the current folder. Files that
lie in other trees are found with -I, --root, and [paths] of host.toml. Findings
go to standard error as text, and to standard output in the other formats. --format html is one file for a browser:
who has what, as a drawing and as tables, the findings with their lines, and the difference to another host.

With --from and --to, the findings are what replacing one release of Xen by another changes for this host, instead of
where its parts disagree: nothing for a host that no change touches.

In a build, --hosts checks many hosts at once, --cache keeps results while nothing that they depend on has changed, and
--output and --depfile make a step for Make or ninja. Findings stand in one document, also those of many hosts.

--fix corrects the files where they leave no doubt about what was meant, and --diff shows how, as a patch on standard
output. With --unsafe-fixes, both also take fixes that a person should review.

exit codes: 0 nothing found; 1 findings of at least --severity; 2 the input cannot be used; of many hosts, the worst.
With --fix, what counts is left; with --diff, 1 means that --fix would change a file

examples:
  xenscmi check board/
  xenscmi check host.dts panel.dts guest.cfg
  xenscmi check -I ../linux/include --root build/rootfs board/
  xenscmi check --format sarif board/ > xenscmi.sarif
  xenscmi check --format html --against board-v1/ board/ > board.html
  xenscmi check --ignore XS128 --severity error board/
  xenscmi check --from 4.20 --to 4.22 board/
  xenscmi check --hosts 'variants/*/host.toml' --cache ~/.cache/xenscmi -j 4
  xenscmi check --format gitlab -o gl-code-quality.json --depfile gl.d board/
  xenscmi check --diff board/ | git apply
"""

from __future__ import annotations

import sys

from xenscmi.cli.files import configure_include, load_given_host, read_source, say, show
from xenscmi.cli.findings import rendered
from xenscmi.cli.fleet import configure_fleet, in_build, located, wrong_use
from xenscmi.diagnostics import Diagnostic, Safety, Severity, XenscmiError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

    from xenscmi.host.files import Read
    from xenscmi.host.parsed import ParsedFiles
    from xenscmi.source import Source

_FORMATS = ("text", "json", "sarif", "github", "gitlab", "junit", "html")
_RANK = {Severity.ERROR: 2, Severity.WARNING: 1, Severity.INFO: 0}
EXIT_FINDINGS, EXIT_UNUSABLE = 1, 2


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "paths", nargs="*", metavar="PATH", help="check the host in this folder, host.toml or these files"
    )
    configure_include(parser)
    parser.add_argument(
        "--format", choices=_FORMATS, default="text", help="choose the format of the findings (default: text)"
    )
    parser.add_argument(
        "--severity",
        choices=[each.value for each in Severity],
        default="warning",
        help="exit with 1 for findings at least this severe (default: warning)",
    )
    parser.add_argument("--exit-zero", action="store_true", help="exit with 0 even if there are findings")
    parser.add_argument(
        "--select",
        metavar="RULES",
        action="append",
        help="run only these rules: codes (XS201), starts of codes (XS2) or names",
    )
    parser.add_argument("--ignore", metavar="RULES", action="append", help="do not run these rules")
    fixes = parser.add_mutually_exclusive_group()
    fixes.add_argument("--fix", action="store_true", help="rewrite the files where they leave no doubt")
    fixes.add_argument("--diff", action="store_true", help="show as a patch what --fix would change")
    parser.add_argument("--unsafe-fixes", action="store_true", help="take also the fixes that a person should review")
    parser.add_argument(
        "--against", metavar="DIR", help="show in the HTML page how the host differs from the one in this folder"
    )
    parser.add_argument(
        "--from", dest="before", metavar="RELEASE", help="report what changes from this release of Xen, such as 4.20.3"
    )
    parser.add_argument("--to", dest="after", metavar="RELEASE", help="report what changes to this release of Xen")
    configure_fleet(parser, "check")


def run(arguments: Namespace) -> int:
    """Run the command."""
    if arguments.against is not None and arguments.format != "html":
        say("xenscmi check: error: --against needs --format html")
        return EXIT_UNUSABLE
    if arguments.format == "html" and _compares_releases(arguments):
        say("xenscmi check: error: --from and --to do not go with --format html")
        return EXIT_UNUSABLE
    fixing = arguments.fix or arguments.diff
    if fixing and (arguments.format == "html" or _compares_releases(arguments) or "-" in arguments.paths):
        say("xenscmi check: error: --fix and --diff do not go with --format html, --from, --to or standard input")
        return EXIT_UNUSABLE
    alone = _alone(arguments)
    if wrong := wrong_use(arguments, alone):
        say(f"xenscmi check: error: {wrong}")
        return EXIT_UNUSABLE
    if in_build(arguments, alone):
        return _in_build(arguments)
    try:
        if fixing:
            return _fix(arguments)
        found = _page(arguments) if arguments.format == "html" else _check_and_write(arguments)
    except XenscmiError as error:
        _write_unusable(arguments, error.diagnostics)
        return EXIT_UNUSABLE
    return _status(arguments, found)


def _status(arguments: Namespace, found: Sequence[Diagnostic]) -> int:
    failed = any(each.severity in _failing(arguments) for each in found)
    return EXIT_FINDINGS if failed and not arguments.exit_zero else 0


def _failing(arguments: Namespace) -> tuple[Severity, ...]:
    """Return the severities for which the command fails."""
    threshold = _RANK[Severity(arguments.severity)]
    return tuple(severity for severity, rank in _RANK.items() if rank >= threshold)


def _alone(arguments: Namespace) -> list[str]:
    """Return what was asked for that cannot be a step of a build: a page, standard input, or files to change."""
    asked = {
        "--format html": arguments.format == "html",
        "standard input": "-" in arguments.paths,
        "--fix": arguments.fix,
        "--diff": arguments.diff,
    }
    return [what for what, asks in asked.items() if asks]


def _in_build(arguments: Namespace) -> int:
    from xenscmi.cli.check_fleet import check_hosts
    from xenscmi.fleet.task import Task

    failing = _failing(arguments)
    try:
        select, ignore = _names(arguments.select), _names(arguments.ignore)
        _refuse_wrong_names(arguments, (*select, *ignore))
        task = Task(
            command="check",
            select=select,
            ignore=ignore,
            before=arguments.before or "",
            after=arguments.after or "",
        )
        hosts = check_hosts(arguments, located(arguments, task), failing)
    except XenscmiError as error:
        show(error.diagnostics)
        return EXIT_UNUSABLE
    if not all(host.usable for host in hosts):
        return EXIT_UNUSABLE
    failed = any(each.severity in failing for host in hosts for each in host.findings)
    return EXIT_FINDINGS if failed and not arguments.exit_zero else 0


def _fix(arguments: Namespace) -> int:
    """Apply fixes, or show them; then the findings that are left decide, or whether there is a difference."""
    from xenscmi.cli import fixing
    from xenscmi.host.parsed import ParsedFiles
    from xenscmi.rules.fixing import fix

    files, parsed = fixing.FilesToFix(arguments.paths), ParsedFiles()
    safeties = tuple(Safety) if arguments.unsafe_fixes else (Safety.SAFE,)
    done = fix(files, lambda read: _check(arguments, read, parsed), safeties)
    if arguments.diff:
        return EXIT_FINDINGS if fixing.put_diff(files, done) and not arguments.exit_zero else 0
    files.write()
    show(done.notes)
    fixing.report(files, done)
    _write(arguments.format, done.left)
    return _status(arguments, done.left)


def _page(arguments: Namespace) -> Sequence[Diagnostic]:
    """Print the page of the host, and return the findings."""
    from xenscmi.api import check
    from xenscmi.cli.page import host_report, other_host, put_page

    select, ignore = _names(arguments.select), _names(arguments.ignore)
    loaded = load_given_host(arguments)
    found = check(loaded, select=select, ignore=ignore)
    against = other_host(arguments.against, select, ignore) if arguments.against is not None else None
    show(loaded.host.notes)
    put_page(host_report(arguments.paths, loaded, found), against)
    return found


def _check_and_write(arguments: Namespace) -> Sequence[Diagnostic]:
    found, notes = _check(arguments)
    show(notes)
    _write(arguments.format, found)
    return found


def _write_unusable(arguments: Namespace, diagnostics: Sequence[Diagnostic]) -> None:
    if arguments.format != "html":
        _write(arguments.format, diagnostics)
        return
    from xenscmi.cli.page import put_unusable

    put_unusable(arguments.paths, diagnostics)


def _check(
    arguments: Namespace, read: Read | None = None, parsed: ParsedFiles | None = None
) -> tuple[Sequence[Diagnostic], Sequence[Diagnostic]]:
    if _compares_releases(arguments):
        return _upgrade(arguments)
    from xenscmi.host.configuration import is_alone, read_configuration

    select, ignore = _names(arguments.select), _names(arguments.ignore)
    if is_alone(arguments.paths, (*arguments.include, *arguments.roots)):
        from xenscmi.rules.engine import Selection, check_files

        source = _by(read, arguments.paths[0]) if read else read_source(arguments.paths[0])
        configuration = read_configuration(source)
        return check_files([configuration], Selection(select=select, ignore=ignore)), ()
    from xenscmi.api import check

    loaded = load_given_host(arguments, read=read, parsed=parsed)
    return check(loaded, select=select, ignore=ignore), loaded.host.notes


def _by(read: Read, path: str) -> Source:
    from xenscmi.api import read_source as read_by

    return read_by(path, read=read)


def _refuse_wrong_names(arguments: Namespace, rules: Sequence[str]) -> None:
    """Raise XenscmiError for a rule or a release that does not exist: once, and not for each host."""
    if rules:
        from xenscmi.rules.engine import refuse_unknown

        refuse_unknown(rules)
    if _compares_releases(arguments):
        from xenscmi.rules.upgrade import find_release

        _refuse_half(arguments)
        find_release(arguments.before)
        find_release(arguments.after)


def _upgrade(arguments: Namespace) -> tuple[Sequence[Diagnostic], Sequence[Diagnostic]]:
    from xenscmi.rules.upgrade import find_release, upgrade

    _refuse_half(arguments)
    before, after = find_release(arguments.before), find_release(arguments.after)
    loaded = load_given_host(arguments)
    return upgrade(loaded.host, before, after), loaded.host.notes


def _compares_releases(arguments: Namespace) -> bool:
    return arguments.before is not None or arguments.after is not None


def _refuse_half(arguments: Namespace) -> None:
    """Raise XenscmiError for one release alone, and for a selection of rules beside both."""
    if arguments.before is None or arguments.after is None:
        raise XenscmiError(Diagnostic(message="--from and --to need each other", help="give both releases of Xen"))
    if arguments.select or arguments.ignore:
        message = "--from and --to do not go with --select and --ignore: what changes is not found by rules"
        raise XenscmiError(Diagnostic(message=message, help="leave out --select and --ignore"))


def _names(given: list[str] | None) -> tuple[str, ...]:
    return tuple(name for text in given or () for name in text.replace(",", " ").split())


def _write(form: str, diagnostics: Sequence[Diagnostic]) -> None:
    if form == "text":
        from xenscmi.report.text import tally

        show(diagnostics)
        say(f"{tally(diagnostics)}{_fixable(diagnostics)}")
        return
    sys.stdout.write(rendered(form, diagnostics))


def _fixable(diagnostics: Sequence[Diagnostic]) -> str:
    """Return how many of the findings a command fixes."""
    safe, unsafe = (sum(bool(each.fix and each.fix.safety is kind) for each in diagnostics) for kind in Safety)
    said = [f"{safe} fixable with --fix"] if safe else []
    said += [f"{unsafe}{' more' if safe else ' fixable'} with --fix --unsafe-fixes"] if unsafe else []
    return f" ({', '.join(said)})" if said else ""
