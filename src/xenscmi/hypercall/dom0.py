"""Whether this is dom0 of a Xen, told without opening anything."""

from __future__ import annotations

from pathlib import Path

_CAPABILITIES = Path("/proc/xen/capabilities")
_FEATURES = Path("/sys/hypervisor/properties/features")
_XENFEAT_DOM0 = 1 << 11


def in_dom0() -> bool:
    """Return whether the kernel says that this is the domain that controls Xen."""
    try:
        return "control_d" in _CAPABILITIES.read_text()
    except OSError:
        pass  # xenfs need not be mounted
    try:
        return bool(int(_FEATURES.read_text(), 16) & _XENFEAT_DOM0)
    except (OSError, ValueError):
        return False
