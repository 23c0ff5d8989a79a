"""No module imports itself by way of others, not even late or for types alone, and no class name has two meanings."""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import xenscmi

FOLDER = Path(xenscmi.__file__).parent


def modules() -> dict[str, Path]:
    """Return the files of the package by the names of their modules."""
    found = {}
    for path in FOLDER.rglob("*.py"):
        names = (FOLDER.name, *path.relative_to(FOLDER).with_suffix("").parts)
        found[".".join(names).removesuffix(".__init__")] = path
    return found


def test_no_module_imports_itself_by_way_of_others() -> None:
    known = modules()
    graph: dict[str, set[str]] = {}
    for module, path in known.items():
        imports = graph[module] = set()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module in known:
                names = (f"{node.module}.{each.name}" for each in node.names)
                imports.update(name if name in known else node.module for name in names)
    assert graph["xenscmi.host.by_kind"] >= {"xenscmi.host.kinds", "xenscmi.devicetree"}
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the cycle


def test_a_class_name_stands_for_one_thing() -> None:
    found: dict[str, str] = {}
    for module, path in modules().items():
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                assert node.name not in found, f"{node.name} is in {module} and in {found[node.name]}"
                found[node.name] = module
    assert len(found) > 100
