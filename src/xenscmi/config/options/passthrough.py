"""Devices of the host that the domain gets, by PCI address or device-tree path, and their IOMMU mode."""

from __future__ import annotations

from xenscmi.config.errors import EXIT_ERROR_FAIL, EXIT_ERROR_INVAL
from xenscmi.config.options.table import Build, Fields, choice, companion, custom, device_list
from xenscmi.config.types.enums import DomainType, Passthrough, RdmReservePolicy, RdmReserveStrategy
from xenscmi.xlcfg.numbers import atoi, scan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from xenscmi.config.options.text import Text

_FUNC_ALL = (1 << 32) - 1
_FLAGS = ("msitranslate", "power_mgmt", "permissive", "seize")


@custom("rdm", "`strategy=host`", "b_info.u.rdm", "Reserved device memory.", x86=True)
def _rdm(build: Build) -> None:
    """Read the only form that xl reads correctly: a policy makes it drop the whole setting silently."""
    text = build.text("rdm")
    if text is None:
        return
    strategy = None
    for part in text.tokens(","):
        name_value = part.split("=")
        if name_value is None:
            return
        name, value = name_value
        if name.text not in ("strategy", "policy"):
            build.warn(f"Unknown RDM state option: {name.text}", name.span, "write one of: strategy, policy")
            return
        if name.text == "policy":
            if RdmReservePolicy.from_string(value.text) is None:
                build.warn(f"Unknown RDM policy: {value.text}", value.span, "write one of: strict, relaxed")
            return
        if value.text != "host":
            build.warn(f"Unknown RDM strategy option: {value.text}", value.span, "write host")
            return
        strategy = RdmReserveStrategy.HOST
    if strategy is not None and build.type is DomainType.HVM:
        build.set("b_info.u.rdm.strategy", strategy, text.value.span)


@custom("pci", "list of `[DDDD:]BB:DD.F[,OPTION=VALUE…]`", "pcidevs", "PCI devices to pass through.")
def _pci(build: Build) -> None:
    flags = {name: bool(build.reader.long(f"pci_{name}") or 0) for name in _FLAGS}
    found = build.strings("pci")
    if found is None:
        return
    items = list(found)
    # For guests other than HVM, xl takes the default policy from memory that is zero, which means strict.
    policy = RdmReservePolicy.INVALID if build.type is DomainType.HVM else RdmReservePolicy.STRICT
    devices = [_device(build, item, {**flags, "rdm_policy": policy}) for item in items]
    build.set_items("pcidevs", devices, build.span("pci"), [item.value for item in items])
    if devices and build.type is DomainType.PV:
        build.set("b_info.u.e820_host", True, build.span("pci"))


class _Bad(ValueError):
    """libxlu refuses a PCI address or option; `exit_code` is xl's."""

    def __init__(self, reason: str, exit_code: int = EXIT_ERROR_INVAL) -> None:
        super().__init__(reason)
        self.exit_code = exit_code


def _device(build: Build, item: Text, device: dict[str, Any]) -> dict[str, Any]:
    try:
        _spec(item.text, device)
    except _Bad as bad:
        message = f"unable to parse PCI_SPEC_STRING `{item.text}' for passthrough"
        build.fail(message, item.span, f"{bad}; write it as 0000:03:00.0", bad.exit_code)
    return device


def _spec(text: str, device: dict[str, Any]) -> None:
    """Read a PCI_SPEC_STRING (libxlu_pci.c) into the device. Raises _Bad."""
    try:
        at = _bdf(text, device)
        given = True
    except _Bad:
        at, given = 0, False
    if given:
        if text[at : at + 1] == "@":
            device["vdevfn"], at = _vslot(text, at + 1)
        if text[at:] and text[at] != ",":
            raise _Bad("only a comma may follow the address")
        at += 1
    rest = text[at:]
    while rest:
        key, equals, rest = rest.partition("=")
        if not equals:
            raise _Bad(f"`{key}' is neither an address nor an option")
        value, _, rest = rest.partition(",")
        given = _option(key, value, device) or given
    if given == ("name" in device):
        raise _Bad("give either an address or a name")


def _option(key: str, value: str, device: dict[str, Any]) -> bool:
    """Read one option; return whether it was the address. Raises _Bad."""
    if key in _FLAGS:
        device[key] = atoi(value) != 0
    elif key == "bdf":
        _bdf(value, device)
    elif key == "vslot":
        device["vdevfn"], _ = _vslot(value, 0)
    elif key == "rdm_policy":
        device["rdm_policy"] = RdmReservePolicy.from_string(value)
        if device["rdm_policy"] is None:
            raise _Bad(f"Unknown RDM policy: {value}", EXIT_ERROR_FAIL)
    elif key == "name":
        device["name"] = value
    else:
        raise _Bad(f"Unknown PCI_SPEC_STRING option: {key}")
    return key == "bdf"


def _hex(text: str, at: int, behind: str = "") -> tuple[int, int]:
    value, end = scan(text, 16, at)
    if end == at or not text.startswith(behind, end):
        raise _Bad("not a PCI address")
    return value & 0xFFFFFFFF, end + len(behind)


def _bdf(text: str, device: dict[str, Any]) -> int:
    """Read [domain:]bus:device.function, `*` for all functions, into the device; return where it ends."""
    head = len(text) - len(text.lstrip("0123456789abcdefABCDEF:"))
    colons = text[:head].count(":")
    if colons not in (1, 2):
        raise _Bad("not a PCI address")
    domain, at = _hex(text, 0, ":") if colons == 2 else (0, 0)
    bus, at = _hex(text, at, ":")
    dev, at = _hex(text, at, ".")
    if domain > 0xFFFF or bus > 0xFF or dev > 0x1F:
        raise _Bad("a part of the PCI address is too large")
    if text[at : at + 1] == "*":
        func, mask, at = 0, _FUNC_ALL, at + 1
    else:
        (func, at), mask = _hex(text, at), 1
        if func > 7:
            raise _Bad("a PCI device has functions 0 to 7")
    device.update(domain=domain, bus=bus, dev=dev, func=func, vfunc_mask=mask)
    return at


def _vslot(text: str, at: int) -> tuple[int, int]:
    slot, end = _hex(text, at)
    if slot > 0x1F:
        raise _Bad("a virtual slot is at most 1f")
    return slot << 3, end


@device_list(
    "dtdev",
    "list of strings",
    "dtdevs",
    "Devices to pass through, by their path in the host's device tree. List every device under SCMI control, behind an"
    " IOMMU or not: only then does the domain's agent get access to it.",
)
def _dtdev(build: Build, item: Text, device: Fields) -> None:
    device.set("path", item.text, item.value.span)


OPTIONS = (
    companion("pci_msitranslate", "boolean", "pcidevs[].msitranslate", "Default of `msitranslate` for `pci`."),
    companion("pci_power_mgmt", "boolean", "pcidevs[].power_mgmt", "Default of `power_mgmt` for `pci`."),
    companion("pci_permissive", "boolean", "pcidevs[].permissive", "Default of `permissive` for `pci`."),
    companion("pci_seize", "boolean", "pcidevs[].seize", "Default of `seize` for `pci`."),
    _rdm,
    _pci,
    _dtdev,
    choice(
        "passthrough",
        "c_info.passthrough",
        Passthrough,
        "Whether the domain uses an IOMMU. On Arm `enabled` means `share_pt`, and `sync_pt` is refused.",
        message="ERROR: unknown passthrough option '{}'",
    ),
)
