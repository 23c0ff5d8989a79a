"""The layout of the code is as docs/architecture.md says, and nothing stands in it that nobody uses."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from tests.test_imports import modules

from xenscmi.cli import COMMANDS, load, make_parser

ROOT = Path(__file__).parents[1]
PRODUCT = {module: ast.parse(path.read_text("utf-8")) for module, path in modules().items()}

# Reached by tests alone, and why they stand in the product all the same.
ALLOWED = {
    "NO_GROUP": "the specification's value for no group of data events",
    "NO_SHMTI": "the specification's value for no telemetry memory",
    "acknowledge": "the agent's half of a notification, beside the platform's",
    "write_fast_channel": "agents write fast channels in memory, which the model does not map yet",
    "read_fast_channel": "agents read fast channels in memory, which the model does not map yet",
    "power_off": "the relay's end for those who drive it; a command ends with its guests",
    "read_area": "telemetry memory for a firmware tester: the model has none",
    "_split_lines": "argparse asks its formatter for this",
    "_fill_text": "argparse asks its formatter for this",
    "set_value": "sensors of the model do not change by themselves",
}


# Layers


def layers() -> list[str]:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    (contract,) = pyproject["tool"]["importlinter"]["contracts"]
    return [layer.strip("()") for layer in contract["layers"]]


def table() -> list[str]:
    """Return the rooms that docs/architecture.md names in the first column of its table."""
    rows = re.findall(r"^\| (`.*?) \|", (ROOT / "docs" / "architecture.md").read_text(), re.MULTILINE)
    return [room for row in rows for room in re.findall(r"`(\w+)`", row)]


def test_the_table_has_the_layers_in_their_order() -> None:
    there = {module.split(".")[1] for module in PRODUCT if "." in module} - {"__main__"}
    expected = [layer for layer in reversed(layers()) if layer in there]
    assert table() == expected
    assert set(expected) == there


def test_nobody_imports_the_command_line() -> None:
    """So everything that a command does is below it, and a reader of `cli` only goes down."""
    for module, tree in PRODUCT.items():
        if not module.startswith(("xenscmi.cli", "xenscmi.__main__")):
            assert not [name for name in imported(tree) if name.startswith("xenscmi.cli")], module


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (each.name for each in node.names)


STEPS_OF_CREATE = {
    "xenscmi.config.parse.parse_xlcfg",
    "xenscmi.config.json.to_json",  # the last step of `create -n`
    "xenscmi.toolstack.hosts.prepare_files",
    "xenscmi.toolstack.create.create_all",
    "xenscmi.api.check",  # on a real Xen with --host, before the second step
    "xenscmi.hypercall.preparation.prepare_for_xen",  # the second step on a real Xen
}


def test_create_climbs_back_to_the_command_line_twice() -> None:
    """From its arguments to a domain there are three steps down from `cli/create.py`, and no other module of `cli`."""
    below = re.compile(r"xenscmi\.(api|config|domctl|host|rules|toolstack|model|hypercall)\b")
    found = set()
    for node in ast.walk(PRODUCT["xenscmi.cli.create"]):
        if isinstance(node, ast.ImportFrom) and node.module and below.match(node.module):
            found |= {f"{node.module}.{each.name}" for each in node.names if each.name.islower()}
    assert found == STEPS_OF_CREATE


# Names


class Names:
    """What a module defines, and what it uses of others and of itself."""

    def __init__(self, tree: ast.Module) -> None:
        offered = {id(each) for node in tree.body if _is_all(node) for each in ast.walk(node)}
        nodes = [node for node in ast.walk(tree) if id(node) not in offered]
        imported = [
            each.asname or each.name for node in nodes if isinstance(node, ast.ImportFrom) for each in node.names
        ]
        own = {name for name, _ in _top(tree)}
        loaded = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
        attributes = [node for node in nodes if isinstance(node, ast.Attribute)]
        # Names in short texts: types in quotes, tables of names.
        self.quoted = {word for node in nodes for word in _words(node)}
        self.used = (loaded & {*imported, *own}) | {
            node.attr for node in attributes if isinstance(node.value, ast.Name) and node.value.id in imported
        }
        self.members_used = {node.attr for node in attributes}
        self.defined = [name for name, decorated in _top(tree) if not decorated]
        self.members = [
            (node.name, member.name)
            for node in tree.body
            if isinstance(node, ast.ClassDef)
            for member in node.body
            if isinstance(member, ast.FunctionDef)
        ]


def _is_all(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "__all__"


def _top(tree: ast.Module) -> Iterator[tuple[str, bool]]:
    """Yield the functions, classes and constants of a module, and whether a decorator may have registered them."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name, bool(node.decorator_list)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from ((each.id, False) for each in targets if isinstance(each, ast.Name))


def _words(node: ast.AST) -> list[str]:
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or len(node.value) > 200:
        return []
    return re.findall(r"\w+", node.value)


NAMES = {module: Names(tree) for module, tree in PRODUCT.items()}
TOOLS = [
    Names(ast.parse(path.read_text("utf-8"))) for folder in ("tools", "bench") for path in ROOT.glob(f"{folder}/*.py")
]


def unused() -> Iterator[tuple[str, str]]:
    users = [*NAMES.values(), *TOOLS]
    quoted = frozenset[str]().union(*(each.quoted for each in users))
    used = quoted.union(*(each.used for each in users))
    members_used = quoted.union(*(each.members_used for each in users))
    for module, names in NAMES.items():
        yield from ((name, f"{module}: {name}") for name in names.defined if name not in used)
        yield from ((name, f"{module}: {of}.{name}") for of, name in names.members if name not in members_used)


def test_every_name_is_used() -> None:
    """Names that only tests reach belong to tests/ or tools/."""
    found = [(name, place) for name, place in unused() if not re.fullmatch(r"__\w+__", name)]
    assert [place for name, place in found if name not in ALLOWED] == []
    assert [name for name in ALLOWED if name not in dict(found)] == []


# Help

VERBS = """
accept add answer append attach boot check choose convert create decode destroy do exit explain give have keep leave
list load look make name overwrite print read report rewrite run send serve set show switch take test try use work write
"""


def test_every_line_of_help_starts_with_a_verb() -> None:
    """It tells the reader what to write, or what the command then does."""
    lines = list(COMMANDS.values())
    for command in COMMANDS:
        module = load(command)
        lines.append((module.__doc__ or "").lower())
        lines += [action.help or "" for action in make_parser(command, module)._actions]
    assert len(lines) > 100
    assert [line for line in lines if line.split()[0].strip(",;:") not in VERBS.split()] == []
