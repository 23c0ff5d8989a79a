"""xl.cfg files: what only EPAM's xl knows goes, and what takes its place comes.

A file keeps everything else as it is: comments, order, quotes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from xenscmi.bindings.names import PASSTHROUGH, SCMI_DEVID
from xenscmi.config.constants import PAGE_SHIFT
from xenscmi.conversion.agents import SWITCH
from xenscmi.conversion.host_tree import address_of, value
from xenscmi.devicetree import Node, Tree
from xenscmi.diagnostics import Edit
from xenscmi.host.configuration import ARM_SCI, MULTI_AGENT, Configuration
from xenscmi.host.guest_memory import mappings, maps_host
from xenscmi.host.types import Host, HostDomain, SecondaryAgent
from xenscmi.rules import fixing
from xenscmi.source import Source, Span
from xenscmi.xlcfg import ListValue, Setting, Settings

MEMORY_TYPE = ",arm_mem_WB"
_NODES = "dt_passthrough_nodes"
_FORCE = "force_assign_without_iommu"
"""A key of EPAM's xl that nothing has to replace: a device under SCMI control may be in dtdev without an IOMMU."""
_ENDS = re.compile(r"[ \t;]*(#.*)?\n?")
"""What may follow a setting on its line and goes with it: the comment is about the setting."""


def apply(edits: Iterable[Edit]) -> dict[str, str]:
    """Return the new texts of the files that edits change, by name; edits do not overlap."""
    by_file: dict[Source, list[Edit]] = {}
    for each in edits:
        by_file.setdefault(each.span.source, []).append(each)
    return {file.name: fixing.apply(file.text, found) for file, found in by_file.items()}


def without_memory_types(configuration: Configuration) -> Iterator[Edit]:
    """Yield what makes a current xl accept a file of EPAM's: ranges of iomem without the type of the memory."""
    for setting in configuration.settings.all if configuration.settings else ():
        items = setting.value.items if setting.key == "iomem" and isinstance(setting.value, ListValue) else ()
        for item in items:
            at = item.span.text.find(MEMORY_TYPE)
            if at >= 0:
                start = item.start + at
                yield Edit(span=Span(item.source, start, start + len(MEMORY_TYPE)), text="")


class XlcfgConversion:
    """The conversion of the xl.cfg file of a domain that has an agent: the edits."""

    def __init__(self, host: Host, domain: HostDomain, settings: Settings) -> None:
        self.host = host
        self.domain = domain
        self.settings = settings
        self.edits: list[Edit] = []
        self._appended: list[str] = []

    def convert(self, row: SecondaryAgent | None, guest_page: int, *, complete: bool) -> None:
        """Fill in the edits; `complete` says that the partial tree is known to have all nodes below /passthrough."""
        self._name_agent(row)
        self._remove(_FORCE)
        if complete:
            self._remove(_NODES)
        if row is not None:
            self._remove(SWITCH)  # arm_sci says it now
            self._map_page(address_of(row.shmem), guest_page)
            self._add("dtdev", [path for path in dict.fromkeys(self._devices()) if path not in self._paths()])
        if self._appended:
            end = len(self.settings.source.text)
            gap = "" if self.settings.source.text.endswith("\n") else "\n"
            self.edits.append(Edit(span=Span(self.settings.source, end, end), text=gap + "".join(self._appended)))

    def _name_agent(self, row: SecondaryAgent | None) -> None:
        setting = self.settings.get(ARM_SCI)
        if row is not None:
            text = f'"type={MULTI_AGENT},agent_id={value(row.agent_id)}"'
            self._write(setting, f"{ARM_SCI} = {text}\n", text)
        elif setting is not None and setting.value.span.text.strip("\"'") == "none":
            self._write(setting, "", '"type=none"')

    def _write(self, setting: Setting | None, line: str, text: str) -> None:
        if setting is None:
            self._appended.append(line)
        else:
            self.edits.append(Edit(span=setting.value.span, text=text))

    def _map_page(self, host: int, guest: int) -> None:
        if not any(maps_host(each, host) for each in mappings(self.domain)):
            self._add("iomem", [f"{host >> PAGE_SHIFT:x},1@{guest >> PAGE_SHIFT:x}"])

    def _add(self, key: str, items: list[str]) -> None:
        """Add items to a list."""
        setting, quoted = self.settings.get(key), ", ".join(f'"{each}"' for each in items)
        if not items:
            return
        if setting is None:
            self._appended.append(f"{key} = [ {quoted} ]\n")
        elif isinstance(setting.value, ListValue) and setting.value.items:
            last = setting.value.items[-1]
            self.edits.append(Edit(span=Span(last.source, last.end, last.end), text=f", {quoted}"))
        else:
            self.edits.append(Edit(span=setting.value.span, text=f"[ {quoted} ]"))

    def _remove(self, key: str) -> None:
        """Remove a setting, and its line where no other setting is on it."""
        source = self.settings.source
        for setting in self.settings.all:
            if setting.key != key:
                continue
            start, end = setting.start, setting.value.end
            line = source.starts[source.position(start)[0] - 1]
            rest = source.text.find("\n", end)
            after = len(source.text) if rest < 0 else rest + 1
            if not source.text[line:start].strip() and _ENDS.fullmatch(source.text, end, after):
                start, end = line, after
            self.edits.append(Edit(span=Span(source, start, end), text=""))

    def _devices(self) -> Iterator[str]:
        """Yield the paths of the host's devices that have the device ids of the guest's."""
        host = {prop.value: node.path for node in _walk(self.host.tree) if (prop := node.get(SCMI_DEVID))}
        guest = self.domain.tree.tree.node(PASSTHROUGH) if self.domain.tree else None
        for node in guest.walk() if guest else ():
            prop = node.get(SCMI_DEVID)
            if prop is not None and prop.value in host:
                yield host[prop.value]

    def _paths(self) -> set[str | None]:
        return {each.value for each in self.domain.dtdevs}


def _walk(tree: Tree | None) -> Iterable[Node]:
    return tree.walk() if tree else ()
