r"""Write the generated parts of the documentation, and the output of its examples.

The pages of the rules and the JSON Schema of the manifest are generated. The other pages are written by hand, but for:
- the text between `<!-- generated: NAME -->` and `<!-- end of NAME -->` (in manual pages `.\" generated: NAME` and
  `.\" end of NAME`), which the function that `PARTS` names generates from the tables of the code;
- in ```console blocks, the lines after a `$ command`, which are the command's output. The commands of a page run in a
  folder of their own with the files that the page shows (the blocks with a title) and the project's examples/.

    python tools/generate_docs.py            write what has changed
    python tools/generate_docs.py --check    list what would change; exit 1 if anything would
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from argparse import SUPPRESS, Action, ArgumentParser
from collections.abc import Callable, Iterator, Mapping
from html import escape
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from xenscmi.cli import COMMANDS, load, make_parser
from xenscmi.config.options import GROUPS
from xenscmi.domctl.createdomain import FLAGS
from xenscmi.domctl.profiles import DEFAULT_PROFILE, PROFILES
from xenscmi.domctl.releases import CHANGES, Release
from xenscmi.firmware import PROFILES as FIRMWARE_PROFILES
from xenscmi.firmware import Firmware, resources
from xenscmi.firmware.profile import STATUSES, FirmwareProfile
from xenscmi.host.manifest import Manifest
from xenscmi.plan.json_schema import schema_text
from xenscmi.report.rule_page import index as rule_index
from xenscmi.report.rule_page import page as rule_page
from xenscmi.rules.registry import all_rules
from xenscmi.scmi.header import ProtocolId
from xenscmi.scmi.message import Command, Notification, Protocol
from xenscmi.scmi.protocols import protocol

ROOT = Path(__file__).parents[1]
TIMEOUT = 60

# The modules of config/options in the order of the documentation, with the headings of their tables.
SECTIONS = {
    "identity": "Identity",
    "memory": "Memory",
    "vcpus": "Virtual CPUs",
    "scheduling": "Scheduling",
    "boot": "Kernel and boot",
    "arm": "Arm and SCMI",
    "passthrough": "Devices of the host",
    "ranges": "Interrupts and memory of the host",
    "disks": "Disks",
    "network": "Network interfaces",
    "devices": "Other virtual devices",
    "media": "Displays and keyboards",
    "sound": "Sound",
    "limits": "Limits",
    "tuning": "Alternate page tables and tracing",
    "xenstore": "Xenstore",
    "actions": "When the domain stops",
    "devicemodel": "Device model",
    "hvm": "HVM guests",
    "x86": "Other x86 keys",
}

_PART = re.compile(
    r'^(?P<open>(?:<!-- |\.\\" )generated: (?P<name>\S+).*\n)(?:.*\n)*?(?P<close>(?:<!-- |\.\\" )end of (?P=name)\b)',
    re.MULTILINE,
)
# How these paragraphs of a command's help begin.
_EXIT_CODES, _EXAMPLES = "exit codes: ", "examples:"
_CONSOLE = re.compile(r"^```console\n(?P<body>(?:.*\n)*?)```$", re.MULTILINE)
_FILE = re.compile(r'^```\w+ title="(?P<name>[^"]+)"\n(?P<text>(?:.*\n)*?)```$', re.MULTILINE)


def pages() -> list[Path]:
    """Return the pages written by hand, which may have generated parts or examples."""
    return [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md")), *sorted(ROOT.glob("man/*"))]


def whole_files() -> dict[Path, str]:
    """Return the files generated as a whole, with their texts."""
    rules = all_rules()
    folder = ROOT / "docs" / "rules"
    return {
        **{folder / f"{rule.code}.md": rule_page(rule) for rule in rules},
        folder / "index.md": rule_index(rules),
        ROOT / "docs" / "host.schema.json": json.dumps(msgspec.json.schema(Manifest), indent=2) + "\n",
        ROOT / "docs" / "plan.schema.json": schema_text(),
    }


def completed(page: Path) -> str:
    """Return a page written by hand with its generated parts and examples up to date."""
    text = _PART.sub(lambda found: found["open"] + PARTS[found["name"]]() + found["close"], page.read_text("utf-8"))
    if not _CONSOLE.search(text):
        return text
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "examples").symlink_to(ROOT / "examples")
        for block in _FILE.finditer(text):
            (folder / block["name"]).parent.mkdir(parents=True, exist_ok=True)
            (folder / block["name"]).write_text(block["text"], "utf-8")
        return _CONSOLE.sub(lambda found: f"```console\n{_session(found['body'], folder)}```", text)


def _session(body: str, folder: Path) -> str:
    """Return a console block with the current output of its commands; `$?` is the exit code of the one before."""
    lines, code = [], 0
    for command in re.findall(r"^\$ (.+)$", body, re.MULTILINE):
        done = subprocess.run(
            ["bash", "-c", f"(exit {code}); {command}"],
            cwd=folder,
            env={
                "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
                "HOME": str(folder),
                "LC_ALL": "C.UTF-8",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            timeout=TIMEOUT,
        )
        code = done.returncode
        output = done.stdout.replace(f"{ROOT}/", "")  # the examples are links into this tree, wherever it stands
        lines += [f"$ {command}", *(line.rstrip() for line in output.splitlines())]
    return "".join(f"{line}\n" for line in lines)


def _table(*rows: tuple[str, ...]) -> str:
    """Return rows as a Markdown table; the first row is the head."""
    head, *rest = rows
    return "".join(f"| {' | '.join(map(_cell, row))} |\n" for row in (head, ("---",) * len(head), *rest))


def _cell(text: str) -> str:
    """Return text for a cell: GitHub ends the cell at a bar in code, and the site shows a backslash before it."""
    return re.sub(r"`([^`]*\|[^`]*)`", lambda code: f"<code>{escape(code[1]).replace('|', '&#124;')}</code>", text)


def options() -> str:
    """Return every key by group: what it takes, what it sets, what it means."""
    tables: dict[str, list[tuple[str, ...]]] = {module: [] for module in SECTIONS}
    for group in GROUPS:
        module = group.table.partition(".")[0]
        for row in group.rows():
            if row.key in group.keys:
                mark = "**x86 only.** " if row.x86 or group.hvm else ""
                field = f"`{row.sets}`" if row.sets else "–"
                tables[module].append((f"`{row.key}`", row.takes, field, f"{mark}{row.doc}"))
    head = ("Key", "Takes", "libxl's field", "Meaning")
    parts = []
    for module, title in SECTIONS.items():
        about, _, _ = (import_module(f"xenscmi.config.options.{module}").__doc__ or "").partition("\n")
        parts.append(f"\n## {title}\n\n{about}\n\n{_table(head, *tables[module])}")
    return "".join(parts)


def profiles() -> str:
    """Return the layouts by name."""
    rows = (
        (
            f"`{one.name}`" + (" (default)" if one.name == DEFAULT_PROFILE else ""),
            f"{one.interface_version:#x}",
            str(one.size),
            "yes" if one.agent_ids else "no",
            one.source,
        )
        for one in PROFILES.values()
    )
    return _table(("Profile", "Interface", "Size", "Agent ids", "Which Xen"), *rows)


def releases() -> str:
    """Return the changes of Xen's behaviour, and the releases that brought them."""
    rows = [(f"`{each.name}`", ", ".join(map(_release, each.since)), each.before, each.now) for each in CHANGES]
    return _table(("Change", "Since", "Before", "Since then"), *rows)


