"""What a toolstack does on any hypervisor: this code runs on the fake backend, on the model, and in dom0 of a real Xen.

Each session is given the hypervisor, and `make`, which returns a domain to be made; it leaves the hypervisor as it was.
Plain asserts, since dom0 has no pytest.
"""

import errno
import time
from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from xenscmi.toolstack.backend import XenError
from xenscmi.toolstack.create import CreationError, create, create_all

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xenscmi.toolstack.backend import Backend
    from xenscmi.toolstack.spec import DomainSpec

    Make = Callable[..., DomainSpec]

_GONE_LIMIT = 20.0


def a_domain_comes_and_goes(xen: "Backend", make: "Make") -> None:
    domid = create(xen, make("first", vcpus=2))
    assert xen.names()[domid] == "first"
    assert domid in ids(xen)
    xen.pausedomain(domid)
    xen.unpausedomain(domid)
    xen.destroydomain(domid)
    gone(xen, domid)


def domains_have_ids_of_their_own(xen: "Backend", make: "Make") -> None:
    domids = create_all(xen, [make("first"), make("second"), make("third")], paused=True)
    assert len({*domids}) == 3
    assert [xen.names()[domid] for domid in domids] == ["first", "second", "third"]
    assert [domid for domid in ids(xen) if domid in domids] == sorted(domids)
    for domid in domids:
        xen.destroydomain(domid)
        gone(xen, domid)


def a_name_is_not_given_twice(xen: "Backend", make: "Make") -> None:
    domid = create(xen, make("first"), paused=True)
    before = ids(xen)
    with refused() as failure:
        create(xen, make("first"))
    assert (failure["error"].step, failure["error"].errno) == ("domain_rename", errno.EEXIST)
    gone(xen, failure["error"].domid)
    assert ids(xen) == before
    xen.destroydomain(domid)
    gone(xen, domid)


def all_or_none(xen: "Backend", make: "Make") -> None:
    before, names = ids(xen), dict(xen.names())
    with refused() as failure:
        create_all(xen, [make("first"), make("second"), make("first")])
    assert failure["error"].step == "domain_rename"
    until(lambda: ids(xen) == before)
    assert dict(xen.names()) == names


def what_is_not_there_is_not_found(xen: "Backend", make: "Make") -> None:
    domid = create(xen, make("first"), paused=True)
    xen.destroydomain(domid)
    gone(xen, domid)
    for call in (xen.destroydomain, xen.pausedomain, xen.unpausedomain):
        assert answer(call, domid) == errno.ESRCH, call


SESSIONS = (
    a_domain_comes_and_goes,
    domains_have_ids_of_their_own,
    a_name_is_not_given_twice,
    all_or_none,
    what_is_not_there_is_not_found,
)


def answer(call: Callable[[int], None], domid: int) -> int:
    """Return the errno with which a call is refused; 0 where it is not."""
    try:
        call(domid)
    except XenError as error:
        return error.errno
    return 0


def ids(xen: "Backend") -> list[int]:
    return [domain.domid for domain in xen.getdomaininfolist()]


def gone(xen: "Backend", domid: int | None) -> None:
    """Assert that a domain is gone, or soon is: a real Xen takes its memory back first."""
    until(lambda: domid not in ids(xen))
    assert domid not in xen.names()


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + _GONE_LIMIT
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


@contextmanager
def refused() -> "Iterator[dict[str, Any]]":
    """Catch a CreationError, which must come, as ["error"]."""
    caught: dict[str, Any] = {}
    try:
        yield caught
    except CreationError as error:
        caught["error"] = error
    else:
        raise AssertionError("nothing was refused")
