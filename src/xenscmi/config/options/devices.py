"""Devices with a backend in another domain: 9pfs, TPMs, PV Calls, channels, virtio, USB."""

from __future__ import annotations

from xenscmi.config.options.identity import parse_uuid
from xenscmi.config.options.table import Build, Fields, device_list, member, one_of
from xenscmi.config.types.devices import ChannelPty, ChannelSocket, UsbdevHostdev
from xenscmi.config.types.enums import P9Type, UsbctrlType, UsbdevType, VirtioTransport
from xenscmi.xlcfg.numbers import atoi, strtoul

TYPE_CHECKING = False
if TYPE_CHECKING:
    from xenscmi.config.options.text import Text

_P9_STRINGS = {"security_model": "security_model", "path": "path", "tag": "tag", "backend": "backend_domname"}
_P9_NUMBERS = {"max-files": "max_files", "max-open-files": "max_open_files", "max-space": "max_space"}
_P9_HELP = f"write one of: {', '.join((*_P9_STRINGS, 'type', *_P9_NUMBERS, 'auto-delete'))}"
_XEN_LOG_DIR = "/var/log/xen"


def number_of(text: str) -> int:
    """Return the number at the beginning of a text, base 0; 0 if there is none (strtoul without a check)."""
    return strtoul(text, 0)[0]


@device_list(
    "p9", "list of `OPTION=VALUE,…`", "p9s", "Directories of a backend domain that the domain may mount (9pfs)."
)
def _p9(build: Build, item: Text, device: Fields) -> None:
    for pair in build.split(item, ","):
        parts = pair.split("=")
        if parts is None or not parts[1].text:
            build.fail(f"failed to parse 9pfs configuration: {pair.text}", pair.span, "write it as OPTION=VALUE")
        key, value = parts[0].strip().text, parts[1].strip()
        if key in _P9_STRINGS:
            device.set(_P9_STRINGS[key], value.text, value.span)
        elif key in _P9_NUMBERS:
            device.set(_P9_NUMBERS[key], build.parse_ulong(value), value.span)
        elif key == "type":
            device.set("type", member(build, value, P9Type, "failed to parse 9pfs type: {}"), value.span)
        elif key == "auto-delete":
            device.set("auto_delete", number_of(value.text) != 0, value.span)
        else:
            build.fail(f"Unknown 9pfs parameter '{key}'", pair.span, _P9_HELP)
    if device.get("type") is P9Type.XEN_9PFSD and "path" not in device.values:
        device.set("path", f"{_XEN_LOG_DIR}/guests/{build.get('c_info.name')}", None)


def _pairs(build: Build, item: Text) -> list[tuple[Text, Text]]:
    """Return the `NAME=VALUE` pieces of an item up to the first piece without `=`, where xl stops."""
    pairs = []
    for token in item.tokens(","):
        parts = token.lstrip().split("=")
        if parts is None:
            break
        pairs.append(parts)
    return pairs


@device_list("vtpm", "list of `backend=DOMAIN[,uuid=UUID]`", "vtpms", "Virtual TPMs.")
def _vtpm(build: Build, item: Text, device: Fields) -> None:
    device.set("devid", device.index, None)
    for name, value in _pairs(build, item):
        if name.text == "backend":
            device.set("backend_domname", value.text, value.span)
        elif name.text == "uuid":
            device.set("uuid", parse_uuid(build, value, "Failed to parse vtpm UUID: {}"), value.span)
        else:
            build.fail(f"Unknown string `{name.text}' in vtpm spec", name.span, "write one of: backend, uuid")
    if "backend_domname" not in device.values:
        build.fail("vtpm spec missing required backend field!", item.span, "add backend=DOMAIN")


@device_list("pvcalls", "list of `backend=DOMAIN`", "pvcallsifs", "PV Calls: sockets of a backend domain.")
def _pvcalls(build: Build, item: Text, device: Fields) -> None:
    device.set("devid", device.index, None)
    for name, value in _pairs(build, item):
        if name.text != "backend":
            build.fail(f"Unknown string `{name.text}' in pvcalls spec", name.span, "write backend=DOMAIN")
        device.set("backend_domname", value.text, value.span)


