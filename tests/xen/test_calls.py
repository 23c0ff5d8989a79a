"""Hypercalls on a real Xen: what it tells, what it refuses, and layouts that are not its own."""

from __future__ import annotations

import errno

import pytest
from tests.toolstack.sessions import SESSIONS
from tests.xen.machine import Machine

INTERFACES = {"4.17": 0x15, "4.20": 0x17}
HVM_HAP = 3


def test_the_xen_is_probed(dom0: Machine) -> None:
    found = dom0.run(
        """
        from xenscmi.hypercall.xen import Xen
        with Xen() as xen:
            calls = xen._domctls
            result = [xen.profile.name, calls.domctl_version, calls.sysctl_version, calls.xen_version]
        """
    )
    release = dom0.release.xen
    assert found == [release, INTERFACES[release], 0x15, [int(number) for number in release.split(".")]]


def test_what_it_tells_of_itself(dom0: Machine) -> None:
    found = dom0.run(
        """
        from xenscmi.hypercall.dom0 import in_dom0
        from xenscmi.hypercall.xen import Xen
        with Xen() as xen:
            (info,) = xen.getdomaininfolist()
            able = xen.capabilities()
            result = {
                "dom0": [info.domid, info.vcpus, info.memory, sorted(state.value for state in info.states)],
                "cpus": able.nr_cpus, "nodes": len(able.nodes), "hap": able.cap_hap, "pools": able.pools,
                "sve": able.sve_vl, "gnttab": [able.cap_gnttab_v1, able.cap_gnttab_v2],
                "directio": able.cap_hvm_directio,
                "names": dict(xen.names()), "log": [line for line in xen.log() if "DOM0" in line or "d0v0" in line][:1],
                "in dom0": in_dom0(),
            }
        """
    )
    log = found.pop("log")
    assert found == {
        "dom0": [0, 1, 768 * 1024, ["r"]],
        "cpus": 1,
        "nodes": 1,
        "hap": True,
        "pools": [[0, "Pool-0"]],
        "sve": 0,
        "gnttab": [True, False],
        "directio": False,
        "names": {"0": "Domain-0"},
        "in dom0": True,
    }
    assert log


def test_the_log_has_a_mark(dom0: Machine) -> None:
    lines = dom0.run(
        """
        from inside import tiny
        from xenscmi.hypercall.errors import HypercallError
        from xenscmi.hypercall.xen import Xen
        with Xen() as xen:
            mark = xen.log_mark()
            config = tiny(xen, "log").createdomain.replace(arch_gic_version=1)
            try:
                xen.createdomain(config)
            except HypercallError as error:
                assert error.errno == 19
            result = list(xen.log(mark))
        """
    )
    assert len(lines) == 1
    assert "vGICv2 is not supported on this platform" in lines[0]
    assert not lines[0].startswith("(XEN)")


REFUSED: list[tuple[dict[str, int], int]] = [
    ({"max_vcpus": 0}, errno.EINVAL),
    ({"max_vcpus": 129}, errno.EINVAL),
    ({"flags": 0}, errno.EINVAL),
    ({"flags": 1}, errno.EINVAL),
    ({"flags": HVM_HAP | 1 << 20}, errno.EINVAL),
    ({"arch_tee_type": 1}, errno.EINVAL),
    ({"arch_gic_version": 1}, errno.ENODEV),
    ({"arch_gic_version": 7}, errno.EINVAL),
    ({"iommu_opts": 1}, errno.EINVAL),
    ({"grant_opts": 0x20}, errno.EINVAL),
    ({"vmtrace_size": 4096}, errno.EINVAL),
    ({"cpupool_id": 77}, errno.EINVAL),
]


@pytest.mark.parametrize(("changes", "number"), REFUSED)
def test_a_refused_createdomain(dom0: Machine, changes: dict[str, int], number: int) -> None:
    """The errno is Xen's, and its meaning is told; nothing was made."""
    found = dom0.run(
        """
        from xenscmi.domctl.createdomain import CreateDomain
        from xenscmi.hypercall.errors import HypercallError
        from xenscmi.hypercall.xen import Xen
        with Xen() as xen:
            config = CreateDomain(flags=3 | 1 << 8, max_vcpus=1, max_evtchn_port=1023).replace(**changes)
            try:
                xen.createdomain(config.replace(flags=config.flags | 1 << 8))
            except HypercallError as error:
                result = [error.errno, error.call, error.diagnostics[0].help]
        """,
        changes=changes,
    )
    assert found[:2] == [number, "createdomain"]
    assert found[2].startswith("createdomain: ")


NOT_THERE = {
    "destroydomain": [],
    "pausedomain": [],
    "unpausedomain": [],
    "getdomaininfo": [],
    "max_mem": [1024],
    "max_vcpus": [1],
    "set_address_size": [64],
    "set_paging_mempool_size": [1 << 20],
    "cacheflush": [0x40000, 1],
    "vuart_op": [0x39003, 0],
    "bind_pt_irq": [40],
    "assign_device": ["/nothing"],
    "deassign_device": ["/nothing"],
}


@pytest.mark.parametrize("name", NOT_THERE)
def test_a_domain_that_is_not_there(dom0: Machine, name: str) -> None:
    found = dom0.run(
        """
        from xenscmi.hypercall.errors import HypercallError
        from xenscmi.hypercall.xen import Xen
        with Xen() as xen:
            try:
                getattr(xen._domctls, name)(1234, *arguments)
            except HypercallError as error:
                result = [error.errno, error.call, str(error)]
        """,
        name=name,
        arguments=NOT_THERE[name],
    )
    assert found == [errno.ESRCH, name, "No such process"]


