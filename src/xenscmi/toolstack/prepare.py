"""From a parsed configuration to the domain that libxl would create, or to libxl's refusal."""

from __future__ import annotations

from xenscmi.config.capabilities import DEFAULT_HOST
from xenscmi.config.defaults import setdefault
from xenscmi.config.errors import EXIT_FAILURE, ConfigError
from xenscmi.config.json import to_json
from xenscmi.domctl.createdomain import DomctlError, decode, encode, from_config
from xenscmi.domctl.profiles import DEFAULT_PROFILE, PROFILES
from xenscmi.toolstack.spec import DomainSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from xenscmi.config.capabilities import HostCapabilities
    from xenscmi.config.parsed import Parsed
    from xenscmi.devicetree import Tree
    from xenscmi.domctl.profiles import Profile
    from xenscmi.toolstack.offer import Offer


def prepare(
    parsed: Parsed,
    capabilities: HostCapabilities = DEFAULT_HOST,
    profile: Profile = PROFILES[DEFAULT_PROFILE],
    partial: Tree | None = None,
) -> DomainSpec:
    """Return the domain that libxl would go on to make of a configuration on a host with these capabilities.

    `profile` is the layout of createdomain that the host's Xen has, `partial` the domain's partial device tree if it is
    known. Raises ConfigError, with libxl's words and xl's exit code, if libxl refuses the configuration or if this
    Xen's createdomain has no place for a value.
    """
    config, warnings = setdefault(parsed, capabilities)
    try:
        data = encode(from_config(config), profile)
    except DomctlError as error:
        place = parsed.place(error.field) if error.field else None
        diagnostics = [each if each.span else each.replace(span=place) for each in error.diagnostics]
        raise ConfigError([*warnings, *diagnostics], EXIT_FAILURE) from None
    return DomainSpec(
        config=config,
        given=to_json(parsed.config),
        warnings=warnings,
        profile=profile,
        createdomain=decode(data, profile),
        createdomain_bytes=data,
        offer=_offer(partial) if config.b_info.device_tree else None,
        tree_known=partial is not None or not config.b_info.device_tree,
        place=parsed.place,
    )


def _offer(partial: Tree | None) -> Offer | None:
    if partial is None:
        return None
    from xenscmi.toolstack.offer import offered_channel

    return offered_channel(partial)
