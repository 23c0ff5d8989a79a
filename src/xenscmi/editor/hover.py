"""What stands at a place: the meaning of a key, who has an agent, whose page it is, what a domain has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath

from xenscmi.editor.completion import options, schema_key
from xenscmi.host.occurrences import Occurrence, Subject
from xenscmi.host.types import Host
from xenscmi.plan.json_schema import XL_KEY
from xenscmi.plan.schema import NAME as PLAN
from xenscmi.report.holdings import Holdings, holdings, runs
from xenscmi.source import Source


def about_key(source: Source, offset: int) -> str:
    """Return what the key of the line at a place means, as Markdown; empty where there is none."""
    line = source.position(offset)[0]
    found = re.match(r"\s*([\w-]+)\s*=", source.line(line))
    if found is None or offset > source.starts[line - 1] + found.end(1):
        return ""
    key = found[1]
    path = PurePath(source.name)
    row = options().get(key) if path.suffix == ".cfg" or path.name == PLAN else None
    if path.suffix == ".toml":
        meant = schema_key(path, source.text[: source.starts[line - 1]], key)
        if meant is None or row is None or meant.doc not in ("", XL_KEY):
            return f"`{key}`: {meant.type}\n\n{meant.doc}" if meant else ""
    if row is None:
        return ""
    return f"`{key}` = {row.takes}\n\n{row.doc}" + ("\n\nx86 alone: no effect on Arm." if row.x86 else "")


def about(occurrence: Occurrence, host: Host) -> str:
    """Return what the host has for something, as Markdown."""
    has = holdings(host)
    value = occurrence.value
    match occurrence.subject:
        case Subject.AGENT:
            rows = [row for row in has.agents if row.agent_id == value]
        case Subject.FUNC_ID:
            rows = [row for row in has.agents if row.func_id == value]
        case Subject.PAGE:
            rows = [row for row in has.agents if row.page == value]
        case _:
            return "\n".join(_domains(occurrence, has))
    shown = f"{value:#x}" if occurrence.subject is not Subject.AGENT else str(value)
    lines = [f"**{occurrence.subject.value} {shown}**"]
    for row in rows:
        lines.append(f"- agent {'?' if row.agent_id is None else row.agent_id}: {', '.join(row.owners) or 'free'}")
        lines.append(f"- SMC function id {row.func_id or 0:#x}, page {row.page or 0:#x}")
        lines += [f"- device {each.id} `{each.path}`" for each in row.devices]
    return "\n".join(lines if rows else [*lines, "- Xen does not list it"])


def _domains(occurrence: Occurrence, has: Holdings) -> Iterator[str]:
    """Yield what a domain has, or who has a device."""
    yield f"**{occurrence.subject.value} {occurrence.value}**"
    for domain in has.domains:
        if occurrence.subject is Subject.DOMAIN and domain.name == occurrence.value:
            yield f"- {domain.kind}, agent {'none' if domain.agent_id is None else domain.agent_id}"
            yield from (f"- `{each.path}`" for each in domain.devices)
        for device in domain.devices if occurrence.subject is Subject.DEVICE else ():
            if device.path == occurrence.value:
                lines = f", interrupts {runs(device.interrupts)}" if device.interrupts else ""
                yield f"- {domain.name}: SCMI device {runs(sorted(device.ids)) or 'none'}{lines}"
