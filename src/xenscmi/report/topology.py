"""The topology of a host as a drawing: the firmware's agents, the domains that have them, the devices of each domain.

The drawing is SVG that stands in a page: its colours come from the page's style sheet, its boxes link to the page's
tables. Three columns, one row of boxes for each agent, domain and device; what belongs together has the same height.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape

from xenscmi.bindings.interrupts import FIRST_SPI
from xenscmi.report.holdings import DeviceHolding, DomainHolding, Holdings, runs
from xenscmi.report.host import XEN_OWNER, AgentRow
from xenscmi.report.text import visible

_WIDTH = 1000
_AGENT, _DOMAIN, _DEVICE = (0, 220), (330, 200), (640, 360)
"""The columns: left edge and width."""
_TOP, _TALL, _LOW, _GAP = 30, 46, 38, 10
_MOST_DEVICES = 24
"""Of one domain; the tables have all."""


@dataclass(slots=True)
class _Drawing:
    """The boxes and lines so far, and the height at which the next one stands."""

    y: int = _TOP
    boxes: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    agents: dict[int, int] = field(default_factory=dict)
    """The middle of each agent's box, by its number in the list."""
    devices: dict[str, int] = field(default_factory=dict)
    """The middle of each device's box, by path."""

    def box(
        self, column: tuple[int, int], middle: int, height: int, kind: str, texts: tuple[str, str], to: str
    ) -> None:
        """Draw a box of two lines of text that leads to a place of the page."""
        left, width = column
        first, second = (visible(each) for each in texts)
        shown = [_shortened(each, (width - 20) // 7) for each in (first, second)]
        whole = "" if shown == [first, second] else f"<title>{escape(first)} · {escape(second)}</title>"
        self.boxes.append(
            f'<a href="#{to}">{whole}<rect class="{kind}" x="{left}" y="{middle - height // 2}" width="{width}" '
            f'height="{height}"/><text x="{left + 10}" y="{middle - 4}">{escape(shown[0])}</text>'
            f'<text class="s" x="{left + 10}" y="{middle + 12}">{escape(shown[1])}</text></a>\n'
        )

    def line(self, start: tuple[int, int], start_y: int, end: tuple[int, int], end_y: int, *, bad: bool) -> None:
        """Draw a line from the right edge of a column to the left edge of another."""
        left, right = sum(start), end[0]
        middle, kind = (left + right) // 2, ' class="bad"' if bad else ""
        way = f"H{right}" if start_y == end_y else f"C{middle} {start_y} {middle} {end_y} {right} {end_y}"
        self.lines.append(f'<path{kind} d="M{left} {start_y}{way}"/>\n')


def draw(host: Holdings) -> str:
    """Return the drawing as an `svg` element."""
    drawing = _Drawing()
    owned = {id_: number for number, row in reversed([*enumerate(host.agents)]) if (id_ := row.agent_id) is not None}
    for number, row in enumerate(host.agents):
        if XEN_OWNER in row.owners:
            _agent(drawing, number, row, host)
            drawing.box(_DOMAIN, drawing.agents[number], _TALL, "domain", ("Xen", "its own channel"), f"agent-{number}")
            drawing.line(_AGENT, drawing.agents[number], _DOMAIN, drawing.agents[number], bad=False)
            drawing.y += _TALL + _GAP
    for number, domain in enumerate(host.domains):
        _domain(drawing, number, domain, owned, host)
    for number, row in enumerate(host.agents):
        if number not in drawing.agents:
            _agent(drawing, number, row, host)
            drawing.y += _TALL + _GAP
    return _svg(drawing, host)


def _svg(drawing: _Drawing, host: Holdings) -> str:
    headings = ((_AGENT, "SCMI agents of the firmware"), (_DOMAIN, "Domains"), (_DEVICE, "Devices and interrupts"))
    return (
        f'<svg viewBox="-2 0 {_WIDTH + 4} {drawing.y}" role="group" aria-label="{len(host.agents)} agents and '
        f'{len(host.domains)} domains of the host; the tables below say the same">\n'
        + "".join(f'<text class="h" x="{left}" y="14">{text}</text>\n' for (left, _), text in headings)
        + "".join((*drawing.lines, *drawing.boxes))
        + "</svg>\n"
    )


def _domain(drawing: _Drawing, number: int, domain: DomainHolding, owned: dict[int, int], host: Holdings) -> None:
    """Draw a domain beside its devices, and its agent if that is not yet drawn."""
    shown = domain.devices[:_MOST_DEVICES]
    fresh = [each for each in shown if each.path not in drawing.devices]
    others = _others(domain)
    rest = len(domain.devices) - len(shown)
    rows = len(fresh) + bool(others) + bool(rest)
    height = max(_TALL, rows * (_LOW + _GAP) - _GAP)
    middle = drawing.y + height // 2
    row = owned.get(domain.agent_id) if domain.agent_id is not None else None
    contested = row is not None and len(host.agents[row].owners) > 1
    kind = "domain" if domain.agent_id is not None else "domain none"
    drawing.box(_DOMAIN, middle, _TALL, kind, (domain.name, _summary(domain, row)), f"domain-{number}")
    if row is not None:
        if row not in drawing.agents:
            _agent(drawing, row, host.agents[row], host, middle)
        drawing.line(_AGENT, drawing.agents[row], _DOMAIN, middle, bad=contested)
    top = drawing.y + (height - rows * (_LOW + _GAP) + _GAP) // 2 + _LOW // 2
    shared = host.shared_devices()
    for each in fresh:
        drawing.devices[each.path] = top
        kind = "device bad" if each.path in shared else "device"
        drawing.box(_DEVICE, top, _LOW, kind, (each.path, _device(each)), f"domain-{number}")
        top += _LOW + _GAP
    for each in shown:
        drawing.line(_DOMAIN, middle, _DEVICE, drawing.devices[each.path], bad=each.path in shared)
    for texts in _further(others, rest):
        drawing.box(_DEVICE, top, _LOW, "device none", texts, f"domain-{number}")
        drawing.line(_DOMAIN, middle, _DEVICE, top, bad=False)
        top += _LOW + _GAP
    drawing.y += height + _GAP


def _others(domain: DomainHolding) -> tuple[int, ...]:
    """Return the interrupts of a guest that belong to none of its devices."""
    of_devices = {number for each in domain.devices for number in each.interrupts}
    return () if domain.kind == "dom0" else tuple(each for each in domain.interrupts if each not in of_devices)


def _further(others: tuple[int, ...], rest: int) -> Iterator[tuple[str, str]]:
    if others:
        yield "further interrupts", f"SPI {runs([each - FIRST_SPI for each in others])}"
    if rest:
        yield f"{rest} more devices", "the table of domains has them"


def _agent(drawing: _Drawing, number: int, row: AgentRow, host: Holdings, middle: int | None = None) -> None:
    """Draw an agent at a height, or at the next free one."""
    drawing.agents[number] = drawing.y + _TALL // 2 if middle is None else middle
    bad = len(row.owners) > 1 or row.page in host.shared_pages()
    kind = "agent bad" if bad else "agent" if row.owners else "agent none"
    name = "agent ?" if row.agent_id is None else f"agent {row.agent_id}"
    trusted = row.agent_id is not None and row.agent_id == host.host.trusted_agent
    texts = (
        name + (", trusted" if trusted else "") + ("" if row.owners else ", free"),
        f"{_hex(row.func_id)} · page {_hex(row.page)}",
    )
    drawing.box(_AGENT, drawing.agents[number], _TALL, kind, texts, f"agent-{number}")


def _summary(domain: DomainHolding, row: int | None) -> str:
    if domain.agent_id is None:
        return f"{domain.kind}, no agent"
    return f"{domain.kind}, agent {domain.agent_id}" + (", not listed" if row is None else "")


def _device(device: DeviceHolding) -> str:
    scmi = f"SCMI device {runs(sorted(device.ids))}" if device.ids else "not under SCMI control"
    lines = f" · SPI {runs([each - FIRST_SPI for each in device.interrupts])}" if device.interrupts else ""
    return scmi + lines


def _hex(value: int | None) -> str:
    return "?" if value is None else f"{value:#x}"


def _shortened(text: str, length: int) -> str:
    """Return the end of a long text: in a path, that is the node."""
    return text if len(text) <= length else f"…{text[len(text) - length + 1 :]}"
