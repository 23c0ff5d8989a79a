"""Sends a message as a domain: on the channel that the domain has, or on one that it must not reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.firmware.resources import resource_names
from xenscmi.model.errors import DataAbort
from xenscmi.model.guest import Guest, NoAnswer, offer_of, own_offer
from xenscmi.model.xen import Model
from xenscmi.scmi.compose import compose
from xenscmi.scmi.describe import Decoded, Direction, decode
from xenscmi.scmi.header import Header
from xenscmi.scmi.message import Command, Request
from xenscmi.scmi.shmem import Posted


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A message, the channel on which it was sent, and its response.

    `resource` is what the firmware calls the resource that the request names, empty if it names none. `response` is
    None if none came, and `reason` then says why. `log` is what Xen printed meanwhile.
    """

    domid: int
    func_id: int
    page: int
    request: Decoded
    resource: str
    response: Decoded | None
    reason: str
    log: tuple[str, ...]

    @property
    def succeeded(self) -> bool:
        """Whether the response is SUCCESS."""
        return self.response is not None and self.response.payload[:4] == bytes(4)


def version_of(xen: Model, protocol_id: int) -> int | None:
    """Return the version of a protocol that the firmware has; None if it does not have the protocol."""
    server = xen.firmware.servers.get(protocol_id)
    return None if server is None else server.version


def send(
    xen: Model,
    domid: int,
    command: Command,
    fields: Sequence[str],
    func_id: int | None = None,
    page: int | None = None,
) -> Exchange:
    """Send a command with these fields (`name=value`) as a domain.

    `func_id` and `page` (a guest physical address) are the channel. None means what the domain's device tree offers, or
    else its agent's own. Raises XenscmiError for fields that the command lacks, and for a domain without a channel.
    """
    request = compose(command, fields)
    func_id, page = _channel(xen, domid, func_id, page)
    posted = Posted(Header.of(protocol_id=command.protocol_id, message_id=command.id, token=1), request.encode())
    guest = Guest(xen, domid, xen.domain(domid).memory, func_id, page)
    mark = xen.log_mark()
    answer, reason = _carry(guest, posted)
    return Exchange(
        domid=domid,
        func_id=func_id,
        page=page,
        request=decode(posted.header, posted.payload, Direction.REQUEST),
        resource=_resource(xen, command.protocol_id, request),
        response=decode(answer.header, answer.payload, Direction.RESPONSE) if answer else None,
        reason=reason,
        log=tuple(xen.log(mark)),
    )


def _resource(xen: Model, protocol_id: int, request: Request) -> str:
    """Return the name of the resource that a request names; empty if it names none that the firmware has."""
    server = xen.firmware.servers.get(protocol_id)
    number = server.resource_of(request) if server is not None else None
    return "" if number is None else resource_names(xen.firmware.platform, protocol_id).get(number, "")


def _carry(guest: Guest, posted: Posted) -> tuple[Posted | None, str]:
    """Return the response, or None and why there is none."""
    try:
        return guest.carry(posted), ""
    except DataAbort as abort:
        return None, f"{abort}: nothing is mapped there for the domain"
    except NoAnswer as error:
        if error.result:
            return None, f"the SMC returned {error.result - (1 << 64)}: Xen does not forward it for this domain"
        return None, "the firmware did not answer on this page"


def _channel(xen: Model, domid: int, func_id: int | None, page: int | None) -> tuple[int, int]:
    """Return function id and page: those given, else those that the domain's tree offers, else its agent's."""
    offer = offer_of(xen.domain(domid)) or own_offer(xen.domain(domid))
    if offer is not None:
        func_id = offer.func_id if func_id is None else func_id
        page = offer.shmem if page is None else page
    if func_id is None or page is None:
        raise XenscmiError(
            Diagnostic(
                message=f"domain {domid} has no SCMI channel, or the channel's page is not mapped for it",
                help="give the domain an agent (arm_sci) and its page (iomem), or try one with --smc-id and --page",
            )
        )
    return func_id, page
