"""Where things are on the board: qemu's `virt` machine with secure=on, and what is put into its RAM before it starts.

Addresses are physical, sizes are bytes. The monitor (`monitor/monitor.s`) has some of them as its own constants.
"""

from __future__ import annotations

RAM = 0x4000_0000
MEBIBYTE = 1 << 20

# A hole of /memory: Xen and Linux must take the pages for neither RAM nor reserved memory.
HOLE = 0x47F0_0000
HOLE_SIZE = MEBIBYTE
PAGES = HOLE  # the agents' pages, two for each: to the platform, and from it
PAGE_SIZE = 0x1000
CONSUMERS = HOLE + 0xF_0000  # registers of devices that are none, one after the other
CONSUMER_SIZE = 0x100
MOST_AGENTS = (CONSUMERS - PAGES) // (2 * PAGE_SIZE)

BOOT_RECORD = (
    0x4EFF_F000  # what the monitor reads at reset: the entry point and the device tree's address, 8 bytes each
)
DEVICE_TREE = 0x4F00_0000
DEVICE_TREE_LIMIT = 2 * MEBIBYTE
INITRD = 0x5000_0000
LINUX = 0x6000_0000
XEN = 0x7000_0000

SMALLEST_RAM, USUAL_RAM = 1024 * MEBIBYTE, 2048 * MEBIBYTE
FUNC_ID = 0x8200_0002
