"""`zephyr/`: `struct xen_domain_cfg` of each toolstack domain, for Zephyr as dom0 (xen-troops' zephyr-xenlib)."""

from __future__ import annotations

from xenscmi.config.constants import PAGE_SIZE
from xenscmi.plan.allocation import Allocation, Allotment
from xenscmi.plan.rendering.header import slashes
from xenscmi.plan.rendering.quoting import quoted
from xenscmi.plan.rendering.xlcfg import device_paths

_EVENT_CHANNELS, _GRANT_FRAMES, _MAPTRACK_FRAMES = 10, 32, 1
_NAME_LENGTH = 63


def render(allocation: Allocation, allotment: Allotment) -> dict[str, str]:
    """Return the file of a domain."""
    section = allotment.domain.section
    assert section is not None
    symbol = section.name.replace("-", "_").replace("+", "_")
    irqs = list(dict.fromkeys(irq for device in allotment.domain.devices for irq in device.irqs))
    paths = device_paths(allocation, allotment)
    lines = [slashes(_note(allotment)), "#include <domain.h>", "#include <zephyr/xen/public/domctl.h>", ""]
    lines += _table("struct xen_domain_iomem", f"{symbol}_iomems", list(_iomems(allotment)))
    lines += _table("uint32_t", f"{symbol}_irqs", [f"{irq}" for irq in irqs])
    lines += _table("char *", f"{symbol}_dtdevs", [quoted(path) for path in paths])
    lines += [
        f"extern char __dtb_{symbol}_start[];",
        f"extern char __dtb_{symbol}_end[];",
        "",
        f"struct xen_domain_cfg {symbol}_cfg = {{",
        f"\t.name = {quoted(section.name[:_NAME_LENGTH])},",
        f"\t.mem_kb = {section.memory << 10},",
        "\t.flags = (XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap | XEN_DOMCTL_CDF_iommu),",
        f"\t.max_vcpus = {section.vcpus},",
        f"\t.max_evtchns = {_EVENT_CHANNELS},",
        f"\t.gnt_frames = {_GRANT_FRAMES},",
        f"\t.max_maptrack_frames = {_MAPTRACK_FRAMES},",
        "\t.gic_version = XEN_DOMCTL_CONFIG_GIC_NATIVE,",
        "\t.tee_type = XEN_DOMCTL_CONFIG_TEE_NONE,",
    ]
    for name, count in (("iomems", len(list(_iomems(allotment)))), ("irqs", len(irqs)), ("dtdevs", len(paths))):
        if count:
            lines += [f"\t.{name} = {symbol}_{name},", f"\t.nr_{name} = {count},"]
    if section.extra:
        lines.append(f"\t.cmdline = {quoted(section.extra)},")
    lines += [f"\t.dtb_start = __dtb_{symbol}_start,", f"\t.dtb_end = __dtb_{symbol}_end,", "};"]
    return {f"zephyr/{section.name}.c": "\n".join(lines) + "\n"}


def _note(allotment: Allotment) -> str:
    if allotment.channel is None:
        return ""
    return (
        f"The domain is SCMI agent {allotment.channel.agent_id}: xenlib's structure has no field for it, so set\n"
        f"arm_sci_type = XEN_DOMCTL_CONFIG_ARM_SCI_SCMI_SMC_MA and arm_sci_agent_id = {allotment.channel.agent_id} in\n"
        "the createdomain call that it makes of this.\n"
        "Add load_image_bytes and get_image_size, which say where the kernel is."
    )


def _iomems(allotment: Allotment) -> list[str]:
    rows = []
    if allotment.channel is not None and allotment.page is not None:
        rows.append((allotment.channel.page // PAGE_SIZE, 1, allotment.page // PAGE_SIZE))
    for each in allotment.ranges:
        rows.append((each.host.start // PAGE_SIZE, each.host.size // PAGE_SIZE, each.guest // PAGE_SIZE))
    # first_gfn 0 stands for the host's own frame.
    return [
        f"{{ .first_mfn = {frame:#x}, .nr_mfns = {count:#x}, .first_gfn = {0 if guest == frame else guest:#x} }}"
        for frame, count, guest in rows
    ]


def _table(kind: str, name: str, items: list[str]) -> list[str]:
    if not items:
        return []
    star = "" if kind.endswith("*") else " "
    return [f"static {kind}{star}{name}[] = {{", *(f"\t{item}," for item in items), "};", ""]
