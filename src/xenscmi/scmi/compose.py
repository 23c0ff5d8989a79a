"""Requests from text: protocols, commands and fields by name, values as people write them.

A field is named by its path: `clock_id`, a bit field `flags.round_up`, an entry of a list of records
`configs[0].config_value`. A value is a number in any base, a named value, yes or no for a bit, a text, or numbers
separated by commas for a list. Fields that are not given are 0; the count of a list is set to its length.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import IntEnum

from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.scmi.bitfields import Bit, BitFields, Bits
from xenscmi.scmi.codec import Field, Fixed, IntegerList, OptionalRecord, PayloadError, RecordList, Structure
from xenscmi.scmi.header import ProtocolId
from xenscmi.scmi.message import Command, Protocol, Request
from xenscmi.scmi.protocols import protocol

_ENTRY = re.compile(r"(?P<name>\w+)\[(?P<index>\d{1,4})\]")
_YES, _NO = frozenset(("yes", "true", "on")), frozenset(("no", "false", "off"))


class ComposeError(XenscmiError):
    """A name that does not exist, or a value that its field cannot have."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(Diagnostic(message=message, help=help))


@dataclass(frozen=True, slots=True)
class FieldHelp:
    """Help on a field: its path, its meaning, and the names of its values."""

    path: str
    doc: str
    values: tuple[str, ...] = ()


def find_protocol(name: str) -> Protocol:
    """Return a standard protocol by name (`clock`) or number. Raises ComposeError."""
    names = {each.name.lower(): each.value for each in ProtocolId}
    number = _number(name)
    found = protocol(names.get(_plain(name), -1) if number is None else number)
    if found is None:
        raise ComposeError(f"there is no protocol `{name}'{_meant(_plain(name), names)}", f"protocols: {_list(names)}")
    return found


def find_command(of: Protocol, name: str, version: int = 0) -> Command:
    """Return a protocol's command, as of a version (0: the newest), by number or name, with or without its prefix.

    Raises ComposeError.
    """
    commands = of.commands_of(version)
    number = _number(name)
    wanted, prefix = _plain(name), _prefix(of)
    for command in commands.values():
        if number == command.id or wanted in (command.name.lower(), command.name.lower().removeprefix(prefix)):
            return command
    names = {command.name.lower().removeprefix(prefix): command.name for command in commands.values()}
    meant = _meant(wanted.removeprefix(prefix), names)
    raise ComposeError(
        f"the {of.name} protocol has no message `{name}'{meant}", f"messages: {_list(name for name in names)}"
    )


def short_names(of: Protocol) -> list[str]:
    """Return the names of a protocol's commands in its newest version, in lower case and without its prefix."""
    return [command.name.lower().removeprefix(_prefix(of)) for command in of.commands_of(0).values()]


def compose(command: Command, assignments: Iterable[str]) -> Request:
    """Return the request of a command with fields set by texts `path=value`. Raises ComposeError."""
    values: dict[str, str] = {}
    for text in assignments:
        path, equals, value = text.partition("=")
        if not equals:
            raise ComposeError(f"`{text}' is not of the form field=value", _fields_help(command.request))
        values[path.strip()] = value.strip()
    request = _record(command.request, values, "")
    if values:
        raise _unknown(command, next(iter(values)))
    assert isinstance(request, Request)
    try:
        request.encode()
    except PayloadError as error:
        raise ComposeError(f"{command.name}: {error.reason}", _fields_help(command.request)) from None
    return request


def fields_of(structure: type[Structure], prefix: str = "") -> Iterator[FieldHelp]:
    """Yield help on the fields of a message; bit fields and the fields of records are listed one by one."""
    for name, kind in structure.codec.fields.items():
        path = prefix + name
        if isinstance(kind, RecordList):
            yield from fields_of(kind.element, f"{path}[0].")
        elif isinstance(kind, OptionalRecord):
            yield from fields_of(kind.element, f"{path}.")
        elif isinstance(kind, Fixed) and kind.word and kind.word.parts:
            for part in kind.word.parts.values():
                yield FieldHelp(
                    f"{path}.{part.name}", part.doc, ("yes", "no") if isinstance(part, Bit) else _names(part.names)
                )
        else:
            yield FieldHelp(path, kind.doc, _names(kind.names))


