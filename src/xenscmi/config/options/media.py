"""Displays, keyboards and sound."""

from __future__ import annotations

from xenscmi.config.options.devices import number_of
from xenscmi.config.options.table import Build, custom, member
from xenscmi.config.options.text import Text
from xenscmi.config.types.enums import VkbBackend
from xenscmi.xlcfg.numbers import UINT32_MAX, atoi, strtoul

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


@custom("vdispl", "list of `connectors=ID:WxH;…,…`", "vdispls", "PV displays.")
def _vdispl(build: Build) -> None:
    items = build.strings("vdispl")
    if items is not None:
        build.set("vdispls", [_vdispl_device(build, item, index) for index, item in enumerate(items)])


def _vdispl_device(build: Build, item: Text, devid: int) -> dict[str, Any]:
    device: dict[str, Any] = {"devid": devid}
    for token in (token.lstrip() for token in item.tokens(",")):
        if (backend := token.option("backend")) is not None:
            device["backend_domname"] = backend.text
        elif (alloc := token.option("be-alloc")) is not None:
            device["be_alloc"] = number_of(alloc.text) != 0
        elif (connectors := token.option("connectors")) is not None:
            device["connectors"] = _connectors(build, connectors)
        else:
            message = f'Unknown string "{token.text}" in vdispl spec'
            build.fail(message, token.span, "one of: backend, be-alloc, connectors")
    if not device.get("connectors"):
        build.fail("At least one connector should be specified.", item.span, "add connectors=ID:WIDTHxHEIGHT")
    return device


def _connectors(build: Build, text: Text) -> list[dict[str, Any]]:
    """Read `ID:WxH;…`. xl ends at a size that lacks a number, and goes on after one that has none at all."""
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
        build.warn(message, parts[1].span, f"{help_text}; xl leaves this output and all behind it empty")
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
    "vnclisten": ("vnc", "listen"),
    "vncpasswd": ("vnc", "passwd"),
    "display": ("sdl", "display"),
    "xauthority": ("sdl", "xauthority"),
}
_VFB_SWITCHES = {
    "vnc": ("vnc", "enable"),
    "vncunused": ("vnc", "findunused"),
    "sdl": ("sdl", "enable"),
    "opengl": ("sdl", "opengl"),
}


@custom("vfb", "list of `OPTION=VALUE,…`", "vfbs", "PV framebuffers, each with a keyboard.")
def _vfb(build: Build) -> None:
    items = build.strings("vfb")
    if items is None:
        return
    vfbs = [_vfb_device(item, index) for index, item in enumerate(items)]
    build.set("vfbs", vfbs)
    build.set("vkbs", [{"devid": index} for index in range(len(vfbs))])


def _vfb_device(item: Text, devid: int) -> dict[str, Any]:
    device: dict[str, Any] = {"devid": devid, "vnc": {}, "sdl": {}}
    for token in item.tokens(","):
        parts = token.lstrip().split("=")
        if parts is None:
            break
        name, value = parts[0].text, parts[1].text
        if name in _VFB_STRINGS:
            group, field = _VFB_STRINGS[name]
            device[group][field] = value
        elif name in _VFB_SWITCHES:
            group, field = _VFB_SWITCHES[name]
            device[group][field] = atoi(value) != 0
        elif name == "vncdisplay":
            device["vnc"]["display"] = atoi(value)
        elif name == "keymap":
            device["keymap"] = value
    return device


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
_VKB_HELP = f"one of: {', '.join(('backend', 'backend-type', 'unique-id', *_VKB_SWITCHES, *_VKB_NUMBERS))}"


@custom("vkb", "list of `backend-type=…,…`", "vkbs", "PV keyboards and pointers.")
def _vkb(build: Build) -> None:
    items = build.strings("vkb")
    if items is not None:
        vkbs = list(build.get("vkbs") or ())
        for item in items:
            vkbs.append(_vkb_device(build, item, len(vkbs)))
        build.set("vkbs", vkbs)


def _vkb_device(build: Build, item: Text, devid: int) -> dict[str, Any]:
    device: dict[str, Any] = {"devid": devid}
    for token in (token.lstrip() for token in item.tokens(",")):
        _vkb_option(build, device, token)
    if device.get("backend_type", VkbBackend.UNKNOWN) is VkbBackend.UNKNOWN:
        build.fail("backend-type should be set in vkb spec", item.span, "add backend-type=linux or backend-type=qemu")
    touch = any(device.get(field, 0) & 0xFFFFFFFF for field in _VKB_TOUCH.values())
    if touch:
        device["feature_multi_touch"] = True
    elif device.get("feature_multi_touch"):
        message = f"{', '.join(_VKB_TOUCH)} should be set for multi touch in vkb spec"
        build.fail(message, item.span, "give the size of the surface and the number of contacts")
    return device


def _vkb_option(build: Build, device: dict[str, Any], token: Text) -> None:
    parts = token.split("=")
    name = parts[0].text if parts else ""
    if parts and name in _VKB_SWITCHES:
        device[_VKB_SWITCHES[name]] = number_of(parts[1].text) != 0
    elif parts and name in _VKB_NUMBERS:
        device[_VKB_NUMBERS[name]] = number_of(parts[1].text)
    elif parts and name == "backend":
        device["backend_domname"] = parts[1].text
    elif parts and name == "backend-type":
        device["backend_type"] = member(build, parts[1], VkbBackend, 'Unknown backend_type "{}" in vkb spec')
    elif parts and name == "unique-id":
        device["unique_id"] = parts[1].text
    else:
        build.fail(f'Unknown string "{token.text}" in vkb spec', token.span, _VKB_HELP)


DISPLAYS = (_vdispl,)
FRAMEBUFFERS = (_vfb,)
KEYBOARDS = (_vkb,)
