"""Where the files of a host name an agent, an SMC function id, a page, a domain or a device: for editors.

The same number stands in five kinds of files. An occurrence is one of these places; what an editor calls a definition
is the place that Xen reads it from: the list of agents in the host tree, the node of a domain or of a device.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from xenscmi.host.guest_memory import mappings
from xenscmi.host.index import Index, page, wanted_agent
from xenscmi.host.manifest import NAME
from xenscmi.host.toml_values import TomlValue, toml_values
from xenscmi.host.types import Host, ScmiNode
from xenscmi.source import Source, Span

_NUMBER = re.compile(r"(?<![\w,@-])(?:0[xX][0-9a-fA-F]+|[0-9]+)(?![\w-])|(?<=agent_id=)[0-9]+")


class Subject(Enum):
    """What an occurrence names."""

    AGENT = "agent"
    FUNC_ID = "SMC function id"
    PAGE = "page"
    DOMAIN = "domain"
    DEVICE = "device"


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A place that names something; `defines` says that it is where Xen takes it from.

    `literal` is the place of the number itself, None where the place has something else, such as a macro.
    """

    subject: Subject
    value: int | str
    span: Span
    defines: bool = False

    @property
    def literal(self) -> Span | None:
        places = [each for each in _NUMBER.finditer(self.span.text) if _integer(each[0]) == self.value]
        if len(places) != 1:
            return None
        start = self.span.start
        return Span(self.span.source, start + places[0].start(), start + places[0].end())

    @property
    def place(self) -> Span:
        """The narrowest place that is known."""
        return self.literal or self.span


def occurrences(host: Host) -> tuple[Occurrence, ...]:
    """Return the occurrences in all files of a host, each place once, definitions first."""
    found = [each for each in _occurrences(Index(host)) if each.span.source.text]
    found.sort(key=lambda each: not each.defines)
    unique: dict[tuple[Subject, int | str, Span], Occurrence] = {}
    for each in found:
        unique.setdefault((each.subject, each.value, each.place), each)
    return tuple(unique.values())


def _occurrences(index: Index) -> Iterator[Occurrence]:
    yield from _listed(index)
    yield from _channels(index)
    yield from _domains(index)
    yield from _devices(index)
    for source in index.host.sources:
        if source.name.endswith(NAME):
            yield from _manifest(index, source)


def _listed(index: Index) -> Iterator[Occurrence]:
    """Yield what the list of agents says, and dom0's agent."""
    for container in index.containers:
        for row in container.agents:
            if row.agent_id is not None and row.agent_id.value is not None:
                yield Occurrence(Subject.AGENT, row.agent_id.value, row.agent_id.span, defines=True)
            if row.func_id.value is not None:
                yield Occurrence(Subject.FUNC_ID, row.func_id.value, row.func_id.span, defines=True)
            address = page(row.shmem)
            if address is not None and row.shmem.value is not None:
                yield Occurrence(Subject.PAGE, address, row.shmem.value.span, defines=True)
                yield Occurrence(Subject.PAGE, address, row.shmem.span)


def _channels(index: Index) -> Iterator[Occurrence]:
    """Yield the channels of SCMI nodes: of Xen and dom0 in the host tree, of guests in their partial trees."""
    for node in index.host.scmi_nodes:
        yield from _channel(node)
        address = page(node.shmem)
        if address is not None and node.shmem is not None:
            yield Occurrence(Subject.PAGE, address, node.shmem.span)
    for domain in index.host.domains:
        for node in domain.tree.scmi_nodes if domain.tree else ():
            yield from _channel(node)


def _channel(node: ScmiNode) -> Iterator[Occurrence]:
    if node.func_id is not None and node.func_id.value is not None:
        yield Occurrence(Subject.FUNC_ID, node.func_id.value, node.func_id.span)


def _domains(index: Index) -> Iterator[Occurrence]:
    """Yield the domains, the agents that they ask for, and the pages that they map."""
    pages = {each.address for each in index.pages}
    for domain in index.host.domains:
        yield Occurrence(Subject.DOMAIN, domain.name, domain.span, defines=True)
        wanted = wanted_agent(domain)
        if wanted is not None and wanted.value is not None:
            yield Occurrence(Subject.AGENT, wanted.value, wanted.span)
        for mapping in mappings(domain):
            if mapping.host in pages:
                yield Occurrence(Subject.PAGE, mapping.host, mapping.span)


def _devices(index: Index) -> Iterator[Occurrence]:
    for given in index.passthrough.given:
        yield Occurrence(Subject.DEVICE, given.node.path, given.node.span, defines=True)
        yield Occurrence(Subject.DEVICE, given.node.path, given.span)


def _manifest(index: Index, source: Source) -> Iterator[Occurrence]:
    names = {domain.name for domain in index.host.domains}
    for value in toml_values(source):
        subject = _subject(value)
        if subject is Subject.DOMAIN:
            name = value.text.strip("\"'")
            if name in names:
                yield Occurrence(subject, name, value.span)
        elif subject is not None:
            number = _integer(value.text)
            if number is not None:
                yield Occurrence(subject, number, value.span)


_AGENT_FIELDS = {"id": Subject.AGENT, "func_id": Subject.FUNC_ID, "page": Subject.PAGE}


def _subject(value: TomlValue) -> Subject | None:
    """Return what a value of host.toml names."""
    match value.path:
        case ("firmware", "agents", int(), str(field)):
            return _AGENT_FIELDS.get(field)
        case ("firmware", "trusted_agent"):
            return Subject.AGENT
        case ("firmware", *_, str(field), int()) if field.endswith("agents"):
            return Subject.AGENT
        case ("domain", int(), "name"):
            return Subject.DOMAIN
    return None


def _integer(text: str) -> int | None:
    """Return a number in the forms of TOML and DTS; a leading zero, which is octal in DTS, makes it none."""
    try:
        return int(text.replace("_", ""), 0)
    except ValueError:
        return None
