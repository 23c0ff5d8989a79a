"""The virtual board: a machine of qemu's on which real software is served by our firmware, behind our EL3 monitor.

- `monitor/`: the monitor, as source and as the bytes that qemu starts from
- `relay/`: a bare-metal agent, which carries messages between the console and a channel
- `layout`, `tree`: where things are, and the device tree that says so
- `memory`, `machine`, `doorbell`: the RAM that is shared with qemu, its process, the monitor's messages
- `service`: the firmware behind the doorbell; `faults`, `trace`: what is done to its messages, and how they are kept
- `images`, `cpio`, `initrd`, `board`, `session`: what is loaded, and a run of it
- `hosts`, `showcase`: boards from a host's files, and from none
- `channels`, `observed`: agents and whole hosts on the board, driven from here

This room boots and serves; it does not judge a host.
"""
