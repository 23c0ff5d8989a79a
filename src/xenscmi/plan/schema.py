"""What `plan.toml` may say. The structures are the schema: docs/plan.schema.json is made from them.

Numbers are bounded here; what the parts must agree on among each other is for `reading` (names, keys) and `resolve`
(the board's tree).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

NAME = "plan.toml"

AgentId = Annotated[int, msgspec.Meta(ge=0, le=254, description="An agent's id in the firmware.")]
U32 = Annotated[int, msgspec.Meta(ge=0, le=0xFFFFFFFF)]
Address = Annotated[int, msgspec.Meta(ge=0, lt=1 << 48, description="A physical address.")]
Size = Annotated[int, msgspec.Meta(gt=0, le=1 << 40, description="Bytes.")]
File = Annotated[str, msgspec.Meta(min_length=1, max_length=4096, description="A file below the plan's folder.")]
DeviceName = Annotated[
    str, msgspec.Meta(min_length=1, max_length=1024, description="A device: its path, its alias or its label.")
]
Vcpus = Annotated[int, msgspec.Meta(ge=1, le=128)]
Mebibytes = Annotated[int, msgspec.Meta(ge=8, le=1 << 24, description="MiB.")]
# What stands in scripts of a boot loader, too: nothing that a shell would take for more than a name.
BootFile = Annotated[
    str,
    msgspec.Meta(pattern=r"^[A-Za-z0-9_./+@-]+$", max_length=1024, description="As the boot loader or xl finds it."),
]
Text = Annotated[str, msgspec.Meta(max_length=4096)]
# What a name may hold that becomes a file's, a node's and a domain's.
DomainName = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[A-Za-z][A-Za-z0-9_+-]{0,29}$",
        description="The domain's name, of its files and of its node: letters, digits and _ + -, at most 30.",
    ),
]
Profile = Literal["generic", "tfa-rpi5", "tfa-rcar-gen4", "scp"]
Table = Literal["tfa", "optee", "scp", "imx-sm"]
Pins = Literal["boot-loader", "firmware", "dom0"]


class _Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the plan; keys that are not known are errors."""


class BoardPlan(_Section, frozen=True):
    """The board: its device tree as Linux has it, and who sets the pins of devices that are given away."""

    device_tree: File
    overlays: Annotated[tuple[File, ...], msgspec.Meta(description="Overlays of the board's own, in order.")] = ()
    include: Annotated[tuple[File, ...], msgspec.Meta(description="Folders for includes of DTS files.")] = ()
    ram: Annotated[
        tuple[tuple[Address, Size], ...],
        msgspec.Meta(description="The RAM, as (address, bytes), where the boot loader writes /memory."),
    ] = ()
    groups: Annotated[
        tuple[tuple[DeviceName, ...], ...],
        msgspec.Meta(description="Devices that cannot be parted: who is given one is given all of its group."),
    ] = ()
    pins: Annotated[
        Pins | None,
        msgspec.Meta(description="Who sets the pins of devices that are given away; guests cannot."),
    ] = None


class XenPlan(_Section, frozen=True):
    """The Xen that boots, and its command line."""

    profile: Annotated[str, msgspec.Meta(description="Its layout of createdomain, as `xenscmi profiles`.")] = (
        "4.22+sci-ma"
    )
    bootargs: Annotated[Text | None, msgspec.Meta(description="Xen's command line.")] = None
    image: BootFile = "xen"
    load: Annotated[
        str, msgspec.Meta(pattern=r"^[A-Za-z0-9_./:@$ {}-]+$", description="U-Boot's command to load a file.")
    ] = "load mmc 0:1"


class ChannelPlan(_Section, frozen=True):
    """A channel of firmware whose channels follow no rule."""

    agent: AgentId
    func_id: Annotated[U32, msgspec.Meta(description="Its SMC function id.")]
    page: Annotated[Address, msgspec.Meta(description="The address of its page of shared memory.")]


class FirmwarePlan(_Section, frozen=True):
    """The EL3 firmware: agent n has the function id `func_id` + n and page n from `pages` on, or as `channels` list."""

    profile: Profile = "generic"
    map: Annotated[
        str | None,
        msgspec.Meta(description="The SoC's resource map: the name of one that is shipped, or a file of your own."),
    ] = None
    func_id: Annotated[U32, msgspec.Meta(description="The SMC function id of agent 0.")] = 0x82000002
    pages: Annotated[
        Address | None, msgspec.Meta(description="The page of agent 0; without it, one is found at the end of the RAM.")
    ] = None
    agents: Annotated[int, msgspec.Meta(ge=2, le=255, description="How many agents there can be: ids below it.")] = 16
    channels: Annotated[tuple[ChannelPlan, ...], msgspec.Meta(description="All channels, in place of the rule.")] = ()
    management_agent: Annotated[
        AgentId | None, msgspec.Meta(description="Xen's own agent, which sets permissions; else the profile's.")
    ] = None
    unsupported: Annotated[tuple[str, ...], msgspec.Meta(description="Messages it lacks, by name.")] = ()
    tables: Annotated[tuple[Table, ...], msgspec.Meta(description="Which firmware's tables are written.")] = ()


