"""The lines that Xen, xl and Linux print when SCMI goes wrong, and the rules that explain them.

A row of the table is a symptom; `causes` are the codes of the rules, the most likely first. The rows of one line stand
from the particular to the general: the first that fits counts. To teach `diagnose` a new line, add a row.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from xenscmi.record import Record


@dataclass(slots=True)
class Before:
    """What the log said before a line: on it depends what the line means.

    `discovered` are the agents of which the firmware has told Xen the ids, Xen's own first; `acquired` are those that
    a domain has; `refused`: the firmware itself has just answered with an error; `assigning`: a device was refused.
    """

    discovered: list[int] = field(default_factory=list)
    acquired: set[int] = field(default_factory=set)
    refused: bool = False
    assigning: bool = False

    def read(self, text: str) -> None:
        """Take in a line without white space."""
        if found := re.search(r"id=0x([0-9a-f]{1,8})name=", text):
            self.discovered.append(int(found[1], 16))
        elif found := re.search(r"scmi:Acquirechannelid=0x([0-9a-f]{1,8}),", text):
            self.acquired.add(int(found[1], 16))
        if "scmi:" in text:
            self.refused = "scmi:Errorreceived:" in text
        self.assigning |= "Failedtoassigndevice" in text


class Symptom(Record):
    """A line that something has gone wrong.

    `line` is a regular expression in which white space does not count; `causes` are codes of rules, the most likely
    first; `words` says what the line means; `when` decides by what the log said before. A `consequence` counts only
    if no earlier line says more.
    """

    line: str
    words: str
    causes: tuple[str, ...]
    when: Callable[[Before, re.Match[str]], bool] | None = None
    consequence: bool = False

    def match(self, text: str, before: Before) -> re.Match[str] | None:
        """Return where a line without white space shows the symptom."""
        found = _compiled(self.line).search(text)
        return found if found and (self.when is None or self.when(before, found)) else None


_PATTERNS: dict[str, re.Pattern[str]] = {}


def _compiled(line: str) -> re.Pattern[str]:
    if line not in _PATTERNS:
        _PATTERNS[line] = re.compile(line, re.VERBOSE)
    return _PATTERNS[line]


def _of_xen(before: Before, found: re.Match[str]) -> bool:
    return before.discovered[:1] == [int(found["agent"])]


def _acquired(before: Before, found: re.Match[str]) -> bool:
    return int(found["agent"]) in before.acquired


def _knows_xen(before: Before, _: re.Match[str]) -> bool:
    return bool(before.discovered)


def _refused(before: Before, _: re.Match[str]) -> bool:
    return before.refused


def _not_linux(_: Before, found: re.Match[str]) -> bool:
    """Linux prints the same about its own tree, after "OF:"."""
    return "OF:" not in found.string


def _assigning(before: Before, _: re.Match[str]) -> bool:
    return before.assigning


_DISCOVER = r"get smc response agent_id = \S+? msg_id = 7 proto = 10 res=-"
_PERMIT = r"could not assign dev for (?P<domain>d\d+) agent:(?P<agent>\d+) dev_id:"
_NODE = r"(?P<device>/[^:]{1,255}): "
_CELLS = _NODE + r"could not get \#access-controller-cells for "
_NO_TREE = r"Device tree generation failed \(-"

_PROBE = (
    Symptom(
        line=r"DT: (?P<path>/chosen[^:]{0,255}?) is not a valid bus",
        words="the address of an agent's page does not translate, so Xen's mediator does not start",
        causes=("XS109",),
    ),
    Symptom(
        line=r"DT: no ranges; cannot translate",
        words="an address does not translate: a node above it has no `ranges`",
        causes=("XS109", "XS312"),
    ),
    Symptom(
        line=r"DT: (?P<path>/[^:]{0,255}?) is not a valid bus",
        words="an address does not translate, because a node above it is not a bus",
        causes=("XS312", "XS109"),
        consequence=True,
    ),
    Symptom(
        line=r"scmi: unable to read smc-id from DT",
        words="the scmi node of Xen's own channel has no function id, so Xen's mediator does not start",
        causes=("XS121",),
    ),
    Symptom(
        line=r"scmi: Device tree error, can't parse reserved memory",
        words="the shared memory of Xen's own channel is a phandle that no node has, so Xen's mediator does not start",
        causes=("XS108", "XS121"),
    ),
    Symptom(
        line=r"scmi: Could not find shmem node for agent (?P<agent>\d+)",
        words="the shared memory of a row of the agent list is a phandle that no node has: the row names none, or rows "
        "have another width than #scmi-secondary-agents-cells says",
        causes=("XS108", "XS107"),
    ),
    Symptom(
        line=r"scmi: Could not read shmem address for agent (?P<agent>\d+)",
        words="the address of an agent's page does not translate, so Xen's mediator does not start",
        causes=("XS109",),
    ),
    Symptom(
        line=r"scmi: shmem memory is not aligned",
        words="the address or size of an agent's page is not a multiple of 4096, so Xen's mediator does not start",
        causes=("XS110", "XS108"),
    ),
    Symptom(
        line=r"scmi: Invalid \#scmi-secondary-agents-cells value",
        words="the agent list can have rows of 2 or 3 cells only, so Xen's mediator does not start",
        causes=("XS107",),
    ),
    Symptom(
        line=r"scmi: No scmi-secondary-agents property found",
        words="the first container of the host tree has no agent list, so Xen's mediator does not start",
        causes=("XS105", "XS102"),
    ),
    Symptom(
        line=r"scmi: Invalid length of scmi-secondary-agents property",
        words="the agent list is not a whole number of rows, so Xen's mediator does not start",
        causes=("XS106", "XS107"),
    ),
    Symptom(
        line=r"scmi: Could not create channel for agent (?P<agent>\d+): -17",
        when=_of_xen,
        words="Xen's own agent is in the list of the domains' agents, so Xen's mediator does not start",
        causes=("XS114", "XS119"),
    ),
    Symptom(
        line=r"scmi: Could not create channel for agent (?P<agent>\d+): -17",
        words="an agent id is in the list twice, so Xen's mediator does not start",
        causes=("XS112", "XS114", "XS119"),
    ),
    Symptom(
        line=r"SCMI: mediator already registered",
        words="Xen found a second scmi node for its own channel, and its mediator does not start",
        causes=("XS119", "XS102"),
    ),
    Symptom(
        line=_DISCOVER + "95",
        when=_refused,
        words="the firmware does not implement BASE_DISCOVER_AGENT, which Xen needs: its mediator does not start",
        causes=("XS129",),
    ),
    Symptom(
        line=_DISCOVER + r"\d+",
        when=_knows_xen,
        words="the firmware does not answer on the channel of a row of the agent list (Xen asks each row for its id): "
        "its function id or page is not the firmware's",
        causes=("XS125", "XS117", "XS116"),
    ),
    Symptom(
        line=_DISCOVER + r"\d+",
        words="the firmware does not answer on Xen's own channel: its function id or page is not the firmware's",
        causes=("XS126", "XS125", "XS117"),
    ),
    Symptom(
        line=r"get smc response agent_id = \S+? msg_id = 1 proto = 10 res=-\d+",
        words="the firmware does not say how many agents it has, so Xen's mediator does not start",
        causes=("XS126", "XS129"),
    ),
)

_DOMAINS = (
    Symptom(
        line=r"sci_type=scmi_smc requested, but CONFIG_SCMI_SMC not set",
        words="a domain asks for the single-agent driver, which this Xen does not have",
        causes=("XS216",),
    ),
    Symptom(
        line=r"Failed to acquire SCMI channel for agent_id (?P<agent>\d+): -17",
        when=_acquired,
        words="a domain asks for an agent that another domain has",
        causes=("XS201",),
    ),
    Symptom(
        line=r"Failed to acquire SCMI channel for agent_id (?P<agent>\d+): -17",
        when=_of_xen,
        words="a domain asks for Xen's own agent",
        causes=("XS202", "XS201"),
    ),
    Symptom(
        line=r"Failed to acquire SCMI channel for agent_id (?P<agent>\d+): -17",
        words="a domain asks for an agent that another domain or Xen itself has",
        causes=("XS201", "XS202"),
    ),
    Symptom(
        line=r"Failed to acquire SCMI channel for agent_id (?P<agent>\d+): -2(?!\d)",
        words="a domain asks for an agent that is not in Xen's list",
        causes=("XS203",),
    ),
    Symptom(
        line=r"Error getting SCI configuration",
        words="Xen cannot read which agent a dom0less domain asks for",
        causes=("XS401", "XS402", "XS403", "XS103", "XS216", "XS232"),
        consequence=True,
    ),
    Symptom(
        line=r"Missing property 'cpus' for domain",
        words="a dom0less domain does not say how many virtual CPUs it has",
        causes=("XS410",),
    ),
)

# 2560 is what Xen reads from its stack where #access-controller-cells = <0> leaves nothing to read.
_DEVICES = (
    Symptom(
        line=_CELLS + r"(?P<target>/chosen/)",
        when=_not_linux,
        words="Xen's scmi node does not say that an access controller has one cell: no device is granted",
        causes=("XS122", "XS303"),
    ),
    Symptom(
        line=_CELLS + r"(?P<target>/firmware/)",
        when=_not_linux,
        words="a device's access controller is dom0's scmi node, not Xen's: the device is not granted",
        causes=("XS303", "XS304"),
    ),
    Symptom(
        line=_CELLS,
        when=_not_linux,
        words="Xen cannot read the access-controllers of a device to the end: what follows is not granted",
        causes=("XS304", "XS303"),
    ),
    Symptom(
        line=_NODE + r"could not find phandle",
        when=_not_linux,
        words="an entry of a device's access-controllers is a phandle that no node has: what follows is not granted",
        causes=("XS304",),
    ),
    Symptom(
        line=_PERMIT + r"2560 \(-2\)",
        words="Xen's scmi node has #access-controller-cells = <0>, so that Xen asks for a device id from nowhere",
        causes=("XS122", "XS308"),
    ),
    Symptom(
        line=_PERMIT + r"(?P<id>\d+) \(-2\)",
        words="the firmware does not know the device id, or does not know the agent",
        causes=("XS308", "XS125"),
    ),
    Symptom(
        line=_PERMIT + r"(?P<id>\d+) \(-13\)",
        words="the firmware does not let Xen's agent set permissions, or gives the device to another agent alone",
        causes=("XS127", "XS305"),
    ),
    Symptom(
        line=_PERMIT + r"(?P<id>\d+) \(-95\)",
        words="the firmware does not implement BASE_SET_DEVICE_PERMISSIONS, which Xen needs for each device",
        causes=("XS129",),
    ),
    Symptom(
        line=_PERMIT + r"(?P<id>\d+) \(-16\)",
        words="Xen's own channel stays busy: something has overwritten its page",
        causes=("XS123", "XS126", "XS116"),
    ),
    Symptom(
        line=_PERMIT + r"(?P<id>\d+)",
        words="the firmware refuses to give the device to the domain's agent",
        causes=("XS308", "XS127", "XS125"),
    ),
    Symptom(
        line=r"Couldn't find node (?P<path>/\S*?) in host_dt",
        words="a device to be given to a domain is not in the host tree",
        causes=("XS301",),
    ),
    Symptom(
        line=r"invalid vIRQ number",
        words="a device has an interrupt that the GIC does not have",
        causes=("XS321",),
    ),
    Symptom(
        line=_NO_TREE + r"16\)",
        words="Xen cannot give an interrupt of a device to the domain, since another domain has it",
        causes=("XS307", "XS316", "XS315"),
        consequence=True,
    ),
    Symptom(
        line=_NO_TREE + r"22\)",
        when=_assigning,
        words="Xen cannot assign a device: no IOMMU protects it and its node does not allow that, or its path is not "
        "in the host tree",
        causes=("XS407", "XS301", "XS405"),
        consequence=True,
    ),
    Symptom(
        line=_NO_TREE + r"22\)",
        words="Xen cannot describe a device to its domain: an interrupt or an address of it is impossible",
        causes=("XS321", "XS312", "XS406"),
        consequence=True,
    ),
    Symptom(
        line=_NO_TREE + r"14\)",
        words="Xen cannot map a device's registers: a row of xen,reg does not say which",
        causes=("XS405", "XS406"),
        consequence=True,
    ),
    Symptom(
        line=_NO_TREE + r"1\)",
        words="two devices share an interrupt line and disagree on how it is triggered",
        causes=("XS330",),
        consequence=True,
    ),
)

_PANICS = (
    Symptom(
        line=r"Division by zero in hypervisor",
        words="xen,reg stands below a node that declares addresses and sizes of 0 cells",
        causes=("XS332", "XS405"),
    ),
    Symptom(
        line=r"Invalid address_cells \d+ or size_cells \d+",
        words="xen,reg stands below a node that declares addresses or sizes of neither 1 nor 2 cells",
        causes=("XS332", "XS405"),
    ),
    Symptom(
        line=r"Invalid capabilities \(|Only 1 hardware domain can|passthrough for hardware domain|"
        r"incompatible with hardware domain|hardware domain requires iommu|nr_spis cannot be specified for hardware",
        words="the node that is to be the hardware domain cannot be it",
        causes=("XS413",),
    ),
    Symptom(
        line=r"Error creating domain (?P<name>\S+?) \(rc = -17\)",
        words="a domain asks for an agent that another domain or Xen itself has",
        causes=("XS201", "XS202"),
        consequence=True,
    ),
    Symptom(
        line=r"Error creating domain (?P<name>\S+?) \(rc = -2\)",
        words="a domain asks for an agent that is not in Xen's list",
        causes=("XS203",),
        consequence=True,
    ),
    Symptom(
        line=r"Error creating domain (?P<name>\S+?) \(rc = -22\)",
        words="a domain asks for something that this Xen does not have",
        causes=("XS216", "XS410", "XS226", "XS232"),
        consequence=True,
    ),
    Symptom(
        line=r"Could not set up domain (?P<name>\S+?) \(rc = -\d+\)",
        words="Xen cannot build a dom0less domain: mostly because of a device that it cannot assign",
        causes=("XS407", "XS307", "XS301", "XS405", "XS410"),
        consequence=True,
    ),
    Symptom(
        line=r"Could not set up d0 guest OS",
        words="Xen cannot build dom0: mostly because of a device that it cannot give to dom0",
        causes=("XS312", "XS321", "XS308", "XS127"),
        consequence=True,
    ),
)

_TOOLSTACK = (
    Symptom(
        line=r"domain creation fail: File exists",
        words="Xen refuses the domain, since another domain or Xen itself has its agent",
        causes=("XS201", "XS202"),
        consequence=True,
    ),
    Symptom(
        line=r"domain creation fail: No such file or directory",
        words="Xen refuses the domain, since its agent is not in Xen's list",
        causes=("XS203",),
        consequence=True,
    ),
    Symptom(
        line=r"domain creation fail: Invalid argument",
        words="Xen refuses the domain's configuration",
        causes=("XS216", "XS230", "XS226", "XS232"),
        consequence=True,
    ),
    Symptom(
        line=r"Unknown ARM_SCI type",
        words="xl does not know the type that arm_sci names",
        causes=("XS002",),
    ),
    Symptom(
        line=r"failed give domain access to iomem range",
        words="dom0 may not give the pages of iomem to the domain: an agent's page is dom0's to give only once a "
        "domain has that agent",
        causes=("XS205", "XS323", "XS204", "XS233"),
    ),
    Symptom(
        line=r"failed give domain access to irq",
        words="dom0 may not give the interrupt to the domain: no device in dom0's tree has it (irqs has SPI numbers "
        "plus 32)",
        causes=("XS322", "XS233"),
    ),
)

_GUESTS = (
    Symptom(
        line=r"d\d+v\d+ Unhandled SMC/HVC: 0x[8c]3",
        words="a domain calls a function id of the OEM range, which Xen never forwards",
        causes=("XS117", "XS208"),
        consequence=True,
    ),
    Symptom(
        line=r"(?P<domain>d0)v\d+ Unhandled SMC/HVC: 0x[8c]2",
        words="dom0 calls a function id that is not its own agent's, or has no agent",
        causes=("XS214", "XS215", "XS103"),
        consequence=True,
    ),
    Symptom(
        line=r"(?P<domain>d\d+)v\d+ Unhandled SMC/HVC: 0x[8c]2",
        words="a domain calls a function id that is not its own agent's, or has no agent",
        causes=("XS208", "XS218", "XS211"),
        consequence=True,
    ),
    Symptom(
        line=r"scmi.* failed to get SCMI (?:[TR]x)? shared memory",
        words="Linux cannot use the shared memory of its scmi node",
        causes=("XS219", "XS214"),
        consequence=True,
    ),
    Symptom(
        line=r"scmi.* timed out in resp\(caller",
        words="Linux gets no answer in its shared memory: the page is not that of the domain's agent",
        causes=("XS206", "XS205", "XS207", "XS214"),
        consequence=True,
    ),
    Symptom(
        line=r"scmi.* unable to communicate with SCMI",
        words="Linux's calls are not forwarded to the firmware, or get no answer",
        causes=("XS208", "XS205", "XS214", "XS218"),
        consequence=True,
    ),
)

SYMPTOMS = (*_PROBE, *_DOMAINS, *_DEVICES, *_PANICS, *_TOOLSTACK, *_GUESTS)
"""All symptoms, from the particular to the general."""
