"""The backend on an imitated Xen: agents that are taken, and answers that show another layout."""

from __future__ import annotations

import errno

import pytest
from tests.hypercall.fake import FakeHypercalls

from xenscmi.domctl.createdomain import CreateDomain
from xenscmi.domctl.profiles import PROFILES
from xenscmi.hypercall.errors import HypercallError
from xenscmi.hypercall.probe import UnknownXenError, connect
from xenscmi.hypercall.xen import Xen
from xenscmi.toolstack.backend import AgentInfo

CONFIG = CreateDomain(flags=3 | 1 << 8, max_vcpus=1)


def backend(hypercalls: FakeHypercalls, profile: str) -> Xen:
    """Return the backend without Xen's libraries: it needs no more than hypercalls here."""
    xen = Xen.__new__(Xen)
    xen._hypercalls, xen._domctls, xen._made = hypercalls, connect(hypercalls), {}
    xen.__dict__["profile"] = PROFILES[profile]
    return xen


@pytest.mark.parametrize(("runs", "profile"), [("4.19", "4.17"), ("4.19", "4.18"), ("4.20", "4.17")])
def test_an_answer_in_another_layout_is_an_error_and_the_domain_is_gone(runs: str, profile: str) -> None:
    hypercalls = FakeHypercalls(runs)
    with pytest.raises(UnknownXenError, match=rf"does not have the createdomain of profile {profile}: its answer"):
        backend(hypercalls, profile).createdomain(CONFIG)
    assert (hypercalls.made, hypercalls.domains) == (1, {0})


def test_what_xen_wrote_back_is_kept() -> None:
    xen = backend(FakeHypercalls("4.20"), "4.20")
    domid = xen.createdomain(CONFIG)
    assert xen._made[domid].arch_gic_version == 2


def test_an_agent_that_a_running_domain_has_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    hypercalls = FakeHypercalls("4.22+sci-ma")
    xen = backend(hypercalls, "4.22+sci-ma")
    wanted = CONFIG.replace(arch_arm_sci_type=2, arch_arm_sci_agent_id=2)
    monkeypatch.setattr(xen, "agents", lambda: (AgentInfo(agent_id=2, owner=7),))
    with pytest.raises(HypercallError) as caught:
        xen.createdomain(wanted)
    assert (caught.value.errno, hypercalls.made) == (errno.EEXIST, 0)
    assert xen.createdomain(wanted.replace(arch_arm_sci_agent_id=3)) == 1
    assert xen.createdomain(CONFIG) == 2
