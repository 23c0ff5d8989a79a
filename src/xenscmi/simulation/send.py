"""One message of a domain's, sent from outside: on the channel that the domain has, or on one that it should not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.model.console import telling_lines
from xenscmi.model.errors import DataAbort
from xenscmi.model.guest import Guest, NoAnswer, own_offer
from xenscmi.model.state import Session
from xenscmi.scmi.compose import compose
from xenscmi.scmi.describe import Decoded, Direction, decode
from xenscmi.scmi.header import Header
from xenscmi.scmi.message import Command
from xenscmi.scmi.shmem import Posted


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A message, the channel on which it was sent, and its answer.

    `response` is None where none came, and `reason` then says why. `log` is what Xen said meanwhile.
    """

    domid: int
    func_id: int
    page: int
    request: Decoded
    response: Decoded | None
    reason: str
    log: tuple[str, ...]

    @property
    def succeeded(self) -> bool:
        """Whether the answer is SUCCESS."""
        return self.response is not None and self.response.payload[:4] == bytes(4)


def version_of(session: Session, protocol_id: int) -> int | None:
    """Return which version of a protocol the firmware speaks; None for one that it does not have."""
    server = session.xen.firmware.servers.get(protocol_id)
    return None if server is None else server.version


def send(
    session: Session,
    domid: int,
    command: Command,
    fields: Sequence[str],
    func_id: int | None = None,
    page: int | None = None,
) -> Exchange:
    """Send a command with these fields (`name=value`) as a domain.

    `func_id` and `page` (a guest physical address) are the channel; None: what the domain's device tree offers, or else
    its agent's own. Raises XenscmiError for fields that the command does not have, and for a domain without a channel.
    """
    request = compose(command, fields)
    func_id, page = _channel(session, domid, func_id, page)
    posted = Posted(Header.of(protocol_id=command.protocol_id, message_id=command.id, token=1), request.encode())
    guest = Guest(session.xen, domid, session.xen.domain(domid).memory, func_id, page)
    before = len(session.xen.console.lines)
    answer, reason = _carry(guest, posted)
    return Exchange(
        domid=domid,
        func_id=func_id,
        page=page,
        request=decode(posted.header, posted.payload, Direction.REQUEST),
        response=decode(answer.header, answer.payload, Direction.RESPONSE) if answer else None,
        reason=reason,
        log=tuple(telling_lines(session.xen.console.lines[before:])),
    )


def _carry(guest: Guest, posted: Posted) -> tuple[Posted | None, str]:
    """Return the answer, or None and why there is none."""
    try:
        return guest.carry(posted), ""
    except DataAbort as abort:
        return None, f"{abort}: nothing is mapped there for the domain"
    except NoAnswer as error:
        if error.result:
            return None, f"the SMC returned {error.result - (1 << 64)}: Xen does not forward it for this domain"
        return None, "the firmware has not answered on this page"


def _channel(session: Session, domid: int, func_id: int | None, page: int | None) -> tuple[int, int]:
    """Return function id and page: as given, else as the domain's tree offers them, else its agent's."""
    offer = session.offer(domid) or own_offer(session.xen.domain(domid))
    if offer is not None:
        func_id = offer.func_id if func_id is None else func_id
        page = offer.shmem if page is None else page
    if func_id is None or page is None:
        raise XenscmiError(
            Diagnostic(
                message=f"domain {domid} has no SCMI channel, or not its page",
                help="give the domain an agent (arm_sci) and its page (iomem), or try one with --smc-id and --page",
            )
        )
    return func_id, page
