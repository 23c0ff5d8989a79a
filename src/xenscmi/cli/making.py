"""Making domains on the modelled host: the part of `create` without -n, apart so that -n need not load the model."""

from __future__ import annotations

import errno
import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from xenscmi.cli.files import put, show
from xenscmi.cli.running import EXIT_UNUSABLE, location, open_store, panic_diagnostic, print_xen
from xenscmi.config.capabilities import HostCapabilities
from xenscmi.config.defaults import setdefault
from xenscmi.config.errors import EXIT_FAILURE, ConfigError
from xenscmi.config.json import to_json
from xenscmi.devicetree import load
from xenscmi.diagnostics import Diagnostic, Severity, XenscmiError
from xenscmi.domctl.createdomain import DomctlError
from xenscmi.domctl.profiles import DEFAULT_PROFILE, PROFILES
from xenscmi.host.types import DomainKind
from xenscmi.model.console import telling_lines
from xenscmi.model.dom0less import copied_nodes
from xenscmi.model.errors import Panic
from xenscmi.model.guest import Offer, offers
from xenscmi.model.sanitise import read_abilities
from xenscmi.simulation.advice import advise
from xenscmi.toolstack.backend import XenError
from xenscmi.toolstack.create import CreationError, DomainPlan, plan_of_config
from xenscmi.xlcfg import ListValue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from xenscmi.config.parsed import Parsed
    from xenscmi.host.types import Host
    from xenscmi.model.state import Session, Store
    from xenscmi.source import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A domain that can be asked for: its file, what libxl made of it, and the channel that its tree offers."""

    file: str
    parsed: Parsed
    plan: DomainPlan
    configuration: str
    offer: Offer | None


def make(arguments: Namespace, parsed: Sequence[tuple[str, Parsed]]) -> int:
    """Make the domains of several files, all of them or none; return the exit code.

    The arguments are those of `create`: `host`, `state`, `quiet` and `json`.
    """
    try:
        store = open_store(arguments)
        prepared = [_prepare(arguments, store, file, each) for file, each in parsed]
        with store.session() as session:
            made = _make_all(session, prepared)
    except ConfigError as error:
        show(error.diagnostics)
        return error.exit_code
    except DomctlError as error:
        show(error.diagnostics)
        return EXIT_FAILURE
    except CreationError as error:
        return error.exit_code
    except XenscmiError as error:
        show(error.diagnostics)
        return EXIT_UNUSABLE
    except Panic as panic:
        show([panic_diagnostic(panic)])
        return EXIT_UNUSABLE
    if arguments.json:
        put(json.dumps(made, indent=2) + "\n")
    return 0


def _prepare(arguments: Namespace, store: Store, file: str, parsed: Parsed) -> Prepared:
    """Apply libxl's defaults. Raises ConfigError and DomctlError."""
    tree = store.host.tree
    capabilities = HostCapabilities(cap_hvm_directio=tree is not None and read_abilities(tree).iommu)
    complete, warnings = setdefault(parsed, capabilities)
    if warnings:
        show(warnings, file)
    profile = PROFILES.get(store.host.xen_profile or DEFAULT_PROFILE)
    if profile is None:
        raise DomctlError(f"Xen profile {store.host.xen_profile} is not known", f"profiles are {', '.join(PROFILES)}")
    return Prepared(
        file=file,
        parsed=parsed,
        plan=plan_of_config(complete, profile),
        configuration=to_json(parsed.config),
        offer=_find_offer(arguments, store.host, file, parsed),
    )


def _find_offer(arguments: Namespace, host: Host, file: str, parsed: Parsed) -> Offer | None:
    """Return the channel that the domain's partial device tree offers it; None where the tree is not at hand."""
    for domain in host.domains:
        of_file = (
            domain.kind is DomainKind.TOOLSTACK and Path(domain.span.source.name).resolve() == Path(file).resolve()
        )
        if of_file and domain.tree is not None:
            return next(offers(list(copied_nodes(domain.tree.tree))), None)
    named = parsed.config.b_info.device_tree
    if not named:
        return None
    where = location(arguments)
    for folder in (Path(), Path(file).parent, where if where.is_dir() else where.parent):
        for path in (folder / named, folder / Path(named).name):
            for each in (path, path.with_suffix(".dts")):
                if each.is_file():
                    return next(offers(list(copied_nodes(load(each)))), None)
    if not arguments.quiet:
        message = f"{named} is not here: the model takes the domain to have its agent's channel"
        span = parsed.place("b_info.device_tree")
        show([Diagnostic(message=message, severity=Severity.INFO, span=span)], file)
    return None


def _make_all(session: Session, prepared: Sequence[Prepared]) -> list[dict[str, object]]:
    """Make the domains in order. Raises CreationError, told, with none of them left."""
    made: list[dict[str, object]] = []
    for each in prepared:
        before = len(session.xen.console.lines)
        try:
            domid = session.create(each.plan, each.configuration, each.offer)
        except CreationError as error:
            print_xen(telling_lines(session.xen.console.lines[before:]))
            show([_told(session, each, error)], each.file)
            for earlier in reversed(made):
                with suppress(XenError):
                    session.xen.destroy(int(str(earlier["domid"])))
            raise
        agent_id = session.xen.get_info(domid).agent_id
        made.append({"domid": domid, "name": each.plan.name, "agent_id": agent_id})
    return made


def _told(session: Session, prepared: Prepared, error: CreationError) -> Diagnostic:
    """Return the failure of a step in libxl's words, with the place of the setting behind it."""
    name = errno.errorcode.get(error.errno, str(error.errno))
    return Diagnostic(
        message=f"{error.message} (step {error.step}, errno {error.errno} {name})",
        span=_place(prepared, error),
        help=advise(session, prepared.plan, error),
    )


def _place(prepared: Prepared, error: CreationError) -> Span | None:
    plan = prepared.plan
    keys = {"createdomain": "arm_sci", "domain_rename": "name", "assign_device": "dtdev"}
    setting = prepared.parsed.settings.get(keys.get(error.step, "iomem"))
    if setting is None:
        return None
    subjects = plan.dtdevs if error.step == "assign_device" else tuple(each.frames for each in plan.iomem)
    value = setting.value
    if isinstance(value, ListValue) and error.subject in subjects:
        index = subjects.index(error.subject)
        return value.items[index].span if index < len(value.items) else value.span
    return value.span
