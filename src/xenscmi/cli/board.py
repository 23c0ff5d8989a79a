"""Run a real Linux, alone or under a real Xen, on a virtual board whose SCMI firmware is ours.

  run [HOST]           boot, with qemu: console on standard output, SCMI messages on standard error as they come
  replay TRACE [HOST]  send the messages of a trace again, and show which responses differ
  tree [HOST]          print the device tree that the board would have

HOST is a folder, a host.toml or a host tree, as for `xenscmi check`; without it, a platform with resources of
every kind. Its firmware has each agent's devices as Xen gives them. Linux alone has all agents in one kernel but the
trusted ones; under Xen, dom0 has its own. On a terminal, what is typed goes to the console; Ctrl-] ends the board.

A guest can tell what it found by a line on its console: `xenscmi-report: pass`, or `xenscmi-report: fail REASON`.

A fault is ACTION:MESSAGE[=VALUE][@AGENT][#NTH]: refuse (=STATUS), delay (=MILLISECONDS), corrupt (=payload, header or
length) or drop; MESSAGE is PROTOCOL.MESSAGE, PROTOCOL.* or *.

exit codes: 0 the board was powered off and nobody reported a failure; 1 a failure, a panic, or time was up;
2 input that cannot be used, or no qemu

examples:
  xenscmi board run host/ --kernel vmlinuz --initrd initrd.img
  xenscmi board run --kernel vmlinuz --busybox busybox --script probe.sh --record probe.jsonl
  xenscmi board run host/ --xen xen --kernel vmlinuz --initrd initrd.img
  xenscmi board run --kernel vmlinuz --busybox busybox --fault refuse:clock.config_set=denied@1
  xenscmi board replay probe.jsonl --profile scp
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from xenscmi.cli.files import load_host, put, say, show
from xenscmi.diagnostics import Diagnostic, XenscmiError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from xenscmi.board.board import Hardware, Software
    from xenscmi.board.hosts import BoardHost
    from xenscmi.board.session import Outcome
    from xenscmi.board.trace import TracedMessage
    from xenscmi.devicetree import Tree

EXIT_FAILED, EXIT_UNUSABLE = 1, 2
ESCAPE = b"\x1d"  # Ctrl-]
XEN_BOOTARGS = "console=dtuart dom0_mem=512M noreboot"


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("action", choices=("run", "replay", "tree"), help="choose what to do")
    parser.add_argument(
        "paths", nargs="*", default=[], metavar="HOST", help="take the host in this folder; for replay, the trace first"
    )
    parser.add_argument("--kernel", metavar="FILE", type=Path, help="boot this arm64 Linux (vmlinuz, Image)")
    parser.add_argument("--initrd", metavar="FILE", type=Path, help="give it this initial RAM disk")
    parser.add_argument("--busybox", metavar="FILE", type=Path, help="give it a RAM disk of this static arm64 busybox")
    parser.add_argument(
        "--script", metavar="FILE", type=Path, help="run this with the busybox, then power off (a shell)"
    )
    parser.add_argument("--append", metavar="TEXT", default="", help="add this to the kernel's command line")
    parser.add_argument("--xen", metavar="FILE", type=Path, help="boot this arm64 Xen, and Linux as its dom0")
    parser.add_argument("--xen-append", metavar="TEXT", default="", help="add this to Xen's command line")
    parser.add_argument(
        "--load", metavar="FILE@ADDRESS", action="append", default=[], help="load this too, for a tree that names it"
    )
    parser.add_argument(
        "--agent", metavar="ID", type=int, action="append", default=[], help="give Linux these agents only"
    )
    parser.add_argument("--profile", metavar="NAME", help="choose how the firmware behaves (the host's)")
    parser.add_argument("--cpus", metavar="N", type=int, default=2, help="give the board this many CPUs, 1 to 8 (2)")
    parser.add_argument(
        "--memory", metavar="MIB", type=int, default=2048, help="give it this much RAM, 1024 or more (2048)"
    )
    parser.add_argument(
        "--fault", metavar="FAULT", action="append", default=[], help="make this fault happen; repeatable"
    )
    parser.add_argument("--record", metavar="FILE", help="write all messages to a trace")
    parser.add_argument("--quiet", action="store_true", help="show no messages as they come")
    parser.add_argument("--timeout", metavar="SECONDS", type=float, default=600, help="give up after this time (600)")


def run(arguments: Namespace) -> int:
    """Run the command."""
    actions = {"run": _boot, "replay": _replay, "tree": _tree}
    try:
        return actions[arguments.action](arguments)
    except XenscmiError as error:
        show(error.diagnostics)
    return EXIT_UNUSABLE


def _host(arguments: Namespace, paths: list[str]) -> BoardHost:
    from xenscmi.board.hosts import board_host, showcase_host

    if not paths:
        return showcase_host(arguments.profile)
    loaded = load_host(paths).host
    show(loaded.notes)
    return board_host(loaded, arguments.profile)


def _hardware(arguments: Namespace) -> Hardware:
    from xenscmi.board.board import Hardware
    from xenscmi.board.layout import MEBIBYTE

    return Hardware(cpus=arguments.cpus, memory=arguments.memory * MEBIBYTE)


def _software(arguments: Namespace) -> Software:
    from xenscmi.board.board import Software
    from xenscmi.board.images import unpack_image
    from xenscmi.board.initrd import shell_initrd

    if arguments.kernel is None:
        raise XenscmiError(Diagnostic(message="there is no kernel to boot", help="name an arm64 one: --kernel vmlinuz"))
    initrd = _read(arguments.initrd)
    if arguments.busybox is not None:
        script = (
            _read(arguments.script).decode("utf-8", "surrogateescape") if arguments.script else "setsid cttyhack sh"
        )
        initrd = shell_initrd(_read(arguments.busybox), script)
    elif arguments.script is not None:
        raise XenscmiError(Diagnostic(message="a script needs a shell", help="name a static arm64 busybox: --busybox"))
    console = "hvc0" if arguments.xen else "ttyAMA0"
    return Software(
        linux=unpack_image(_read(arguments.kernel), str(arguments.kernel)),
        initrd=initrd,
        bootargs=f"console={console} panic=-1 {arguments.append}".strip(),
        xen=unpack_image(_read(arguments.xen), str(arguments.xen)) if arguments.xen else b"",
        xen_bootargs=f"{XEN_BOOTARGS} {arguments.xen_append}".strip(),
        loads=tuple(map(_load, arguments.load)),
    )


def _load(text: str) -> tuple[int, bytes]:
    """Read a further file to load. Raises XenscmiError."""
    name, _, address = text.rpartition("@")
    try:
        return int(address, 0), _read(Path(name))
    except ValueError:
        example = "for example: --load domU1.dtb@0x6f000000"
        raise XenscmiError(Diagnostic(message=f"`{text}' is not of the form FILE@ADDRESS", help=example)) from None


def _read(path: Path | None) -> bytes:
    """Return the content of a file, and nothing where none is named. Raises XenscmiError."""
    from xenscmi.board.images import LARGEST

    if path is None:
        return b""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise XenscmiError(Diagnostic(message=f"cannot read {path}: {error.strerror}")) from None
    if len(data) > LARGEST:
        raise XenscmiError(Diagnostic(message=f"{path} is larger than {LARGEST >> 20} MiB"))
    return data


def _board_tree(arguments: Namespace, host: BoardHost, hardware: Hardware, software: Software) -> Tree:
    """Return the board's tree: the host's own with what is loaded, or one that is made."""
    from xenscmi.board.board import board_tree
    from xenscmi.board.hosts import with_software
    from xenscmi.board.tree import compile_board

    if host.tree is not None:
        return with_software(host.tree, software)
    wanted = arguments.agent
    if not software.xen:
        return compile_board(board_tree(hardware, software, host.agents(wanted)))
    if not wanted and host.dom0_agent is not None:
        wanted = [host.dom0_agent]
    agents = host.agents(wanted) if wanted else []
    return compile_board(board_tree(hardware, software, agents, host.container()))


def _tree(arguments: Namespace) -> int:
    from xenscmi.board.board import Software
    from xenscmi.devicetree import write_dts

    software = _software(arguments) if arguments.kernel else Software(linux=b"")
    tree = _board_tree(arguments, _host(arguments, arguments.paths), _hardware(arguments), software)
    put(write_dts(tree))
    return 0


def _boot(arguments: Namespace) -> int:
    from xenscmi.board.board import started
    from xenscmi.board.faults import parse_fault
    from xenscmi.board.machine import find_qemu
    from xenscmi.devicetree import write_dtb

    find_qemu()
    faults = [parse_fault(each) for each in arguments.fault]
    software, hardware = _software(arguments), _hardware(arguments)
    host = _host(arguments, arguments.paths)
    dtb = write_dtb(_board_tree(arguments, host, hardware, software))
    recorded: list[TracedMessage] = []
    firmware = host.firmware()
    observer = _observer(arguments, recorded)
    with (
        _typed() as typed,
        started(
            hardware, software, dtb, firmware, console=_console(bool(typed)), faults=faults, observer=observer
        ) as session,
    ):
        if typed:
            session.forward(sys.stdin.fileno(), typed)
        outcome = session.run(arguments.timeout)
    if arguments.record:
        _write_trace(arguments.record, recorded)
    return _end(outcome)


def _observer(arguments: Namespace, recorded: list[TracedMessage]) -> Callable[[TracedMessage], None]:
    from xenscmi.board.trace import show as in_words

    def observe(message: TracedMessage) -> None:
        if not arguments.quiet:
            say(in_words(message))
        if arguments.record:
            recorded.append(message)

    return observe


def _console(raw: bool) -> Callable[[bytes], None]:
    """Return what shows the guests' output: as it is on a terminal that types, else with nothing in it but text."""
    from xenscmi.report.text import visible

    def show_bytes(data: bytes) -> None:
        if not raw:
            lines = data.decode("utf-8", "replace").replace("\r", "").split("\n")
            data = "\n".join(map(visible, lines)).encode()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()

    return show_bytes