@device_list("channel", "list of `connection=pty|socket,name=…`", "channels", "Named consoles, for guest agents.")
def _channel(build: Build, item: Text, device: Fields) -> None:
    path = connection = None
    for pair in build.split(item, ","):
        parts = pair.split("=")
        if parts is None or not parts[1].text:
            build.fail(f"failed to parse channel configuration: {pair.text}", pair.span, "write it as OPTION=VALUE")
        key, value = parts[0].strip().text, parts[1].strip()
        if key == "connection":
            connection = value.text
            if connection not in ("pty", "socket"):
                build.fail(f"unknown channel connection '{connection}'", value.span, "write one of: pty, socket")
        elif key == "path":
            path = value.text
        elif key in ("backend", "name"):
            device.set("backend_domname" if key == "backend" else "name", value.text, value.span)
        else:
            build.warn(
                f"unknown channel parameter '{key}', ignoring",
                pair.span,
                "write one of: backend, name, path, connection",
            )
    if connection is None:
        build.fail("channel has unknown 'connection'", item.span, "add connection=pty or connection=socket")
    if connection == "socket" and path is None:
        build.fail("channel connection 'socket' requires path=..", item.span, "add path=/path/to/socket")
    device.set("u", ChannelPty() if connection == "pty" else ChannelSocket(path=path), None)


@device_list(
    "virtio",
    "list of `type=…,transport=mmio,…`",
    "virtios",
    "Virtio devices; each with transport=mmio uses one SPI, from 33 up.",
)
def _virtio(build: Build, item: Text, device: Fields) -> None:
    device.set("devid", device.index, None)
    tokens = item.tokens(",")
    for token in (token.lstrip() for token in tokens):
        kind = token.option("type")
        if kind is not None:
            name = kind.text
            if kind.text.startswith("virtio"):
                # The type itself contains a comma: virtio,device22.
                rest = next(tokens, None)
                if rest is None:
                    help_text = "write it as type=virtio,deviceNN; the real xl crashes here"
                    build.fail(f'incomplete type "{kind.text}" in virtio spec', kind.span, help_text)
                name += f",{rest.text}"
            device.set("type", name, kind.span)
        elif (backend := token.option("backend")) is not None:
            device.set("backend_domname", backend.text, backend.span)
        elif (transport := token.option("transport")) is not None:
            message = 'Unknown transport "{}" in virtio spec'
            device.set("transport", member(build, transport, VirtioTransport, message), transport.span)
        elif (grant := token.option("grant_usage")) is not None:
            device.set("grant_usage", number_of(grant.text) != 0, grant.span)
        else:
            message = f'Unknown string "{token.text}" in virtio spec'
            build.fail(message, token.span, "write one of: backend, type, transport, grant_usage")


@device_list("usbctrl", "list of `type=…,version=…,ports=…`", "usbctrls", "USB controllers.")
def _usbctrl(build: Build, item: Text, device: Fields) -> None:
    device.set("devid", device.index, None)
    for token in (token.lstrip() for token in item.tokens(",")):
        if (kind := token.option("type")) is not None:
            device.set("type", member(build, kind, UsbctrlType, "Invalid usb controller type '{}'"), kind.span)
        elif (version := token.option("version")) is not None:
            device.set("version", atoi(version.text), version.span)
        elif (ports := token.option("ports")) is not None:
            device.set("ports", atoi(ports.text), ports.span)
        else:
            message = f"Unknown string `{token.text}' in usbctrl spec"
            build.fail(message, token.span, "write one of: type, version, ports")


@device_list("usbdev", "list of `hostbus=…,hostaddr=…`", "usbdevs", "USB devices of the host.")
def _usbdev(build: Build, item: Text, device: Fields) -> None:
    host: dict[str, int] | None = None
    numbers: dict[str, int] = {}
    for token in (token.lstrip() for token in item.tokens(",")):
        if (kind := token.option("type")) is not None:
            member(build, kind, UsbdevType, "Invalid usb device type: {}")
            host = numbers
        elif (bus := token.option("hostbus")) is not None:
            numbers["hostbus"] = number_of(bus.text)
        elif (address := token.option("hostaddr")) is not None:
            numbers["hostaddr"] = number_of(address.text)
        elif (controller := token.option("controller")) is not None:
            device.set("ctrl", atoi(controller.text), controller.span)
        elif (port := token.option("port")) is not None:
            device.set("port", atoi(port.text), port.span)
        else:
            names = ("type", "hostbus", "hostaddr", "controller", "port")
            build.fail(f"Unknown string `{token.text}' in usbdev spec", token.span, one_of(iter(names)))
    # Without type=hostdev, libxl ignores the numbers.
    device.set("u", None if host is None else UsbdevHostdev.of(host), None)


OPTIONS = (_p9, _vtpm)
CALLS = (_pvcalls,)
CHANNELS = (_channel,)
USB = (_usbctrl, _usbdev)
VIRTIO = (_virtio,)
