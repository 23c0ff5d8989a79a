"""Every host of the boot vectors is read, the broken ones too; the good one says what its files say."""

from __future__ import annotations

import pytest

from xenscmi.host.types import Dialect, DomainKind, Host


@pytest.fixture
def good(boot_vectors: dict[str, Host]) -> Host:
    return boot_vectors["good-default"]


def test_every_vector_is_read(boot_vectors: dict[str, Host]) -> None:
    assert len(boot_vectors) > 50
    for name, host in boot_vectors.items():
        current = all(container.dialect is Dialect.CONTAINER for container in host.containers)
        assert current == (not name.startswith("dialect-"))
        assert host.containers
        assert host.domains


def test_the_container_is_what_the_file_says(good: Host) -> None:
    (container,) = good.containers
    assert [
        (row.func_id.value, row.shmem.value and row.shmem.value.address, row.agent_id and row.agent_id.value)
        for row in container.agents
    ] == [
        (0x82000002, 0x47FF0000, 0),
        (0x82000004, 0x47FF2000, 2),
        (0x82000005, 0x47FF3000, 3),
        (0x82000006, 0x47FF4000, 4),
    ]
    assert [row.shmem.span.text for row in container.agents] == [
        "&scmi_shm_0",
        "&scmi_shm_2",
        "&scmi_shm_3",
        "&scmi_shm_4",
    ]
    (own,) = container.management
    assert own.func_id
    assert own.func_id.value == 0x82000003
    assert own.shmem
    assert own.shmem.value
    assert own.shmem.value.address == 0x47FF1000


def test_domains_and_devices_are_what_the_files_say(good: Host) -> None:
    dom0, guest = good.domains
    assert (dom0.kind, dom0.agent_id and dom0.agent_id.value) == (DomainKind.DOM0, 0)
    assert (guest.kind, guest.name, guest.agent_id and guest.agent_id.value) == (DomainKind.DOM0LESS, "domU1", 2)
    assert [device.for_dom0 for device in good.devices] == [True, True, True, False, True, True, True, True]
    assert [entry.arguments for device in good.devices for entry in device.entries] == [(d,) for d in range(8)]


def test_a_partial_tree_is_what_the_file_says(good: Host) -> None:
    tree = good.domains[1].tree
    assert tree
    (scmi,) = tree.scmi_nodes
    assert scmi.kept
    assert scmi.shmem
    assert scmi.shmem.value
    assert scmi.shmem.value.address == 0x22001000
    page, device = tree.nodes
    assert page.mappings
    assert page.mappings.value
    assert (page.mappings.value[0].host, page.mappings.value[0].guest) == (0x47FF2000, 0x22001000)
    assert device.host_path
    assert device.host_path.value == "/soc/fakedev@a003000"
    assert {(each.kind, each.resource_id) for each in device.resources} == {
        ("clocks", 3),
        ("resets", 3),
        ("power-domains", 3),
    }


def test_memory_and_dom0(boot_vectors: dict[str, Host]) -> None:
    assert [(hex(r.start), hex(r.size)) for r in boot_vectors["good-default"].memory] == [
        ("0x40000000", "0x7f00000"),
        ("0x48000000", "0x78000000"),
    ]
    assert [r.path for r in boot_vectors["mem-reserved-nomap"].reserved] == ["/reserved-memory/scmi_res@47ff0000"]
    assert [d.kind for d in boot_vectors["good-dom0less-2domU"].domains] == [DomainKind.DOM0LESS] * 2
