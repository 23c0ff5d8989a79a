"""The server of the power capping protocol, 0x18 (DEN0056 4.10).

Everybody may read attributes, caps and averaging intervals: Linux gives the whole protocol up when one of these is
refused. Caps, intervals and measurements are for those who may use the domain.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from xenscmi.firmware import fast_channel
from xenscmi.firmware.resources import PowerCapDomain, by_id
from xenscmi.firmware.server import Answer, Context, Row, Server, State, short_name
from xenscmi.scmi.message import Response
from xenscmi.scmi.protocols.common import MessageAttributes, ProtocolMessageAttributesResponse, Reserved
from xenscmi.scmi.protocols.power_capping import (
    NO_CAP,
    NO_PARENT,
    PROTOCOL,
    PowercapCapChanged,
    PowercapCapGetRequest,
    PowercapCapGetResponse,
    PowercapCapNotifyRequest,
    PowercapCapNotifyResponse,
    PowercapCapSetComplete,
    PowercapCapSetRequest,
    PowercapCapSetResponse,
    PowercapDescribeFastchannelRequest,
    PowercapDescribeFastchannelResponse,
    PowercapDomainAttributes,
    PowercapDomainAttributesRequest,
    PowercapDomainAttributesResponse,
    PowercapDomainNameGetRequest,
    PowercapDomainNameGetResponse,
    PowercapMeasurementsChanged,
    PowercapMeasurementsGetRequest,
    PowercapMeasurementsGetResponse,
    PowercapMeasurementsNotifyRequest,
    PowercapMeasurementsNotifyResponse,
    PowercapPaiGetRequest,
    PowercapPaiGetResponse,
    PowercapPaiSetRequest,
    PowercapPaiSetResponse,
    PowercapProtocolAttributes,
    PowercapProtocolAttributesResponse,
)
from xenscmi.scmi.protocols.power_capping_parts import PowercapUnit
from xenscmi.scmi.status import Status

CAP_CHANGED, MEASUREMENTS_CHANGED = 0, 1
CAP_GET, CAP_SET, PAI_GET, PAI_SET = 0x4, 0x5, 0x6, 0x7
PLATFORM = 0
_CHANNEL_SIZE = 4


@dataclass(slots=True)
class PowerCapSetting:
    """What can change of a power capping domain; `power` is what it measures, `thresholds` by agent."""

    cap: int
    interval: int
    power: int
    thresholds: dict[int, tuple[int, int]]


class PowerCappingServer(Server):
    """Power capping domains; `settings` is their present state, by domain id."""

    protocol = PROTOCOL

    def __init__(self, context: Context) -> None:
        self.domains = by_id(context.platform.power_caps)
        self.settings = {number: _boot_setting(domain) for number, domain in self.domains.items()}
        super().__init__(context, self.domains)

    def attributes(self, agent: int) -> Response:
        return PowercapProtocolAttributesResponse(PowercapProtocolAttributes.of(domains=self.count))

    def rows(self) -> Sequence[Row]:
        row = self.row
        return (
            row(PowercapDomainAttributesRequest, self._attributes, "domain_id", is_open=True),
            row(PowercapCapGetRequest, self._cap_get, "domain_id", is_open=True),
            row(PowercapCapSetRequest, self._cap_set, "domain_id"),
            row(PowercapPaiGetRequest, self._interval_get, "domain_id", is_open=True),
            row(PowercapPaiSetRequest, self._interval_set, "domain_id"),
            row(PowercapDomainNameGetRequest, self._name, "domain_id", is_open=True),
            row(PowercapMeasurementsGetRequest, self._measurements, "domain_id", reads=True),
            row(PowercapCapNotifyRequest, self._notify_cap, "domain_id", notifies=True),
            row(PowercapMeasurementsNotifyRequest, self._notify_measurements, "domain_id", notifies=True),
            row(PowercapDescribeFastchannelRequest, self._fast_channel, "domain_id", is_open=True),
        )

    def message_attributes(self, message: int) -> Answer:
        fast = any(message in domain.fast_channels for domain in self.domains.values())
        return ProtocolMessageAttributesResponse(MessageAttributes.of(fast_channel=fast))

    def state(self) -> State:
        return [[each.cap, each.interval] for each in self.settings.values()]

    def restore(self, state: State) -> None:
        for number, (cap, interval) in zip(self.settings, state, strict=True):
            self.settings[number].cap, self.settings[number].interval = cap or NO_CAP, interval or 0

    def reset(self, resources: frozenset[int]) -> None:
        for number in resources:
            self.settings[number] = _boot_setting(self.domains[number])

    # Attributes

    def _attributes(self, agent: int, request: PowercapDomainAttributesRequest) -> Answer:
        domain, reaches = self.domains[request.domain_id], self.outbox.reaches(agent)
        longest = domain.interval if domain.interval_maximum is None else domain.interval_maximum
        attributes = PowercapDomainAttributes.of(
            cap_configuration=domain.minimum != domain.maximum,
            pai_configuration=longest != domain.interval,
            monitoring=True,
            power_unit=PowercapUnit.MICROWATT,
            cap_notifications=reaches,
            measurements_notifications=reaches,
            asynchronous=self.defers(agent),
            fast_channels=bool(domain.fast_channels),
            extended_name=self.has_extended_name(agent, domain.name),
        )
        return PowercapDomainAttributesResponse(
            attributes=attributes,
            name=short_name(domain.name),
            min_pai=domain.interval,
            max_pai=longest,
            pai_step=domain.interval_step if longest != domain.interval else 0,
            min_power_cap=domain.minimum,
            max_power_cap=domain.maximum,
            power_cap_step=domain.step,
            sustainable_power=domain.sustainable,
            accuracy=domain.accuracy,
            parent_id=NO_PARENT if domain.parent is None else domain.parent,
        )

    def _name(self, agent: int, request: PowercapDomainNameGetRequest) -> Answer:
        return PowercapDomainNameGetResponse(Reserved(0), self.domains[request.domain_id].name)

    # Caps and intervals

    def _cap_get(self, agent: int, request: PowercapCapGetRequest) -> Answer:
        return PowercapCapGetResponse(self.settings[request.domain_id].cap)

    def _cap_set(self, agent: int, request: PowercapCapSetRequest) -> Answer:
        flags = request.flags
        if flags.asynchronous and (refusal := self.refusal_to_defer(agent)) is not None:
            return refusal
        answer = self._set_cap(agent, request.domain_id, request.power_cap)
        if isinstance(answer, Response) and flags.asynchronous and not flags.ignore_delayed_response:
            self.reply_later(agent, PowercapCapSetComplete(request.domain_id, request.power_cap))
        return answer

    def _set_cap(self, agent: int, number: int, cap: int) -> Answer:
        domain = self.domains[number]
        if cap != NO_CAP:
            if not domain.minimum <= cap <= domain.maximum:
                return self.status("level_beyond")
            if (cap - domain.minimum) % domain.step:
                return self.status("unlisted_level")
        return self._change(agent, number, cap, self.settings[number].interval, PowercapCapSetResponse())

    def _interval_get(self, agent: int, request: PowercapPaiGetRequest) -> Answer:
        return PowercapPaiGetResponse(self.settings[request.domain_id].interval)

    def _interval_set(self, agent: int, request: PowercapPaiSetRequest) -> Answer:
        return self._set_interval(agent, request.domain_id, request.pai)

    def _set_interval(self, agent: int, number: int, interval: int) -> Answer:
        domain = self.domains[number]
        if domain.interval_maximum is None:
            return Status.NOT_SUPPORTED
        if not domain.interval <= interval <= domain.interval_maximum:
            return self.status("level_beyond")
        if (interval - domain.interval) % domain.interval_step:
            return self.status("unlisted_level")
        return self._change(agent, number, self.settings[number].cap, interval, PowercapPaiSetResponse())

    def _change(self, agent: int, number: int, cap: int, interval: int, answer: Response) -> Answer:
        setting = self.settings[number]
        if (cap, interval) != (setting.cap, setting.interval):
            setting.cap, setting.interval = cap, interval
            self.notify(CAP_CHANGED, number, PowercapCapChanged(agent, number, cap, interval))
        return answer

    # Measurements

    def _measurements(self, agent: int, request: PowercapMeasurementsGetRequest) -> Answer:
        setting = self.settings[request.domain_id]
        return PowercapMeasurementsGetResponse(setting.power, setting.interval)

    def measure(self, number: int, power: int) -> None:
        """Let a domain measure this power from now on; who subscribed is notified if it crosses a threshold."""
        setting = self.settings[number]
        before, setting.power = setting.power, power
        for agent, (low, high) in sorted(setting.thresholds.items()):
            if (before >= low > power) or (before <= high < power):
                message = PowercapMeasurementsChanged(PLATFORM, number, power)
                self.outbox.notify_one(agent, (self.protocol.id, MEASUREMENTS_CHANGED, number), message)

    # Notifications and fast channels

    def _notify_cap(self, agent: int, request: PowercapCapNotifyRequest) -> Answer:
        self.subscribe(agent, CAP_CHANGED, request.domain_id, enable=request.notify_enable.enable)
        return PowercapCapNotifyResponse()

    def _notify_measurements(self, agent: int, request: PowercapMeasurementsNotifyRequest) -> Answer:
        enable = request.notify_enable.enable
        if enable and request.power_thresh_low > request.power_thresh_high:
            return Status.INVALID_PARAMETERS
        self.subscribe(agent, MEASUREMENTS_CHANGED, request.domain_id, enable=enable)
        thresholds = self.settings[request.domain_id].thresholds
        thresholds.pop(agent, None)
        if enable:
            thresholds[agent] = (request.power_thresh_low, request.power_thresh_high)
        return PowercapMeasurementsNotifyResponse()

    def _fast_channel(self, agent: int, request: PowercapDescribeFastchannelRequest) -> Answer:
        channel = self.domains[request.domain_id].fast_channels.get(request.message_id)
        if channel is None:
            return Status.NOT_SUPPORTED
        return fast_channel.describe(channel, _CHANNEL_SIZE, PowercapDescribeFastchannelResponse)

    def write_fast_channel(self, number: int, message: int, data: bytes) -> bool:
        """Take over what was written to a domain's fast channel; False if the command would have been refused."""
        if message not in self.domains[number].fast_channels or len(data) != _CHANNEL_SIZE:
            return False
        (value,) = struct.unpack("<I", data)
        if message == CAP_SET:
            return isinstance(self._set_cap(PLATFORM, number, value), Response)
        return message == PAI_SET and isinstance(self._set_interval(PLATFORM, number, value), Response)

    def read_fast_channel(self, number: int, message: int) -> bytes:
        """Return what stands in a domain's fast channel for reading; b"" if there is none."""
        setting = self.settings[number]
        if message not in self.domains[number].fast_channels or message not in (CAP_GET, PAI_GET):
            return b""
        return struct.pack("<I", setting.cap if message == CAP_GET else setting.interval)


def _boot_setting(domain: PowerCapDomain) -> PowerCapSetting:
    return PowerCapSetting(cap=domain.cap, interval=domain.interval, power=domain.power, thresholds={})
