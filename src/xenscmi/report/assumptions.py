"""What Xen, and this use of SCMI, assume of a platform: shown by the host's files, or left to who builds the system.

A tick means that the files, or the run on the model, show it. What only the board, its firmware's binary or Xen's own
evidence can show stays open, however well the model behaves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from xenscmi.bindings.properties import is_compatible
from xenscmi.diagnostics import Diagnostic, Severity
from xenscmi.host.types import Host
from xenscmi.simulation.simulate import Simulation

TEN_TIB = 10 << 40
_TIMER = ("arm,armv8-timer", "arm,armv7-timer")
_CLOCK_FREQUENCY = "clock-frequency"


class _Known(NamedTuple):
    """What a judgement is based on."""

    host: Host
    findings: Sequence[Diagnostic]
    simulation: Simulation

    def errors(self, *families: str) -> list[str]:
        """Return the codes of the errors of some families of rules."""
        codes = {each.code for each in self.findings if each.severity is Severity.ERROR}
        return sorted(code for code in codes if code.startswith(families))


class _Judged(NamedTuple):
    shown: bool
    how: str


@dataclass(frozen=True, slots=True)
class _Assumption:
    """An assumption: `id` is Xen's own tag where it has one; `source` is where it is stated."""

    id: str
    source: str
    text: str
    judge: Callable[[_Known], _Judged]


def assumptions(host: Host, findings: Sequence[Diagnostic], simulation: Simulation) -> str:
    """Return the assumptions of use as Markdown, each ticked or open."""
    known = _Known(host, findings, simulation)
    lines = [
        "# Assumptions of use",
        "",
        "Ticked is what the host's files, or the run on the model, show. Open is what has to be shown otherwise, with",
        "a word on how. Xen gives a tag to one assumption on the platform so far; the others stand in its",
        "documentation without one, or follow from this use of SCMI, and have a name of ours (`aou.…`).",
        "",
    ]
    for title, rows in _ASSUMPTIONS.items():
        lines += [f"## {title}", ""]
        for each in rows:
            judged = each.judge(known)
            state = "shown" if judged.shown else "open"
            lines += [
                f"- [{'x' if judged.shown else ' '}] **{each.id}**: {each.text} *({each.source})*",
                f"  {state}: {judged.how}",
                "",
            ]
    return "\n".join(lines)


def _open(how: str) -> Callable[[_Known], _Judged]:
    return lambda _: _Judged(False, how)


def _counter_frequency(known: _Known) -> _Judged:
    tree = known.host.tree
    stated = [
        node.path
        for node in (tree.walk() if tree is not None else ())
        if _CLOCK_FREQUENCY in node and is_compatible(node, *_TIMER)
    ]
    how = "read CNTFRQ_EL0 at EL2 on every core, and compare it with the oscillator."
    if stated:
        how += f" {stated[0]} has {_CLOCK_FREQUENCY}, which suggests that the firmware does not program the register."
    return _Judged(False, how)


def _below_ten_tib(known: _Known) -> _Judged:
    highest = max((region.end for region in known.host.memory), default=None)
    if highest is None:
        return _Judged(False, "the host's tree declares no memory: see where the boot loader puts Xen.")
    if highest <= TEN_TIB:
        return _Judged(True, f"the tree's memory ends at {highest:#x}.")
    return _Judged(False, f"the tree's memory ends at {highest:#x}: see where the boot loader puts Xen.")


def _unforced(known: _Known) -> _Judged:
    forced = [
        f"{node.path} of {domain.name}"
        for domain in known.host.domains
        if domain.tree is not None
        for node in domain.tree.nodes
        if node.forced and node.host_path is not None
    ]
    if not forced:
        return _Judged(True, "no partial tree forces a device on a domain.")
    return _Judged(False, f"show that these devices have no DMA: {', '.join(forced)}.")


def _one_channel_each(known: _Known) -> _Judged:
    errors = known.errors("XS1")
    if errors:
        return _Judged(False, f"`check` finds {', '.join(errors)}.")
    tried = [
        attempt for view in known.simulation.domains for attempt in view.forbidden if attempt.expected != "refused"
    ]
    reached = [attempt.subject for attempt in tried if attempt.seen != attempt.expected]
    if not tried or reached:
        why = f"domains reach {', '.join(reached[:3])}" if reached else "no domain tried another's channel on the model"
        return _Judged(False, f"{why}.")
    return _Judged(
        True, f"`check` finds no error in the list of agents; {len(tried)} tries on the model reached nothing."
    )


