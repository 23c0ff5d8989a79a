"""Making a domain the way libxl does: create, name, iomem, devices; whatever fails undoes everything before it.

After tools/libs/light/libxl_create.c (libxl__domain_make, domcreate_launch_dm, libxl__add_dtdevs), its words included.
"""

from __future__ import annotations

import errno
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass

from xenscmi.config.errors import EXIT_ERROR_FAIL, EXIT_FAILURE
from xenscmi.config.types.domain import DomainConfig
from xenscmi.domctl.createdomain import CreateDomain, decode, encode, from_config
from xenscmi.domctl.profiles import Profile
from xenscmi.toolstack.backend import Hypervisor, XenError


@dataclass(frozen=True, slots=True, kw_only=True)
class IomemRange:
    """Host frames to be mapped for a domain: `iomem = [ "START,COUNT@GUEST" ]`, in frames of 4 KiB."""

    start: int
    count: int
    guest: int

    @property
    def frames(self) -> str:
        """The host's frames as libxl prints them: first and last, in hexadecimal."""
        return f"{self.start:x}-{self.start + self.count - 1:x}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainPlan:
    """What a domain is to be made of, in the order in which libxl asks for it; without a name it gets none."""

    config: CreateDomain
    name: str = ""
    iomem: tuple[IomemRange, ...] = ()
    dtdevs: tuple[str, ...] = ()


class CreationError(Exception):
    """A step of a domain's creation failed; nothing of the domain is left.

    `step` names the step, by the domctl where it is one; `subject` is what it was about (a device's path, a range of
    frames, a name). `message` is libxl's line, `errno` is Xen's. `domid` is None where the domain could not even be
    made.
    """

    def __init__(self, step: str, message: str, error: XenError, domid: int | None = None, subject: str = "") -> None:
        super().__init__(step, message, error, domid, subject)
        self.step = step
        self.message = message
        self.errno = error.errno
        self.domid = domid
        self.subject = subject

    @property
    def exit_code(self) -> int:
        """What xl ends with: ERROR_FAIL, but for a device the bare -1 of libxc."""
        return EXIT_FAILURE if self.step == "assign_device" else EXIT_ERROR_FAIL

    def __str__(self) -> str:
        return self.message


def plan_of_config(config: DomainConfig, profile: Profile) -> DomainPlan:
    """Return what is to be made of a configuration to which libxl's defaults were applied.

    Xen gets to see of it what the bytes of its profile carry. Raises DomctlError where they cannot carry all of it.
    """
    return DomainPlan(
        config=decode(encode(from_config(config), profile), profile),
        name=config.c_info.name or "",
        iomem=tuple(IomemRange(start=each.start, count=each.number, guest=each.gfn) for each in config.b_info.iomem),
        dtdevs=tuple(each.path or "" for each in config.dtdevs),
    )


def create_domain(xen: Hypervisor, plan: DomainPlan, names: Collection[str] = ()) -> int:
    """Make a domain and return its id; `names` are those of other domains.

    Raises CreationError. What was made before the failure is destroyed; where the firmware refuses to reset the agent,
    the domain stays, dying, as on a real host.
    """
    try:
        domid = xen.create(plan.config)
    except XenError as error:
        raise CreationError("createdomain", f"domain creation fail: {error}", error) from None
    try:
        _give_name(domid, plan.name, names)
        for stretch in plan.iomem:
            _give_iomem(xen, domid, stretch)
        for path in plan.dtdevs:
            _give_device(xen, domid, path)
    except CreationError:
        with suppress(XenError):
            xen.destroy(domid)
        raise
    return domid


def _give_name(domid: int, name: str, names: Collection[str]) -> None:
    if name and name in names:
        message = f'Domain {domid}:Domain with name "{name}" already exists.'
        raise CreationError("domain_rename", message, XenError(errno.EEXIST), domid, name)


def _give_iomem(xen: Hypervisor, domid: int, stretch: IomemRange) -> None:
    frames = stretch.frames
    try:
        xen.permit_iomem(domid, stretch.start, stretch.count, allow=True)
    except XenError as error:
        message = f"Domain {domid}:failed give domain access to iomem range {frames}: {error}"
        raise CreationError("iomem_permission", message, error, domid, frames) from None
    try:
        xen.map_iomem(domid, stretch.guest, stretch.start, stretch.count, add=True)
    except XenError as error:
        message = (
            f"Domain {domid}:failed to map to domain iomem range {frames} to guest address {stretch.guest:x}: {error}"
        )
        raise CreationError("memory_mapping", message, error, domid, frames) from None


def _give_device(xen: Hypervisor, domid: int, path: str) -> None:
    try:
        xen.assign_device(domid, path)
    except XenError as error:
        message = f"Domain {domid}:xc_assign_dtdevice failed: -1"
        raise CreationError("assign_device", message, error, domid, path) from None
