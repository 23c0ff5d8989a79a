"""`NAME.cfg`: the complete xl.cfg of a toolstack domain."""

from __future__ import annotations

from collections.abc import Iterable

from xenscmi.config.constants import PAGE_SIZE
from xenscmi.config.parse import parse_xlcfg
from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.plan import terms
from xenscmi.plan.allocation import Allocation, Allotment
from xenscmi.plan.planned import PlannedDomain
from xenscmi.plan.rendering.header import hashes
from xenscmi.source import Source


def device_tree(allotment: Allotment) -> str:
    """Return where the domain's compiled partial tree will be."""
    section = allotment.domain.section
    assert section is not None
    return section.device_tree or f"/etc/xen/{section.name}.dtb"


def device_paths(allocation: Allocation, allotment: Allotment) -> list[str]:
    """Return the devices that must be assigned: those under SCMI control, and those behind an IOMMU."""
    devices = allotment.domain.devices
    paths = [device.path for device in devices if device.path in allocation.device_ids]
    board = allocation.resolved.board
    paths += [node.path for device in devices for node in device.nodes if board.protected(node)]
    return list(dict.fromkeys(paths))


def render(allocation: Allocation, allotment: Allotment, fragments: Iterable[str]) -> str:
    """Return the file; `fragments` are texts to append. Raises XenscmiError if xl would refuse it."""
    domain = allotment.domain
    section = domain.section
    assert section is not None
    settings: dict[str, object] = {"name": section.name, "kernel": section.kernel}
    settings |= {"ramdisk": section.ramdisk} if section.ramdisk else {}
    settings |= {"extra": section.extra} if section.extra else {}
    settings["memory"] = section.memory
    settings |= {"maxmem": section.maxmem} if section.maxmem else {}
    settings["vcpus"] = section.vcpus
    settings |= section.xl
    lines = [f"{key} = {_value(value)}" for key, value in settings.items()]
    if allotment.channel is not None or domain.devices:
        lines += ["", f"device_tree = {_value(device_tree(allotment))}"]
    if allotment.channel is not None:
        lines.append(f'arm_sci = "type={terms.MULTI_AGENT},agent_id={allotment.channel.agent_id}"')
    iomem = list(_iomem(allotment))
    irqs = dict.fromkeys(irq for device in domain.devices for irq in device.irqs)
    if iomem:
        lines.append(_list("iomem", iomem))
    if irqs:
        lines.append(_list("irqs", list(irqs)))
    paths = device_paths(allocation, allotment)
    if paths:
        lines.append(_list("dtdev", paths))
    text = hashes() + "\n".join(lines) + "\n"
    for fragment in fragments:
        text += "\n" + fragment.rstrip("\n") + "\n"
    _check(text, domain)
    return text


def _iomem(allotment: Allotment) -> Iterable[str]:
    if allotment.channel is not None and allotment.page is not None:
        yield f"{allotment.channel.page // PAGE_SIZE:x},1@{allotment.page // PAGE_SIZE:x}"
    for each in allotment.ranges:
        frame, count, guest = each.host.start // PAGE_SIZE, each.host.size // PAGE_SIZE, each.guest // PAGE_SIZE
        yield f"{frame:x},{count:x}" + (f"@{guest:x}" if guest != frame else "")


def _list(key: str, items: list[str] | list[int]) -> str:
    if len(items) <= 4:
        return f"{key} = [ {', '.join(map(_value, items))} ]"
    return "\n".join([f"{key} = [", *(f"    {_value(item)}," for item in items), "]"])


def _value(value: object) -> str:
    """Return a value as xl reads it: numbers bare, strings in quotes, lists in brackets."""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, int) and value >= 0:
        return str(value)
    if isinstance(value, list | tuple):
        return f"[ {', '.join(map(_value, value))} ]"
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def _check(text: str, domain: PlannedDomain) -> None:
    """Have xl's parser read the file. Raises XenscmiError if it refuses it."""
    try:
        parse_xlcfg(Source(f"{domain.name}.cfg", text), new_uuid=bytes(16))
    except XenscmiError as error:
        messages = [(f"xl refuses {domain.name}.cfg: {each.message}", each.help) for each in error.diagnostics]
        raise XenscmiError(
            *(Diagnostic(message=message, span=domain.span, help=help) for message, help in messages)
        ) from None
