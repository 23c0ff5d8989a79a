"""libxl's JSON of a configuration, as `xl -N create` prints it and libxl stores it in /var/lib/xen.

The text is the same as json-c's to the byte: two spaces of indentation, no space after a colon, `/` escaped.
"""

from __future__ import annotations

from xenscmi.config.errors import EXIT_ERROR_FAIL, ConfigError
from xenscmi.config.idl.field import Refused
from xenscmi.config.types.domain import DomainConfig
from xenscmi.diagnostics import Diagnostic
from xenscmi.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from xenscmi.source import Source

_ESCAPES = {code: f"\\u{code:04x}" for code in range(0x20)}
_ESCAPES |= {ord(raw): f"\\{letter}" for raw, letter in zip('\b\t\n\f\r"\\/', 'btnfr"\\/', strict=True)}
_DEEPEST = 32
_CONSTANTS = {None: "null", True: "true", False: "false"}


def to_json(config: DomainConfig) -> str:
    """Return the configuration as libxl_domain_config_to_json does: fields at their default are left out."""
    return pretty(config.dump())


def pretty(value: Any) -> str:
    """Return numbers, strings, lists and objects as json-c prints them."""
    return _text(value, "\n")


def _text(value: Any, newline: str) -> str:
    if isinstance(value, str):
        return f'"{value.translate(_ESCAPES)}"'
    if isinstance(value, dict | list):
        deeper = f"{newline}  "
        if isinstance(value, dict):
            opening, closing = "{}"
            items = [f"{_text(name, '')}:{_text(item, deeper)}" for name, item in value.items()]
        else:
            opening, closing = "[]"
            items = [_text(item, deeper) for item in value]
        lines = "".join(f"{deeper}{item}," for item in items)
        return f"{opening}{lines.removesuffix(',')}{newline}{closing}"
    return _CONSTANTS[value] if value is None or isinstance(value, bool) else str(value)


def from_json(source: Source) -> DomainConfig:
    """Return the configuration that libxl reads from its JSON.

    As in libxl, entries with unknown names or of an unexpected kind are skipped. Raises ConfigError if libxl refuses
    the text: it is not JSON, it has an unknown enumerator, or a number is out of range. json-c also accepts comments,
    an extra comma and the like; they are refused here.
    """
    import json

    try:
        parsed = json.loads(source.text)
    except json.JSONDecodeError as error:
        span = Span(source, error.pos, error.pos + 1)
        raise _refusal(f"json-c parse error: {error.msg}", span) from None
    except (RecursionError, ValueError) as error:
        raise _refusal(f"json-c parse error: {error}", Span(source, 0, 0)) from None
    if _too_deep(parsed):
        raise _refusal(f"json-c parse error: nesting too deep (at most {_DEEPEST} levels)", Span(source, 0, 1))
    if not isinstance(parsed, dict):
        raise _refusal("unable to convert libxl__json_object to libxl_domain_config: not an object", Span(source, 0, 1))
    try:
        return DomainConfig.load(parsed)
    except Refused as refused:
        message = f"unable to convert libxl__json_object to libxl_domain_config: {refused.path}: {refused.reason}"
        raise _refusal(message, _find(source, refused.steps)) from None


def _too_deep(parsed: object) -> bool:
    level = [parsed]
    for _ in range(_DEEPEST):
        level = [
            item
            for one in level
            if isinstance(one, dict | list)
            for item in (one if isinstance(one, list) else one.values())
        ]
    return bool(level)


def _refusal(message: str, span: Span) -> ConfigError:
    help_text = "use the JSON that `xl -N create` prints"
    return ConfigError([Diagnostic(message=message, span=span, help=help_text)], EXIT_ERROR_FAIL)


def _find(source: Source, steps: tuple[str | int, ...]) -> Span:
    """Return the place of the value at the end of the steps. The text is known to be JSON."""
    from json import JSONDecoder

    text, decode = source.text, JSONDecoder().raw_decode
    at = _skip_blanks(text, 0)
    for step in steps:
        at = _entry(text, at, step, decode)
    return Span(source, at, decode(text, at)[1])


def _entry(text: str, at: int, step: str | int, decode: Callable[[str, int], tuple[Any, int]]) -> int:
    """Return where a value of the object or array at `at` begins; of several with the same name, the last counts."""
    found, index = at, 0
    while text[at] not in "}]":
        at = _skip_blanks(text, at + 1)
        name: str | int = index
        if isinstance(step, str):
            name, at = decode(text, at)
            at = _skip_blanks(text, _skip_blanks(text, at) + 1)
        if name == step:
            found = at
        at = _skip_blanks(text, decode(text, at)[1])
        index += 1
    return found


def _skip_blanks(text: str, at: int) -> int:
    while text[at] in " \t\n\r":
        at += 1
    return at
