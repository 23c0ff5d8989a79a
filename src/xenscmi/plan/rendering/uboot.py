"""`boot.cmd`: a U-Boot script that loads everything, applies the overlays, and boots Xen.

The overlays give each boot module room; the script writes the sizes that the files have.
"""

from __future__ import annotations

from collections.abc import Iterable

from xenscmi.plan.allocation import Allocation
from xenscmi.plan.boot_modules import BootModule
from xenscmi.plan.planned import DOM0
from xenscmi.plan.rendering import domains_overlay, host_overlay, manifest
from xenscmi.plan.rendering.header import hashes
from xenscmi.plan.rendering.host_overlay import chosen_cells

NAME = "boot.cmd"
_ROOM_FOR_OVERLAYS = 0x100000


def render(allocation: Allocation, modules: Iterable[BootModule]) -> str:
    """Return the script's source; mkimage -T script makes what U-Boot runs."""
    xen = allocation.resolved.read.plan.xen
    load = xen.load
    lines = [
        "# Where Xen, the tree and overlays go: U-Boot's own kernel_addr_r, fdt_addr_r and fdtoverlay_addr_r.",
        f"{load} ${{fdt_addr_r}} {manifest.BOARD}",
        "fdt addr ${fdt_addr_r}",
        f"fdt resize {_ROOM_FOR_OVERLAYS:#x}",
    ]
    for overlay in (host_overlay.NAME, domains_overlay.NAME):
        lines += [
            f"{load} ${{fdtoverlay_addr_r}} {overlay.replace('.dtso', '.dtbo')}",
            "fdt apply ${fdtoverlay_addr_r}",
        ]
    address, size = chosen_cells(allocation.resolved.board)
    loaded: set[int] = set()
    sizes: dict[int, str] = {}
    for module in modules:
        if module.address not in loaded:
            loaded.add(module.address)
            sizes[module.address] = f"size_{module.address:x}"
            lines += ["", f"# {module.domain}: {module.kind}", f"{load} {module.address:#x} {module.file}"]
            lines.append(f"setenv {sizes[module.address]} 0x${{filesize}}")
        above = "/chosen" if module.domain == DOM0 else f"/chosen/{module.domain}"
        high = ["0x0"] * (address - 1)
        reg = " ".join([*high, f"{module.address:#x}", *["0x0"] * (size - 1), f"${{{sizes[module.address]}}}"])
        lines.append(f"fdt set {above}/module@{module.address:x} reg <{reg}>")
    lines += ["", f"{load} ${{kernel_addr_r}} {xen.image}", "booti ${kernel_addr_r} - ${fdt_addr_r}"]
    return hashes("mkimage -A arm64 -T script -C none -d boot.cmd boot.scr") + "\n".join(lines) + "\n"
