"""Trees from DTS text, as the device tree's tests make them."""

from tests.devicetree.conftest import dts as dts