def test_bad_pointers_calls_and_versions(dom0: Machine) -> None:
    found = dom0.run(
        """
        from xenscmi.hypercall.domctls import Domctls
        from xenscmi.hypercall.errors import HypercallError
        from xenscmi.hypercall.xen import Xen

        def refused(call, *arguments):
            try:
                call(*arguments)
            except HypercallError as error:
                return error.errno
            return None

        with Xen() as xen:
            into = xen._hypercalls
            result = [
                refused(into.call, "a bad pointer", 36, 16),
                refused(into.call, "no such call", 63, 0),
                refused(Domctls(into, 0x99, 0x99, (4, 0)).getdomaininfo, 0),
                refused(Domctls(into, 0x99, 0x99, (4, 0)).physinfo),
                refused(xen.destroydomain, 0),
            ]
        """
    )
    assert found == [errno.EFAULT, errno.ENOSYS, errno.EACCES, errno.EACCES, errno.EINVAL]


def test_frames_and_interrupts_that_are_not_dom0s(dom0: Machine) -> None:
    found = dom0.run(
        """
        from inside import alone, tiny
        from xenscmi.hypercall.errors import HypercallError
        from xenscmi.hypercall.xen import Xen
        from xenscmi.toolstack.create import create

        def refused(call, *arguments, **named):
            try:
                call(*arguments, **named)
            except HypercallError as error:
                return error.errno
            return None

        uart = 0x9000
        with Xen() as xen:
            domid = create(xen, tiny(xen, "first", more="nr_spis = 64"), paused=True)
            result = [
                refused(xen.iomem_permission, domid, uart, 1, allow=True),
                refused(xen.iomem_permission, domid, 0x9010, 0, allow=True),
                refused(xen.memory_mapping, domid, 0x22001, 0x9010, 1, add=True),
                refused(xen.iomem_permission, domid, 0x9010, 1, allow=True),
                refused(xen.memory_mapping, domid, 0x22001, 0x9010, 1, add=True),
                refused(xen.memory_mapping, domid, 0x22001, 0x9010, 1, add=False),
                refused(xen.iomem_permission, domid, 0x9010, 1, allow=False),
                refused(xen.bind_pt_spi_irq, domid, 33),
                refused(xen.bind_pt_spi_irq, domid, 1000),
                refused(xen.assign_device, domid, "/nothing"),
            ]
            xen.destroydomain(domid)
            alone(xen)
        """
    )
    assert found[:8] == [
        errno.EPERM,  # Xen's own UART
        errno.EINVAL,  # no frames
        errno.EPERM,  # not permitted yet
        None,
        None,
        None,
        None,
        errno.EPERM,  # the interrupt of Xen's UART
    ]
    assert found[8] in (errno.EPERM, errno.EINVAL)  # beyond the GIC
    assert found[9] in (errno.ESRCH, errno.ENODEV, errno.ENOSYS, errno.EOPNOTSUPP)


def test_a_wrong_layout_makes_nothing(dom0: Machine) -> None:
    """Xen reads other fields than were meant: it refuses them, or what it wrote back shows it."""
    found = dom0.run(
        """
        from xenscmi.domctl.createdomain import CreateDomain
        from xenscmi.domctl.profiles import PROFILES
        from xenscmi.diagnostics import XenscmiError
        from xenscmi.hypercall.xen import Xen
        result = {}
        with Xen() as xen:
            own = [field.offset for field in xen.profile.layout if field.name == "arch.gic_version"]
            for name, profile in PROFILES.items():
                if [field.offset for field in profile.layout if field.name == "arch.gic_version"] != own:
                    xen.profile = profile
                    try:
                        xen.createdomain(CreateDomain(flags=3 | 1 << 8, max_vcpus=1, max_evtchn_port=1023))
                    except XenscmiError as error:
                        result[name] = str(error)
        """
    )
    others = {"4.17": {"4.19", "4.20", "4.21", "4.21+sci-ma", "4.22", "4.22+sci-ma", "4.22+sci-ma-pad"}}
    assert set(found) == others.get(dom0.release.xen, {"4.17", "4.18"})


def test_ids_are_never_given_twice(dom0: Machine) -> None:
    found = dom0.run(
        """
        from inside import alone, tiny
        from xenscmi.hypercall.xen import Xen
        with Xen() as xen:
            made = [xen.createdomain(tiny(xen, f"number-{number}").createdomain) for number in range(5)]
            result = [made, [info.domid for info in xen.getdomaininfolist()]]
            for domid in made:
                xen.destroydomain(domid)
            alone(xen)
        """
    )
    made, listed = found
    assert len({*made}) == 5
    assert listed == [0, *sorted(made)]


def test_many_domains_are_listed(dom0: Machine) -> None:
    """More than one hypercall's worth."""
    found = dom0.run(
        """
        from inside import alone, tiny
        from xenscmi.hypercall.xen import Xen
        with Xen() as xen:
            config = tiny(xen, "many").createdomain
            made = [xen.createdomain(config) for _ in range(70)]
            result = [info.domid for info in xen.getdomaininfolist()] == [0, *made]
            for domid in made:
                xen.destroydomain(domid)
            alone(xen)
        """,
        limit=120,
    )
    assert found is True


@pytest.mark.parametrize("session", [session.__name__ for session in SESSIONS])
def test_session(dom0: Machine, session: str) -> None:
    """The sessions that the fake backend and the model ran too (tests/toolstack/test_sessions.py)."""
    dom0.run(
        """
        import sessions
        from inside import tiny
        from xenscmi.hypercall.xen import Xen
        with Xen() as xen:
            getattr(sessions, session)(xen, lambda name, vcpus=1: tiny(xen, name, vcpus))
        """,
        session=session,
    )
