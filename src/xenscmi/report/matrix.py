"""What each domain of a host was given and what it reached: a matrix for people, and JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from xenscmi.host.platform import DeviceNames, declared_names
from xenscmi.host.types import Host
from xenscmi.model.devices import device_paths
from xenscmi.report.table import table
from xenscmi.report.text import visible, visible_lines
from xenscmi.report.wrapping import fold, fold_all
from xenscmi.simulation.simulate import Access, DomainView, Simulation

_SIGNS = {
    "+": "given to the domain, and its agent can use all of it",
    ".": "not given, and refused",
    "?": "given, but refused in whole or in part",
    "-": "the domain has no agent",
    "!": "its agent can use it, although it is not given to this domain, or also to another",
}


Paths = Mapping[int, Sequence[str]]
"""SCMI device id → its nodes in the host's device tree."""
DeviceLabels = Mapping[int, DeviceNames]
"""SCMI device id → what the manifest calls it and what it owns."""


def device_labels(host: Host) -> tuple[Paths, DeviceLabels]:
    """Return the nodes and the names of a host's devices, which the matrix and its document show."""
    return device_paths(host.tree) if host.tree is not None else {}, declared_names(host)


def render(
    simulation: Simulation, paths: Paths, names: DeviceLabels = MappingProxyType({}), width: int | None = None
) -> str:
    """Return the matrix of domains and devices, a list of the devices, and every deviation, folded to a width."""
    if simulation.panic is not None:
        return fold_all(f"Xen panics at boot: {simulation.panic}", width) + f"\n\n{_deviations(simulation, width)}"
    devices = sorted({device for view in simulation.domains for device in (*view.devices, *view.given)} | paths.keys())
    shown = "\n".join(_matrix(simulation.domains, some, width) for some in _blocks(simulation.domains, devices, width))
    legend = _lines((f"  {device}: {_called(paths.get(device, ()), names.get(device))}" for device in devices), width)
    named = f"devices\n{legend}" if devices else "no device is under SCMI control\n"
    commands = (
        f"  {visible(view.name)}: {device}: {', '.join(commands)}"
        for view in simulation.domains
        for device, commands in sorted(view.hears.items())
    )
    heard = _lines(commands, width)
    notified = f"\nnotifications that each agent can have\n{heard}" if heard else ""
    return visible_lines(f"{shown}{_legend(width)}\n{named}{notified}\n{_deviations(simulation, width)}")


def _matrix(views: Sequence[DomainView], devices: Sequence[int], width: int | None) -> str:
    """Return the table of the domains and some of the devices."""
    rows = [
        (
            visible(view.name),
            str(view.domid),
            "-" if view.agent_id is None else str(view.agent_id),
            *(cell(view, device, views) for device in devices),
        )
        for view in views
    ]
    return table(("DOMAIN", "ID", "AGENT", *map(str, devices)), rows, width)


def _blocks(views: Sequence[DomainView], devices: Sequence[int], width: int | None) -> Iterator[Sequence[int]]:
    """Yield the devices in stretches whose tables fit the width; all at once where nothing limits it."""
    beside = max((len(view.name) for view in views), default=0) + len("      ID  AGENT")
    block: list[int] = []
    for device in devices:
        if width is not None and block and beside + sum(2 + len(str(each)) for each in (*block, device)) > width:
            yield block
            block = []
        block.append(device)
    yield block


def _legend(width: int | None) -> str:
    """Return what the signs of the matrix mean: in two columns, or a sign a line where these are too wide."""
    texts = [f"{sign}  {words}" for sign, words in _SIGNS.items()]
    left = max(map(len, texts[0:4:2]))
    wide = "".join(f"  {one:{left}}     {two}\n" for one, two in zip(texts[0:4:2], texts[1:4:2], strict=True))
    wide += f"  {texts[4]}\n"
    if width is None or max(map(len, wide.splitlines())) <= width:
        return wide
    return "".join(f"{line}\n" for text in texts for line in fold(f"  {text}", width, "     "))


def _lines(texts: Iterable[str], width: int | None) -> str:
    return "".join(f"{fold_all(text, width)}\n" for text in texts)


def _called(paths: Sequence[str], names: DeviceNames | None) -> str:
    node = ", ".join(paths) or "(no node)"
    called = ": ".join(each for each in (names.name, ", ".join(names.resources)) if each) if names else ""
    return f"{node} ({called})" if called else node


def cell(view: DomainView, device: int, views: Sequence[DomainView]) -> str:
    """Return the sign of a domain and a device: `+`, `?`, `!`, `.` or `-`, as the legend says."""
    if view.wanted is None and view.agent_id is None:
        return "-"
    if not view.uses(device):
        return "?" if device in view.given else "."
    alone = not any(device in other.given and other.uses(device) for other in views if other is not view)
    if device not in view.given or not alone:
        return "!"
    return "+" if view.devices[device] is Access.ALL else "?"


def _deviations(simulation: Simulation, width: int | None) -> str:
    tried = sum(len(view.devices) + len(view.used) + len(view.forbidden) for view in simulation.domains)
    if not simulation.deviations:
        return f"no deviation in {tried} things tried\n"
    rows = [(each.domain, each.subject, each.expected, each.seen) for each in simulation.deviations]
    total = f"{len(rows)}, of {tried} things tried" if tried else str(len(rows))
    return f"deviations ({total})\n" + table(("DOMAIN", "WHAT", "EXPECTED", "SEEN"), rows, width)


def document(simulation: Simulation, paths: Paths, names: DeviceLabels = MappingProxyType({})) -> dict[str, object]:
    """Return the same as a value for JSON, together with Xen's log."""
    return {
        "boots": simulation.panic is None,
        "panic": simulation.panic,
        "domains": [dict(_domain(view)) for view in simulation.domains],
        "devices": {str(device): list(nodes) for device, nodes in sorted(paths.items())},
        "names": {str(device): each._asdict() for device, each in sorted(names.items())},
        "deviations": [
            {"domain": each.domain, "subject": each.subject, "expected": each.expected, "seen": each.seen}
            for each in simulation.deviations
        ],
        "xen": list(simulation.log),
    }


def _domain(view: DomainView) -> Iterator[tuple[str, object]]:
    yield "name", view.name
    yield "domid", view.domid
    yield "expected_agent_id", view.wanted
    yield "agent_id", view.agent_id
    offer = view.offer
    yield "channel", {"node": offer.node, "func_id": offer.func_id, "shmem": offer.shmem} if offer else None
    yield "expected", sorted(view.given)
    yield "reached", sorted(device for device, access in view.devices.items() if access is Access.ALL)
    yield "partly_reached", sorted(device for device, access in view.devices.items() if access is Access.SOME)
    yield "hears", {str(device): list(commands) for device, commands in sorted(view.hears.items())}
    for name, attempts in (("used", view.used), ("forbidden", view.forbidden)):
        yield name, [{"subject": each.subject, "expected": each.expected, "seen": each.seen} for each in attempts]
