"""Reads the example host of the rules, changed as a rule's bad example says."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from xenscmi.host.types import Host
from xenscmi.rules.trial import example_host

ReadExample = Callable[..., Host]


@pytest.fixture(scope="session")
def read_example() -> ReadExample:
    return example_host
