"""Send one SCMI message as a domain, and show request and response in words and in hexadecimal.

The message goes the way of a real one: the domain's page, an SMC, Xen's mediator, the firmware, and back. Its effects
last. Names are those of the specification, in upper or lower case, with or without the protocol's prefix; numbers work
too. Leave out MESSAGE to list the messages of a protocol, and PROTOCOL too to list the protocols. Fields that are not
given are 0.

The domain uses the channel that its device tree offers, or else that of its agent. With --smc-id and --page, it tries
another channel, which it must not reach.

exit codes: 0 if the response is SUCCESS; 1 for another response, or for none; 2 for unknown names, and if the host or
its state cannot be used

examples:
  xenscmi scmi DomD
  xenscmi scmi DomD clock
  xenscmi scmi DomD clock rate_set clock_id=3 rate=24000000 flags.round_up=yes
  xenscmi scmi DomD base set_device_permissions agent_id=2 device_id=3 flags.allow=yes
  xenscmi scmi DomD base protocol_version --smc-id 0x82000003
"""

from __future__ import annotations

import sys

from xenscmi.cli.files import put, say
from xenscmi.cli.running import EXIT_FAILURE, EXIT_UNUSABLE, find_domain, guarded, open_store, print_xen
from xenscmi.cli.running import configure as configure_host

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from xenscmi.model.xen import Model
    from xenscmi.scmi.describe import Decoded
    from xenscmi.scmi.message import Command
    from xenscmi.simulation.send import Exchange


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("domain", metavar="DOMAIN", help="send the message as this domain: a name or an id")
    parser.add_argument(
        "protocol", nargs="?", metavar="PROTOCOL", help="choose the protocol: clock, reset, base, … or its number"
    )
    parser.add_argument(
        "message", nargs="?", metavar="MESSAGE", help="choose the message: clock_rate_get, … or its number"
    )
    parser.add_argument(
        "fields",
        nargs="*",
        default=[],
        metavar="FIELD=VALUE",
        help="set these fields; write part of a field as field.part=VALUE",
    )
    parser.add_argument("--smc-id", metavar="N", type=number, help="use this SMC function id")
    parser.add_argument("--page", metavar="ADDRESS", type=number, help="use the page at this guest physical address")
    parser.add_argument("--json", action="store_true", help="print request and response as JSON")
    configure_host(parser)


def number(text: str) -> int:
    """Read a number in any base. Raises ValueError if it is not a number, or negative."""
    value = int(text, 0)
    if value < 0:
        raise ValueError(text)
    return value


@guarded
def run(arguments: Namespace) -> int:
    """Run the command."""
    store = open_store(arguments)
    if arguments.message is None:
        put(_available(store.model(), arguments.protocol))
        return 0
    from xenscmi.scmi.compose import fields_of, find_command, find_protocol
    from xenscmi.simulation.send import send, version_of

    protocol = find_protocol(arguments.protocol)
    with store.session() as xen:
        domid = find_domain(xen, arguments.domain)
        if domid is None:
            return EXIT_FAILURE
        if domid not in xen.domains:
            say(f"Error: Domain '{arguments.domain}' does not exist.")
            return EXIT_FAILURE
        command = find_command(protocol, arguments.message, version_of(xen, protocol.id) or 0)
        if not arguments.fields and any(True for _ in fields_of(command.request)):
            return _show_fields(command)
        sent = send(xen, domid, command, arguments.fields, arguments.smc_id, arguments.page)
    if arguments.json:
        put(_document(sent))
    else:
        put(_text(sent))
        print_xen(sent.log)
    return 0 if sent.succeeded else EXIT_FAILURE


def _show_fields(command: Command) -> int:
    """Print the fields of a message; return the exit code for wrong arguments."""
    from xenscmi.report.table import table
    from xenscmi.scmi.compose import fields_of

    print(f"xenscmi scmi: error: {command.name} has fields: write FIELD=VALUE", file=sys.stderr)
    rows = [(each.path, each.doc, ", ".join(each.values) or "a number") for each in fields_of(command.request)]
    sys.stderr.write(table(("FIELD", "MEANING", "VALUES"), rows))
    return EXIT_UNUSABLE


def _text(sent: Exchange) -> str:
    from xenscmi.scmi.describe import describe

    called = [f"  resource: {sent.resource}"] if sent.resource else []
    lines = [*describe(sent.request), *called, f"  bytes: {_hex(sent.request)}", ""]
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
        "resource": sent.resource or None,
        "response": message(sent.response) if sent.response else None,
        "reason": sent.reason or None,
        "xen": sent.log,
    }
    return json.dumps(document, indent=2) + "\n"


def _available(xen: Model, protocol_name: str | None) -> str:
    """Return a list of what can be sent: the protocols, or the messages of one."""
    from xenscmi.report.table import table
    from xenscmi.scmi.compose import fields_of, find_protocol
    from xenscmi.scmi.header import ProtocolId
    from xenscmi.simulation.send import version_of

    if protocol_name is None:
        versions = [(each, version_of(xen, each)) for each in ProtocolId]
        return table(
            ("ID", "PROTOCOL", "IN THE FIRMWARE"),
            [
                (f"{each:#x}", each.name.lower(), "-" if v is None else f"version {v >> 16}.{v & 0xFFFF}")
                for each, v in versions
            ],
        )
    protocol = find_protocol(protocol_name)
    commands = protocol.commands_of(version_of(xen, protocol.id) or 0)
    return table(
        ("ID", "MESSAGE", "FIELDS"),
        [
            (f"{row.id:#x}", row.name, " ".join(each.path for each in fields_of(row.request)) or "-")
            for _, row in sorted(commands.items())
        ],
    )