@contextmanager
def _typed() -> Iterator[Callable[[], bytes | None] | None]:
    """Yield a function that reads the keys typed on the terminal; None if there is no terminal."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        yield None
        return
    import os
    import termios

    terminal = sys.stdin.fileno()
    before, now = termios.tcgetattr(terminal), termios.tcgetattr(terminal)
    now[3] &= ~(termios.ICANON | termios.ECHO | termios.ISIG)
    say("xenscmi: the board starts; Ctrl-] ends it")

    def read() -> bytes | None:
        data = os.read(terminal, 1024)
        return None if ESCAPE in data else data

    termios.tcsetattr(terminal, termios.TCSADRAIN, now)
    try:
        yield read
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def _end(outcome: Outcome) -> int:
    """Say how a run ended; return the exit code."""
    for passed, words in outcome.reports:
        say(f"xenscmi: a guest reported: {'pass' if passed else 'fail'} {words}".rstrip())
    first = f", the first after {outcome.first_message:.1f} s" if outcome.first_message is not None else ""
    detail = f" ({outcome.detail})" if outcome.detail else ""
    say(
        f"xenscmi: {outcome.ending.value}{detail}, after {outcome.seconds:.1f} s; "
        f"{outcome.messages} SCMI messages{first}"
    )
    return 0 if outcome.passed else EXIT_FAILED


def _write_trace(path: str, recorded: list[TracedMessage]) -> None:
    from xenscmi.board.trace import write_line
    from xenscmi.cli.writing import write_result

    write_result(path, "".join(map(write_line, recorded)).encode())


def _replay(arguments: Namespace) -> int:
    from xenscmi.board.trace import read_lines, replay
    from xenscmi.board.trace import show as in_words

    if not arguments.paths:
        raise XenscmiError(Diagnostic(message="there is no trace to replay", help="name one: board replay TRACE"))
    name, *paths = arguments.paths
    lines = _read(Path(name)).decode("utf-8", "replace").splitlines()
    firmware = _host(arguments, paths).firmware()
    count = differing = 0
    for message, response in replay(read_lines(lines, name), firmware.answer, firmware.agents):
        count += 1
        if response != message.response:
            differing += 1
            say(f"recorded {in_words(message)}")
            say(f"now      {in_words(message.answered(response))}")
    say(f"xenscmi: {count} messages, {differing} of them with another response now")
    return EXIT_FAILED if differing else 0
