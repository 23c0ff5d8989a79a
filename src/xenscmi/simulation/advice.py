"""Why the creation of a domain failed, and what to do about it: from the host as it is."""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping
from difflib import get_close_matches

from xenscmi.model.channel import DOMID_INVALID, DOMID_XEN
from xenscmi.model.mediator import SCI_SCMI_SMC_MA
from xenscmi.model.state import Session
from xenscmi.toolstack.create import CreationError, DomainPlan


def advise(session: Session, plan: DomainPlan, error: CreationError) -> str:
    """Return one line that says what to do about a failed creation."""
    advice = _ADVICE.get((error.step, error.errno))
    if advice is None:
        advice = _ADVICE.get((error.step, None), lambda *_: "Xen's log may say more: xenscmi dmesg")
    return advice(session, plan, error)


def _free_agents(session: Session) -> str:
    free = sorted(each.agent_id for each in session.xen.mediator.channels if each.owner == DOMID_INVALID)
    return f"free are {', '.join(map(str, free))}" if free else "none is free"


def _agent_taken(session: Session, plan: DomainPlan, _: CreationError) -> str:
    agent_id = plan.config.arch_arm_sci_agent_id
    channel = next(each for each in session.xen.mediator.channels if each.agent_id == agent_id)
    if channel.owner == DOMID_XEN:
        return f"agent {agent_id} is Xen's own; {_free_agents(session)}"
    owner = f"domain {channel.owner} ({session.names.get(channel.owner, 'without a name')})"
    remedy = "" if channel.owner == 0 else "destroy that, or "
    return f"agent {agent_id} belongs to {owner}: {remedy}take another agent; {_free_agents(session)}"


def _agent_unknown(session: Session, plan: DomainPlan, _: CreationError) -> str:
    agent_id = plan.config.arch_arm_sci_agent_id
    return f"agent {agent_id} is not in scmi-secondary-agents of the host's device tree; {_free_agents(session)}"


def _invalid(_: Session, plan: DomainPlan, error: CreationError) -> str:
    if plan.config.arch_arm_sci_type not in (0, SCI_SCMI_SMC_MA):
        return 'this Xen serves many agents: write arm_sci = "type=scmi_smc_multiagent,agent_id=N"'
    return "this machine cannot have such a domain: look at vcpus, gic_version, passthrough, nr_spis, sve, tee"


def _not_dom0s(session: Session, _: DomainPlan, error: CreationError) -> str:
    first = int(error.subject.partition("-")[0], 16)
    page = next((each for each in session.xen.mediator.channels if each.address >> 12 == first), None)
    if page is None:
        return f"frames {error.subject} are not dom0's to give: the host's device tree must have a node with this reg"
    if page.owner == DOMID_XEN:
        return "this is the page of Xen's own channel, which no domain may have"
    return f"this is agent {page.agent_id}'s page, which can be given once a domain has that agent: see arm_sci"


def _no_such_device(session: Session, _: DomainPlan, error: CreationError) -> str:
    paths = [node.path for node in session.xen.tree.walk()]
    close = get_close_matches(error.subject, paths, 1)
    meant = f"; did you mean {close[0]}?" if close else ""
    return f"the host's device tree has no node {error.subject}{meant}"


def _device_refused(_: Session, __: DomainPlan, error: CreationError) -> str:
    return {
        errno.ENOENT: f"the firmware does not know the device id in access-controllers of {error.subject}",
        errno.EACCES: "the firmware does not let Xen's agent set permissions; `xenscmi agents` shows who is trusted",
        errno.EOPNOTSUPP: "the firmware lacks BASE_SET_DEVICE_PERMISSIONS: no SCMI device can be passed on",
    }.get(error.errno, "the firmware refused to grant the device: see Xen's line above")


_ADVICE: Mapping[tuple[str, int | None], Callable[[Session, DomainPlan, CreationError], str]] = {
    ("createdomain", errno.EEXIST): _agent_taken,
    ("createdomain", errno.ENOENT): _agent_unknown,
    ("createdomain", errno.EINVAL): _invalid,
    ("createdomain", errno.ENODEV): lambda *_: 'the host has a GICv3: leave gic_version out, or write "v3"',
    ("domain_rename", None): lambda _, __, error: f"choose another name, or destroy {error.subject} first",
    ("iomem_permission", errno.EPERM): _not_dom0s,
    ("iomem_permission", errno.EINVAL): lambda *_: "no machine has such page frames: iomem counts in frames of 4 KiB",
    ("memory_mapping", errno.EINVAL): lambda *_: "no guest has such page frames: iomem counts in frames of 4 KiB",
    ("assign_device", errno.ENODEV): _no_such_device,
    ("assign_device", None): _device_refused,
}
