"""What may stand at a place: keys and values of xl.cfg and host.toml, free agents, paths of devices."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from xenscmi.config.options import GROUPS
from xenscmi.config.options.table import Option
from xenscmi.config.types.enums import ArmSciType
from xenscmi.domctl.profiles import PROFILES
from xenscmi.editor.schema import SchemaKey, keys_of
from xenscmi.firmware.profile import PROFILES as FIRMWARE_PROFILES
from xenscmi.host.index import Index
from xenscmi.host.types import Host
from xenscmi.report.host import table

_HEADER = re.compile(r"^[ \t]*\[\[?[ \t]*([\w.]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something that may be written at a place: the text, a few words about it, and what it means."""

    text: str
    detail: str = ""
    doc: str = ""


def suggestions(name: str, before: str, host: Host | None) -> tuple[Suggestion, ...]:
    """Return what may follow the text `before` in the file of this name; the editor matches what is begun."""
    line = before[before.rfind("\n") + 1 :]
    if name.endswith(".toml"):
        return tuple(_of_manifest(before, line))
    if name.endswith((".dts", ".dtso", ".dtsi")):
        return tuple(_of_tree(line, host))
    return tuple(_of_xlcfg(before, line, host))


def options() -> dict[str, Option]:
    """Return the rows of all keys of xl.cfg."""
    return {row.key: row for group in GROUPS for row in group.rows()}


def _of_xlcfg(before: str, line: str, host: Host | None) -> Iterator[Suggestion]:
    if re.fullmatch(r"\s*\w*", line) and before.count("[") <= before.count("]"):
        yield from (Suggestion(f"{row.key} = ", row.takes, row.doc) for row in options().values())
        return
    if re.search(r"arm_sci\s*=\s*[\"'].*agent_id=\d*$", line):
        yield from _free_agents(host)
    elif re.search(r"arm_sci\s*=\s*[\"'](?:.*,)?\s*type=\w*$", line):
        yield from (Suggestion(kind.text, "a type of arm_sci") for kind in ArmSciType)
    elif re.search(r"arm_sci\s*=\s*[\"'](?:.*,)?\w*$", line):
        yield from (Suggestion(key, "a part of arm_sci") for key in ("type=", "agent_id="))
    elif re.search(r"\bdtdev\s*=\s*\[[^\]]*[\"'][^\"',\]]*$", before):
        yield from _device_paths(host)
    elif value := re.fullmatch(r"\s*(\w+)\s*=\s*[\"']?\w*", line):
        row = options().get(value[1])
        yield from (
            Suggestion(text, f"a value of {value[1]}") for text in re.findall(r"`(\w+)`", row.takes if row else "")
        )


def _of_tree(line: str, host: Host | None) -> Iterator[Suggestion]:
    if re.search(r"xen,(?:dom0-)?sci-agent-id\s*=\s*<\s*\w*$", line):
        yield from _free_agents(host)
    elif re.search(r"xen,sci_type\s*=\s*\"\w*$", line):
        yield from (Suggestion(kind.text, "a type of xen,sci_type") for kind in ArmSciType)
    elif re.search(r"xen,path\s*=\s*\"[^\"]*$", line):
        yield from _device_paths(host)


def _of_manifest(before: str, line: str) -> Iterator[Suggestion]:
    *_, header = ("", *_HEADER.findall(before))
    if re.fullmatch(r"\s*[\w-]*", line):
        yield from (Suggestion(f"{key} = ", each.type, each.doc) for key, each in keys_of(header).items())
    elif re.search(r"^\s*profile\s*=\s*[\"'][\w.+-]*$", line):
        names: Iterable[str] = PROFILES if header == "xen" else FIRMWARE_PROFILES if header == "firmware" else ()
        yield from (Suggestion(name, f"a profile of {header}") for name in names)


def _free_agents(host: Host | None) -> Iterator[Suggestion]:
    """Yield the agents that no domain has."""
    for row in table(host).agents if host else ():
        if row.agent_id is not None and not row.owners:
            channel = f"SMC function id {row.func_id or 0:#x}, page {row.page or 0:#x}"
            yield Suggestion(str(row.agent_id), "a free agent", channel)


def _device_paths(host: Host | None) -> Iterator[Suggestion]:
    """Yield the devices that a guest may be given: those that are set aside for one, first those that none has."""
    if host is None:
        return
    index = Index(host)
    taken = {each.node.path: each.domain.title for each in index.passthrough.given}
    for device in sorted(host.devices, key=lambda each: each.path in taken):
        if device.passthrough:
            yield Suggestion(device.path, f"given to {taken[device.path]}" if device.path in taken else "free")


def schema_key(before: str, key: str) -> SchemaKey | None:
    """Return what the manifest's schema says about a key of the table that `before` ends in."""
    *_, header = ("", *_HEADER.findall(before))
    return keys_of(header).get(key)
