"""Domains of the toolstack: from xl.cfg files, with the place of each thing that must agree with the host."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from xenscmi import xlcfg
from xenscmi.config.errors import ConfigError
from xenscmi.config.fields import INVALID_GFN
from xenscmi.config.options.text import Text
from xenscmi.config.parse import Parsed, parse_xlcfg
from xenscmi.config.types.enums import ArmSciType
from xenscmi.devicetree import Tree
from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.host.partial import read_partial_tree
from xenscmi.host.types import PAGE_SIZE, Configuration, Domain, DomainKind, Mapping, SciPart, Stated
from xenscmi.source import Source, Span
from xenscmi.xlcfg import ListValue, Settings, StringValue

ARM_SCI = "arm_sci"
_PARTS = ("type", "agent_id")


def read_configuration(source: Source) -> Configuration:
    """Return what an xl.cfg file says, a refused one too; `with_tree` adds its partial device tree."""
    try:
        settings = xlcfg.parse(source)
    except XenscmiError as error:
        return Configuration(source=source, errors=error.diagnostics)
    arm_sci = tuple(_arm_sci(settings))
    try:
        parsed = parse_xlcfg(source)
    except ConfigError as error:
        return Configuration(source=source, settings=settings, errors=error.diagnostics, arm_sci=arm_sci)
    return Configuration(
        source=source,
        settings=settings,
        domain=_domain(parsed, arm_sci),
        remarks=parsed.diagnostics,
        arm_sci=arm_sci,
    )


def _arm_sci(settings: Settings) -> Iterator[SciPart]:
    """Yield the parts of `arm_sci` as xl cuts them: at commas, blanks kept, and a part must begin with its key."""
    setting = settings.get(ARM_SCI)
    if setting is None or not isinstance(setting.value, StringValue):
        return
    for part in Text(setting.value).tokens(","):
        key = next((name for name in _PARTS if part.option(name) is not None), None)
        value = part.option(key) if key else None
        yield SciPart(key=key, text=part.text, value=value.text if value else "", span=part.span)


def _domain(parsed: Parsed, arm_sci: tuple[SciPart, ...]) -> Domain:
    config, settings = parsed.config, parsed.settings
    sci = config.b_info.arch_arm.arm_sci
    whole = Span(settings.source, 0, 0)
    places = {part.key: part.span for part in arm_sci}
    setting = settings.get(ARM_SCI)
    sci_place = setting.value.span if setting else whole
    multi_agent = sci.type is ArmSciType.SCMI_SMC_MULTIAGENT
    device_tree = config.b_info.device_tree
    name = settings.get("name")
    return Domain(
        name=config.c_info.name or "",
        kind=DomainKind.TOOLSTACK,
        sci_type=Stated(value=sci.type.text, span=places.get("type", sci_place)) if setting else None,
        agent_id=Stated(
            value=sci.agent_id,
            span=places.get("agent_id", sci_place),
            problem=None if "agent_id" in places else Diagnostic(message="there is no agent_id: xl takes 0"),
        )
        if multi_agent
        else None,
        agent_property="agent_id",
        span=name.value.span if name else whole,
        tree_file=Stated(value=device_tree, span=_place(settings, "device_tree")) if device_tree else None,
        iomem=tuple(
            Mapping(
                host=each.start * PAGE_SIZE,
                size=each.number * PAGE_SIZE,
                guest=_guest_frame(each.gfn, each.start) * PAGE_SIZE,
                span=_place(settings, "iomem", index),
            )
            for index, each in enumerate(config.b_info.iomem)
        ),
        dtdevs=tuple(
            Stated(value=each.path, span=_place(settings, "dtdev", index)) for index, each in enumerate(config.dtdevs)
        ),
    )


def _guest_frame(gfn: int, start: int) -> int:
    """Return the guest's frame: the host's own where none was given (LIBXL_INVALID_GFN)."""
    return start if gfn == INVALID_GFN else gfn


def _place(settings: Settings, key: str, index: int | None = None) -> Span:
    """Return where a setting stands, or an item of its list."""
    setting = settings.get(key)
    if setting is None:
        return Span(settings.source, 0, 0)
    value = setting.value
    if index is not None and isinstance(value, ListValue) and index < len(value.items):
        return value.items[index].span
    return value.span


def with_tree(configuration: Configuration, tree: Tree) -> Configuration:
    """Return a configuration with the partial device tree of its domain."""
    if configuration.domain is None:
        return configuration
    return replace(configuration, domain=replace(configuration.domain, tree=read_partial_tree(tree)))
