"""A model of SCMI firmware at EL3: what a platform has, who may use it, and how it answers."""

from xenscmi.firmware.firmware import Firmware, FirmwareState
from xenscmi.firmware.permissions import Permissions
from xenscmi.firmware.profile import PROFILES, FirmwareProfile, ResetMeaning
from xenscmi.firmware.resources import Platform, PlatformAgent, PlatformDevice, uniform_platform

__all__ = [
    "PROFILES",
    "Firmware",
    "FirmwareProfile",
    "FirmwareState",
    "Permissions",
    "Platform",
    "PlatformAgent",
    "PlatformDevice",
    "ResetMeaning",
    "uniform_platform",
]
