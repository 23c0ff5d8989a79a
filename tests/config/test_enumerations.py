"""libxl's enumerations behave as Python's do, from which type checkers take them to be made."""

from __future__ import annotations

import copy
import pickle
from enum import Enum

import pytest

from xenscmi.config.idl.enumeration import Enumeration
from xenscmi.config.types import enums
from xenscmi.config.types.enums import ArmSciType, DomainType, SveType

ALL = [kind for kind in vars(enums).values() if isinstance(kind, type) and issubclass(kind, Enumeration)]


@pytest.mark.parametrize("kind", ALL[1:], ids=lambda kind: kind.__name__)
def test_members(kind: type[Enumeration]) -> None:
    names = {name: value.value for name, value in vars(kind).items() if name.isupper()}
    reference = Enum(kind.__name__, names)  # type: ignore[misc]
    assert [(one.name, one.value) for one in kind] == [(one.name, one.value) for one in reference]
    for member in kind:
        assert kind(member.value) is getattr(kind, member.name) is member
        assert kind.from_string(member.text.upper()) is member
        assert isinstance(member, kind)
        assert {member: 1}[kind(member.value)] == 1


def test_another_value_is_refused() -> None:
    with pytest.raises(ValueError, match="17 is not a valid SveType"):
        SveType(17)
    assert ArmSciType.from_string("scmi") is ArmSciType.from_string("ſcmi_smc") is None


def test_members_are_equal_to_themselves_alone() -> None:
    assert {DomainType.PV, DomainType.PVH, DomainType(2)} == {DomainType.PVH, DomainType.PV}
    assert DomainType.PV.value == ArmSciType.SCMI_SMC_MULTIAGENT.value
    assert len({DomainType.PV, ArmSciType.SCMI_SMC_MULTIAGENT}) == 2
    with pytest.raises(AttributeError):
        DomainType.PV.value = 3  # type: ignore[misc]


def test_copies_are_the_member_itself() -> None:
    for again in (copy.copy(SveType.HW), copy.deepcopy([SveType.HW])[0], pickle.loads(pickle.dumps(SveType.HW))):
        assert again is SveType.HW
