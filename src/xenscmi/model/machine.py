"""The machine that a host's files describe: its firmware, and Xen on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from xenscmi import firmware as el3
from xenscmi.devicetree import Tree
from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.firmware.firmware import Observer
from xenscmi.host.domains import has_kernels
from xenscmi.host.platform import impossible, platform_of, profile_of
from xenscmi.host.types import DomainKind, Host
from xenscmi.model.boot import start
from xenscmi.model.xen import Model

MakeFirmware = Callable[[el3.Platform, el3.FirmwareProfile, Observer | None], el3.Firmware]
"""Makes a machine's firmware. Raises PlatformError for a platform that cannot be."""


def switch_on(
    host: Host,
    observer: Observer | None = None,
    *,
    as_it_stands: bool = False,
    make_firmware: MakeFirmware = el3.Firmware,
) -> Model:
    """Return the host's machine, Xen loaded but not started; `make_firmware` makes what answers at EL3.

    A tree without any kernel is taken for one to which the boot loader adds the boot modules. With
    `as_it_stands`, Xen sees just what the tree has.

    Raises XenscmiError for a host without a device tree, and for firmware that cannot be.
    """
    if host.tree is None:
        raise XenscmiError(
            Diagnostic(message="there is no host device tree to boot", help="name the host's DTS or DTB")
        )
    try:
        firmware = make_firmware(platform_of(host), profile_of(host), observer)
    except el3.PlatformError as error:
        raise XenscmiError(*(impossible(problem, host) for problem in error.problems)) from None
    return Model(
        host.tree,
        firmware,
        host.xen,
        driver=host.driver,
        loader_adds_modules=not as_it_stands and not has_kernels(host.tree),
    )


def boot(host: Host) -> Model:
    """Return the host booted, without the toolstack's domains. Raises Panic if Xen panics, and as `switch_on`."""
    xen = switch_on(host)
    start(xen, partial_trees(host))
    return xen


def partial_trees(host: Host) -> Mapping[str, Tree]:
    """Return the partial trees of the dom0less domains, by domain name."""
    return {
        domain.name: domain.tree.tree
        for domain in host.domains
        if domain.kind is DomainKind.DOM0LESS and domain.tree is not None
    }