def _channels_agree(known: _Known) -> _Judged:
    errors = known.errors("XS2", "XS4")
    wrong = [view.name for view in known.simulation.domains if view.agent_id != view.wanted]
    if errors or wrong or known.simulation.panic is not None:
        why = [*errors, *(f"{name} is not its agent" for name in wrong)] or ["Xen does not boot"]
        return _Judged(False, f"on the model: {', '.join(why)}.")
    return _Judged(True, "`check` finds no error in the domains; on the model each domain is told its agent's id.")


_FIRMWARE = "the model's firmware is not the board's: run `xenscmi conform` on the board, and review its configuration."

_ASSUMPTIONS: dict[str, tuple[_Assumption, ...]] = {
    "With a tag of Xen's": (
        _Assumption(
            "XenSwdgn~arm64_generic_timer_plat_program_cntfrq_el0~1",
            "xen docs/fusa/reqs/design-reqs/arm64/generic-timer.rst",
            "CNTFRQ_EL0 holds the frequency of the system timer before Xen starts.",
            _counter_frequency,
        ),
    ),
    "In Xen's documentation": (
        _Assumption(
            "aou.boot.el2",
            "xen docs/misc/arm/booting.txt",
            "The boot loader enters Xen at non-secure EL2 (Armv8-R Arm64: at secure EL2).",
            _open("read CurrentEL and SCR_EL3.NS where Xen is entered."),
        ),
        _Assumption(
            "aou.boot.hvc",
            "xen docs/misc/arm/booting.txt",
            "EL3 lets the HVC instruction work: SCR_EL3.HCE is 1.",
            _open("review the EL3 firmware's set-up of SCR_EL3."),
        ),
        _Assumption(
            "aou.boot.mmu-off",
            "xen docs/misc/arm/booting.txt",
            "Xen is entered with the MMU and the data cache off.",
            _open("read SCTLR_EL2 where Xen is entered, and review the boot loader's cache maintenance."),
        ),
        _Assumption(
            "aou.boot.below-10-tib",
            "xen docs/misc/arm/booting.txt",
            "Xen's image lies below 10 TiB.",
            _below_ten_tib,
        ),
        _Assumption(
            "aou.passthrough.iommu",
            "xen docs/misc/arm/passthrough.txt",
            "A device that can do DMA is not given to a domain without an IOMMU.",
            _unforced,
        ),
    ),
    "Of SCMI multi-agent": (
        _Assumption(
            "aou.scmi.one-channel-each",
            "docs/container.md",
            "Each agent has a function id and a page of its own, and no domain gets another's page.",
            _one_channel_each,
        ),
        _Assumption(
            "aou.scmi.channels-agree",
            "docs/container.md",
            "Each domain's own files name the channel of the agent that Xen gives to it.",
            _channels_agree,
        ),
        _Assumption(
            "aou.scmi.identity",
            "DEN0056 4.2.2.6",
            "The firmware takes an agent's identity from the channel that was rung, never from the message.",
            _open(_FIRMWARE),
        ),
        _Assumption(
            "aou.scmi.permissions",
            "DEN0056 4.2.2.10",
            "The firmware refuses every message about a resource that was not given to the agent.",
            _open(_FIRMWARE),
        ),
        _Assumption(
            "aou.scmi.table",
            "host.toml",
            "The firmware's table of agents, devices and resources is the one of the host's files.",
            _open("compare it with the table in the firmware's sources, or with what `conform` reads on the board."),
        ),
        _Assumption(
            "aou.scmi.copies-once",
            "DEN0056 5.1.2",
            "The firmware copies a message out of shared memory once, and reads only the copy.",
            _open("review the firmware: the domain can write to the page meanwhile."),
        ),
        _Assumption(
            "aou.scmi.timing",
            "DEN0056 5.1",
            "A message of one domain does not hold up EL3 so long that another one misses a deadline.",
            _open("measure the longest time in EL3 on the board: Xen forwards calls without a limit on their rate."),
        ),
        _Assumption(
            "aou.scmi.dependencies",
            "the board's clock and power trees",
            "No resource of one domain stops a resource of another: parents of clocks, shared rails and power domains.",
            _open("review the board's trees; the model takes each resource by itself."),
        ),
    ),
}
