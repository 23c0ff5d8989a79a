"""A plan from lopper's domains YAML (openamp,domain-v1): who has which devices, how much memory and how many CPUs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from xenscmi.plan.reading import failure
from xenscmi.plan.rendering.quoting import quoted
from xenscmi.source import Source, Span

_DOM0 = ("dom0", "Dom0", "domain0")


def plan_of_lopper(document: object, source: Source, board: str) -> str:
    """Return a plan for a board. Raises XenscmiError if the document has no domains."""
    domains = document.get("domains") if isinstance(document, dict) else None
    if not isinstance(domains, dict) or not domains:
        help = "lopper's file has `domains:' at its top"
        raise failure(f"{source.name} has no domains", Span(source, 0, 0), help)
    lines = ["# Made by `xenscmi plan import' of lopper's domains.", ""]
    lines += ["[board]", f"device_tree = {quoted(board)}", 'pins = "boot-loader"']
    for name, domain in _flat(domains):
        lines += ["", "[dom0]"] if name in _DOM0 else ["", "[[domain]]", f"name = {quoted(name)}"]
        if name not in _DOM0:
            lines += ['kind = "dom0less"', 'kernel = "Image"', f"vcpus = {_vcpus(domain)}"]
        memory = _mebibytes(domain)
        lines += [f"memory = {memory}"] if memory else []
        devices = list(_devices(domain))
        lines += [f"devices = [{', '.join(map(quoted, devices))}]"] if devices else []
    return "\n".join(lines) + "\n"


def _flat(domains: Mapping[Any, Any], depth: int = 4) -> Iterator[tuple[str, Mapping[Any, Any]]]:
    """Yield the domains that run on Xen, without those that only contain others (`domains:` again)."""
    for name, domain in domains.items():
        if not isinstance(domain, dict):
            continue
        inner = domain.get("domains")
        if isinstance(inner, dict) and depth:
            yield from _flat(inner, depth - 1)
        else:
            yield str(name), domain


def _rows(domain: Mapping[Any, Any], key: str) -> Iterator[Mapping[Any, Any]]:
    rows = domain.get(key)
    yield from (row for row in (rows if isinstance(rows, list) else ()) if isinstance(row, dict))


def _devices(domain: Mapping[Any, Any]) -> Iterator[str]:
    """Yield the devices by the names that lopper knows them by: labels, or paths."""
    for row in _rows(domain, "access"):
        name = row.get("dev") or row.get("label")
        if isinstance(name, str) and name.isprintable():
            yield name


def _mebibytes(domain: Mapping[Any, Any]) -> int:
    sizes = [row.get("size") for row in _rows(domain, "memory")]
    return min(sum(_number(size) for size in sizes) >> 20, 1 << 24)


def _number(value: object) -> int:
    """Return a number that YAML has as one, or as text (`0x2000_0000`, `"512M"` is none of them)."""
    try:
        return max(0, value if isinstance(value, int) else int(str(value), 0))
    except ValueError:
        return 0


def _vcpus(domain: Mapping[Any, Any]) -> int:
    masks = [_number(row.get("cpumask")) for row in _rows(domain, "cpus")]
    return min(max(1, sum(mask.bit_count() for mask in masks)), 128)
