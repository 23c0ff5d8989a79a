"""A host as one HTML file: who has what, as a drawing and as tables, what was tried, and what is wrong.

The page needs nothing beside itself: no script, no font, no picture, no address. The same host gives the same bytes.
Every text of the host's files is escaped, and the page forbids the browser to fetch anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files

from xenscmi.diagnostics import Diagnostic, Severity
from xenscmi.host.types import Host
from xenscmi.model.devices import device_paths
from xenscmi.report.difference import differences, new_findings
from xenscmi.report.holdings import DomainHolding, Holdings, holdings, runs
from xenscmi.report.html_findings import findings_list, text
from xenscmi.report.html_matrix import assigned_matrix, reached_matrix
from xenscmi.report.html_table import Cell, section, table
from xenscmi.report.json import summary
from xenscmi.report.topology import draw
from xenscmi.simulation.compare import compare
from xenscmi.simulation.simulate import Simulation
from xenscmi.version import __version__


@dataclass(frozen=True, slots=True, kw_only=True)
class HostReport:
    """What a page shows: a host, what the rules find on it and, if it was run, how that went.

    `name` is what the user called it. `usable` is False where the files do not make a host, and the findings say why.
    """

    name: str
    host: Host
    findings: Sequence[Diagnostic]
    simulation: Simulation | None = None
    usable: bool = True


def render(shown: HostReport, against: HostReport | None = None) -> str:
    """Return the page of a host and, if another one is given, of what differs from it."""
    sections = list(_sections(shown, against))
    links = "".join(f'<li><a href="#{anchor}">{title}</a></li>' for anchor, title, _ in sections)
    title = f"{text(shown.name)}: xenscmi"
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
        'img-src data:">\n<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="color-scheme" content="light dark">\n<title>{title}</title>\n'
        f'<link rel="icon" href="data:,">\n<style>\n{_style()}</style>\n</head>\n<body>\n'
        f'<a class="skip" href="#findings">Skip to the findings</a>\n{_header(shown)}'
        f'<nav aria-label="Sections"><ul>{links}</ul></nav>\n<main>\n'
        + "".join(section(anchor, title, body) for anchor, title, body in sections)
        + f"</main>\n<footer>xenscmi {__version__}</footer>\n</body>\n</html>\n"
    )


def _style() -> str:
    return files("xenscmi.report").joinpath("page.css").read_text("utf-8")


def _header(shown: HostReport) -> str:
    counts = summary(shown.findings)
    badges = [
        f'<li class="{severity.value}"><b>{number}</b> {severity.value}{"" if number == 1 else "s"}</li>'
        for severity in Severity
        if (number := counts[f"{severity.value}s"])
    ]
    if not shown.usable:
        badges.append('<li class="error">these files are not a host</li>')
    elif not badges:
        badges.append('<li class="good">the rules find nothing</li>')
    if shown.simulation is not None:
        number = len(shown.simulation.deviations)
        kind, said = (
            ("error", f"<b>{number}</b> deviation{'' if number == 1 else 's'}") if number else ("good", "no deviation")
        )
        badges.append(f'<li class="{kind}">{said}</li>')
    return (
        f"<header>\n<p>SCMI multi-agent on Xen</p>\n<h1>{text(shown.name)}</h1>\n"
        f'<ul class="badges">{"".join(badges)}</ul>\n</header>\n'
    )


def _sections(shown: HostReport, against: HostReport | None) -> Iterator[tuple[str, str, str]]:
    """Yield anchor, title and body of each section."""
    if shown.usable:
        has = holdings(shown.host)
        drawing = (
            f'<div class="scroll" tabindex="0" role="group" aria-label="Drawing of the host">\n{draw(has)}</div>\n'
        )
        yield "topology", "Who has what", f"{_facts(has)}{drawing}{_LEGEND}"
        yield "agents", "Agents", _agents(has)
        yield "domains", "Domains", _domains(has)
        yield "matrix", "Domains and devices", _matrix(shown)
    yield (
        "findings",
        "Findings",
        findings_list(shown.findings) if shown.findings else "<p>The rules find nothing.</p>\n",
    )
    if shown.simulation is not None:
        yield "deviations", "Deviations", _deviations(shown.simulation)
    if against is not None and shown.usable:
        yield "difference", f"Difference to {text(against.name)}", _difference(shown, against)
    if shown.simulation is not None:
        lines = shown.simulation.log
        log = "".join(f"{text(line)}\n" for line in lines)
        body = f'<details>\n<summary>{len(lines)} lines</summary>\n<pre tabindex="0">{log}</pre>\n</details>\n'
        yield "log", "What Xen printed", body


_LEGEND = (
    '<p class="legend"><span class="free">dashed: no owner, or nothing under SCMI control</span> '
    '<span class="bad">red: claimed more than once</span></p>\n'
)


def _facts(has: Holdings) -> str:
    where = f"<code>{text(has.host.container)}</code> (dialect {has.host.dialect})" if has.host.container else "none"
    trusted = "unknown" if has.host.trusted_agent is None else f"agent {has.host.trusted_agent}"
    rows = [
        ("Board", text(has.model) or "without a name"),
        ("Xen's list of agents", where),
        ("Firmware", text(has.host.firmware)),
        ("Trusted agent", trusted),
    ]
    return "<dl>" + "".join(f"<div><dt>{key}</dt><dd>{value}</dd></div>" for key, value in rows) + "</dl>\n"


def _agents(has: Holdings) -> str:
    shared = has.shared_pages()
    return table(
        ("Agent", "SMC function id", "Page", "Owner", "SCMI devices"),
        (
            (
                Cell(_number(row.agent_id), code=True),
                Cell(_hex(row.func_id), code=True),
                Cell(_hex(row.page), code=True, bad="also another agent's" if row.page in shared else ""),
                Cell(", ".join(row.owners) or "free", bad="claimed by several" if len(row.owners) > 1 else ""),
                Cell("\n".join(f"{each.id} {each.path}" for each in row.devices) or "–", code=bool(row.devices)),
            )
            for row in has.agents
        ),
        anchor="agent",
        label="Agents",
    )


def _domains(has: Holdings) -> str:
    return table(
        (
            "Domain",
            "Kind",
            "Agent",
            "Devices",
            "Interrupts (SPI + 32)",
            "Memory of the host, and where the guest sees it",
        ),
        (_domain(each, has) for each in has.domains),
        anchor="domain",
        label="Domains",
    )


def _domain(domain: DomainHolding, has: Holdings) -> tuple[Cell, ...]:
    twice = [each.path for each in domain.devices if each.path in has.shared_devices()]
    lines = [number for number in domain.interrupts if number in has.shared_interrupts()]
    memory = "\n".join(
        f"{each.host:#x}–{each.host + each.size - 1:#x} at {each.guest:#x}" for each in domain.memory if each.size
    )
    return (
        Cell(domain.name),
        Cell(domain.kind),
        Cell("none" if domain.agent_id is None else str(domain.agent_id)),
        Cell(
            "\n".join(each.path for each in domain.devices) or "–",
            code=bool(domain.devices),
            bad=f"also another domain's: {', '.join(twice)}" if twice else "",
        ),
        Cell(runs(domain.interrupts) or "–", bad=f"also another domain's: {runs(lines)}" if lines else ""),
        Cell(memory or "–", code=bool(memory)),
    )


def _matrix(shown: HostReport) -> str:
    paths = device_paths(shown.host.tree) if shown.host.tree else {}
    if shown.simulation is None:
        return assigned_matrix(shown.host, paths)
    if shown.simulation.panic is not None:
        return f'<p class="panic">Xen panics at boot: {text(shown.simulation.panic)}</p>\n'
    return reached_matrix(shown.simulation, paths)


def _deviations(simulation: Simulation) -> str:
    if not simulation.deviations:
        return "<p>Each domain reaches what it was given, and nothing else.</p>\n"
    return _rows(
        ("Domain", "What", "Expected", "Seen"),
        ((each.domain, each.subject, each.expected, each.seen) for each in simulation.deviations),
        "Deviations",
    )


def _difference(shown: HostReport, against: HostReport) -> str:
    here, there = f"{shown.name}", f"{against.name}"
    parts = []
    given = differences(holdings(shown.host), holdings(against.host))
    parts.append("<h3>What the files give</h3>\n")
    rows = ((each.subject, each.here, each.there) for each in given)
    parts.append(_rows(("What", here, there), rows, "What the files give") if given else "<p>The same.</p>\n")
    if shown.simulation and against.simulation:
        seen = compare(shown.simulation, against.simulation)
        cells = ((f"{each.domain}: {each.subject}", each.first, each.second) for each in seen)
        parts.append("<h3>What the domains reach</h3>\n")
        parts.append(_rows(("What", here, there), cells, "What the domains reach") if seen else "<p>The same.</p>\n")
    for title, ours, theirs in (
        (f"Findings only on {here}", shown, against),
        (f"Findings only on {there}", against, shown),
    ):
        new = new_findings(ours.findings, theirs.findings)
        parts.append(f"<h3>{text(title)}</h3>\n{findings_list(new) if new else '<p>None.</p>' + chr(10)}")
    return "".join(parts)


def _rows(heading: Sequence[str], rows: Iterable[Sequence[str]], label: str) -> str:
    return table(heading, (tuple(map(Cell, row)) for row in rows), label=label)


def _number(value: int | None) -> str:
    return "?" if value is None else str(value)


def _hex(value: int | None) -> str:
    return "?" if value is None else f"{value:#x}"
