"""xl.cfg files of a host, by themselves: what xl makes of each, and what it overlooks.

Kept apart from `toolstack`, which makes domains of them: checking one file is a command that people run in loops, and
everything it imports is light.
"""

from __future__ import annotations

from xenscmi import xlcfg
from xenscmi.config.errors import ConfigError
from xenscmi.config.options.text import Text
from xenscmi.config.parse import parse_xlcfg
from xenscmi.config.parsed import Parsed
from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.record import Record
from xenscmi.source import Source, Span
from xenscmi.xlcfg import Settings, StringValue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

ARM_SCI = "arm_sci"
MULTI_AGENT = "scmi_smc_multiagent"
_PARTS = ("type", "agent_id")


class SciPart(Record):
    """A part of an `arm_sci` string, as commas cut it: `key` is "type" or "agent_id", None where xl overlooks it."""

    key: str | None
    text: str
    value: str
    span: Span


class Configuration(Record):
    """An xl.cfg file: its settings, None where it has no syntax, and what xl makes of it, None where it refuses it.

    `errors` are why; `arm_sci` are the parts of that setting.
    """

    source: Source
    settings: Settings | None = None
    parsed: Parsed | None = None
    errors: tuple[Diagnostic, ...] = ()
    arm_sci: tuple[SciPart, ...] = ()


def read_configuration(source: Source) -> Configuration:
    """Return what an xl.cfg file says, a refused one too."""
    try:
        settings = xlcfg.parse(source)
    except XenscmiError as error:
        return Configuration(source=source, errors=error.diagnostics)
    arm_sci = tuple(_arm_sci(settings))
    try:
        parsed = parse_xlcfg(source)
    except ConfigError as error:
        return Configuration(source=source, settings=settings, errors=error.diagnostics, arm_sci=arm_sci)
    return Configuration(source=source, settings=settings, parsed=parsed, arm_sci=arm_sci)


def _arm_sci(settings: Settings) -> Iterator[SciPart]:
    """Yield the parts of `arm_sci` as xl cuts them: at commas, blanks kept, and a part must begin with its key."""
    setting = settings.get(ARM_SCI)
    if setting is None or not isinstance(setting.value, StringValue):
        return
    for part in Text(setting.value).tokens(","):
        key = next((name for name in _PARTS if part.option(name) is not None), None)
        value = part.option(key) if key else None
        yield SciPart(key=key, text=part.text, value=value.text if value else "", span=part.span)
