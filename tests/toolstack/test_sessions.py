"""The sessions on the fake backend and on the model; tests/xen runs them on a real Xen."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.specs import make_spec
from tests.toolstack.fake import FakeBackend
from tests.toolstack.sessions import SESSIONS

from xenscmi.host.types import Host
from xenscmi.model.machine import boot
from xenscmi.toolstack.backend import Backend
from xenscmi.toolstack.spec import DomainSpec


def make(name: str, vcpus: int = 1) -> DomainSpec:
    return make_spec(f'name = "{name}"\nkernel = "/boot/Image"\nmemory = 64\nvcpus = {vcpus}\n')


@pytest.fixture(params=["fake", "model"])
def xen(request: pytest.FixtureRequest, boot_vectors: dict[str, Host]) -> Backend:
    return FakeBackend() if request.param == "fake" else boot(boot_vectors["good-default"])


@pytest.mark.parametrize("session", SESSIONS, ids=lambda session: session.__name__)
def test_session(session: Callable[[Backend, Callable[..., DomainSpec]], None], xen: Backend) -> None:
    session(xen, make)