def _record(structure: type[Structure], values: dict[str, str], prefix: str) -> Structure:
    """Build a structure, and remove the values that it uses from `values`."""
    found: dict[str, object] = {}
    kinds = structure.codec.fields
    for name, kind in kinds.items():
        if isinstance(kind, Fixed):
            found[name] = _fixed(kind, values, prefix + name)
        elif isinstance(kind, IntegerList):
            text = values.pop(prefix + name, "")
            found[name] = tuple(_integer(each, prefix + name, kind.names) for each in text.split(",") if each.strip())
        elif isinstance(kind, RecordList):
            found[name] = tuple(_records(kind, values, prefix + name))
        else:
            given = any(path.startswith(f"{prefix}{name}.") for path in values)
            found[name] = _record(kind.element, values, f"{prefix}{name}.") if given else None
    _count(kinds, found)
    return structure(**found)


def _records(kind: RecordList, values: dict[str, str], path: str) -> Iterator[Structure]:
    """Yield the records up to the highest index that is given."""
    entries = [found for each in values if (found := _ENTRY.match(each)) and found["name"] == path]
    for index in range(max((int(entry["index"]) + 1 for entry in entries), default=0)):
        yield _record(kind.element, values, f"{path}[{index}].")


def _fixed(kind: Fixed, values: dict[str, str], path: str) -> BitFields | int | str:
    text = values.pop(path, None)
    if kind.word is not None:
        word = kind.word(0 if text is None else _integer(text, path))
        for part in kind.word.parts.values():
            given = values.pop(f"{path}.{part.name}", None)
            if given is not None:
                word = _with_part(word, part, given, path)
        return word
    if kind.revert is not None:
        return text or ""
    return 0 if text is None else _integer(text, path, kind.names)


def _with_part(word: BitFields, part: Bits, text: str, path: str) -> BitFields:
    number = _bit(text) if isinstance(part, Bit) else None
    if number is None:
        number = _integer(text, f"{path}.{part.name}", part.names)
    try:
        return word.replace(**{part.name: number})
    except ValueError as error:
        raise ComposeError(f"{path}.{error}") from None


def _bit(text: str) -> int | None:
    return 1 if text.lower() in _YES else 0 if text.lower() in _NO else None


def _count(kinds: Mapping[str, Field], found: dict[str, object]) -> None:
    """Set the counts of lists that were not given."""
    for name, kind in kinds.items():
        if not isinstance(kind, IntegerList | RecordList) or not kind.count:
            continue
        field, _, part = kind.count.partition(".")
        entries, counter = found[name], found[field]
        assert isinstance(entries, tuple)
        if isinstance(counter, BitFields) and part and not getattr(counter, part):
            found[field] = counter.replace(**{part: len(entries)})
        elif not part and not counter:
            found[field] = len(entries)


def _integer(text: str, path: str, names: type[IntEnum] | None = None) -> int:
    number = _number(text)
    if number is not None:
        return number
    known = {each.name.lower(): each.value for each in names or ()}
    if _plain(text) in known:
        return known[_plain(text)]
    if known:
        raise ComposeError(f"{path}: there is no `{text}'{_meant(_plain(text), known)}", f"values: {_list(known)}")
    raise ComposeError(f"{path}: `{text}' is not a number", "write it as 12, 0xc or 0b1100")


def _number(text: str) -> int | None:
    """Return the number that a text means, None if it is not a number; a leading 0 does not mean octal."""
    text = text.strip()
    try:
        return int(text) if text.lstrip("+-").isdecimal() else int(text, 0)
    except ValueError:
        return None


def _plain(name: str) -> str:
    return name.strip().lower().replace("-", "_").replace(" ", "_")


def _prefix(of: Protocol) -> str:
    """Return the common prefix of the names of a protocol's own commands: `clock_`, `power_`."""
    names = [row.name.lower() for row in of.commands if not row.name.startswith(("PROTOCOL_", "NEGOTIATE_"))]
    first = names[0].partition("_")[0] + "_"
    return first if all(name.startswith(first) for name in names) else ""


def _names(names: type[IntEnum] | None) -> tuple[str, ...]:
    return tuple(each.name.lower() for each in names or ())


def _unknown(command: Command, path: str) -> ComposeError:
    paths = [each.path for each in fields_of(command.request)]
    return ComposeError(f"{command.name} has no field `{path}'{_meant(path, paths)}", _fields_help(command.request))


def _fields_help(structure: type[Structure]) -> str:
    paths = [each.path for each in fields_of(structure)]
    return f"fields: {_list(paths)}" if paths else "this message has no fields"


def _meant(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, list(known), 3, 0.5)
    return f"; did you mean {_list(f'`{each}' + chr(39) for each in close)}?" if close else ""


def _list(names: Iterable[str] | Sequence[str]) -> str:
    return ", ".join(names)
