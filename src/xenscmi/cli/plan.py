"""Write every file of a host from one plan: trees, xl.cfg files, firmware tables, and keep their numbers stable.

`init` writes a commented plan from a board's device tree; `render` writes the files of a plan, and what was given to
whom into plan.lock; `diff` shows what `render` would change; `check` says whether the files on disk are what the plan
says; `import` makes a plan of a host that exists, of a firmware's C tables, or of lopper's domains YAML. For
render, diff and check, PATH is a plan.toml, or a folder that holds one (default: the current folder). The files go into
the folder `host' beside the plan, unless -o names another.

exit codes: 0 done, or nothing to do; 1 files differ from the plan (diff, check); 2 input that cannot be used

examples:
  xenscmi plan init board.dtb --map r8a779g0 > plan.toml
  xenscmi plan render
  xenscmi plan diff
  xenscmi plan check && xenscmi check host && xenscmi simulate host
  xenscmi plan import examples/spider -o planned && xenscmi plan render planned
"""

from __future__ import annotations

from pathlib import Path

from xenscmi.cli.files import put, say, show
from xenscmi.diagnostics import XenscmiError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from xenscmi.cli.plan_files import Output
    from xenscmi.plan.project import Project

EXIT_DIFFERENT, EXIT_UNUSABLE = 1, 2
ACTIONS = ("init", "render", "diff", "check", "import")


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("action", choices=ACTIONS, help="choose what to do: see below")
    parser.add_argument(
        "path", nargs="?", metavar="PATH", help="take this plan; init: this board's tree; import: this folder or file"
    )
    parser.add_argument("-o", "--output", metavar="DIR", help="write into this folder, not `host' beside the plan")
    parser.add_argument("--map", metavar="NAME", help="use this resource map, shipped or a file (init)")
    parser.add_argument("--board", metavar="FILE", help="take this device tree (import of tables and YAML)")
    parser.add_argument("--force", action="store_true", help="overwrite files that a person changed")
    parser.add_argument("-q", "--quiet", action="store_true", help="leave out remarks on what guests go without")


def run(arguments: Namespace) -> int:
    """Run the command."""
    try:
        if arguments.action == "init":
            return _init(arguments)
        if arguments.action == "import":
            return _import(arguments)
        return _with_plan(arguments)
    except XenscmiError as error:
        show(error.diagnostics)
        return EXIT_UNUSABLE


def _with_plan(arguments: Namespace) -> int:
    from xenscmi.cli.plan_files import Output, find_plan, load

    path = find_plan(arguments.path)
    project = load(path)
    if not arguments.quiet:
        show(project.notes)
    output = Output(Path(arguments.output) if arguments.output else path.parent / "host", path)
    if arguments.action == "render":
        return _render(project, output, force=arguments.force)
    changes = output.changes(project)
    if arguments.action == "diff":
        from xenscmi.plan.words import words

        put("".join(f"{line}\n" for line in words(output.lock(), project.allocation)))
        put("".join(output.diff(project)))
    else:
        for path, what in changes:
            say(f"{path}: {what}")
        if changes:
            say("run `xenscmi plan render'")
    return EXIT_DIFFERENT if changes else 0


def _render(project: Project, output: Output, *, force: bool) -> int:
    written = output.write(project, force=force)
    say(f"{len(written)} of {len(project.files)} files written to {output.folder}" if written else "nothing to change")
    return 0


def _init(arguments: Namespace) -> int:
    from xenscmi.cli.plan_files import map_source
    from xenscmi.devicetree import load
    from xenscmi.plan.starting import starting_plan

    if not arguments.path:
        say("xenscmi plan init: name the board's device tree")
        return EXIT_UNUSABLE
    known = map_source(arguments.map) if arguments.map else None
    put(starting_plan(load(arguments.path), arguments.path, arguments.map, known))
    return 0


def _import(arguments: Namespace) -> int:
    from xenscmi.cli.plan_files import write_new
    from xenscmi.cli.plan_import import import_file, import_folder

    path = Path(arguments.path or ".")
    if not arguments.output:
        say("xenscmi plan import: name the folder of the plan: -o DIR")
        return EXIT_UNUSABLE
    if path.is_dir():
        imported, files = import_folder(path)
        show(imported.notes)
    elif arguments.board:
        files = import_file(path, Path(arguments.board))
    else:
        say(f"xenscmi plan import: {path} says nothing of the board: name its device tree with --board")
        return EXIT_UNUSABLE
    write_new(Path(arguments.output), files, force=arguments.force)
    say(f"{', '.join(sorted(files))} written to {arguments.output}; now: xenscmi plan render {arguments.output}")
    return 0