class FurtherId(_Section, frozen=True):
    """A further SCMI device id of a device, with the resources that the firmware counts to this id."""

    id: Annotated[U32, msgspec.Meta(description="The SCMI device id.")]
    clocks: Annotated[tuple[U32, ...], msgspec.Meta(description="SCMI ids of its clocks.")] = ()
    resets: Annotated[tuple[U32, ...], msgspec.Meta(description="SCMI ids of its resets.")] = ()
    power_domains: Annotated[tuple[U32, ...], msgspec.Meta(description="SCMI ids of its power domains.")] = ()


class DevicePlan(_Section, frozen=True):
    """A device with what is special about it."""

    device: Annotated[DeviceName | U32, msgspec.Meta(description="Its path, alias, label or SCMI device id.")]
    id: Annotated[U32 | None, msgspec.Meta(description="Its SCMI device id, where you insist on one.")] = None
    further_ids: Annotated[
        tuple[FurtherId | U32, ...],
        msgspec.Meta(max_length=256, description="More SCMI device ids, where the firmware has it as several devices."),
    ] = ()
    allow: Annotated[
        tuple[str, ...],
        msgspec.Meta(description="Properties without which it is given all the same, though it may not work."),
    ] = ()
    drop: Annotated[tuple[str, ...], msgspec.Meta(description="Properties that the guest does not get.")] = ()
    clocks: Annotated[
        tuple[U32, ...], msgspec.Meta(description="SCMI ids of its clocks, where the board's tree does not say.")
    ] = ()
    resets: Annotated[
        tuple[U32, ...], msgspec.Meta(description="SCMI ids of its resets, where the board's tree does not say.")
    ] = ()
    power_domains: Annotated[tuple[U32, ...], msgspec.Meta(description="SCMI ids of its power domains, likewise.")] = ()

    @property
    def further(self) -> tuple[FurtherId, ...]:
        """The further SCMI device ids, each with its resources."""
        return tuple(each if isinstance(each, FurtherId) else FurtherId(id=each) for each in self.further_ids)

    def stated(self, kind: str) -> tuple[int, ...]:
        """Return the SCMI ids of the resources of a kind (`clocks`, …) that the plan names, each once."""
        rows = (self, *self.further)
        return tuple(dict.fromkeys(number for row in rows for number in getattr(row, kind)))


Device = DeviceName | U32 | DevicePlan


class Dom0Plan(_Section, frozen=True):
    """dom0: whether it is an agent, and what it keeps under SCMI control."""

    agent: Annotated[bool | AgentId, msgspec.Meta(description="Whether it has an agent, or which.")] = True
    devices: Annotated[
        Literal["rest"] | tuple[Device, ...],
        msgspec.Meta(description='Devices under SCMI control; "rest": all that use SCMI and nobody is given.'),
    ] = ()
    memory: Mebibytes = 512
    vcpus: Vcpus | None = None
    kernel: BootFile = "Image"
    ramdisk: BootFile | None = None
    extra: Annotated[str, msgspec.Meta(max_length=4096, description="The kernel's command line.")] = "console=hvc0"
    zephyr: Annotated[bool, msgspec.Meta(description="It is Zephyr: write its tables of the other domains.")] = False


class DomainPlan(_Section, frozen=True):
    """A domain. Keys that are not here are xl.cfg keys by their own names, of toolstack domains (see `reading`)."""

    name: DomainName
    kind: Annotated[
        Literal["toolstack", "dom0less"], msgspec.Meta(description="Made by xl in dom0, or by Xen at boot.")
    ] = "toolstack"
    agent: Annotated[bool | AgentId, msgspec.Meta(description="Whether it has an agent, or which you insist on.")] = (
        True
    )
    devices: Annotated[tuple[Device, ...], msgspec.Meta(max_length=4096)] = ()
    memory: Mebibytes = 256
    maxmem: Mebibytes | None = None
    vcpus: Vcpus = 1
    kernel: BootFile = "/boot/Image"
    ramdisk: BootFile | None = None
    extra: Annotated[Text | None, msgspec.Meta(description="The kernel's command line.")] = None
    device_tree: Annotated[
        str | None, msgspec.Meta(description="Where the compiled partial tree will be; else /etc/xen/NAME.dtb.")
    ] = None
    fragments: Annotated[
        tuple[File, ...],
        msgspec.Meta(description="Files to append: .dtsi to the partial tree, .cfg to the xl.cfg."),
    ] = ()
    vpl011: Annotated[bool, msgspec.Meta(description="dom0less: a virtual PL011.")] = True
    direct_map: Annotated[bool, msgspec.Meta(description="dom0less: guest addresses are the host's.")] = False
    static_mem: Annotated[
        tuple[tuple[Address, Size], ...], msgspec.Meta(description="dom0less: its RAM, as (address, bytes).")
    ] = ()
    xl: Annotated[dict[str, Any], msgspec.Meta(description="Keys for xl that the plan would understand itself.")] = {}


class Plan(_Section, frozen=True):
    """A host: one board, its firmware, dom0 and the other domains."""

    board: BoardPlan
    xen: XenPlan = XenPlan()
    firmware: FirmwarePlan = FirmwarePlan()
    dom0: Annotated[Dom0Plan | bool, msgspec.Meta(description="false: a host without dom0.")] = Dom0Plan()
    defaults: Annotated[dict[str, Any], msgspec.Meta(description="Keys for every domain that does not say.")] = {}
    domain: Annotated[tuple[DomainPlan, ...], msgspec.Meta(max_length=254)] = ()
