"""xl.cfg files of a host, one by one: what xl makes of each, and what it overlooks.

`toolstack` makes domains of them. This module imports little: checking one file is a command that people run in loops.
"""

from __future__ import annotations

from functools import cached_property

from xenscmi.config.errors import ConfigError
from xenscmi.config.options.arm import SciPart, arm_sci_parts
from xenscmi.config.parse import parse_xlcfg
from xenscmi.config.parsed import Parsed
from xenscmi.diagnostics import Diagnostic
from xenscmi.record import Record
from xenscmi.source import Source
from xenscmi.xlcfg import Settings, StringValue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, TypeVar

    T = TypeVar("T")

ARM_SCI = "arm_sci"
MULTI_AGENT = "scmi_smc_multiagent"


class Configuration(Record):
    """An xl.cfg file: its settings, None if its syntax is wrong, and what xl makes of it, None if xl refuses it.

    `errors` say why. `arm_sci` holds the parts of that setting.
    """

    source: Source
    settings: Settings | None = None
    parsed: Parsed | None = None
    errors: tuple[Diagnostic, ...] = ()
    arm_sci: tuple[SciPart, ...] = ()

    @cached_property
    def _answers(self) -> dict[object, tuple[tuple[object, ...], Any]]:
        return {}

    def once(self, make: Callable[..., T], *inputs: object) -> T:
        """Return what `make` makes of this file and the inputs; what it made the last time, if they are the same.

        Rules ask for it again, and an editor, which keeps the files that do not change (`host.parsed`).
        """
        known = self._answers.get(make)
        if known is None or known[0] != inputs:
            known = self._answers[make] = (inputs, make(self, *inputs))
        made: T = known[1]
        return made


def is_alone(paths: Sequence[str], elsewhere: Sequence[object] = ()) -> bool:
    """Return whether the paths of a host are an xl.cfg by itself, which has nothing to disagree with.

    `elsewhere` are the folders in which other files of the host may lie. What reads device trees is not needed then.
    """
    return len(paths) == 1 and paths[0].endswith(".cfg") and not elsewhere


def read_configuration(source: Source) -> Configuration:
    """Return what an xl.cfg file says, even if xl refuses it."""
    try:
        parsed = parse_xlcfg(source)
    except ConfigError as error:
        arm_sci = _arm_sci(error.settings)
        return Configuration(source=source, settings=error.settings, errors=error.diagnostics, arm_sci=arm_sci)
    return Configuration(source=source, settings=parsed.settings, parsed=parsed, arm_sci=_arm_sci(parsed.settings))


def _arm_sci(settings: Settings | None) -> tuple[SciPart, ...]:
    setting = settings.get(ARM_SCI) if settings else None
    return arm_sci_parts(setting.value) if setting and isinstance(setting.value, StringValue) else ()
