"""Lookups of settings, like libxlu's `xlu_cfg_get_*`, with the same warnings (tools/libs/util/libxlu_cfg.c)."""

from __future__ import annotations

from xenscmi.diagnostics import Diagnostic, Severity
from xenscmi.xlcfg.numbers import LONG_MAX, LONG_MIN, strtol
from xenscmi.xlcfg.values import ListValue, StringValue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from xenscmi.xlcfg.values import Setting, Settings

_NUMBER_HELP = "write 12, 0x1f, or 017 for base 8, with nothing after it"


class Reader:
    """Looks up keys. A value of the wrong kind adds a warning to `diagnostics`, and the result is None."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.diagnostics: list[Diagnostic] = []

    def string_value(self, key: str, *, quiet: bool = False) -> StringValue | None:
        """Return the setting's string with its place. If it is a list, return None, and warn unless `quiet`."""
        setting = self.settings.get(key)
        if setting is None:
            return None
        if isinstance(setting.value, StringValue):
            return setting.value
        if not quiet:
            self._warn(
                setting,
                f"parameter `{key}' is a list but should be a single value",
                f"write {key} = VALUE without brackets; the setting has no effect like this",
            )
        return None

    def string(self, key: str, *, quiet: bool = False) -> str | None:
        value = self.string_value(key, quiet=quiet)
        return None if value is None else value.text

    def list_value(self, key: str, *, quiet: bool = False) -> ListValue | None:
        """Return the setting's list. If it is a string, return None, and warn unless `quiet`."""
        setting = self.settings.get(key)
        if setting is None:
            return None
        if isinstance(setting.value, ListValue):
            return setting.value
        if not quiet:
            self._warn(
                setting,
                f"parameter `{key}' is a single value but should be a list",
                f"put it in brackets: {key} = [ … ]; the setting has no effect like this",
            )
        return None

    def long(self, key: str, low: int = LONG_MIN, high: int = LONG_MAX, *, quiet: bool = False) -> int | None:
        """Return the setting as a C long, base 0 (010 is 8). If it is not one, return None, and warn unless `quiet`.

        `low` and `high` are the smallest and the largest number allowed.
        """
        value = self.string_value(key, quiet=quiet)
        if value is None:
            return None
        setting = self.settings.get(key)
        assert setting is not None
        number, end, saturated = strtol(value.text, 0)
        if setting.added:
            problem = f"can't use += with numbers for parameter `{key}'"
        elif saturated:
            problem = f"parameter `{key}' could not be parsed as a number: Numerical result out of range"
        elif end == 0 or end < len(value.text):
            problem = f"parameter `{key}' is not a valid number"
        elif number < low:
            problem = f"value `{number}' is smaller than minimum bound '{low}'"
        elif number > high:
            problem = f"value `{number}' is greater than maximum bound '{high}'"
        else:
            return number
        if not quiet:
            self._warn(setting, problem, f"the setting has no effect like this: {_NUMBER_HELP}")
        return None

    def _warn(self, setting: Setting, message: str, help_text: str) -> None:
        self.diagnostics.append(
            Diagnostic(message=message, severity=Severity.WARNING, span=setting.value.span, help=help_text)
        )
