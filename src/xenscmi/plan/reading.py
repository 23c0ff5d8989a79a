"""A plan's text to its sections: every error names the key, its line, and what was expected.

A domain's keys are the plan's own (`DomainPlan`) or xl.cfg's; the latter go to the domain's `xl` as they are.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from xenscmi.config.options import KEYS
from xenscmi.diagnostics import Annotation, Diagnostic, XenscmiError
from xenscmi.domctl.profiles import PROFILES_HELP, find_profile
from xenscmi.host.toml_errors import unfit
from xenscmi.host.toml_places import TomlPlaces
from xenscmi.plan.schema import NAME, DomainPlan, Plan
from xenscmi.source import Source, Span
from xenscmi.spelling import did_you_mean

_T = TypeVar("_T", bound=msgspec.Struct)

SIZE_LIMIT = 1 << 20
"""Characters that a plan may have."""
DEPTH_LIMIT = 16
_OWN_KEYS = frozenset(DomainPlan.__struct_fields__)
# What the plan works out itself: an xl.cfg key that said otherwise would break the host.
WORKED_OUT = {
    "arm_sci": "agent",
    "iomem": "devices",
    "irqs": "devices",
    "dtdev": "devices",
    "type": "kind",
}
_TAKEN_NAMES = frozenset(("dom0", "Domain-0", "xen", "board", "domains", "host", "boot", "DomIO", "DomXEN"))


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """A plan, and where its keys stand."""

    plan: Plan
    places: TomlPlaces

    @property
    def source(self) -> Source:
        return self.places.source

    def at(self, path: str) -> Span:
        """Return where a key stands: `$.domain[0].agent`."""
        return self.places.at(path)


def read_plan(source: Source) -> ReadPlan:
    """Return the plan in a TOML text. Raises XenscmiError with the place of each key that is wrong."""
    places = TomlPlaces(source)
    document = read_toml(source, NAME)
    errors = [*_sort_keys(document, places)]
    if errors:
        raise XenscmiError(*errors)
    plan = convert(document, Plan, places)
    errors = [*_names(plan, places), *_profile(plan, places), *_values(plan, places)]
    if errors:
        raise XenscmiError(*errors)
    return ReadPlan(plan, places)


def read_toml(source: Source, what: str) -> dict[str, Any]:
    """Return a TOML text as plain values. Raises XenscmiError with the place of a syntax error, or a bound passed."""
    if len(source.text) > SIZE_LIMIT:
        raise failure(f"{what}: {len(source.text)} characters; a plan has at most {SIZE_LIMIT}", Span(source, 0, 0))
    try:
        document = tomllib.loads(source.text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        start = source.offset(int(at[1]), int(at[2])) if at else len(source.text)
        reason = str(error).partition(" (at ")[0]
        raise failure(f"{what}: {reason}", Span(source, start, start), "see https://toml.io for the syntax") from None
    except RecursionError:
        raise failure(f"{what}: values nest too deep", Span(source, 0, 0)) from None
    except ValueError as error:  # a number of too many digits, a date that does not exist
        raise failure(f"{what}: {error}", Span(source, 0, 0)) from None
    if not _shallow(document, DEPTH_LIMIT):
        raise failure(f"{what}: values nest deeper than {DEPTH_LIMIT}", Span(source, 0, 0))
    return document


def convert(document: object, kind: type[_T], places: TomlPlaces) -> _T:
    """Return plain values as a structure. Raises XenscmiError at the key that does not fit."""
    try:
        return msgspec.convert(document, kind)
    except msgspec.ValidationError as error:
        raise unfit(error, kind, places) from None


def failure(message: str, span: Span | None, help: str = "", *related: Annotation) -> XenscmiError:
    """Return the error of one finding."""
    return XenscmiError(Diagnostic(message=message, span=span, help=help, related=related))


def _shallow(value: object, depth: int) -> bool:
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return depth > 0 and all(_shallow(each, depth - 1) for each in items)


def _sort_keys(document: dict[str, Any], places: TomlPlaces) -> list[Diagnostic]:
    """Apply the defaults and move xl.cfg keys of the domains into `xl`; return what is wrong with a key."""
    domains, defaults = document.get("domain", []), document.get("defaults", {})
    if not isinstance(domains, list) or not isinstance(defaults, dict):
        return []  # `convert` says so
    errors = [*_unknown(defaults, "$.defaults", places, ("name",))]
    for number, domain in enumerate(domains):
        if not isinstance(domain, dict):
            continue
        errors += _unknown(domain, f"$.domain[{number}]", places, ())
        kind = domain.get("kind", defaults.get("kind"))
        # Defaults for xl are for the domains that xl makes.
        fitting = {key: value for key, value in defaults.items() if kind != "dom0less" or key in _OWN_KEYS}
        applied = {**fitting, **domain}
        xl = {key: value for key, value in applied.items() if key not in _OWN_KEYS}
        own = {key: value for key, value in applied.items() if key in _OWN_KEYS}
        given = own.get("xl", {})
        domains[number] = {**own, "xl": {**xl, **given} if isinstance(given, dict) else given}
    return errors


def _unknown(keys: dict[str, Any], path: str, places: TomlPlaces, refused: tuple[str, ...]) -> list[Diagnostic]:
    found = []
    xl = keys.get("xl", {})
    asked = [(key, f"{path}.{key}") for key in keys if key not in _OWN_KEYS or key in refused]
    asked += [(key, f"{path}.xl.{key}") for key in xl] if isinstance(xl, dict) else []
    for key, place in asked:
        if key in WORKED_OUT:
            message = f"{NAME}: {place}: the plan works `{key}' out itself"
            found.append(Diagnostic(message=message, span=places.at(place), help=f"use `{WORKED_OUT[key]}'"))
        elif key in refused or key not in KEYS:
            help = did_you_mean(key, [*_OWN_KEYS, *KEYS], "keys are the plan's own (docs/plan.md) and xl.cfg's")
            message = f"{NAME}: {place}: neither the plan nor xl knows a key `{key}' here"
            found.append(Diagnostic(message=message, span=places.at(place), help=help))
    return found


def _names(plan: Plan, places: TomlPlaces) -> list[Diagnostic]:
    found, seen = [], dict[str, int]()
    for number, domain in enumerate(plan.domain):
        place = places.at(f"$.domain[{number}].name")
        if domain.name.lower() in {name.lower() for name in _TAKEN_NAMES}:
            message = f"{NAME}: a domain cannot be called {domain.name}"
            found.append(Diagnostic(message=message, span=place, help="choose another name"))
        first = seen.setdefault(domain.name.lower(), number)
        if first != number:
            related = Annotation(span=places.at(f"$.domain[{first}].name"), label="first used here")
            message = f"{NAME}: two domains are called {domain.name}"
            help = "names differ in more than upper and lower case: files are called by them"
            found.append(Diagnostic(message=message, span=place, related=(related,), help=help))
    return found


def _profile(plan: Plan, places: TomlPlaces) -> list[Diagnostic]:
    if find_profile(plan.xen.profile):
        return []
    message = f"{NAME}: $.xen.profile: there is no Xen profile {plan.xen.profile}"
    return [Diagnostic(message=message, span=places.at("$.xen.profile"), help=PROFILES_HELP)]


def _values(plan: Plan, places: TomlPlaces) -> list[Diagnostic]:
    """Return which keys of dom0less domains only xl would understand, and which texts no file could hold."""
    found = []
    for number, domain in enumerate(plan.domain):
        path = f"$.domain[{number}]"
        if domain.kind == "dom0less" and domain.xl:
            key = next(iter(domain.xl))
            message = f"{NAME}: {path}.{key}: xl's key `{key}' has no meaning for a dom0less domain"
            found.append(Diagnostic(message=message, span=places.at(f"{path}.{key}"), help="remove it"))
        for key, value in domain.xl.items():
            if not _is_xl_value(value):
                message = f"{NAME}: {path}.{key}: xl knows numbers, strings and lists of them"
                found.append(Diagnostic(message=message, span=places.at(f"{path}.{key}"), help="see xl.cfg(5)"))
        if domain.kind == "toolstack" and (domain.direct_map or domain.static_mem):
            message = f"{NAME}: {path}: direct_map and static_mem are for dom0less domains"
            help = 'write kind = "dom0less", or remove them'
            found.append(Diagnostic(message=message, span=places.at(path), help=help))
        if domain.direct_map and not domain.static_mem:
            message = f"{NAME}: {path}.direct_map: a direct-map domain needs static_mem"
            help = "say where its RAM is: static_mem = [[0x60000000, 0x10000000]]"
            found.append(Diagnostic(message=message, span=places.at(f"{path}.direct_map"), help=help))
        if domain.maxmem is not None and domain.maxmem < domain.memory:
            message = f"{NAME}: {path}.maxmem: {domain.maxmem} MiB is less than memory, {domain.memory} MiB"
            found.append(Diagnostic(message=message, span=places.at(f"{path}.maxmem"), help="give it at least that"))
    for path, text in _texts(plan):
        if any(ord(character) < 0x20 or ord(character) == 0x7F for character in text):
            message = f"{NAME}: {path}: control characters and line breaks cannot stand here"
            found.append(Diagnostic(message=message, span=places.at(path), help="write it on one line"))
    return found


def _is_xl_value(value: object) -> bool:
    if isinstance(value, list):
        return all(map(_is_xl_value, value))
    return isinstance(value, str | int)


def _texts(plan: Plan) -> list[tuple[str, str]]:
    """Return every text of the plan with its path."""
    found: list[tuple[str, str]] = []
    pending: list[tuple[str, object]] = [("$", msgspec.to_builtins(plan))]
    while pending:
        path, value = pending.pop()
        if isinstance(value, str):
            found.append((path, value))
        elif isinstance(value, dict):
            pending += [(f"{path}.{key}", each) for key, each in value.items()]
        elif isinstance(value, list | tuple):
            pending += [(f"{path}[{index}]", each) for index, each in enumerate(value)]
    return found[::-1]
