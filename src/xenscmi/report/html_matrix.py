"""The matrix of domains and devices as HTML: what the files give, or what the run of the host showed.

A small matrix has a cell for each domain and device. In a large one nearly all cells say the same, "refused": there,
each domain has a row that lists the devices by what happened to them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xenscmi.host.index import Index, wanted_agent
from xenscmi.host.types import Host
from xenscmi.report.holdings import runs
from xenscmi.report.html_findings import text
from xenscmi.report.html_table import Cell, scrolling, table
from xenscmi.report.matrix import cell
from xenscmi.simulation.simulate import Simulation

_MOST_CELLS = 1500
_REACHED = {
    "+": "given, and its agent can use all of it",
    "?": "given, but refused in whole or in part",
    "!": "usable, although not given to this domain, or also to another",
    ".": "not given, and refused",
    "-": "the domain has no agent",
}
_ASSIGNED = {
    "+": "given to the domain",
    "!": "given to several domains",
    "?": "given, but the domain has no agent",
    ".": "not given",
}
_KINDS = {"+": "good", "?": "poor", "!": "bad", ".": "no", "-": "no"}
_Row = tuple[str, Mapping[int, str]]


def reached_matrix(simulation: Simulation, paths: Mapping[int, Sequence[str]]) -> str:
    """Return what each domain's agent could use, of every device that was tried or given."""
    views = simulation.domains
    devices = sorted({device for view in views for device in (*view.devices, *view.given)} | paths.keys())
    rows = [(view.name, {device: cell(view, device, views) for device in devices}) for view in views]
    return _matrix(rows, devices, paths, _REACHED)


def assigned_matrix(host: Host, paths: Mapping[int, Sequence[str]]) -> str:
    """Return which SCMI devices the files give to which domain. `xenscmi simulate` shows what comes of it."""
    index = Index(host)
    given: dict[int, set[int]] = {id(domain): set() for domain in host.domains}
    for assignment in index.assignments:
        entries = index.scmi_entries(assignment.device)
        given[id(assignment.domain)] |= {entry.arguments[0] for entry in entries if entry.arguments}
    devices = sorted(frozenset[int]().union(paths, *given.values()))
    owners = {device: sum(device in each for each in given.values()) for device in devices}

    def sign(number: int, device: int) -> str:
        domain = host.domains[number]
        if device not in given[id(domain)]:
            return "."
        return "!" if owners[device] > 1 else "+" if wanted_agent(domain) else "?"

    rows = [
        (domain.name, {device: sign(number, device) for device in devices})
        for number, domain in enumerate(host.domains)
    ]
    said = (
        "<p>As the files say; <code>xenscmi simulate --format html</code> runs the host and shows what each domain "
        "reaches.</p>\n"
    )
    return said + _matrix(rows, devices, paths, _ASSIGNED)


def _matrix(
    rows: Sequence[_Row], devices: Sequence[int], paths: Mapping[int, Sequence[str]], legend: Mapping[str, str]
) -> str:
    if not devices:
        return "<p>No device is under SCMI control.</p>\n"
    if len(rows) * len(devices) > _MOST_CELLS:
        return _listing(rows, legend)
    head = "".join(f'<th scope="col"><abbr title="{text(_paths(each, paths))}">{each}</abbr></th>' for each in devices)
    body = "".join(
        f'<tr><th scope="row">{text(name)}</th>'
        + "".join(
            f'<td class="{_KINDS[signs[each]]}"><abbr title="{legend[signs[each]]}">{signs[each]}</abbr></td>'
            for each in devices
        )
        + "</tr>\n"
        for name, signs in rows
    )
    grid = (
        f'<table class="matrix">\n<thead><tr><th scope="col">Domain</th>{head}</tr></thead>\n'
        f"<tbody>\n{body}</tbody>\n</table>\n"
    )
    used = [sign for sign in legend if any(sign in signs.values() for _, signs in rows)]
    signs = "".join(f'<li><b class="{_KINDS[sign]}">{sign}</b> {legend[sign]}</li>' for sign in used)
    named = ((Cell(str(each)), Cell(_paths(each, paths), code=True)) for each in devices)
    return (
        scrolling(grid, "Domains and devices")
        + f'<ul class="signs">{signs}</ul>\n'
        + table(("SCMI device", "In the host's tree"), named, label="SCMI devices")
    )


def _listing(rows: Sequence[_Row], legend: Mapping[str, str]) -> str:
    """Return a row for each domain: the devices with each sign; only the number of those that it was not given."""
    shown = [sign for sign in legend if any(sign in signs.values() for _, signs in rows)]
    lines = []
    for name, signs in rows:
        by_sign = {sign: [device for device, each in signs.items() if each == sign] for sign in shown}
        lines.append((Cell(name), *(Cell(_devices(by_sign[sign], sign)) for sign in shown)))
    return table(("Domain", *(f"{sign} {legend[sign]}" for sign in shown)), lines, label="Domains and devices")


def _devices(devices: Sequence[int], sign: str) -> str:
    if not devices:
        return "–"
    return f"{len(devices)} device{'' if len(devices) == 1 else 's'}" if sign in ".-" else runs(devices)


def _paths(device: int, paths: Mapping[int, Sequence[str]]) -> str:
    return ", ".join(paths.get(device, ())) or "no node"
