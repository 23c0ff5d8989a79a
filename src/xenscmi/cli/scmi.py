"""Send one SCMI message as a domain, and show request and response in words and in hexadecimal.

The message takes the way of a real one: into the domain's page, an SMC, Xen's mediator, the firmware, and back. What it
changes stays changed. Names are the specification's, upper or lower case, with or without the protocol's prefix;
numbers do as well. Leave out MESSAGE, or PROTOCOL too, to see what there is. Fields that are not given are 0.

The channel is the one that the domain's device tree offers it, or else its agent's. --smc-id and --page make the domain
try another one, which it must not reach.

exit codes: 0 where the answer is SUCCESS; 1 where it is another, or there is none; 2 for names that do not exist, and
where the host or its state cannot be used

examples:
  xenscmi scmi DomD
  xenscmi scmi DomD clock
  xenscmi scmi DomD clock rate_set clock_id=3 rate=24000000 flags.round_up=yes
  xenscmi scmi DomD base set_device_permissions agent_id=2 device_id=3 flags.allow=yes
  xenscmi scmi DomD base protocol_version --smc-id 0x82000003
"""

from __future__ import annotations

import sys

from xenscmi.cli.files import put
from xenscmi.cli.running import EXIT_FAILURE, EXIT_UNUSABLE, find_domain, guarded, open_store, print_xen
from xenscmi.cli.running import configure as configure_host
from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from xenscmi.hypervisor.guest import Guest
    from xenscmi.hypervisor.state import Session
    from xenscmi.scmi.describe import Decoded
    from xenscmi.scmi.message import Command
    from xenscmi.scmi.shmem import Posted


class Exchange(Record):
    """A message that was sent, on which channel, and its answer: None where there is none, and `reason` says why."""

    domid: int
    func_id: int
    page: int
    request: Decoded
    response: Decoded | None
    reason: str


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("domain", metavar="DOMAIN", help="who sends it: a name or an id")
    parser.add_argument("protocol", nargs="?", metavar="PROTOCOL", help="clock, reset, base, … or its number")
    parser.add_argument("message", nargs="?", metavar="MESSAGE", help="clock_rate_get, or its number")
    parser.add_argument("fields", nargs="*", metavar="FIELD=VALUE", help="what it says; parts of a word as word.part")
    parser.add_argument("--smc-id", metavar="N", type=_number, help="ring this SMC function id")
    parser.add_argument("--page", metavar="ADDRESS", type=_number, help="use the page at this guest physical address")
    parser.add_argument("--json", action="store_true", help="request and response as JSON")
    configure_host(parser)


def _number(text: str) -> int:
    return int(text, 0)


@guarded
def run(arguments: Namespace) -> int:
    """Run the command."""
    store = open_store(arguments)
    if arguments.message is None:
        put(_lesson(store.look(), arguments.protocol))
        return 0
    with store.session() as session:
        domid = find_domain(session, arguments.domain)
        if domid is None:
            return EXIT_FAILURE
        if domid not in session.xen.domains:
            print(f"Error: Domain '{arguments.domain}' does not exist.", file=sys.stderr)
            return EXIT_FAILURE
        return _send(arguments, session, domid)


def _send(arguments: Namespace, session: Session, domid: int) -> int:
    """Send the message. Raises XenscmiError for what cannot be sent."""
    from xenscmi.hypervisor.guest import Guest
    from xenscmi.hypervisor.vector import telling_lines
    from xenscmi.scmi.compose import compose, fields_of, find_command, find_protocol
    from xenscmi.scmi.describe import Direction, decode
    from xenscmi.scmi.header import Header
    from xenscmi.scmi.shmem import Posted

    protocol = find_protocol(arguments.protocol)
    command = find_command(protocol, arguments.message, _version(session, protocol.id) or 0)
    if not arguments.fields and any(True for _ in fields_of(command.request)):
        print(f"xenscmi scmi: error: say what {command.name} shall say: FIELD=VALUE", file=sys.stderr)
        sys.stderr.write(_fields(command))
        return EXIT_UNUSABLE
    request = compose(command, arguments.fields).encode()
    posted = Posted(Header.of(protocol_id=protocol.id, message_id=command.id, token=1), request)
    func_id, page = _channel(arguments, session, domid)
    guest = Guest(session.xen, domid, session.xen.domain(domid).memory, func_id, page)
    before = len(session.xen.console.lines)
    answer, reason = _carry(guest, posted)
    sent = Exchange(
        domid=domid,
        func_id=func_id,
        page=page,
        request=decode(posted.header, posted.payload, Direction.REQUEST),
        response=decode(answer.header, answer.payload, Direction.RESPONSE) if answer else None,
        reason=reason,
    )
    if arguments.json:
        put(_document(sent))
    else:
        put(_text(sent))
        print_xen(telling_lines(session.xen.console.lines[before:]))
    return 0 if answer is not None and answer.payload[:4] == bytes(4) else EXIT_FAILURE


