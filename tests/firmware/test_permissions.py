"""What an agent may use follows from what was granted, denied and allowed by itself, in whatever order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from xenscmi.firmware.permissions import Permissions
from xenscmi.firmware.resources import PlatformDevice

PROTOCOLS = (0x13, 0x14)
DEVICES = (
    PlatformDevice(device_id=0, resources={0x14: frozenset({0, 1})}),
    PlatformDevice(device_id=1, resources={0x14: frozenset({1, 2}), 0x13: frozenset({0})}),
    PlatformDevice(device_id=2),
)

device = st.sampled_from([each.device_id for each in DEVICES])
protocol = st.sampled_from(PROTOCOLS)
calls = st.lists(
    st.one_of(
        st.tuples(st.just("device"), device, st.booleans()),
        st.tuples(st.just("protocol"), device, protocol, st.booleans()),
        st.tuples(st.just("resource"), protocol, st.integers(0, 3), st.booleans()),
        st.tuples(st.sampled_from(["reset", "revoke"])),
    ),
    max_size=12,
)


def call(permissions: Permissions, name: str, *values: int) -> None:
    match name:
        case "device":
            permissions.set_device(1, values[0], allow=bool(values[1]))
        case "protocol":
            permissions.set_protocol(1, values[0], values[1], allow=bool(values[2]))
        case "resource":
            permissions.set_resource(1, values[0], values[1], allow=bool(values[2]))
        case "reset":
            permissions.reset(1)
        case _:
            permissions.revoke(1)


@given(calls, st.frozensets(device), st.booleans())
def test_what_may_be_used_follows_from_what_is_granted(
    made: list[tuple[str, int]], boot: frozenset[int], regrant_reopens: bool
) -> None:
    permissions = Permissions(DEVICES, {1: boot, 2: boot}, frozenset(), regrant_reopens=regrant_reopens)
    for each in made:
        call(permissions, *each)
    for one in PROTOCOLS:
        for resource in range(4):
            owned = any(
                each.device_id in permissions.devices_of(1)
                and resource in each.resources.get(one, ())
                and (each.device_id, one) not in permissions.denied_of(1)
                for each in DEVICES
            )
            alone = permissions.single_of(1).get((one, resource), owned)
            assert permissions.may_use(1, one, resource) == alone
    untouched = Permissions(DEVICES, {2: boot}, frozenset())
    assert permissions.resources_of(2) == untouched.resources_of(2)
