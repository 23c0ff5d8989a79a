"""Boot vectors: a host booted by the model, told in the form in which a real Xen's boot of it was recorded.

Each domain runs a small test guest: it finds its channel in its device tree, asks who it is, and tries to switch on the
clock of every device. `shm=ADDRESS` on its kernel's command line makes it use that page instead.
"""

from __future__ import annotations

import re
from typing import TypedDict

from xenscmi.bindings.names import BOOTARGS, CHOSEN, MULTIBOOT_KERNEL, XEN_DOMAIN
from xenscmi.bindings.properties import is_compatible, read_string
from xenscmi.devicetree import Node, Tree
from xenscmi.host.types import Host
from xenscmi.model.boot import start
from xenscmi.model.console import telling_lines
from xenscmi.model.domain import Domain
from xenscmi.model.errors import DataAbort, Panic
from xenscmi.model.guest import Guest, NoAnswer, offer_of
from xenscmi.model.machine import partial_trees, switch_on
from xenscmi.model.xen import Model
from xenscmi.scmi.header import Header, ProtocolId
from xenscmi.scmi.message import Refusal
from xenscmi.scmi.protocols.base import OWN_AGENT_ID, BaseDiscoverAgentRequest, BaseDiscoverAgentResponse
from xenscmi.scmi.protocols.common import ProtocolVersionRequest
from xenscmi.simulation.probes import ATTEMPTS

_ABOUT_SCMI = re.compile(
    r"scmi|xen,sci|^id=0x|access-controller|could not|^DT: |Device tree|assign device", re.IGNORECASE
)


class Acquired(TypedDict):
    """A channel that a domain acquired: `shmem` is the page's physical address."""

    agent_id: int
    domid: int
    shmem: int


class Channel(TypedDict):
    """A channel that a domain's device tree offers: `shmem` is the page's guest physical address."""

    node: str
    func_id: int
    shmem: int


class DomainResult(TypedDict, total=False):
    """What a domain's test guest saw. Without an answer there are no ids and no devices."""

    channel: Channel | None
    answered: bool
    agent_id: int
    allowed: list[int]
    denied: list[int]


class BootResult(TypedDict):
    """What became of a host, in the form of a boot vector's expected.json."""

    boots: bool
    panic: str | None
    xen: list[str]
    acquired: list[Acquired]
    management_messages: list[list[int]]
    domains: dict[str, DomainResult]


def scmi_lines(lines: tuple[str, ...]) -> list[str]:
    """Return the lines of Xen's log that are about SCMI, without those that it prints for every message."""
    return [line for line in telling_lines(lines) if _ABOUT_SCMI.search(line)]


def boot_vector(host: Host) -> BootResult:
    """Boot a host on a fresh machine and let every domain try what it can reach. Raises as `switch_on`."""
    messages: list[list[int]] = []

    def observe(agent: int, header: Header, _: bytes, answer: bytes) -> None:
        """Keep what Xen said to the trusted agent's channel; guests number their messages, Xen does not."""
        if agent in xen.firmware.permissions.trusted and header.protocol_id == ProtocolId.BASE and header.token == 0:
            messages.append([header.message_id, int.from_bytes(answer[:4], "little", signed=True)])

    xen = switch_on(host, observe)
    panic = None
    try:
        start(xen, partial_trees(host))
    except Panic as error:
        panic = error.reason
    log = scmi_lines(xen.console.lines)
    domains = xen.domains.values()
    return BootResult(
        boots=panic is None,
        panic=panic,
        xen=log,
        acquired=[
            Acquired(agent_id=domain.channel.agent_id, domid=domain.domid, shmem=domain.channel.address)
            for domain in domains
            if domain.channel is not None
        ],
        management_messages=messages,
        domains={} if panic else {f"d{domain.domid}": _try_out(xen, domain) for domain in domains},
    )


def _try_out(xen: Model, domain: Domain) -> DomainResult:
    offer = offer_of(domain)
    if offer is None:
        return DomainResult(channel=None, answered=False)
    page = _page_override(xen.tree, domain.domid)
    guest = Guest(xen, domain.domid, domain.memory, offer.func_id, offer.shmem if page is None else page)
    result = DomainResult(channel=Channel(node=offer.node, func_id=offer.func_id, shmem=offer.shmem), answered=False)
    try:
        guest.ask(ProtocolId.BASE, ProtocolVersionRequest())
    except DataAbort:
        return DomainResult(answered=False)
    except NoAnswer:
        return result
    found = guest.ask(ProtocolId.BASE, BaseDiscoverAgentRequest(OWN_AGENT_ID))
    result["answered"] = True
    if isinstance(found, BaseDiscoverAgentResponse):
        result["agent_id"] = found.agent_id
    devices: dict[bool, list[int]] = {True: [], False: []}
    version = xen.firmware.servers[ProtocolId.CLOCK].version if ProtocolId.CLOCK in xen.firmware.servers else 0
    for number in sorted(device.device_id for device in xen.firmware.platform.devices):
        answer = guest.ask(ProtocolId.CLOCK, ATTEMPTS[ProtocolId.CLOCK](number, version), version)
        devices[not isinstance(answer, Refusal)].append(number)
    result["allowed"], result["denied"] = devices[True], devices[False]
    return result


def _page_override(tree: Tree, domid: int) -> int | None:
    """Return the page that the test guest was told to use on its command line."""
    chosen = tree.node(CHOSEN)
    assert chosen is not None, "no domain boots without a kernel below /chosen"
    domus = [node for node in chosen.children if is_compatible(node, XEN_DOMAIN)]
    kernels = [
        node for node in (domus[domid - 1] if domid else chosen).children if is_compatible(node, MULTIBOOT_KERNEL)
    ]
    return next((page for kernel in kernels if (page := _shm(kernel)) is not None), None)


def _shm(kernel: Node) -> int | None:
    words = (read_string(kernel, BOOTARGS) or "").split()
    return next((int(word.removeprefix("shm="), 16) for word in words if re.fullmatch(r"shm=0x[0-9a-f]+", word)), None)
