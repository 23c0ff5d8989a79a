"""A model of SCMI firmware at EL3: what a platform has, who may use it, and how it answers."""

from xenscmi.firmware.firmware import Firmware, FirmwareState
from xenscmi.firmware.permissions import Permissions
from xenscmi.firmware.profile import PROFILES, Profile, ResetMeaning
from xenscmi.firmware.resources import Agent, Device, Platform, uniform_platform

__all__ = [
    "PROFILES",
    "Agent",
    "Device",
    "Firmware",
    "FirmwareState",
    "Permissions",
    "Platform",
    "Profile",
    "ResetMeaning",
    "uniform_platform",
]
