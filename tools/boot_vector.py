#!/usr/bin/env python3
"""Check or simulate a boot vector: a host, and what a real Xen did with it (../shared/vectors/boot).

    tools/boot_vector.py check DIR       the findings of `xenscmi check --format json`; exit 1 if there is an error or
                                         a warning
    tools/boot_vector.py simulate DIR    what became of the host on the model, in the form of expected.json

DIR holds host.dts, the dom0less domains' partial trees domU1.dts, …, and expected.json, of which only `firmware` is
read: there device d owns clock d, reset d and power domain d. Exit code 2: DIR cannot be used.

In `simulate`, each domain runs a small test guest, as it did on the real Xen: it finds its channel in its device tree,
asks who it is, and tries to switch on the clock of every device. `shm=ADDRESS` on its kernel's command line makes it
use that page instead.
"""

from __future__ import annotations

import json
import re
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))  # it runs from a checkout, installed or not

from xenscmi.bindings.names import BOOTARGS, CHOSEN, MULTIBOOT_KERNEL, XEN_DOMAIN
from xenscmi.bindings.properties import is_compatible, read_string
from xenscmi.cli.check import EXIT_FINDINGS, EXIT_UNUSABLE
from xenscmi.cli.files import show
from xenscmi.devicetree import Node, Tree, load
from xenscmi.diagnostics import Diagnostic, Severity, XenscmiError
from xenscmi.firmware.resources import MAX_COUNT
from xenscmi.host.reader import read_host
from xenscmi.host.types import FirmwareAgent, FirmwareDevice, Host, HostFirmware
from xenscmi.model.boot import start
from xenscmi.model.console import telling_lines
from xenscmi.model.domain import Domain
from xenscmi.model.errors import DataAbort, Panic
from xenscmi.model.guest import Guest, NoAnswer, offer_of
from xenscmi.model.machine import partial_trees, switch_on
from xenscmi.model.xen import Model
from xenscmi.report.json import render
from xenscmi.rules.engine import check
from xenscmi.scmi.header import Header, ProtocolId
from xenscmi.scmi.message import Refusal
from xenscmi.scmi.protocols.base import OWN_AGENT_ID, BaseDiscoverAgentRequest, BaseDiscoverAgentResponse
from xenscmi.scmi.protocols.common import ProtocolVersionRequest
from xenscmi.simulation.probes import Probes
from xenscmi.source import Source, Span

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


def read_vector(folder: Path) -> Host:
    """Return the host of a boot vector. Raises XenscmiError where the folder does not hold one."""
    partial = {path.stem: load(path) for path in sorted(folder.glob("*.dts")) if path.stem != "host"}
    tree, expected = load(folder / "host.dts"), folder / "expected.json"
    try:
        firmware = read_firmware(Source(str(expected), expected.read_text()))
    except (OSError, ValueError) as error:
        raise XenscmiError(Diagnostic(message=f"cannot read {expected}: {error}")) from None
    return read_host(tree, partial=partial, firmware=firmware)


def read_firmware(source: Source) -> HostFirmware:
    """Return the firmware that the text of an expected.json describes. Raises XenscmiError where it does not."""
    whole = Span(source, 0, 0)
    try:
        table = json.loads(source.text)["firmware"]
        count = int(table.get("device_count", 0))
        if count > MAX_COUNT:
            raise ValueError(f"{count} devices are more than {MAX_COUNT}")
        devices = [(number, frozenset((number,))) for number in range(count)]
        return HostFirmware(
            profile="xen-lab",
            agents=tuple(
                FirmwareAgent(agent_id=int(row["agent_id"]), func_id=int(row["func_id"]), shmem=int(row["shmem"]))
                for row in table["agents"]
            ),
            devices=tuple(
                FirmwareDevice(device_id=number, clocks=own, resets=own, power_domains=own) for number, own in devices
            ),
            trusted_agent=int(table["trusted_agent"]),
            unsupported=frozenset(table.get("unsupported", ())),
            span=whole,
        )
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        message = f"not the expected.json of a boot vector: {type(error).__name__}: {error}"
        raise XenscmiError(Diagnostic(message=message, span=whole)) from None


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

    xen = switch_on(host, observe, as_it_stands=True)
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
    probes = Probes(xen.firmware)
    for number in sorted(device.device_id for device in xen.firmware.platform.devices):
        probe = probes(ProtocolId.CLOCK, number)
        allowed = probe is not None and not isinstance(guest.send(probe.command, probe.payload), Refusal)
        devices[allowed].append(number)
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


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=("check", "simulate"))
    parser.add_argument("folder", type=Path, metavar="DIR")
    options = parser.parse_args(arguments)
    try:
        host = read_vector(options.folder)
        if options.command == "simulate":
            sys.stdout.write(json.dumps(boot_vector(host), indent=2) + "\n")
            return 0
    except XenscmiError as error:
        if options.command == "check":
            sys.stdout.write(render(error.diagnostics))
        else:
            show(error.diagnostics)
        return EXIT_UNUSABLE
    findings = check(host)
    sys.stdout.write(render(findings))
    return EXIT_FINDINGS if any(each.severity is not Severity.INFO for each in findings) else 0


if __name__ == "__main__":
    sys.exit(main())
