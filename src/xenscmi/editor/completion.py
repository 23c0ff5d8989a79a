"""What may stand at a place: keys and values of xl.cfg, host.toml and plan.toml, free agents, devices."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePath

from xenscmi.config.options import GROUPS
from xenscmi.config.options.table import Option
from xenscmi.config.types.enums import ArmSciType
from xenscmi.domctl.profiles import PROFILES
from xenscmi.editor.planning import plannable_devices
from xenscmi.editor.schema import SchemaKey, keys_of
from xenscmi.editor.suggestion import Suggestion
from xenscmi.editor.views import View
from xenscmi.firmware.profile import PROFILES as FIRMWARE_PROFILES
from xenscmi.host.index import Index
from xenscmi.host.types import Host
from xenscmi.plan.schema import NAME as PLAN
from xenscmi.report.host import table

_HEADER = re.compile(r"^[ \t]*\[\[?[ \t]*([\w.]+)", re.MULTILINE)


def suggestions(path: PurePath, before: str, known: View | None) -> tuple[Suggestion, ...]:
    """Return what may follow the text `before` in a file; the editor matches what is begun.

    `known` is the last view in which the files made a host.
    """
    line, host = before[before.rfind("\n") + 1 :], known.loaded.host if known and known.loaded else None
    name = path.name
    if name == PLAN and re.search(r"^\s*devices\s*=\s*\[[^\]]*[\"'][^\"',\]]*\Z", before, re.MULTILINE):
        return tuple(plannable_devices(known.project if known else None))
    if name.endswith(".toml"):
        return tuple(_of_toml(name, before, line))
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


def _of_toml(name: str, before: str, line: str) -> Iterator[Suggestion]:
    *_, header = ("", *_HEADER.findall(before))
    keys = keys_of(name, header)
    if re.fullmatch(r"\s*[\w-]*", line):
        yield from (Suggestion(f"{key} = ", each.type, each.doc) for key, each in keys.items())
    elif value := re.search(r"^\s*([\w-]+)\s*=\s*[\"'][\w.+-]*$", line):
        key = keys.get(value[1])
        words: Iterable[str] = key.values if key else ()
        if value[1] == "profile" and not words:
            words = PROFILES if header == "xen" else FIRMWARE_PROFILES if header == "firmware" else ()
        yield from (Suggestion(word, f"a value of {value[1]}") for word in words)


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


def schema_key(path: PurePath, before: str, key: str) -> SchemaKey | None:
    """Return what the schema of host.toml or plan.toml says about a key of the table that `before` ends in."""
    *_, header = ("", *_HEADER.findall(before))
    return keys_of(path.name, header).get(key)
