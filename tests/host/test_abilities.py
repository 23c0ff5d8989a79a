"""What libxl hears of a host."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from xenscmi.devicetree import Tree
from xenscmi.host.abilities import capabilities_of
from xenscmi.host.reader import read_host
from xenscmi.host.types import Host


@pytest.mark.parametrize(
    ("node", "used"),
    [
        ("", False),
        ("#iommu-cells = <1>;", True),
        ('#iommu-cells = <1>; status = "disabled";', False),
        ("#iommu-cells = <1>; xen,passthrough;", False),
        ('compatible = "arm,mmu-500";', True),
        ('compatible = "arm,mmu-500"; status = "disabled";', False),
    ],
)
def test_passthrough_needs_an_iommu_in_use(dts: Callable[[str], Tree], node: str, used: bool) -> None:
    assert capabilities_of(read_host(dts(f"/ {{ iommu {{ {node} }}; }};"))).cap_hvm_directio is used
    assert capabilities_of(Host()).cap_hvm_directio, "nothing is known of the machine"


def test_domains_of_the_boot_have_their_ids(boot_vectors: dict[str, Host]) -> None:
    assert capabilities_of(boot_vectors["good-dom0+2domU"]).domains == ((0, "Domain-0"), (1, "domU1"), (2, "domU2"))
    assert capabilities_of(boot_vectors["good-dom0less-2domU"]).domains == ((1, "domU1"), (2, "domU2"))
