"""Options as rows of tables, and the configuration that they are read into.

A row has the key, the syntax of its value, the field of libxl that it sets, and what the field means; the tables in the
documentation are generated from the same rows. Most rows are made by the functions below (`string`, `number`, …); an
option with a syntax of its own is a function with a decorator.
"""

from __future__ import annotations

from xenscmi.config.errors import EXIT_ERROR_FAIL, EXIT_FAILURE
from xenscmi.config.options.text import Text
from xenscmi.config.spans import Spans
from xenscmi.config.types.enums import DomainType
from xenscmi.diagnostics import Diagnostic, Severity
from xenscmi.record import Record
from xenscmi.xlcfg.numbers import ULONG_MAX, strtoul

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any, NoReturn

    from xenscmi.config.capabilities import HostCapabilities
    from xenscmi.config.idl.enumeration import Enumeration
    from xenscmi.source import Span
    from xenscmi.xlcfg import Reader, Value

KIB_PER_MIB = 1024


class OptionError(Exception):
    """xl refuses a value: the diagnostics, and the exit code of xl."""

    def __init__(self, diagnostics: list[Diagnostic], exit_code: int) -> None:
        super().__init__(diagnostics[0].message)
        self.diagnostics = diagnostics
        self.exit_code = exit_code


class Fields:
    """A structure while it is read: the values set so far, by libxl's field names, and the span that set each of them.

    `prefix` is the path of the structure and a dot, empty for the whole configuration; `spans` has whole paths and is
    shared by all structures of a configuration. `index` is the position of the structure in its list.
    """

    def __init__(self, spans: Spans, prefix: str = "", index: int = 0) -> None:
        self.spans = spans
        self.prefix = prefix
        self.index = index
        self.values: dict[str, Any] = {}

    def set(self, path: str, value: object, span: Span | None) -> None:
        """Set a field, named by its path in the structure; `span` is None if the value is not from the file."""
        *steps, name = path.split(".")
        at = self.values
        for step in steps:
            at = at.setdefault(step, {})
        at[name] = value
        self.locate(path, span)

    def set_items(self, path: str, values: list[Any], span: Span | None, items: Sequence[Value]) -> None:
        """Set a list; each value was read from the item of the same index."""
        self.set(path, values, span)
        self.spans.set_items(self.prefix + path, items[: len(values)])

    def append(self, path: str, span: Span) -> Fields:
        """Add an empty structure to a list, and return it."""
        found = self.values.setdefault(path, [])
        index = len(found)
        self.locate(f"{path}[{index}]", span)
        added = Fields(self.spans, f"{self.prefix}{path}[{index}].", index)
        found.append(added.values)
        return added

    def locate(self, path: str, span: Span | None) -> None:
        """Record the span that set a field; None forgets an earlier one."""
        self.spans.set(self.prefix + path, span)

    def get(self, path: str) -> Any:
        """Return the value of a field; None if it was not set."""
        at: Any = self.values
        for step in path.split("."):
            at = at.get(step, {})
        return None if at == {} else at


class Build(Fields):
    """The whole configuration while it is read, the settings of the file, and what xl knows of the host."""

    def __init__(self, reader: Reader, host: HostCapabilities, new_uuid: bytes) -> None:
        super().__init__(Spans())
        self.reader = reader
        self.host = host
        self.new_uuid = new_uuid
        self.type = DomainType.PVH
        self.values |= {"c_info": {}, "b_info": {"u": {}, "avail_vcpus": 1}}

    def span(self, key: str) -> Span | None:
        """Return the place of a setting's value; None if the file does not have the setting."""
        setting = self.reader.settings.get(key)
        return setting.value.span if setting else None

    def fail(self, message: str, place: Span | None, help: str, exit_code: int = EXIT_FAILURE) -> NoReturn:
        """Refuse a value, with xl's message. Raises OptionError."""
        raise OptionError([Diagnostic(message=message, span=place, help=help)], exit_code)

    def warn(self, message: str, place: Span | None, help: str) -> None:
        """Add a warning, with xl's message."""
        warning = Diagnostic(message=message, severity=Severity.WARNING, span=place, help=help)
        self.reader.diagnostics.append(warning)

    def strings(self, key: str) -> Iterator[Text] | None:
        """Return the items of a list up to the first that is not a string; None if there is no list."""
        found = self.reader.list_value(key)
        return None if found is None else (Text(item) for item in found.leading_strings())

    def text(self, key: str, *, quiet: bool = False) -> Text | None:
        """Return a setting's string; None if it has none."""
        found = self.reader.string_value(key, quiet=quiet)
        return None if found is None else Text(found)

    def split(self, text: Text, separators: str) -> list[Text]:
        """Return the pieces between separators (split_string_into_string_list). Raises OptionError if there is none."""
        pieces = list(text.tokens(separators))
        if not pieces:
            self.fail(f'there is nothing in "{text.text}"', text.span, "write a value; the real xl crashes here")
        return pieces

    def parse_ulong(self, text: Text) -> int:
        """Read a number in base 10; what follows its digits is ignored (xl's parse_ulong). Raises OptionError."""
        value, end, _ = strtoul(text.text, 10)
        if end == 0 or value == ULONG_MAX:
            self.fail(f'xl: failed to convert "{text.text}" to number', text.span, "write a decimal number here")
        return value