def _release(release: Release) -> str:
    """Return a release in full: 4.22.0."""
    return ".".join(map(str, release))


def layouts() -> str:
    """Return the place of each field in each layout, as offset/size."""
    places = {
        name: {field.name: f"{field.offset}/{field.size}{' signed' if field.signed else ''}" for field in one.layout}
        for name, one in PROFILES.items()
    }
    order = {field.name: field.offset for one in PROFILES.values() for field in one.layout}
    names = sorted(order, key=lambda name: order[name])
    rows = ((f"`{name}`", *(places[one].get(name, "–") for one in PROFILES)) for name in names)
    return _table(("Field", *(f"`{name}`" for name in PROFILES)), *rows)


def flags() -> str:
    """Return the bits of createdomain's flags."""
    return _table(
        ("Bit", "Value", "Name"), *((str(bit), f"{1 << bit:#x}", f"`{name}`") for bit, name in enumerate(FLAGS))
    )


def _version(number: int) -> str:
    return f"{number >> 16}.{number & 0xFFFF}"


def _versions(row: Command | Notification, of: Protocol) -> str:
    """Return the versions that have a message in this form: `1.0–2.0`, `3.0`."""
    found = [version for version in of.versions if row.exists_in(version)]
    name = _version(found[0]) + ("" if len(found) == 1 else f"–{_version(found[-1])}")
    return name + (" (beta)" if set(found) <= of.beta else "")


def scmi_messages() -> str:
    """Return every message by protocol: the versions that have it in one form, and the firmware that answers it."""
    firmware = {name: Firmware(_board(), profile) for name, profile in FIRMWARE_PROFILES.items()}
    parts = []
    for number in ProtocolId:
        found = protocol(number)
        assert found is not None
        rows = [
            _message_row(row, found, firmware) for row in sorted(found.commands, key=lambda row: (row.id, row.since))
        ]
        for note in found.notifications:
            rows.append((f"`{note.id:#x}`", f"`{note.name}`", _versions(note, found), "notification", ""))
        title = found.name.replace("_", " ").capitalize()
        parts.append(f"\n### {title}, protocol {number:#x}\n\n")
        parts.append(_table(("Id", "Message", "Codec", "Server", "Profiles"), *rows))
    return "".join(parts)


