"""What a campaign did not try, and what the model does not cover."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from xenscmi.host.platform import profile_of
from xenscmi.host.types import Host
from xenscmi.simulation.campaign import Campaign

_MODEL = """\
## What the model does not cover

- **The firmware's binary.** Answers come from xenscmi's model of a firmware profile. `xenscmi conform` holds the
  board's own firmware to the specification, on the board.
- **Xen's binary.** The mediator is a model of the SCMI multi-agent series (v11), held to logs of real boots. No code
  of Xen runs here, and its vulnerabilities are not looked for.
- **Guests' code.** The campaign acts in the place of each domain's SCMI driver.
- **Time.** One message at a time, each answered at once: no races on the shared page, no deadlines, no load, no
  denial of service, no order of two agents' messages.
- **Memory beyond page tables.** Stage 2 is modelled by pages. Caches, DMA, IOMMUs' translations and attributes of
  memory are not.
- **What a resource does.** A clock that stops is a number. What depends on it (children, rails, the bus of another
  device) is not modelled.
- **Fast channels**, which are declared but not mapped, and vendors' protocols (0x80 and above), which are not
  modelled.
- **The life of a domain.** The campaign runs once, after all domains were created: not after a crash, a restart or a
  suspend.

## What the campaign does not try

- Arguments other than one legal set for each resource. Malformed and hostile messages are the subject of the
  project's fuzzers (docs/security.md), not of this evidence.
- Older versions of a protocol, which an agent may negotiate.
- The content of answers: an answer to a message that may be sent has to be well-formed, and to name the right agent.
  Notifications and delayed responses are asked for, and not read.
- Which protocols BASE_DISCOVER_LIST_PROTOCOLS lists, which an agent that may use none of a protocol's resources can
  be told.
- A message twice: firmware that refuses at first, and obeys when asked again, is not seen.
- What else a message changes that may be sent: that it is about another's resource, too.
- Functions of pins, which nobody owns.
"""


def limits(host: Host, campaign: Campaign | None, silenced: Iterable[str]) -> str:
    """Return what this evidence does not cover, as Markdown; `silenced` says which rules the host's files silence."""
    return "\n".join(["# What this does not cover\n", *_of_this_run(host, campaign, silenced), _MODEL])


def _of_this_run(host: Host, campaign: Campaign | None, silenced: Iterable[str]) -> Iterator[str]:
    yield "## In this run\n"
    yield from (f"- Of `check`, {each}." for each in silenced)
    if campaign is None:
        yield "- Xen did not boot on the model: no message was tried.\n"
        return
    if campaign.step == 1:
        yield f"- All {campaign.possible} messages were sent: each agent, each message, each resource."
    else:
        yield (
            f"- Of {campaign.possible} possible messages {campaign.sent} were sent: by each agent, all about the "
            f"resources that are given to it, and all about one in {campaign.step} of the others. One wrong bit among "
            "the rest would not be seen."
        )
    unused = [str(each.agent) for each in campaign.speakers if not each.domain]
    if unused:
        yield f"- Agents {', '.join(unused)} belong to no domain here; they were rung at EL3, past Xen."
    cut_off = [f"{each.agent} ({each.domain})" for each in campaign.speakers if each.domain and not each.through_xen]
    if cut_off:
        yield f"- Domains cannot reach the channels of these agents, which were rung at EL3: {', '.join(cut_off)}."
    for protocol in campaign.silent:
        name = protocol.name.lower().replace("_", " ")
        yield f"- The firmware's profile has no {name} protocol, although the files declare resources of it."
    profile = profile_of(host)
    if not profile.checks_permissions:
        yield f"- Firmware of the profile {profile.name} checks no permissions: any agent may use any resource."
    if profile.open_reads:
        yield f"- Firmware of the profile {profile.name} lets every agent read every resource: taken as intended."
    if host.firmware.devices is None:
        yield "- The files do not say which resources the firmware's devices own: that was assumed from the trees."
    yield ""
