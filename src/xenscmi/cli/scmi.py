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

from xenscmi.cli.files import put, say, write_json
from xenscmi.cli.running import EXIT_FAILURE, EXIT_UNUSABLE, find_domain, guarded, open_store, print_xen
from xenscmi.cli.running import configure as configure_host
from xenscmi.cli.terminal import width_of
from xenscmi.report.wrapping import fold_all

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
    parser.add_argument("--json", action="store_true", help="print request and response, or the list, as JSON")
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
        xen = store.model()
        if _domain(xen, arguments.domain) is None:
            return EXIT_FAILURE
        rows = _messages(xen, arguments.protocol) if arguments.protocol else _protocols(xen)
        if arguments.json:
            write_json(rows)
        else:
            put(_table(rows))
        return 0
    from xenscmi.scmi.compose import fields_of, find_command, find_protocol
    from xenscmi.simulation.send import send, version_of

    protocol = find_protocol(arguments.protocol)
    with store.session() as xen:
        domid = _domain(xen, arguments.domain)
        if domid is None:
            return EXIT_FAILURE
        command = find_command(protocol, arguments.message, version_of(xen, protocol.id) or 0)
        if not arguments.fields and any(True for _ in fields_of(command.request)):
            return _show_fields(command)
        sent = send(xen, domid, command, arguments.fields, arguments.smc_id, arguments.page)
    if arguments.json:
        put(_document(sent))
    else:
        put(fold_all(_text(sent), width_of(sys.stdout)))
        print_xen(sent.log)
    return 0 if sent.succeeded else EXIT_FAILURE


def _domain(xen: Model, word: str) -> int | None:
    """Return the id of a domain by name or id; print xl's message, and return None, if there is none."""
    domid = find_domain(xen, word)
    if domid is not None and domid not in xen.domains:
        say(f"Error: Domain '{word}' does not exist.")
        return None
    return domid


def _show_fields(command: Command) -> int:
    """Print the fields of a message; return the exit code for wrong arguments."""
    from xenscmi.report.table import table
    from xenscmi.scmi.compose import fields_of

    say(f"xenscmi scmi: error: {command.name} has fields: write FIELD=VALUE")
    rows = [(each.path, each.doc, ", ".join(each.values) or "a number") for each in fields_of(command.request)]
    sys.stderr.write(table(("FIELD", "MEANING", "VALUES"), rows, width_of(sys.stderr)))
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


def _protocols(xen: Model) -> list[dict[str, object]]:
    """Return the protocols that there are, and their versions in the firmware."""
    from xenscmi.scmi.header import ProtocolId
    from xenscmi.simulation.send import version_of

    return [{"id": each.value, "protocol": each.name.lower(), "version": version_of(xen, each)} for each in ProtocolId]


def _messages(xen: Model, protocol_name: str) -> list[dict[str, object]]:
    """Return the messages of a protocol, in the firmware's version."""
    from xenscmi.scmi.compose import fields_of, find_protocol
    from xenscmi.simulation.send import version_of

    protocol = find_protocol(protocol_name)
    commands = protocol.commands_of(version_of(xen, protocol.id) or 0)
    return [
        {"id": row.id, "message": row.name, "fields": [each.path for each in fields_of(row.request)]}
        for _, row in sorted(commands.items())
    ]


def _table(rows: list[dict[str, object]]) -> str:
    from xenscmi.report.table import table

    headings = {"version": "IN THE FIRMWARE"}
    return table(
        [headings.get(name, name.upper()) for name in rows[0]],
        [[_cell(name, value) for name, value in row.items()] for row in rows],
        width_of(sys.stdout),
    )


def _cell(name: str, value: object) -> str:
    if isinstance(value, list):
        return " ".join(value) or "-"
    if isinstance(value, int):
        return f"{value:#x}" if name == "id" else f"version {value >> 16}.{value & 0xFFFF}"
    return "-" if value is None else str(value)
