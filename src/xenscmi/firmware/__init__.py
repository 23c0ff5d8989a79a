"""A model of SCMI firmware at EL3: what a platform has, who may use it, and how it answers.

The names are imported when they are first used: who reads a host needs `resources`, but not the servers.
"""

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from xenscmi.firmware.firmware import Firmware, FirmwareState, PlatformError
    from xenscmi.firmware.permissions import Permissions
    from xenscmi.firmware.profile import PROFILES, FirmwareProfile, ResetMeaning, load_profile
    from xenscmi.firmware.resources import Platform, PlatformAgent, PlatformDevice, uniform_platform
    from xenscmi.firmware.validation import ResourceProblem, problems_of

__all__ = [
    "PROFILES",
    "Firmware",
    "FirmwareProfile",
    "FirmwareState",
    "Permissions",
    "Platform",
    "PlatformAgent",
    "PlatformDevice",
    "PlatformError",
    "ResetMeaning",
    "ResourceProblem",
    "load_profile",
    "problems_of",
    "uniform_platform",
]

_MODULES = {
    "firmware": ("Firmware", "FirmwareState", "PlatformError"),
    "permissions": ("Permissions",),
    "profile": ("PROFILES", "FirmwareProfile", "ResetMeaning", "load_profile"),
    "resources": ("Platform", "PlatformAgent", "PlatformDevice", "uniform_platform"),
    "validation": ("ResourceProblem", "problems_of"),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
