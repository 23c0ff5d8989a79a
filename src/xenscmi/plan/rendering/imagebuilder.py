"""`imagebuilder.config` and `imagebuilder-boot.cmd`: booting the host with ImageBuilder (uboot-script-gen).

ImageBuilder makes the boot modules and the nodes of dom0less domains itself, as /chosen/domU0 and so on, but knows
nothing of SCMI. So it is told to leave the boot command out (BOOT_CMD=none); the second file, appended to its script,
adds what is missing and boots.
"""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote

from xenscmi.bindings import names
from xenscmi.plan import terms
from xenscmi.plan.allocation import Allocation
from xenscmi.plan.rendering import domains_overlay, host_overlay, manifest
from xenscmi.plan.rendering.header import hashes

CONFIG, BOOT = "imagebuilder.config", "imagebuilder-boot.cmd"
_SCRIPT = "boot"


def render(allocation: Allocation) -> dict[str, str]:
    """Return the files."""
    plan = allocation.resolved.read.plan
    ram = allocation.resolved.board.ram
    lines = []
    if ram:
        lines += [f'MEMORY_START="{ram[0].start:#x}"', f'MEMORY_END="{min(ram[0].end, 1 << 32):#x}"']
    lines += [
        f"LOAD_CMD={quote(plan.xen.load)}",
        'BOOT_CMD="none"',
        f"DEVICE_TREE={quote(manifest.BOARD)}",
        "NUM_DT_OVERLAY=1",
        f"DT_OVERLAY[0]={quote(host_overlay.NAME.replace('.dtso', '.dtbo'))}",
        f"XEN={quote(plan.xen.image)}",
        f"XEN_CMD={quote(domains_overlay.bootargs(allocation))}",
    ]
    if allocation.dom0 is not None:
        dom0 = allocation.resolved.dom0_section
        lines += [f"DOM0_KERNEL={quote(dom0.kernel)}", f"DOM0_CMD={quote(dom0.extra)}"]
        lines += [f"DOM0_RAMDISK={quote(dom0.ramdisk)}"] if dom0.ramdisk else []
    lines += ["", *_domains(allocation), "", f'UBOOT_SOURCE="{_SCRIPT}.source"', f'UBOOT_SCRIPT="{_SCRIPT}.scr"']
    return {CONFIG: hashes() + "\n".join(lines) + "\n", BOOT: _boot(allocation)}


def _domains(allocation: Allocation) -> Iterator[str]:
    domains = [each for each in allocation.guests if each.domain.dom0less]
    yield f"NUM_DOMUS={len(domains)}"
    for number, allotment in enumerate(domains):
        section = allotment.domain.section
        assert section is not None
        yield f"# {section.name}"
        yield f"DOMU_KERNEL[{number}]={quote(section.kernel)}"
        if section.ramdisk:
            yield f"DOMU_RAMDISK[{number}]={quote(section.ramdisk)}"
        if section.extra:
            yield f"DOMU_CMD[{number}]={quote(section.extra)}"
        if allotment.channel is not None or allotment.domain.devices:
            yield f"DOMU_PASSTHROUGH_DTB[{number}]={quote(section.name + '.dtb')}"
        yield f"DOMU_MEM[{number}]={section.memory}"
        yield f"DOMU_VCPUS[{number}]={section.vcpus}"
        yield f"DOMU_VPL011[{number}]={int(section.vpl011)}"
        if section.direct_map:
            yield f"DOMU_DIRECT_MAP[{number}]=1"
        if section.static_mem:
            banks = " ".join(f"{at:#x} {size:#x}" for at, size in section.static_mem)
            yield f"DOMU_STATIC_MEM[{number}]={quote(banks)}"


def _boot(allocation: Allocation) -> str:
    lines = ["fdt addr ${host_fdt_addr}"]
    for number, allotment in enumerate(each for each in allocation.guests if each.domain.dom0less):
        if allotment.channel is not None:
            node = f"/chosen/domU{number}"
            lines.append(f"# {allotment.domain.name}")
            lines.append(f'fdt set {node} {names.SCI_TYPE} "{terms.MULTI_AGENT}"')
            lines.append(f"fdt set {node} {names.SCI_AGENT_ID} <{allotment.channel.agent_id:#x}>")
    lines.append("booti ${host_kernel_addr} - ${host_fdt_addr}")
    return hashes("Append to the script that ImageBuilder makes of imagebuilder.config.") + "\n".join(lines) + "\n"
