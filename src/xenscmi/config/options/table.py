"""What an option is: a row in a table, read in xl's order into the fields of a configuration.

A row says which key it reads, what the value looks like, which of libxl's fields it sets and what that means; the
tables of the documentation are made from the same rows. Most rows come from the makers below (`string`, `number`, …);
an option with a syntax of its own brings a function.
"""

from __future__ import annotations

from xenscmi.config.errors import EXIT_ERROR_FAIL, EXIT_FAILURE
from xenscmi.config.options.text import Text
from xenscmi.config.types.enums import DomainType
from xenscmi.diagnostics import Diagnostic, Severity
from xenscmi.record import Record
from xenscmi.xlcfg.numbers import ULONG_MAX, strtoul

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, NoReturn

    from xenscmi.config.capabilities import HostCapabilities
    from xenscmi.config.fields import Enumeration
    from xenscmi.source import Span
    from xenscmi.xlcfg import Reader

KIB_PER_MIB = 1024


class OptionError(Exception):
    """xl gives up over a value: what to say, and the exit code it ends with."""

    def __init__(self, diagnostics: list[Diagnostic], exit_code: int) -> None:
        super().__init__(diagnostics[0].message)
        self.diagnostics = diagnostics
        self.exit_code = exit_code


class Build:
    """A configuration in the making: the settings, the host, and the values found so far by libxl's field names."""

    def __init__(self, reader: Reader, host: HostCapabilities, new_uuid: bytes) -> None:
        self.reader = reader
        self.host = host
        self.new_uuid = new_uuid
        self.type = DomainType.PVH
        self.values: dict[str, Any] = {"c_info": {}, "b_info": {"u": {}, "avail_vcpus": 1}}

    def set(self, path: str, value: object) -> None:
        """Set a field, named by its dotted path in libxl_domain_config."""
        *steps, name = path.split(".")
        at = self.values
        for step in steps:
            at = at.setdefault(step, {})
        at[name] = value

    def get(self, path: str) -> Any:
        """Return what was set so far; None if nothing was."""
        at: Any = self.values
        for step in path.split("."):
            at = at.get(step, {})
        return None if at == {} else at

    def fail(self, message: str, place: Span | None, help: str, exit_code: int = EXIT_FAILURE) -> NoReturn:
        """Give up over this value, in xl's words. Raises OptionError."""
        raise OptionError([Diagnostic(message=message, span=place, help=help)], exit_code)

    def warn(self, message: str, place: Span | None, help: str) -> None:
        """Say something and go on, in xl's words."""
        warning = Diagnostic(message=message, severity=Severity.WARNING, span=place, help=help)
        self.reader.diagnostics.append(warning)

    def strings(self, key: str) -> Iterator[Text] | None:
        """Return the items of a list up to the first that is not a string; None if there is no list."""
        found = self.reader.list_value(key)
        return None if found is None else (Text(item) for item in found.leading_strings())

    def text(self, key: str, *, quiet: bool = False) -> Text | None:
        """Return a setting's string; None if there is none."""
        found = self.reader.string_value(key, quiet=quiet)
        return None if found is None else Text(found)

    def split(self, text: Text, separators: str) -> list[Text]:
        """Return the pieces between separators (xl's split_string_into_string_list). Raises OptionError for none."""
        pieces = list(text.tokens(separators))
        if not pieces:
            self.fail(f'nothing to read in "{text.text}"', text.span, "write a value; the real xl crashes here")
        return pieces

    def parse_ulong(self, text: Text) -> int:
        """Read a number in base 10, whatever follows its digits ignored (xl's parse_ulong). Raises OptionError."""
        value, end, _ = strtoul(text.text, 10)
        if end == 0 or value == ULONG_MAX:
            self.fail(f'xl: failed to convert "{text.text}" to number', text.span, "write a decimal number here")
        return value


class Option(Record):
    """One key: its syntax in a word or two, the field that it sets, and what it means.

    `x86` marks keys that only x86 or HVM guests use: they are read and kept, and have no effect on Arm.
    """

    key: str
    takes: str
    sets: str
    doc: str
    read: Callable[[Build], None]
    x86: bool = False


def string(key: str, sets: str, doc: str, *, x86: bool = False) -> Option:
    """A string that is kept as it is."""

    def read(build: Build) -> None:
        found = build.reader.string(key)
        if found is not None:
            build.set(sets, found)

    return Option(key=key, takes="string", sets=sets, doc=doc, read=read, x86=x86)


def number(key: str, sets: str, doc: str, *, times: int = 1, x86: bool = False) -> Option:
    """A number, multiplied where the file's unit is another than the field's."""

    def read(build: Build) -> None:
        found = build.reader.long(key)
        if found is not None:
            build.set(sets, found * times)

    return Option(key=key, takes="number", sets=sets, doc=doc, read=read, x86=x86)


def boolean(key: str, sets: str, doc: str, *, x86: bool = False) -> Option:
    """A number of which zero means no."""

    def read(build: Build) -> None:
        found = build.reader.long(key)
        if found is not None:
            build.set(sets, bool(found))

    return Option(key=key, takes="boolean", sets=sets, doc=doc, read=read, x86=x86)


def choice(
    key: str,
    sets: str,
    kind: type[Enumeration],
    doc: str,
    *,
    message: str,
    exit_code: int = EXIT_FAILURE,
    quiet: bool = False,
    x86: bool = False,
) -> Option:
    """The name of an enumerator, in any case; `message` is what xl says of another, with `{}` for the value."""

    def read(build: Build) -> None:
        found = build.text(key, quiet=quiet)
        if found is not None:
            build.set(sets, member(build, found, kind, message, exit_code))

    names = ", ".join(f"`{one.text}`" for one in kind if one.text != "invalid")
    return Option(key=key, takes=names, sets=sets, doc=doc, read=read, x86=x86)


def member(
    build: Build, text: Text, kind: type[Enumeration], message: str, exit_code: int = EXIT_FAILURE
) -> Enumeration:
    """Return the enumerator of that name. Raises OptionError with `message`, `{}` standing for the text."""
    found = kind.from_string(text.text)
    if found is None:
        build.fail(message.format(text.text), text.span, one_of(one.text for one in kind), exit_code)
    return found


def one_of(names: Iterator[str]) -> str:
    """Return the line of help that lists what is possible."""
    return f"one of: {', '.join(names)}"


def string_list(key: str, sets: str, doc: str, *, x86: bool = False) -> Option:
    """A list of strings, up to the first item that is a list itself; a string instead ends the parse."""

    def read(build: Build) -> None:
        setting = build.reader.settings.get(key)
        found = build.strings(key)
        if found is not None:
            build.set(sets, tuple(item.text for item in found))
        elif setting is not None:
            help_text = f"put it in brackets: {key} = [ … ]"
            build.fail(f"xl: Unable to parse {key}.", setting.value.span, help_text, EXIT_ERROR_FAIL)

    return Option(key=key, takes="list of strings", sets=sets, doc=doc, read=read, x86=x86)


def companion(key: str, takes: str, sets: str, doc: str, *, x86: bool = False) -> Option:
    """A key that another row reads together with its own."""
    return Option(key=key, takes=takes, sets=sets, doc=doc, read=_nothing, x86=x86)


def _nothing(build: Build) -> None:
    pass


def custom(
    key: str, takes: str, sets: str, doc: str, *, x86: bool = False
) -> Callable[[Callable[[Build], None]], Option]:
    """Make a function that reads a key in its own way into the key's row."""

    def row(read: Callable[[Build], None]) -> Option:
        return Option(key=key, takes=takes, sets=sets, doc=doc, read=read, x86=x86)

    return row
