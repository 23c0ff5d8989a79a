"""Displays, framebuffers and keyboards."""

from __future__ import annotations

from xenscmi.config.options.devices import number_of
from xenscmi.config.options.table import Build, Fields, device_list, member
from xenscmi.config.options.text import Text
from xenscmi.config.types.enums import VkbBackend
from xenscmi.xlcfg.numbers import UINT32_MAX, atoi, strtoul

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


@device_list("vdispl", "list of `connectors=ID:WxH;…,…`", "vdispls", "PV displays.")
def _vdispl(build: Build, item: Text, device: Fields) -> None:
    device.set("devid", device.index, None)
    for token in (token.lstrip() for token in item.tokens(",")):
        if (backend := token.option("backend")) is not None:
            device.set("backend_domname", backend.text, backend.span)
        elif (alloc := token.option("be-alloc")) is not None:
            device.set("be_alloc", number_of(alloc.text) != 0, alloc.span)
        elif (connectors := token.option("connectors")) is not None:
            device.set("connectors", _connectors(build, connectors), connectors.span)
        else:
            message = f'Unknown string "{token.text}" in vdispl spec'
            build.fail(message, token.span, "write one of: backend, be-alloc, connectors")
    if not device.get("connectors"):
        build.fail("At least one connector should be specified.", item.span, "add connectors=ID:WIDTHxHEIGHT")


def _connectors(build: Build, text: Text) -> list[dict[str, Any]]:
    """Read `ID:WxH;…`. xl refuses a size with one number, but only warns about a size without any."""
    pieces = build.split(text, ";")
    connectors: list[dict[str, Any]] = [{} for _ in pieces]
    for piece, connector in zip(pieces, connectors, strict=True):
        parts = piece.split(":")
        if parts is None or not parts[1].text:
            help_text = "write it as ID:WIDTHxHEIGHT; the real xl crashes here"
            build.fail(f"Can't parse connector resolution: {piece.text}", piece.span, help_text)
        connector["unique_id"] = parts[0].text
        numbers = _resolution(parts[1].text)
        connector.update(zip(("width", "height"), numbers, strict=False))
        if len(numbers) == 2:
            continue
        message, help_text = "Can't parse connector resolution", "write it as WIDTHxHEIGHT"
        if numbers or not parts[1].text.strip():
            build.fail(message, parts[1].span, help_text)
        build.warn(message, parts[1].span, f"{help_text}; xl leaves this output and all after it empty")
        break
    return connectors


def _resolution(text: str) -> list[int]:
    """Return the numbers that sscanf's `%ux%u` finds."""
    width, end, _ = strtoul(text, 10)
    if end == 0:
        return []
    height, after, _ = strtoul(text, 10, end + 1) if text[end : end + 1] == "x" else (0, end + 1, False)
    return [width & UINT32_MAX, height & UINT32_MAX] if after > end + 1 else [width & UINT32_MAX]


_VFB_STRINGS = {
    "vnclisten": "vnc.listen",
    "vncpasswd": "vnc.passwd",
    "display": "sdl.display",
    "xauthority": "sdl.xauthority",
    "keymap": "keymap",
}
_VFB_SWITCHES = {
    "vnc": "vnc.enable",
    "vncunused": "vnc.findunused",
    "sdl": "sdl.enable",
    "opengl": "sdl.opengl",
}


@device_list("vfb", "list of `OPTION=VALUE,…`", "vfbs", "PV framebuffers, each with a keyboard.")
def _vfb(build: Build, item: Text, device: Fields) -> None:
    device.set("devid", device.index, None)
    build.append("vkbs", item.value.span).set("devid", device.index, None)
    for token in item.tokens(","):
        parts = token.lstrip().split("=")
        if parts is None:
            break
        name, value = parts[0].text, parts[1]
        if name in _VFB_STRINGS:
            device.set(_VFB_STRINGS[name], value.text, value.span)
        elif name in _VFB_SWITCHES:
            device.set(_VFB_SWITCHES[name], atoi(value.text) != 0, value.span)
        elif name == "vncdisplay":
            device.set("vnc.display", atoi(value.text), value.span)


_VKB_SWITCHES = {
    "feature-disable-keyboard": "feature_disable_keyboard",
    "feature-disable-pointer": "feature_disable_pointer",
    "feature-abs-pointer": "feature_abs_pointer",
    "feature-raw-pointer": "feature_raw_pointer",
    "feature-multi-touch": "feature_multi_touch",
}
_VKB_TOUCH = {
    "multi-touch-width": "multi_touch_width",
    "multi-touch-height": "multi_touch_height",
    "multi-touch-num-contacts": "multi_touch_num_contacts",
}
_VKB_NUMBERS = _VKB_TOUCH | {"width": "width", "height": "height"}
_VKB_HELP = f"write one of: {', '.join(('backend', 'backend-type', 'unique-id', *_VKB_SWITCHES, *_VKB_NUMBERS))}"


@device_list("vkb", "list of `backend-type=…,…`", "vkbs", "PV keyboards and pointers.")
def _vkb(build: Build, item: Text, device: Fields) -> None:
    device.set("devid", device.index, None)
    for token in (token.lstrip() for token in item.tokens(",")):
        _vkb_option(build, device, token)
    if device.get("backend_type") in (None, VkbBackend.UNKNOWN):
        build.fail("backend-type should be set in vkb spec", item.span, "add backend-type=linux or backend-type=qemu")
    touch = any((device.get(field) or 0) & UINT32_MAX for field in _VKB_TOUCH.values())
    if touch:
        device.set("feature_multi_touch", True, None)
    elif device.get("feature_multi_touch"):
        message = f"{', '.join(_VKB_TOUCH)} should be set for multi touch in vkb spec"
        build.fail(message, item.span, "give the size of the surface and the number of contacts")


def _vkb_option(build: Build, device: Fields, token: Text) -> None:
    parts = token.split("=")
    name, value = (parts[0].text, parts[1]) if parts else ("", token)
    if name in _VKB_SWITCHES:
        device.set(_VKB_SWITCHES[name], number_of(value.text) != 0, value.span)
    elif name in _VKB_NUMBERS:
        device.set(_VKB_NUMBERS[name], number_of(value.text), value.span)
    elif name == "backend":
        device.set("backend_domname", value.text, value.span)
    elif name == "backend-type":
        kind = member(build, value, VkbBackend, 'Unknown backend_type "{}" in vkb spec')
        device.set("backend_type", kind, value.span)
    elif name == "unique-id":
        device.set("unique_id", value.text, value.span)
    else:
        build.fail(f'Unknown string "{token.text}" in vkb spec', token.span, _VKB_HELP)


DISPLAYS = (_vdispl,)
FRAMEBUFFERS = (_vfb,)
KEYBOARDS = (_vkb,)
