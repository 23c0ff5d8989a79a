"""The host that every rule's example changes: a small board whose files all agree.

Xen is agent 1, dom0 agent 2, the dom0less domain `panel` agent 3 with device 1, the toolstack's domain `guest` agent 4
with device 2; agent 5 is unused. The pages are in a hole in the RAM.
"""

from __future__ import annotations

from xenscmi.host.types import FirmwareAgent, FirmwareDevice, HostFirmware

HOST_DTS = """\
/dts-v1/;
/ {
	interrupt-parent = <&gic>;
	#address-cells = <2>;
	#size-cells = <2>;

	gic: interrupt-controller@8000000 {
		compatible = "arm,gic-v3";
		reg = <0x0 0x8000000 0x0 0x10000>, <0x0 0x80a0000 0x0 0xf60000>;
		interrupt-controller;
		#interrupt-cells = <3>;
	};

	memory@40000000 {
		device_type = "memory";
		reg = <0x0 0x40000000 0x0 0x07f00000>, <0x0 0x48000000 0x0 0x38000000>;
	};

	soc {
		compatible = "simple-bus";
		#address-cells = <2>;
		#size-cells = <2>;
		ranges;

		mmc@e0000000 {
			compatible = "lab,mmc";
			access-controllers = <&scmi_xen 0>;
			reg = <0x0 0xe0000000 0x0 0x1000>;
			interrupts = <0 49 4>;
		};

		display@e0001000 {
			compatible = "lab,display";
			reg = <0x0 0xe0001000 0x0 0x1000>;
			interrupts = <0 51 4>;
			access-controllers = <&scmi_xen 1>;
			xen,passthrough;
		};

		audio@e0002000 {
			compatible = "lab,audio";
			reg = <0x0 0xe0002000 0x0 0x1000>;
			interrupts = <0 50 4>;
			access-controllers = <&scmi_xen 2>;
			xen,passthrough;
		};

		iommu@e1000000 {
			compatible = "arm,smmu-v3";
			reg = <0x0 0xe1000000 0x0 0x20000>;
			#iommu-cells = <1>;
		};
	};

	dom0_page: sram@47ff2000 {
		compatible = "arm,scmi-shmem";
		reg = <0x0 0x47ff2000 0x0 0x1000>;
	};

	firmware {
		scmi {
			compatible = "arm,scmi-smc";
			arm,smc-id = <0x82000004>;
			shmem = <&dom0_page>;
			#address-cells = <1>;
			#size-cells = <0>;
		};
	};

	chosen {
		#address-cells = <2>;
		#size-cells = <2>;
		ranges;
		xen,xen-bootargs = "console=dtuart dom0_mem=512M";

		module@50000000 {
			compatible = "multiboot,kernel", "multiboot,module";
			reg = <0x0 0x50000000 0x0 0x1000000>;
		};

		xen {
			#address-cells = <2>;
			#size-cells = <2>;
			ranges;

			agents {
				compatible = "xen,sci";
				#address-cells = <2>;
				#size-cells = <2>;
				ranges;

				scmi-secondary-agents = <
					0x82000004 &page_2 2
					0x82000005 &page_3 3
					0x82000006 &page_4 4
					0x82000007 &page_5 5
				>;
				#scmi-secondary-agents-cells = <3>;
				xen,dom0-sci-agent-id = <2>;

				page_1: sram@47ff1000 { compatible = "arm,scmi-shmem"; reg = <0x0 0x47ff1000 0x0 0x1000>; };
				page_2: sram@47ff2000 { compatible = "arm,scmi-shmem"; reg = <0x0 0x47ff2000 0x0 0x1000>; };
				page_3: sram@47ff3000 { compatible = "arm,scmi-shmem"; reg = <0x0 0x47ff3000 0x0 0x1000>; };
				page_4: sram@47ff4000 { compatible = "arm,scmi-shmem"; reg = <0x0 0x47ff4000 0x0 0x1000>; };
				page_5: sram@47ff5000 { compatible = "arm,scmi-shmem"; reg = <0x0 0x47ff5000 0x0 0x1000>; };
				scmi_xen: scmi {
					compatible = "arm,scmi-smc";
					arm,smc-id = <0x82000003>;
					shmem = <&page_1>;
					#address-cells = <1>;
					#size-cells = <0>;
					#access-controller-cells = <1>;
				};
			};
		};

		panel {
			compatible = "xen,domain";
			#address-cells = <2>;
			#size-cells = <2>;
			memory = <0x0 0x20000>;
			cpus = <1>;
			xen,sci_type = "scmi_smc_multiagent";
			xen,sci-agent-id = <3>;

			module@52000000 {
				compatible = "multiboot,kernel", "multiboot,module";
				reg = <0x0 0x52000000 0x0 0x1000000>;
			};

			module@53000000 {
				compatible = "multiboot,device-tree", "multiboot,module";
				reg = <0x0 0x53000000 0x0 0x1000>;
			};
		};
	};
};
"""