class Option(Record):
    """One key: its syntax in a word or two, the field that it sets, and what that means.

    `x86` marks a key that only x86 or HVM guests use: it is read and kept, but has no effect on Arm.
    """

    key: str
    takes: str
    sets: str
    doc: str
    read: Callable[[Build], None]
    x86: bool = False


def string(key: str, sets: str, doc: str, *, x86: bool = False) -> Option:
    """A string, kept unchanged."""

    def read(build: Build) -> None:
        found = build.reader.string(key)
        if found is not None:
            build.set(sets, found, build.span(key))

    return Option(key=key, takes="string", sets=sets, doc=doc, read=read, x86=x86)


def number(key: str, sets: str, doc: str, *, times: int = 1, x86: bool = False) -> Option:
    """A number; `times` converts the unit of the file to that of the field."""

    def read(build: Build) -> None:
        found = build.reader.long(key)
        if found is not None:
            build.set(sets, found * times, build.span(key))

    return Option(key=key, takes="number", sets=sets, doc=doc, read=read, x86=x86)


def boolean(key: str, sets: str, doc: str, *, x86: bool = False) -> Option:
    """A number, of which zero means false."""

    def read(build: Build) -> None:
        found = build.reader.long(key)
        if found is not None:
            build.set(sets, bool(found), build.span(key))

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
    """The name of an enumerator, in any case; `message` is xl's for another value, with `{}` for the value."""

    def read(build: Build) -> None:
        found = build.text(key, quiet=quiet)
        if found is not None:
            build.set(sets, member(build, found, kind, message, exit_code), build.span(key))

    names = ", ".join(f"`{one.text}`" for one in kind if one.text != "invalid")
    return Option(key=key, takes=names, sets=sets, doc=doc, read=read, x86=x86)


def member(
    build: Build, text: Text, kind: type[Enumeration], message: str, exit_code: int = EXIT_FAILURE
) -> Enumeration:
    """Return the enumerator of that name. Raises OptionError with `message`, with `{}` for the text."""
    found = kind.from_string(text.text)
    if found is None:
        build.fail(message.format(text.text), text.span, one_of(one.text for one in kind), exit_code)
    return found


def one_of(names: Iterator[str]) -> str:
    """Return the help line that lists the possible values."""
    return f"write one of: {', '.join(names)}"


def string_list(key: str, sets: str, doc: str, *, x86: bool = False) -> Option:
    """A list of strings, up to the first item that is itself a list; xl refuses a string in its place."""

    def read(build: Build) -> None:
        found = build.strings(key)
        if found is not None:
            items = list(found)
            build.set_items(sets, [item.text for item in items], build.span(key), [item.value for item in items])
        elif key in build.reader.settings:
            help_text = f"put it in brackets: {key} = [ … ]"
            build.fail(f"xl: Unable to parse {key}.", build.span(key), help_text, EXIT_ERROR_FAIL)

    return Option(key=key, takes="list of strings", sets=sets, doc=doc, read=read, x86=x86)


def device_list(key: str, takes: str, sets: str, doc: str) -> Callable[[Callable[[Build, Text, Fields], None]], Option]:
    """Make the row of a list of strings from a function that reads one item into a structure.

    xl reads the items up to the first that is itself a list.
    """

    def row(read_item: Callable[[Build, Text, Fields], None]) -> Option:
        def read(build: Build) -> None:
            items = build.strings(key)
            if items is None:
                return
            build.locate(sets, build.span(key))
            for item in items:
                read_item(build, item, build.append(sets, item.value.span))

        return Option(key=key, takes=takes, sets=sets, doc=doc, read=read)

    return row


def companion(key: str, takes: str, sets: str, doc: str, *, x86: bool = False) -> Option:
    """A key that another row reads along with its own."""
    return Option(key=key, takes=takes, sets=sets, doc=doc, read=_nothing, x86=x86)


def _nothing(build: Build) -> None:
    pass


def custom(
    key: str, takes: str, sets: str, doc: str, *, x86: bool = False
) -> Callable[[Callable[[Build], None]], Option]:
    """Make the row of a key from a function that reads it in its own way."""

    def row(read: Callable[[Build], None]) -> Option:
        return Option(key=key, takes=takes, sets=sets, doc=doc, read=read, x86=x86)

    return row