def _carry(guest: Guest, posted: Posted) -> tuple[Posted | None, str]:
    """Return the answer, or None and why there is none."""
    from xenscmi.hypervisor.errors import DataAbort
    from xenscmi.hypervisor.guest import NoAnswer

    try:
        return guest.carry(posted), ""
    except DataAbort as abort:
        return None, f"{abort}: nothing is mapped there for the domain"
    except NoAnswer as error:
        if error.result:
            return None, f"the SMC returned {error.result - (1 << 64)}: Xen does not forward it for this domain"
        return None, "the firmware has not answered on this page"


def _channel(arguments: Namespace, session: Session, domid: int) -> tuple[int, int]:
    """Return function id and page: as named, else as the domain's tree offers them, else its agent's."""
    from xenscmi.hypervisor.memory import PAGE_SHIFT

    domain, offer = session.xen.domain(domid), session.offer(domid)
    own = domain.channel
    func_id, page = arguments.smc_id, arguments.page
    if func_id is None:
        func_id = offer.func_id if offer else own.func_id if own else None
    if page is None and offer:
        page = offer.shmem
    elif page is None and own:
        frame = domain.memory.guest_frame(own.address >> PAGE_SHIFT)
        page = None if frame is None else frame << PAGE_SHIFT
    if func_id is None or page is None:
        missing = "channel" if func_id is None else "page of shared memory"
        raise XenscmiError(
            Diagnostic(
                message=f"domain {domid} has no SCMI {missing}",
                help="give the domain an agent (arm_sci) and its page (iomem), or try one with --smc-id and --page",
            )
        )
    return func_id, page


def _version(session: Session, protocol_id: int) -> int | None:
    """Return which version of a protocol the firmware speaks; None for one that it does not have."""
    server = session.xen.firmware.servers.get(protocol_id)
    return None if server is None else server.version


def _text(sent: Exchange) -> str:
    from xenscmi.scmi.describe import describe

    lines = [*describe(sent.request), f"  bytes: {_hex(sent.request)}", ""]
    if sent.response is None:
        lines.append(f"no answer: {sent.reason}")
    else:
        lines += [*describe(sent.response), f"  bytes: {_hex(sent.response)}"]
    return "".join(f"{line}\n" for line in lines)


def _hex(message: Decoded) -> str:
    """Return the message as it stands in the page from its header on."""
    return (message.header.to_bytes(4, "little") + message.payload).hex(" ", -4)


def _document(sent: Exchange) -> str:
    import json

    from xenscmi.report.messages import message

    document = {
        "domid": sent.domid,
        "func_id": sent.func_id,
        "page": sent.page,
        "request": message(sent.request),
        "response": message(sent.response) if sent.response else None,
        "reason": sent.reason or None,
    }
    return json.dumps(document, indent=2) + "\n"


def _lesson(session: Session, protocol_name: str | None) -> str:
    """Return what can be sent: the protocols, or the messages of one."""
    from xenscmi.report.table import table
    from xenscmi.scmi.compose import fields_of, find_protocol
    from xenscmi.scmi.header import ProtocolId

    if protocol_name is None:
        versions = [(each, _version(session, each)) for each in ProtocolId]
        return table(
            ("ID", "PROTOCOL", "THE FIRMWARE HAS"),
            [
                (f"{each:#x}", each.name.lower(), "-" if v is None else f"version {v >> 16}.{v & 0xFFFF}")
                for each, v in versions
            ],
        )
    protocol = find_protocol(protocol_name)
    commands = protocol.commands_of(_version(session, protocol.id) or 0)
    return table(
        ("ID", "MESSAGE", "FIELDS"),
        [
            (f"{row.id:#x}", row.name, " ".join(each.path for each in fields_of(row.request)) or "-")
            for _, row in sorted(commands.items())
        ],
    )


def _fields(command: Command) -> str:
    from xenscmi.report.table import table
    from xenscmi.scmi.compose import fields_of

    return table(
        ("FIELD", "MEANING", "VALUES"),
        [(each.path, each.doc, ", ".join(each.values) or "a number") for each in fields_of(command.request)],
    )
