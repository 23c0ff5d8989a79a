"""Domains of the toolstack: from xl.cfg files, with the place of everything that must agree with the host."""

from __future__ import annotations

from xenscmi.config.constants import INVALID_GFN, PAGE_SIZE
from xenscmi.config.types.enums import ArmSciType
from xenscmi.devicetree import Tree
from xenscmi.diagnostics import Diagnostic
from xenscmi.host.configuration import ARM_SCI, Configuration
from xenscmi.host.partial import read_partial_tree
from xenscmi.host.types import DomainKind, GuestMapping, HostDomain, Stated
from xenscmi.source import Span
from xenscmi.xlcfg import ListValue, Settings


def domain_of(configuration: Configuration, tree: Tree | None = None) -> HostDomain | None:
    """Return the domain of an xl.cfg file, with its partial device tree if that is known; None where xl refuses it."""
    return configuration.once(_domain_of, tree)


def _domain_of(configuration: Configuration, tree: Tree | None) -> HostDomain | None:
    if configuration.parsed is None:
        return None
    config, settings = configuration.parsed.config, configuration.parsed.settings
    sci = config.b_info.arch_arm.arm_sci
    whole = Span(settings.source, 0, 0)
    places = {part.key: part.span for part in configuration.arm_sci}
    setting = settings.get(ARM_SCI)
    sci_place = setting.value.span if setting else whole
    multi_agent = sci.type is ArmSciType.SCMI_SMC_MULTIAGENT
    device_tree = config.b_info.device_tree
    name = settings.get("name")
    return HostDomain(
        name=config.c_info.name or "",
        kind=DomainKind.TOOLSTACK,
        sci_type=Stated(value=sci.type.text, span=places.get("type", sci_place)) if setting else None,
        agent_id=Stated(
            value=sci.agent_id,
            span=places.get("agent_id", sci_place),
            problem=None if "agent_id" in places else Diagnostic(message="agent_id is missing: xl uses 0"),
        )
        if multi_agent
        else None,
        agent_property="agent_id",
        span=name.value.span if name else whole,
        tree=read_partial_tree(tree) if tree else None,
        tree_file=Stated(value=device_tree, span=_place(settings, "device_tree")) if device_tree else None,
        iomem=tuple(
            GuestMapping(
                host=each.start * PAGE_SIZE,
                size=each.number * PAGE_SIZE,
                guest=_guest_frame(each.gfn, each.start) * PAGE_SIZE,
                span=_place(settings, "iomem", index),
            )
            for index, each in enumerate(config.b_info.iomem)
        ),
        iomem_span=_place(settings, "iomem") if settings.get("iomem") else None,
        irqs=tuple(
            Stated(value=number, span=_place(settings, "irqs", index))
            for index, number in enumerate(config.b_info.irqs)
        ),
        irqs_span=_place(settings, "irqs") if settings.get("irqs") else None,
        dtdevs=tuple(
            Stated(value=each.path, span=_place(settings, "dtdev", index)) for index, each in enumerate(config.dtdevs)
        ),
        configuration=configuration,
        memory=_number(settings, config.b_info.target_memkb, "memory", "maxmem"),
        vcpus=_number(settings, config.b_info.max_vcpus, "maxvcpus", "vcpus"),
    )


def _guest_frame(gfn: int, start: int) -> int:
    """Return the guest's frame: the host's own where none was given (LIBXL_INVALID_GFN)."""
    return start if gfn == INVALID_GFN else gfn


def _number(settings: Settings, value: int, *keys: str) -> Stated[int] | None:
    """Return a number, at the first of these settings that the file has; None where it has none of them."""
    key = next((each for each in keys if settings.get(each)), None)
    return Stated(value=value, span=_place(settings, key)) if key else None


def _place(settings: Settings, key: str, index: int | None = None) -> Span:
    """Return where a setting stands, or an item of its list."""
    setting = settings.get(key)
    if setting is None:
        return Span(settings.source, 0, 0)
    value = setting.value
    if index is not None and isinstance(value, ListValue) and index < len(value.items):
        return value.items[index].span
    return value.span
