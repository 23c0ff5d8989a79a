"""What to do about a step of a domain's creation that failed, from what the backend knows about the host."""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping

from xenscmi.config.constants import PAGE_SHIFT
from xenscmi.config.types.enums import ArmSciType
from xenscmi.spelling import nearest
from xenscmi.toolstack.backend import AgentInfo, Backend, Owner
from xenscmi.toolstack.spec import DomainSpec


def advise(xen: Backend, spec: DomainSpec, step: str, field: str, number: int) -> str:
    """Return one line that says what to do about a step that failed with this errno.

    `field` is libxl's path of the field that the step was about; an item of a list ends in its index.
    """
    advice = _ADVICE.get((step, number)) or _ADVICE.get((step, None))
    index = int(field[field.index("[") + 1 : field.index("]")]) if "[" in field else 0
    return advice(xen, spec, index) if advice else "Xen's log may say more: xenscmi dmesg"


def _free_agents(xen: Backend) -> str:
    agents = xen.agents()
    if all(isinstance(each.owner, int) for each in agents):  # a real Xen does not tell which others there are
        return "`xenscmi agents` shows which are taken"
    free = [str(each.agent_id) for each in agents if each.owner is Owner.NOBODY]
    return f"free are {', '.join(free)}" if free else "none is free"


def _agent(xen: Backend, spec: DomainSpec) -> AgentInfo | None:
    wanted = spec.createdomain.arch_arm_sci_agent_id
    return next((each for each in xen.agents() if each.agent_id == wanted), None)


def _agent_taken(xen: Backend, spec: DomainSpec, _: int) -> str:
    agent = _agent(xen, spec)
    if agent is None or agent.owner in (Owner.NOBODY, Owner.NOT_LISTED):
        return f"take another agent; {_free_agents(xen)}"
    if agent.owner is Owner.XEN:
        return f"agent {agent.agent_id} is Xen's own: take another agent; {_free_agents(xen)}"
    assert isinstance(agent.owner, int)
    owner = f"domain {agent.owner} ({xen.names().get(agent.owner, 'without a name')})"
    remedy = "" if agent.owner == 0 else "destroy that domain, or "
    return f"agent {agent.agent_id} belongs to {owner}: {remedy}take another agent; {_free_agents(xen)}"


def _agent_unknown(xen: Backend, spec: DomainSpec, _: int) -> str:
    agent_id = spec.createdomain.arch_arm_sci_agent_id
    return f"agent {agent_id} is not in scmi-secondary-agents of the host's device tree; {_free_agents(xen)}"


def _invalid(xen: Backend, spec: DomainSpec, _: int) -> str:
    asked = spec.config.b_info.arch_arm.arm_sci.type
    if asked is ArmSciType.SCMI_SMC_MULTIAGENT and not xen.scmi_works():
        return "this Xen is built without the driver for many agents (CONFIG_SCMI_SMC_MA)"
    if asked is ArmSciType.SCMI_SMC and xen.profile.agent_ids and xen.scmi_works():
        return 'this Xen serves many agents: write arm_sci = "type=scmi_smc_multiagent,agent_id=N"'
    if asked is ArmSciType.SCMI_SMC:
        return "Xen needs its driver for one agent (CONFIG_SCMI_SMC), and scmi-smc-passthrough on its command line"
    return "this machine cannot run such a domain: look at vcpus, gic_version, passthrough, nr_spis, sve, tee"


def _frames_not_dom0s(xen: Backend, spec: DomainSpec, index: int) -> str:
    wanted = spec.iomem[index]
    agent = next(
        (each for each in xen.agents() if each.page is not None and each.page >> PAGE_SHIFT == wanted.start), None
    )
    if agent is None:
        return "dom0 cannot give these frames away: the host's device tree must have a node with this reg"
    if agent.owner is Owner.XEN:
        return "this is the page of Xen's own channel: no domain may have it"
    if not xen.scmi_works():
        return "Xen's SCMI mediator does not run, so no domain gets an agent's page; `xenscmi dmesg` may say why"
    return f"this is agent {agent.agent_id}'s page: only the domain that has that agent can get it; see arm_sci"


def _no_such_device(xen: Backend, spec: DomainSpec, index: int) -> str:
    path = spec.dtdevs[index]
    near = nearest(path, xen.device_paths())
    meant = f"; did you mean {near}?" if near else ""
    return f"the host's device tree has no node {path}{meant}"


_REFUSED = "the firmware refused to grant the device: see Xen's line above"


def _unprotected(xen: Backend, spec: DomainSpec, index: int) -> str:
    if xen.scmi_works():
        return _REFUSED
    return f"no IOMMU protects {spec.dtdevs[index]}, and Xen has no SCMI mediator that could grant it"


def _device_refused(words: str) -> Callable[[Backend, DomainSpec, int], str]:
    return lambda _, spec, index: words.format(spec.dtdevs[index])


def _line(words: str) -> Callable[[Backend, DomainSpec, int], str]:
    return lambda *_: words


_ADVICE: Mapping[tuple[str, int | None], Callable[[Backend, DomainSpec, int], str]] = {
    ("createdomain", errno.EEXIST): _agent_taken,
    ("createdomain", errno.ENOENT): _agent_unknown,
    ("createdomain", errno.EINVAL): _invalid,
    ("createdomain", errno.ENODEV): _line('the host has a GICv3: leave gic_version out, or write "v3"'),
    ("domain_rename", None): lambda _, spec, __: f"choose another name, or destroy {spec.name} first",
    ("bind_pt_spi_irq", errno.EBUSY): _line("another domain has this interrupt: mark its device xen,passthrough"),
    ("bind_pt_spi_irq", errno.EPERM): _line("dom0 cannot give this interrupt away: irqs has SPI numbers plus 32"),
    ("bind_pt_spi_irq", errno.EINVAL): _line("the machine has no such SPI: irqs has SPI numbers plus 32"),
    ("iomem_permission", errno.EPERM): _frames_not_dom0s,
    ("iomem_permission", errno.EINVAL): _line("no machine has such page frames: iomem counts frames of 4 KiB"),
    ("memory_mapping", errno.EINVAL): _line("no guest has such page frames: iomem counts frames of 4 KiB"),
    ("assign_device", errno.ENODEV): _no_such_device,
    ("assign_device", errno.ESRCH): _no_such_device,
    ("assign_device", errno.ENOENT): _device_refused(
        "the firmware does not know the device id in access-controllers of {}"
    ),
    ("assign_device", errno.EACCES): _line(
        "the firmware does not let Xen's agent set permissions; `xenscmi agents` shows who is trusted"
    ),
    ("assign_device", errno.EOPNOTSUPP): _line(
        "the firmware lacks BASE_SET_DEVICE_PERMISSIONS: no SCMI device can be given to a domain"
    ),
    ("assign_device", errno.EINVAL): _unprotected,
    ("assign_device", None): _line(_REFUSED),
}
