"""Which Xen this is, and which layout of createdomain it has: asked, never guessed.

A wrong layout is often silent: Xen then reads other fields than were meant. So the interface version must be a known
one, xen_version must go with it, and if several profiles are left, createdomain itself shows which it is: by what Xen
refuses; a domain that it makes is empty and destroyed at once. What Xen writes back at every createdomain is compared
too (`Xen.createdomain`).
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from xenscmi.config.types.enums import ArmSciType
from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.domctl.createdomain import FLAGS, CreateDomain, encode
from xenscmi.domctl.profiles import PROFILES, Profile
from xenscmi.hypercall.domctls import Domctls, xen_version
from xenscmi.hypercall.errors import HypercallError
from xenscmi.hypercall.libraries import Hypercalls

# The releases whose layouts are known, with their interface versions, and the profiles that each may have.
_CANDIDATES: Mapping[tuple[int, tuple[int, int]], Sequence[str]] = {
    (0x15, (4, 17)): ("4.17",),
    (0x16, (4, 18)): ("4.18",),
    (0x17, (4, 19)): ("4.19",),
    (0x17, (4, 20)): ("4.20",),
    (0x17, (4, 21)): ("4.21", "4.21+sci-ma"),
    (0x18, (4, 22)): ("4.22", "4.22+sci-ma", "4.22+sci-ma-pad"),
}
_DOMCTL_VERSIONS = sorted({version for version, _ in _CANDIDATES})
_SYSCTL_VERSIONS = (0x15, 0x16)
_REQUIRED_FLAGS = sum(1 << FLAGS.index(name) for name in ("hvm", "hap"))
_NO_AGENT = 255


class UnknownXenError(XenscmiError):
    """The Xen that runs is none whose layouts are known, or it does not behave like one. Nothing was created."""

    def __init__(self, message: str) -> None:
        known = ", ".join("{}.{}".format(*release) for _, release in _CANDIDATES)
        help_text = f"known are Xen {known}; tools/xen_layouts.py makes the layout of another from its headers"
        super().__init__(Diagnostic(message=message, help=help_text))


def connect(hypercalls: Hypercalls) -> Domctls:
    """Return the calls to the Xen that runs. Raises UnknownXenError if it accepts no known interface version."""
    release = xen_version(hypercalls)
    domctl_version = next((each for each in _DOMCTL_VERSIONS if _accepts_domctl(hypercalls, each)), None)
    sysctl_version = next((each for each in _SYSCTL_VERSIONS if _accepts_sysctl(hypercalls, each)), None)
    if domctl_version is None or sysctl_version is None:
        kind = "domctl" if domctl_version is None else "sysctl"
        raise UnknownXenError("Xen {}.{} runs, whose {} interface is not known".format(*release, kind))
    return Domctls(hypercalls, domctl_version, sysctl_version, release)


def _accepts_domctl(hypercalls: Hypercalls, version: int) -> bool:
    return _accepted(lambda: Domctls(hypercalls, version, 0, (0, 0)).getdomaininfo(0))


def _accepts_sysctl(hypercalls: Hypercalls, version: int) -> bool:
    return _accepted(lambda: Domctls(hypercalls, 0, version, (0, 0)).physinfo())


def _accepted(ask: Callable[[], object]) -> bool:
    """Return whether Xen takes the interface version of a question: it answers EACCES if not."""
    try:
        ask()
    except HypercallError as error:
        if error.errno == errno.EACCES:
            return False
        raise
    return True


def probe_profile(domctls: Domctls) -> Profile:
    """Return the layout of createdomain that this Xen has. Raises UnknownXenError if it cannot be known."""
    release = domctls.xen_version
    names = _CANDIDATES.get((domctls.domctl_version, release))
    if names is None:
        running = "Xen {}.{} with domctl interface {:#x}".format(*release, domctls.domctl_version)
        raise UnknownXenError(f"{running} runs: the layout of its createdomain is not known")
    if names == _CANDIDATES[0x18, (4, 22)]:
        return PROFILES[_of_4_22(domctls)]
    if len(names) > 1:
        return PROFILES[_of_4_21(domctls)]
    return PROFILES[names[0]]


def _of_4_21(domctls: Domctls) -> str:
    """Tell 4.21 from 4.21 with the series: only the latter looks for the agent, and does not find this one (ENOENT)."""
    multi_agent = "4.21+sci-ma"
    config = CreateDomain(
        flags=_REQUIRED_FLAGS,
        max_vcpus=1,
        arch_arm_sci_type=ArmSciType.SCMI_SMC_MULTIAGENT.value,
        arch_arm_sci_agent_id=_NO_AGENT,
    )
    found = _refusal(domctls, encode(_trapping(config), PROFILES[multi_agent])) == errno.ENOENT
    return multi_agent if found else "4.21"


def _of_4_22(domctls: Domctls) -> str:
    """Tell the layouts of 0x18 apart by what must be zero: v8r_el1_msa on any machine but a v8-R, and padding."""
    config = CreateDomain(flags=_REQUIRED_FLAGS, max_vcpus=1, arch_arm_sci_agent_id=1)
    for name in ("4.22+sci-ma", "4.22+sci-ma-pad"):
        if _refusal(domctls, encode(_trapping(config), PROFILES[name])) is None:
            return name
    return "4.22"


def _trapping(config: CreateDomain) -> CreateDomain:
    return config.replace(flags=config.flags | 1 << FLAGS.index("trap_unmapped_accesses"))


def _refusal(domctls: Domctls, config: bytes) -> int | None:
    """Return the errno with which Xen refuses a domain; None if it makes it, which is undone."""
    try:
        domid, _ = domctls.createdomain(config)
    except HypercallError as error:
        return error.errno
    with suppress(HypercallError):
        domctls.destroydomain(domid)
    return None