PANEL_DTS = """\
/dts-v1/;
/ {
	#address-cells = <2>;
	#size-cells = <2>;

	passthrough {
		compatible = "simple-bus";
		#address-cells = <2>;
		#size-cells = <2>;
		ranges;

		scmi_page: sram@22001000 {
			compatible = "arm,scmi-shmem";
			reg = <0x0 0x22001000 0x0 0x1000>;
			xen,reg = <0x0 0x47ff3000 0x0 0x1000 0x0 0x22001000>;
			xen,force-assign-without-iommu;
		};

		scmi {
			compatible = "arm,scmi-smc";
			arm,smc-id = <0x82000005>;
			shmem = <&scmi_page>;
			#address-cells = <1>;
			#size-cells = <0>;

			scmi_clock: protocol@14 {
				reg = <0x14>;
				#clock-cells = <1>;
			};
		};

		display@e0001000 {
			compatible = "lab,display";
			reg = <0x0 0xe0001000 0x0 0x1000>;
			interrupts = <0 51 4>;
			clocks = <&scmi_clock 10>;
			xen,path = "/soc/display@e0001000";
			xen,reg = <0x0 0xe0001000 0x0 0x1000 0x0 0xe0001000>;
			xen,force-assign-without-iommu;
		};
	};
};
"""

GUEST_DTS = """\
/dts-v1/;
/ {
	#address-cells = <2>;
	#size-cells = <2>;

	passthrough {
		compatible = "simple-bus";
		#address-cells = <2>;
		#size-cells = <2>;
		ranges;

		scmi_page: sram@22001000 {
			compatible = "arm,scmi-shmem";
			reg = <0x0 0x22001000 0x0 0x1000>;
		};

		scmi {
			compatible = "arm,scmi-smc";
			arm,smc-id = <0x82000006>;
			shmem = <&scmi_page>;
			#address-cells = <1>;
			#size-cells = <0>;

			scmi_clock: protocol@14 {
				reg = <0x14>;
				#clock-cells = <1>;
			};
		};

		audio@e0002000 {
			compatible = "lab,audio";
			reg = <0x0 0xe0002000 0x0 0x1000>;
			interrupts = <0 50 4>;
			clocks = <&scmi_clock 20>;
		};
	};
};
"""

GUEST_CFG = """\
name = "guest"
memory = 256
vcpus = 1
kernel = "/boot/Image"
arm_sci = "type=scmi_smc_multiagent,agent_id=4"
iomem = [ "47ff4,1@22001", "e0002,1" ]
irqs = [ 82 ]
dtdev = [ "/soc/audio@e0002000" ]
device_tree = "/boot/guest.dtb"
"""

FILES = {"host.dts": HOST_DTS, "panel.dts": PANEL_DTS, "guest.dts": GUEST_DTS, "guest.cfg": GUEST_CFG}

FIRMWARE = HostFirmware(
    agents=tuple(
        FirmwareAgent(agent_id=number, func_id=0x82000002 + number, shmem=0x47FF0000 + number * 0x1000)
        for number in range(1, 6)
    ),
    devices=(
        FirmwareDevice(device_id=0, clocks=frozenset((0, 1))),
        FirmwareDevice(device_id=1, clocks=frozenset((10,))),
        FirmwareDevice(device_id=2, clocks=frozenset((20,))),
    ),
    trusted_agent=1,
)
