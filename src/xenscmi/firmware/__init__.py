"""A model of SCMI firmware at EL3: what a platform has, who may use it, and how it answers."""

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
