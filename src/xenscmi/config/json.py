"""libxl's JSON of a configuration: what `xl -N create` prints and what libxl keeps in /var/lib/xen.

The text is json-c's, to the byte: two blanks of indentation, no blank after a colon, `/` escaped.
"""

from __future__ import annotations

from xenscmi.config.errors import EXIT_ERROR_FAIL, ConfigError
from xenscmi.config.fields import Refused
from xenscmi.config.types.domain import DomainConfig
from xenscmi.diagnostics import Diagnostic
from xenscmi.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from xenscmi.source import Source

_ESCAPES = {code: f"\\u{code:04x}" for code in range(0x20)}
_ESCAPES |= {ord(raw): f"\\{letter}" for raw, letter in zip('\b\t\n\f\r"\\/', 'btnfr"\\/', strict=True)}
_DEEPEST = 32
_CONSTANTS = {None: "null", True: "true", False: "false"}


def to_json(config: DomainConfig) -> str:
    """Return the configuration as libxl_domain_config_to_json does: without what is at its default."""
    return _text(config.dump(), "\n")


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

    As in libxl, entries with unknown names and entries of another kind than libxl writes are skipped. Raises
    ConfigError where libxl refuses the text: no JSON (but json-c also takes comments, a comma too many and the like),
    an enumerator it does not know, a number out of range.
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
        raise _refusal(message, _find(source, refused.path)) from None


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
    help_text = "libxl reads the JSON that `xl -N create` prints"
    return ConfigError([Diagnostic(message=message, span=span, help=help_text)], EXIT_ERROR_FAIL)


def _find(source: Source, path: str) -> Span:
    """Return the place of an entry: each name of the path searched behind the one before it."""
    at, name = 0, ""
    for name in path.replace("[", ".[").split("."):
        if name.startswith("["):
            continue
        found = source.text.find(f'"{name}"', at)
        at = found if found >= 0 else at
    return Span(source, at, at + len(name) + 2)