def _message_row(row: Command, of: Protocol, firmware: Mapping[str, Firmware]) -> tuple[str, ...]:
    """Return a command's row; `generic` answers everything that the server can, so it is not listed as a profile."""
    server = firmware["generic"].servers.get(of.id)
    known = [version for version in of.versions if row.exists_in(version)]
    served = [version for version in known if server is not None and row.id in server.handlers_of(version)]
    answered = "–" if not served else "yes" if served == known else ", ".join(map(_version, served))
    named = [name for name in firmware if name not in ("generic", "xen-lab") and _answers(firmware[name], row)]
    return f"`{row.id:#x}`", f"`{row.name}`", _versions(row, of), answered, ", ".join(named) or "–"


def _answers(firmware: Firmware, row: Command) -> bool:
    """Whether firmware answers a command in the form that it speaks first."""
    server = firmware.servers.get(row.protocol_id)
    return server is not None and row.exists_in(server.form_of(0)) and row.id in server.handlers


def _board() -> resources.Platform:
    """Return a board with something of every kind: a protocol without resources has no server."""
    level = resources.OperatingPoint(level=1)
    return resources.Platform(
        agents=(resources.PlatformAgent(agent_id=0, func_id=0x8200_0002, shmem=0x47FF_0000, p2a_shmem=0x47FF_1000),),
        clocks=(resources.Clock(name="clock"),),
        resets=(resources.ResetDomain(name="reset"),),
        power_domains=(resources.PowerDomain(name="power"),),
        performance=(resources.PerformanceDomain(name="cpu", levels=(level,), level=1),),
        sensors=(resources.Sensor(name="sensor"),),
        voltages=(resources.VoltageDomain(name="voltage", levels=(1,), level=1),),
        power_caps=(resources.PowerCapDomain(name="cap", minimum=1, maximum=2, step=1),),
        pins=("pin",),
        system_power=True,
    )


def firmware_profiles() -> str:
    """Return the profiles of firmware: what each is, and where its statements come from."""
    rows = ((f"`{one.name}`", one.doc, "; ".join(one.sources) or "DEN0056E") for one in FIRMWARE_PROFILES.values())
    return _table(("Profile", "Firmware", "Sources"), *rows)


def firmware_meanings() -> str:
    """Return what a profile of firmware means for a host: the columns that files of the host depend on."""
    rows = [
        (
            f"`{each.name}`",
            _trusted(each),
            _with_mediator(each),
            _others(each),
            "one owner" if each.exclusive else "any number of owners",
            "nothing" if "BASE_RESET_AGENT_CONFIGURATION" in each.missing else each.reset.value,
            "it is dead" if each.dies_on_error else "it goes on",
        )
        for each in FIRMWARE_PROFILES.values()
    ]
    head = ("Profile", "Sets permissions", "With Xen's mediator", "Other agents' resources", "A device has")
    return _table((*head, "When a domain goes", "A channel after one bad ring"), *rows)


def _trusted(profile: FirmwareProfile) -> str:
    if profile.trusted_agents is None:
        return "whom the platform names"
    return ", ".join(f"agent {number} alone" for number in sorted(profile.trusted_agents)) or "nobody"


def _others(profile: FirmwareProfile) -> str:
    if not profile.checks_permissions:
        return "open to all"
    return "open to reads" if profile.open_reads else "refused"


def _with_mediator(profile: FirmwareProfile) -> str:
    if "BASE_DISCOVER_AGENT" in profile.missing:
        return "no: it has no BASE_DISCOVER_AGENT"
    return "without devices" if "BASE_SET_DEVICE_PERMISSIONS" in profile.missing else "yes"


def profile_situations() -> str:
    """Return the situations for which a profile can have a status of its own."""
    rows = ((f"`{name}`", f"`{status.name}`") for name, status in STATUSES.items())
    return _table(("Situation", "By the specification"), *rows)


def _parsers() -> Iterator[tuple[str, ArgumentParser]]:
    for command in COMMANDS:
        yield command, make_parser(command, load(command))


def _actions(parser: ArgumentParser) -> Iterator[tuple[str, str]]:
    """Yield each argument's spelling and its help; argparse's own rendering differs between versions of Python."""
    for action in parser._actions:
        if action.help != SUPPRESS:
            written = ", ".join(action.option_strings)
            value = "" if action.nargs == 0 else _value(action)
            yield f"{written} {value}".strip(), (action.help or "") % {**vars(action), "prog": parser.prog}


