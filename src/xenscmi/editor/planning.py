"""What an editor can be told of a plan: where its domains and devices stand, and what they are given."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.names import RESOURCE_CELLS
from xenscmi.editor.suggestion import Suggestion
from xenscmi.host.occurrences import Occurrence, Subject
from xenscmi.host.toml_values import toml_values
from xenscmi.plan.allocation import Allotment
from xenscmi.plan.planned import DOM0, XEN
from xenscmi.plan.project import Project


def planned_occurrences(project: Project) -> tuple[Occurrence, ...]:
    """Return the places of a plan that name a domain or a device, and the devices' nodes in the board's tree."""
    resolved = project.allocation.resolved
    found = [
        Occurrence(Subject.DOMAIN, value.text.strip("\"'"), value.span, defines=True)
        for value in toml_values(resolved.read.source)
        if value.path[0] == "domain" and value.path[2:] == ("name",)
    ]
    for domain in resolved.domains:
        for device in domain.devices:
            found.append(Occurrence(Subject.DEVICE, device.path, device.node.span, defines=True))
            found.append(Occurrence(Subject.DEVICE, device.path, device.span))
    return tuple(each for each in found if each.span.source.text)


def about_planned(occurrence: Occurrence, project: Project) -> str:
    """Return what a domain is given, or who is given a device, as Markdown."""
    lines = [f"**{occurrence.subject.value} {occurrence.value}**"]
    for each in project.allocation.allotments:
        if occurrence.subject is Subject.DOMAIN and each.domain.name == occurrence.value:
            lines += _channel(each)
            lines += [f"- `{device.path}`" for device in each.domain.devices]
        for device in each.domain.devices if occurrence.subject is Subject.DEVICE else ():
            if device.path == occurrence.value:
                ids = project.allocation.device_ids.get(device.path, ())
                lines.append(f"- {each.domain.name}: SCMI device {', '.join(map(str, ids)) or 'none'}")
                lines += [f"- {kind} {', '.join(map(str, sorted(of)))}" for kind, of in device.resources.items() if of]
    return "\n".join(lines)


def _channel(allotment: Allotment) -> Iterator[str]:
    channel = allotment.channel
    if channel is None:
        yield "- no agent"
        return
    guest = "" if allotment.page is None else f", seen at {allotment.page:#x}"
    yield f"- agent {channel.agent_id}: SMC function id {channel.func_id:#x}, page {channel.page:#x}{guest}"


def plannable_devices(project: Project | None) -> Iterator[Suggestion]:
    """Yield the devices of the board that use SCMI resources: first those that are not given to a guest."""
    if project is None:
        return
    resolved = project.allocation.resolved
    nodes = [node for node in resolved.board.tree.walk() if any(name in node for name in RESOURCE_CELLS)]
    owners = {node: resolved.owner(node) for node in nodes}
    for node in sorted(nodes, key=lambda node: owners[node] not in (None, DOM0)):
        owner = owners[node]
        if owner != XEN:
            taken = "free" if owner in (None, DOM0) else f"given to {owner}"
            yield Suggestion(resolved.board.label(node) or node.path, taken, node.path)
