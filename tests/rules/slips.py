"""Slips of a person on the hosts in boards/: one small edit of one file each, and where `check` must find it."""

from __future__ import annotations

from dataclasses import dataclass

from xenscmi.diagnostics import Severity


@dataclass(frozen=True)
class Slip:
    """In `file` of a board, the text `good` becomes `bad`; the rule `name` must find it.

    It must do so on the line where `good` was, or, where `at` is given, on the line of that text in that file. A file
    that is not there is written with `bad`.
    """

    board: str
    file: str
    good: str
    bad: str
    name: str
    at: tuple[str, str] | None = None
    severity: Severity = Severity.ERROR


WARNING = Severity.WARNING
SPIDER, KESTREL = "spider", "kestrel"
HOST, PANEL, GUEST, CFG = "host.dts", "panel.dts", "guest.dts", "guest.cfg"
NET, MEDIA, NET_CFG, MEDIA_CFG = "net.dts", "media.dts", "net.cfg", "media.cfg"
DTDEV, IOMEM, IRQS = "dtdev = ", "iomem = ", "irqs = "
BUS = "/peripherals@1c000000"

SLIPS = (
    # Agents
    Slip(SPIDER, HOST, "xen,sci-agent-id = <2>;", "xen,sci-agent-id = <3>;", "duplicate-agent-id"),
    Slip(SPIDER, CFG, "agent_id=3", "agent_id=2", "duplicate-agent-id"),
    Slip(SPIDER, CFG, "agent_id=3", "agent_id=4", "wrong-guest-func-id"),
    Slip(SPIDER, CFG, "agent_id=3", "agent_id=7", "agent-not-listed"),
    Slip(SPIDER, CFG, "agent_id=3", "agent_id=0x3", "non-decimal-agent-id"),
    Slip(SPIDER, CFG, ",agent_id=3", ", agent_id=3", "ignored-arm-sci-part"),
    Slip(SPIDER, CFG, "type=scmi_smc_multiagent", "type=scmi_smc_multi_agent", "refused-value"),
    Slip(SPIDER, CFG, "type=scmi_smc_multiagent", "type=none", "channel-without-agent"),
    Slip(SPIDER, HOST, "xen,dom0-sci-agent-id = <1>;", "xen,dom0-sci-agent-id = <0>;", "agent-of-xen"),
    Slip(SPIDER, HOST, "xen,dom0-sci-agent-id = <1>;", "xen,dom0-sci-agent-id = <9>;", "agent-not-listed"),
    Slip(
        SPIDER,
        HOST,
        '\t\t\txen,sci_type = "scmi_smc_multiagent";\n',
        "",
        "agent-id-without-type",
        (HOST, "xen,sci-agent-id"),
        WARNING,
    ),
    Slip(SPIDER, HOST, "\t\t\txen,sci-agent-id = <2>;\n", "", "missing-agent-id", (HOST, "xen,sci_type")),
    Slip(SPIDER, HOST, "0x82000004 &page_2 2", "0x82000005 &page_2 2", "firmware-mismatch"),
    Slip(SPIDER, HOST, "0x82000005 &page_3 3", "0x82000005 &page_2 3", "firmware-mismatch"),
    Slip(SPIDER, HOST, "arm,smc-id = <0x82000002>;", "arm,smc-id = <0x82000001>;", "management-mismatch"),
    Slip(
        KESTREL,
        "spare.cfg",
        "",
        'name = "spare"\nkernel = "/boot/Image"\narm_sci = "type=scmi_smc_multiagent,agent_id=4"\n',
        "unlisted-configuration",
        ("spare.cfg", "arm_sci"),
    ),
    Slip(KESTREL, "host.toml", "trusted_agent = 1\n", "", "unknown-trusted-agent", ("host.toml", "[firmware]")),
    # Channels
    Slip(SPIDER, GUEST, "arm,smc-id = <0x82000005>;", "arm,smc-id = <0x82000004>;", "wrong-guest-func-id"),
    Slip(SPIDER, PANEL, "arm,smc-id = <0x82000004>;", "arm,smc-id = <0x8200004>;", "wrong-guest-func-id"),
    Slip(SPIDER, HOST, "arm,smc-id = <0x82000003>;", "arm,smc-id = <0x82000004>;", "wrong-dom0-channel"),
    Slip(SPIDER, CFG, '"47ff3,1@22001"', '"47ff2,1@22001"', "foreign-page"),
    Slip(SPIDER, CFG, '"47ff3,1@22001"', '"47ff3,1@22002"', "wrong-guest-address"),
    Slip(SPIDER, CFG, '    "47ff3,1@22001",\n', "", "unmapped-page", (GUEST, "reg = <0x0 0x22001000")),
    Slip(
        SPIDER, GUEST, "reg = <0x0 0x22001000 0x0 0x1000>;", "reg = <0x0 0x22010000 0x0 0x1000>;", "wrong-guest-address"
    ),
    Slip(SPIDER, PANEL, "<0x0 0x47ff2000 0x0", "<0x0 0x47ff0000 0x0", "foreign-page"),
    Slip(
        SPIDER,
        PANEL,
        'compatible = "arm,scmi-shmem";',
        'compatible = "arm,scmi-shm";',
        "unusable-guest-shmem",
        (PANEL, "reg = <0x0 0x22001000"),
        WARNING,
    ),
    Slip(SPIDER, PANEL, '\t\t\tcompatible = "simple-bus";\n', "", "unprobed-scmi-node", (PANEL, "firmware {"), WARNING),
    Slip(
        SPIDER,
        GUEST,
        'compatible = "arm,scmi-smc";',
        'compatible = "arm,scmi-smc";\n\t\t\tstatus = "disabled";',
        "missing-scmi-node",
        (GUEST, "scmi {"),
    ),
    Slip(
        SPIDER,
        HOST,
        "reg = <0x0 0x47ff1000 0x0 0x1000>;\n\t};\n\n\tfirmware",
        "reg = <0x0 0x47ff2000 0x0 0x1000>;\n\t};\n\n\tfirmware",
        "page-given-to-dom0",
    ),
    Slip(SPIDER, HOST, "reg = <0x0 0x47ff3000 0x0 0x1000>;", "reg = <0x0 0x47ff3000 0x0 0x100>;", "unaligned-page"),
    Slip(SPIDER, HOST, 'compatible = "xen,sci";', 'compatible = "xen,scmi";', "missing-container", (HOST, "agents {")),
    # Devices that a domain gets
    Slip(SPIDER, CFG, '"/soc/mmc@ee140000"', '"/soc/mmc@ee104000"', "unknown-device-path"),
    Slip(SPIDER, CFG, 'dtdev = [ "/soc/mmc@ee140000" ]\n', "", "unassigned-device", (CFG, '"ee140,2"')),
    Slip(SPIDER, CFG, 'device_tree = "/boot/guest.dtb"\n', "", "missing-device-tree", (CFG, "name =")),
    Slip(
        SPIDER,
        PANEL,
        'xen,path = "/soc/display@feb00000";',
        'xen,path = "/soc/display@feb0000";',
        "unknown-device-path",
    ),
    Slip(
        SPIDER, HOST, "\t\t\taccess-controllers = <&scmi_xen 11>;\n", "", "ungranted-resource", (HOST, "mmc@ee140000")
    ),
    Slip(
        SPIDER,
        HOST,
        "\t\t\taccess-controllers = <&scmi_xen 13>;\n",
        "",
        "ungranted-resource",
        (HOST, "display@feb00000"),
    ),
    Slip(SPIDER, HOST, "<&scmi_xen 11>", "<&{/firmware/scmi} 11>", "foreign-access-controller"),
    Slip(SPIDER, HOST, "<&scmi_xen 11>", "<&scmi_xen 12>", "shared-device-id", None, WARNING),
    Slip(SPIDER, HOST, "<&scmi_xen 13>", "<&scmi_xen 31>", "unknown-device-id"),
    Slip(
        SPIDER,
        HOST,
        "<&scmi_xen 11>;\n\t\t\txen,passthrough;",
        "<&scmi_xen 11>;",
        "device-left-to-dom0",
        (HOST, "mmc@ee140000"),
    ),
    Slip(
        SPIDER,
        HOST,
        "<&scmi_xen 13>;\n\t\t\txen,passthrough;",
        '<&scmi_xen 13>;\n\t\t\tstatus = "disabled";',
        "device-left-to-dom0",
        (HOST, "display@feb00000"),
    ),
    Slip(KESTREL, MEDIA_CFG, f'"{BUS}/codec@c0000"', f'"{BUS}/codec@c0000", "{BUS}/can@b8000"', "shared-device"),
    # Registers
    Slip(SPIDER, CFG, '"ee140,2"', '"ee140,1"', "unmapped-registers"),
    Slip(SPIDER, CFG, '"ee140,2"', '"ee410,2"', "unknown-iomem"),
    Slip(SPIDER, CFG, '    "ee140,2",\n', "", "unmapped-registers", (CFG, IOMEM)),
    Slip(
        SPIDER, GUEST, "reg = <0x0 0xee140000 0x0 0x2000>;", "reg = <0x0 0xee410000 0x0 0x2000>;", "unmapped-registers"
    ),
    Slip(
        SPIDER,
        PANEL,
        "0xfeb00000 0x0 0x4000 0x0 0xfeb00000",
        "0xfeb00000 0x0 0x1000 0x0 0xfeb00000",
        "unmapped-registers",
    ),
    Slip(SPIDER, PANEL, "0xe6800000 0x0 0x1000 0x0 0xe6800000", "0xe6800000 0x0 0x800 0x0 0xe6800000", "bad-xen-reg"),
    Slip(SPIDER, PANEL, "0xe6800000 0x0 0x1000 0x0 0xe6800000", "0xe6800000 0x0 0x1000 0xe6800000", "bad-xen-reg"),
    Slip(
        SPIDER,
        PANEL,
        "xen,reg = <0x0 0xfeb00000 0x0 0x4000 0x0 0xfeb00000>;\n\t\t\t",
        "",
        "missing-xen-path",
        (PANEL, 'xen,path = "/soc/display'),
    ),
    Slip(
        SPIDER, PANEL, "0x0 0x22001000>;\n\t\t\txen,force-assign-without-iommu;", "0x0 0x22001000>;", "missing-xen-path"
    ),
    Slip(
        SPIDER,
        PANEL,
        "0xfeb00000>;\n\t\t\txen,force-assign-without-iommu;",
        "0xfeb00000>;",
        "missing-force-assign",
        (PANEL, 'xen,path = "/soc/display'),
    ),
    Slip(SPIDER, CFG, "memory = 1024", "memory = 3000", "guest-layout-conflict", (CFG, '"ee140,2"')),
    Slip(KESTREL, MEDIA_CFG, ', "1c0c4,1@30002"', "", "unmapped-registers", (MEDIA_CFG, IOMEM)),
    Slip(KESTREL, MEDIA_CFG, "2@30000", "2@3000", "unmapped-registers"),
    Slip(KESTREL, NET_CFG, '"1c0b8,1"', '"1c0b8,1", "1c0c0,1"', "unassigned-device"),
    Slip(KESTREL, NET_CFG, f', "{BUS}/can@b8000"', "", "unassigned-device", (NET_CFG, IOMEM)),
    Slip(KESTREL, NET_CFG, '"1c0b8,1"', '"1c0b8,1", "1c0a0,1"', "unassigned-device"),
    Slip(SPIDER, CFG, '    "ee140,2",\n', '    "ee140,2", "e6540,1",\n', "unknown-iomem", (CFG, '"e6540,1"')),
    # Interrupts
    Slip(SPIDER, CFG, "irqs = [ 472 ]", "irqs = [ 440 ]", "unknown-irq"),
    Slip(SPIDER, CFG, "irqs = [ 472 ]", "irqs = [ 472, 642 ]", "shared-interrupt"),
    Slip(SPIDER, CFG, "irqs = [ 472 ]\n", "", "missing-interrupt", (CFG, DTDEV)),
    Slip(SPIDER, GUEST, "interrupts = <0 440 4>;", "interrupts = <0 472 4>;", "wrong-guest-interrupt"),
    Slip(SPIDER, PANEL, "interrupts = <0 523 4>;", "interrupts = <0 532 4>;", "wrong-guest-interrupt"),
    Slip(KESTREL, NET_CFG, "irqs = [ 53, 54, 55 ]", "irqs = [ 53, 55 ]", "missing-interrupt"),
    Slip(KESTREL, MEDIA_CFG, "irqs = [ 62 ]", "irqs = [ 62, 55 ]", "shared-interrupt"),
    Slip(KESTREL, HOST, "interrupts = <0 20 4>;", "interrupts = <0 1052 4>;", "interrupt-beyond-gic"),
    # What a device needs
    Slip(SPIDER, GUEST, "<&clock 153>", "<&clock 135>", "unowned-resource"),
    Slip(SPIDER, GUEST, "<&reset 68>", "<&reset 86>", "unowned-resource"),
    Slip(SPIDER, PANEL, "<&power 33>", "<&power 64>", "unowned-resource"),
    Slip(KESTREL, NET, "<&clock 2>", "<&clock 3>", "unowned-resource"),
    Slip(SPIDER, GUEST, "vmmc-supply = <&vcc>;", "vmmc-supply = <0x12>;", "dangling-phandle"),
    Slip(SPIDER, GUEST, "\t\tphandle = <65000>;\n", "", "dangling-phandle", (GUEST, "interrupt-parent")),
    Slip(KESTREL, NET, "phy-handle = <&phy>;", "phy-handle = <0x99>;", "dangling-phandle"),
    Slip(
        KESTREL,
        MEDIA,
        "codec@30000000 {",
        "codec@30000000 {\n\t\t\tpinctrl-0 = <0x31>;",
        "dangling-phandle",
        (MEDIA, "pinctrl-0"),
    ),
    Slip(
        SPIDER,
        HOST,
        "#iommu-cells = <1>;",
        '#iommu-cells = <1>;\n\t\t\tstatus = "disabled";',
        "unprotected-master",
        (HOST, 'status = "disabled"'),
        WARNING,
    ),
    Slip(SPIDER, HOST, "renesas,ipmmu-r8a779g0", "renesas,r8a779g0-ipmmu", "unprotected-master", None, WARNING),
    Slip(SPIDER, GUEST, "\t\t\t\t#reset-cells = <1>;\n", "", "dangling-phandle", (GUEST, "resets = ")),
    Slip(SPIDER, GUEST, '"core", "clkh"', '"core"', "unpaired-names", None, WARNING),
    Slip(
        SPIDER, GUEST, '"renesas,rcar-gen4-sdhi"', '"renesas,rcar-gen4-shdi"', "wrong-guest-compatible", None, WARNING
    ),
    Slip(
        KESTREL,
        NET,
        'compatible = "kestrel,can";',
        'status = "disabled"; compatible = "kestrel,can";',
        "disabled-guest-node",
        None,
        WARNING,
    ),
    Slip(SPIDER, PANEL, "reg = <0x0 0xfeb00000 0x0 0x4000>;", "reg = <0xfeb00000 0x0 0x4000>;", "unmapped-registers"),
    Slip(KESTREL, MEDIA, "reg = <0x16>;", "reg = <0x17>;", "wrong-protocol"),
    # The domains themselves
    Slip(
        SPIDER,
        HOST,
        '"multiboot,device-tree", "multiboot,module"',
        '"multiboot,module"',
        "unused-partial-tree",
        (HOST, "panel {"),
    ),
    Slip(KESTREL, NET_CFG, '"/boot/net.dtb"', '"/boot/media.dtb"', "foreign-device-tree"),
    Slip(SPIDER, HOST, "memory = <0x0 0x40000>;", "memory = <0x0 0x100>;", "incomplete-domain", None, WARNING),
    Slip(KESTREL, MEDIA_CFG, 'name = "media"', 'name = "net"', "duplicate-domain-name"),
    Slip(KESTREL, MEDIA_CFG, "vcpus = 1", "vcpus = 9", "too-many-vcpus"),
    Slip(KESTREL, NET_CFG, "dtdev = [", "dt_dev = [", "unknown-key", None, WARNING),
    Slip(KESTREL, NET_CFG, "irqs = [ 53, 54, 55 ]", "irqs = [ 53, 54, 55 ", "syntax-error"),
    Slip(SPIDER, HOST, "\t\t\tmemory = <0x0 0x40000>;\n", "", "incomplete-domain", (HOST, "panel {")),
    Slip(SPIDER, HOST, 'compatible = "xen,domain";', 'compatible = "xen,domu";', "ignored-domain", (HOST, "panel {")),
)