def _value(action: Action) -> str:
    if isinstance(action.metavar, str):
        return action.metavar
    if action.choices is not None:
        return "{" + ",".join(map(str, action.choices)) + "}"
    return action.dest.upper() if action.option_strings else action.dest


def _usage(parser: ArgumentParser) -> str:
    return " ".join(parser.format_usage().removeprefix("usage: ").split())


def _paragraphs(parser: ArgumentParser) -> Iterator[tuple[str, list[str]]]:
    """Yield the paragraphs of a command's help: the text, and the indented lines below it."""
    for paragraph in (parser.epilog or "").split("\n\n"):
        lines = paragraph.strip("\n").splitlines()
        yield " ".join(line for line in lines if line[:1] != " "), [line.strip() for line in lines if line[:1] == " "]


def commands() -> str:
    """Return every command: its usage, its arguments, and the rest of its help."""
    parts = []
    for command, parser in _parsers():
        parts.append(f"\n## {command}\n\n{parser.description}\n\n```text\n{_usage(parser)}\n```\n\n")
        parts.append(_table(("Argument", "Meaning"), *((f"`{name}`", text) for name, text in _actions(parser))))
        for text, below in _paragraphs(parser):
            parts.append(f"\n{text[:1].upper()}{text[1:]}\n" if text else "")
            parts.append("\n```sh\n" + "".join(f"{line}\n" for line in below) + "```\n" if below else "")
    return "".join(parts)


def manual_commands() -> str:
    """Return the same for xenscmi(1), where exit codes and examples have their own sections."""
    lines = []
    for command, parser in _parsers():
        lines += [f".SS {command}", ".nh", ".ad l", _roff(_usage(parser)), ".hy", ".ad", ".PP"]
        lines.append(_roff(parser.description or ""))
        for name, text in _actions(parser):
            breakable = re.sub(r",(?! )", r",\\:", _roff(name))  # a long list of choices
            lines += [".TP", f".B {breakable}", _roff(text)]
        for text, below in _paragraphs(parser):
            if not text.startswith((_EXIT_CODES, _EXAMPLES)):
                lines += [".PP", _roff(text)]
                lines += [".RS 4", *_verbatim(below), ".RE"] if below else []
    return "".join(f"{line}\n" for line in lines if line)


def manual_exit_status() -> str:
    """Return the meaning of each command's exit codes, for xenscmi(1)."""
    return "".join(
        f".TP\n.B {command}\n{_roff(text.removeprefix(_EXIT_CODES))}\n"
        for command, parser in _parsers()
        for text, _ in _paragraphs(parser)
        if text.startswith(_EXIT_CODES)
    )


def manual_examples() -> str:
    """Return the examples of all commands, for xenscmi(1)."""
    lines: list[str] = []
    for _, parser in _parsers():
        for text, below in _paragraphs(parser):
            if text.startswith(_EXAMPLES):
                lines += [".PP", *_verbatim(below)]
    return "".join(f"{line}\n" for line in lines)


def _verbatim(lines: list[str]) -> list[str]:
    return [".nf", *map(_roff, lines), ".fi"]


def _roff(text: str) -> str:
    """Return text as a line of roff: backticks become bold, and nothing is read as a request."""
    text = re.sub(r"`([^`']+)`", r"\\fB\1\\fR", text.replace("\\", "\\e"))
    text = text.replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga").replace("~", "\\(ti")
    text = re.sub(r"[^\0-\x7f]", lambda sign: f"\\[u{ord(sign[0]):04X}]", text)
    return f"\\&{text}" if text.startswith(".") else text


PARTS: dict[str, Callable[[], str]] = {
    "commands": commands,
    "flags": flags,
    "layouts": layouts,
    "manual-commands": manual_commands,
    "manual-examples": manual_examples,
    "manual-exit-status": manual_exit_status,
    "options": options,
    "firmware-profiles": firmware_profiles,
    "firmware-meanings": firmware_meanings,
    "profile-situations": profile_situations,
    "profiles": profiles,
    "releases": releases,
    "scmi-messages": scmi_messages,
}


def main() -> int:
    """Write or check all files; return the exit code."""
    check = "--check" in sys.argv[1:]
    wanted = {**whole_files(), **{page: completed(page) for page in pages()}}
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text("utf-8") != text]
    for path in stale:
        print(f"{path.relative_to(ROOT)} {'is out of date: run make docs' if check else 'brought up to date'}")
        if not check:
            path.parent.mkdir(exist_ok=True)
            path.write_text(wanted[path], "utf-8")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
