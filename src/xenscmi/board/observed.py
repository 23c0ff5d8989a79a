"""Running a host on the board: the modelled Xen's calls to EL3 are made by the relay, on real pages, by real SMCs."""

from __future__ import annotations

from contextlib import ExitStack

from xenscmi.board.channels import BoardChannels, board_channels
from xenscmi.firmware import Firmware, FirmwareProfile, Platform
from xenscmi.firmware.firmware import Observer
from xenscmi.host.types import Host
from xenscmi.scmi.shmem import Area
from xenscmi.simulation.simulate import Simulation, simulate


class RungFirmware(Firmware):
    """Firmware that is served elsewhere: a ring here is a ring there. Its own state stays as at boot."""

    def __init__(
        self, platform: Platform, profile: FirmwareProfile, observer: Observer | None, channels: BoardChannels
    ) -> None:
        super().__init__(platform, profile, observer)
        self._channels = channels

    def serve(self, agent: int, area: Area) -> None:
        self._channels.ring(agent, area)


def simulate_on_board(host: Host) -> Simulation:
    """Run a host as `simulate` does, with EL3 and its firmware on the board.

    Raises XenscmiError for a host that cannot be switched on, and where there is no qemu or the board dies.
    """
    with ExitStack() as stack:

        def make(platform: Platform, profile: FirmwareProfile, observer: Observer | None) -> Firmware:
            channels = stack.enter_context(board_channels(platform, profile))
            return RungFirmware(platform, profile, observer, channels)

        return simulate(host, make)
