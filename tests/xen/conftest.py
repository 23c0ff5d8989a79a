"""One boot of each Xen a session, and files for its guests."""

from __future__ import annotations

from collections.abc import Iterator

import debian_packages
import pytest
from tests.xen import guests, packages
from tests.xen.machine import Machine, why_not


@pytest.fixture(scope="session", params=packages.RELEASES)
def dom0(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A booted Xen with dom0, in which snippets run. Each test leaves it as it was: no domain but dom0."""
    reason = why_not()
    if reason:
        pytest.skip(reason)
    release = packages.RELEASES[request.param]
    try:
        packages.dom0_root(release)
        packages.kernel_root()
    except debian_packages.Unavailable as error:
        pytest.skip(f"Debian's arm64 packages cannot be had: {error}")
    with Machine(release, tmp_path_factory.mktemp(f"xen-{release.xen}"), guests.files(release)) as machine:
        yield machine


@pytest.fixture(autouse=True)
def nothing_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Assert after each test that no domain, no entry in xenstore and no file of one is left."""
    yield
    if "dom0" in request.fixturenames:
        machine: Machine = request.getfixturevalue("dom0")
        assert machine.run("from inside import left_over\nresult = left_over()") == []
