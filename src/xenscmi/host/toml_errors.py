"""What is wrong with a value of a TOML text, in words for the person who wrote it: the key, the reason, the way out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.host.toml_places import KEY_IN, TomlPlaces
from xenscmi.spelling import did_you_mean

_LONGEST_KEY = 64  # of those that a misspelled one is compared as


def unfit(error: msgspec.ValidationError, kind: type[msgspec.Struct], places: TomlPlaces) -> XenscmiError:
    """Return msgspec's error about a document of this kind as ours, at the key that does not fit."""
    reason, _, path = str(error).partition(" - at `")
    path = path.replace("`", "") or "$"
    key = path.removeprefix(KEY_IN).removeprefix("$").removeprefix(".")
    if found := re.search(r"unknown field `(.+)`", reason):
        reason = f"there is no key `{found[1]}'{f' in {key}' if key else ''}"
        known = [name for struct in _structs(_hint(kind, key)) for name in struct.__struct_fields__]
        help = did_you_mean(found[1][:_LONGEST_KEY], known, f"the keys here are {', '.join(known)}")
        path = f"{path}.{found[1]}"
    elif missing := re.search(r"required field `(.+)`", reason):
        reason = f"the key `{missing[1]}' is missing{f' in {key}' if key else ''}"
        table = "" if key else _table_of(missing[1], kind, places)
        help = f"move it out of [{table}], above the first [table]" if table else f"add {missing[1]} = …"
    elif path.startswith(KEY_IN):
        reason, help = f"{key} has a key that does not fit: {reason}", ""
    else:
        reason = f"{key}: {reason}" if key else reason
        words = [str(word) for word in _words(_hint(kind, key))]
        help = f"write one of {', '.join(words)}" if words else ""
    return XenscmiError(Diagnostic(message=reason, span=places.at(path), help=help))


def _table_of(name: str, kind: type[msgspec.Struct], places: TomlPlaces) -> str:
    """Return the table in which a key of the top level stands by mistake, as in TOML it does behind a [table]."""
    for path in places.named(name):
        table = path.removeprefix("$.").removesuffix(name).removesuffix(".")
        if table and all(name not in struct.__struct_fields__ for struct in _structs(_hint(kind, table))):
            return table
    return ""


def _hint(kind: Any, key: str) -> Any:
    """Return the type of what stands at a key such as `firmware.agents[0].id`; None where the types do not say."""
    for name in re.sub(r"\[[^]]*\]", "", key).split(".") if key else ():
        hints = {field: hint for struct in _structs(kind) for field, hint in get_type_hints(struct).items()}
        kind = hints.get(name)
    return kind


def _structs(hint: Any) -> Iterator[type[msgspec.Struct]]:
    """Yield the structures among the types that a value may have, or that its items may have."""
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        yield hint
    for each in get_args(hint):
        yield from _structs(each)


def _words(hint: Any) -> Iterator[object]:
    """Yield the words that a value may be, if it may only be one of a few."""
    if isinstance(hint, type) and issubclass(hint, Enum):
        yield from (each.value for each in hint)
    for each in get_args(hint):
        if get_origin(hint) is Literal:
            yield each
        else:
            yield from _words(each)
