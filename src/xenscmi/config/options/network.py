"""The domain's network interfaces (xl-network-configuration(5))."""

from __future__ import annotations

import re

from xenscmi.config.options.table import Build, Fields, custom, device_list
from xenscmi.config.types.enums import NicType
from xenscmi.config.types.nic import DeviceNic
from xenscmi.xlcfg.numbers import UINT32_MAX, ULONG_MAX, strtoul

TYPE_CHECKING = False
if TYPE_CHECKING:
    from xenscmi.config.options.text import Text

_RENAMED = {"backend": "backend_domname", "vifname": "ifname", "forwarddev": "coloft_forwarddev"}
_KEPT = ("bridge", "gatewaydev", "ip", "script", "model", "vlan")
_COLO = tuple(name for name in DeviceNic.fields if name.startswith("colo_"))
# Names of strings in the specification, and the fields that they set.
_STRINGS = {name: name for name in (*_KEPT, *_COLO)} | _RENAMED

_DEFAULT_INTERVAL_USECS = 50_000
_RATE = re.compile(r"([0-9]+)([GMK]?)([Bb])/s")
_INTERVAL = re.compile(r"([0-9]+)([mu]?s?)")
_SCALE = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9}


@device_list("vif", "list of `OPTION=VALUE,…`", "nics", "Network interfaces.")
def _vif(build: Build, item: Text, nic: Fields) -> None:
    nic.set("devid", nic.index, None)
    for token in item.tokens(","):
        _option(build, nic, token.lstrip())


def _option(build: Build, nic: Fields, token: Text) -> None:
    """Read one option. xl warns about an option that it does not know, and creates the domain without it."""
    parts = token.split("=")
    name, value = (token.text, None) if parts is None else (parts[0].text, parts[1])
    if value is None:
        if name in ("trusted", "untrusted"):
            nic.set("trusted", name == "trusted", token.span)
        else:
            _unrecognized(build, token)
    elif name in _STRINGS:
        nic.set(_STRINGS[name], value.text, value.span)
    elif name in _PARSED:
        _PARSED[name](build, nic, value)
    else:
        _unrecognized(build, token)


def _unrecognized(build: Build, token: Text) -> None:
    build.warn(
        f"unrecognized argument `{token.text}'", token.span, "remove it: xl ignores it; see xl-network-configuration(5)"
    )


def _type(build: Build, nic: Fields, value: Text) -> None:
    kinds = {"vif": NicType.VIF, "ioemu": NicType.VIF_IOEMU}
    if value.text in kinds:
        nic.set("nictype", kinds[value.text], value.span)
    else:
        build.warn("Invalid parameter `type'.", value.span, "write one of: vif, ioemu")


def _mac(build: Build, nic: Fields, value: Text) -> None:
    # Six hexadecimal numbers, each followed by any one character; those before a bad one are kept.
    mac, at, text = bytearray(6), 0, value.text
    for index in range(6):
        byte, end, _ = strtoul(text, 16, at) if at <= len(text) else (0, at, False)
        if end == at or byte & UINT32_MAX > 255:
            build.warn("Invalid parameter `mac'.", value.span, "write it as 00:16:3e:00:00:01; xl ignores the rest")
            break
        mac[index] = byte & 0xFF
        at = end + 1
    nic.set("mac", bytes(mac), value.span)


def _netdev(build: Build, nic: Fields, value: Text) -> None:
    message = "the netdev parameter is deprecated, please use gatewaydev instead"
    build.warn(message, value.span, f"write gatewaydev={value.text}")
    nic.set("gatewaydev", value.text, value.span)


def _accel(build: Build, nic: Fields, value: Text) -> None:
    build.warn("the accel parameter for vifs is currently not supported", value.span, "remove it")


def _devid(build: Build, nic: Fields, value: Text) -> None:
    nic.set("devid", build.parse_ulong(value), value.span)


def _mtu(build: Build, nic: Fields, value: Text) -> None:
    nic.set("mtu", build.parse_ulong(value), value.span)


def _rate(build: Build, nic: Fields, value: Text) -> None:
    """Read `10MB/s` or `10MB/s@20ms` into bytes per interval and microseconds (libxlu_vif.c)."""
    help_text = "write it as 10MB/s, 1Gb/s or 10MB/s@20ms"

    def fail(message: str, piece: str) -> None:
        build.fail(f"config parsing error in vif: {message} in `{piece}'", value.span, help_text)

    rate, at, interval = value.text.partition("@")
    if not rate:
        fail("no rate specified", value.text)
    found = _RATE.fullmatch(rate)
    if not found:
        fail("invalid rate", rate)
        return
    number = _bounded(found[1])
    if not number:
        fail("rate overflow", rate)
    per_second = number * _SCALE[found[2]] // (8 if found[3] == "b" else 1) & ULONG_MAX
    usecs = _DEFAULT_INTERVAL_USECS
    if at:
        found = _INTERVAL.fullmatch(interval)
        if not found:
            fail("invalid replenishment interval", interval)
            return
        usecs = _bounded(found[1]) * {"s": 10**6, "": 10**6, "m": 1000}.get(found[2][:1], 1)
        if not 0 < usecs <= UINT32_MAX:
            fail("replenishment interval overflow", interval)
    if per_second > ULONG_MAX // usecs:
        fail("rate overflow", value.text)
    nic.set("rate_interval_usecs", usecs, value.span)
    nic.set("rate_bytes_per_interval", per_second * usecs // 10**6, value.span)


def _bounded(digits: str) -> int:
    """Return a number of 32 bits, base 0; 0 if it is larger, because libxlu refuses both alike."""
    value, _, _ = strtoul(digits, 0)
    return value if value <= UINT32_MAX else 0


_PARSED = {
    "type": _type,
    "mac": _mac,
    "netdev": _netdev,
    "rate": _rate,
    "accel": _accel,
    "devid": _devid,
    "mtu": _mtu,
}


@custom("vif2", "list", "", "Ignored: xl does not support netchannel2.")
def _vif2(build: Build) -> None:
    found = build.reader.list_value("vif2")
    if found is not None:
        build.warn("WARNING: vif2: netchannel2 is deprecated and not supported by xl", found.span, "remove it")


OPTIONS = (_vif, _vif2)
