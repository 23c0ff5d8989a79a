"""One verdict on a host whichever Xen it has: check, simulate and create follow one table of changes."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.agreement.folders import PROBE_CFG, Commands, write_host
from tests.agreement.test_agreement import agree

from xenscmi.config.types.enums import ArmSciType
from xenscmi.rules.example import FILES, FIRMWARE

PANEL = 'xen,sci_type = "scmi_smc_multiagent";\n\t\t\txen,sci-agent-id = <3>;'
GUEST = 'arm_sci = "type=scmi_smc_multiagent,agent_id=4"'
CELLS = "#address-cells = <2>;\n\t\t#size-cells = <2>;"
BOOTARGS = "console=dtuart dom0_mem=512M"
NONE, ONE, MANY = ArmSciType.NONE, ArmSciType.SCMI_SMC, ArmSciType.SCMI_SMC_MULTIAGENT
SCI_PANIC = "Error getting SCI configuration"


@pytest.fixture
def commands(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Commands:
    return Commands(capsys, tmp_path)


def files(panel: str = "scmi_smc_multiagent", guest: str = GUEST, bootargs: str = BOOTARGS) -> dict[str, str]:
    """Return the example host with another type of its dom0less domain, and another line of its guest."""
    found = dict(FILES)
    found["host.dts"] = found["host.dts"].replace("scmi_smc_multiagent", panel).replace(BOOTARGS, bootargs)
    found["guest.cfg"] = found["guest.cfg"].replace(GUEST, guest)
    return found


def without_agents(guest: str, bootargs: str = BOOTARGS) -> dict[str, str]:
    """Return the example host without agents of dom0 and the panel; its guest gets no agent's page and no device."""
    found = files("none", guest, bootargs)
    found["host.dts"] = found["host.dts"].replace("xen,dom0-sci-agent-id = <2>;", "")
    found["guest.cfg"] = found["guest.cfg"].replace('"47ff4,1@22001", ', "").replace("dtdev", "#dtdev")
    return found


@pytest.mark.parametrize(
    ("xen", "driver", "panel", "panic"),
    [
        ("4.20", None, "scmi_smc_multiagent", None),
        ("4.21.1", None, "scmi_smc_multiagent", SCI_PANIC),  # the driver for one agent does not know the type
        ("4.21.1", NONE, "scmi_smc_multiagent", None),
        ("4.21.2", NONE, "scmi_smc_multiagent", SCI_PANIC),
        ("4.22", NONE, "scmi_smc_multiagent", SCI_PANIC),
        ("4.21.1", NONE, "scmi_smc", None),
        ("4.21.2", NONE, "scmi_smc", SCI_PANIC),
        ("4.21.2", NONE, "none", None),
        ("4.21.2", NONE, "other", SCI_PANIC),
        ("4.21.1", NONE, "other", None),
        ("4.20", None, "other", None),
        ("4.22", ONE, "scmi_smc", "Error creating domain panel (rc = -22)"),  # not without scmi-smc-passthrough
        ("4.21.1+sci-ma", NONE, "scmi_smc_multiagent", None),
        ("4.21.2+sci-ma", NONE, "scmi_smc_multiagent", "Error creating domain 0 (rc = -22)"),
        ("4.21.1+sci-ma", MANY, "scmi_smc_multiagent", None),
        ("4.21.2+sci-ma", MANY, "scmi_smc_multiagent", None),
        ("4.21.1+sci-ma", MANY, "scmi_smc", "Error creating domain panel (rc = -22)"),
        ("4.21.2+sci-ma", MANY, "scmi_smc", SCI_PANIC),
        ("4.22.1+sci-ma", ONE, "scmi_smc_multiagent", "Error creating domain 0 (rc = -22)"),
    ],
)
def test_requests_of_a_dom0less_domain(
    commands: Commands, tmp_path: Path, xen: str, driver: ArmSciType | None, panel: str, panic: str | None
) -> None:
    host = write_host(tmp_path, files(panel), FIRMWARE, xen, driver)
    agree(commands, host)
    assert commands.verdicts(host).panic_simulated == panic


@pytest.mark.parametrize(
    ("xen", "driver", "line", "refused"),
    [
        ("4.21.1", NONE, 'arm_sci = "type=scmi_smc"', False),
        ("4.21.2", NONE, 'arm_sci = "type=scmi_smc"', True),
        ("4.22", NONE, 'arm_sci = "type=scmi_smc"', True),
        ("4.20", NONE, 'arm_sci = "type=scmi_smc"', True),  # there is no field for it
        ("4.21.1+sci-ma", NONE, GUEST, False),
        ("4.21.2+sci-ma", NONE, GUEST, True),
        ("4.21.2", NONE, GUEST, True),
        ("4.22+sci-ma", MANY, GUEST, False),
        ("4.22", ONE, 'arm_sci = "type=scmi_smc"', True),
    ],
)
def test_requests_of_a_guest(
    commands: Commands, tmp_path: Path, xen: str, driver: ArmSciType, line: str, refused: bool
) -> None:
    host = write_host(tmp_path, without_agents(line), FIRMWARE, xen, driver)
    agree(commands, host)
    assert ("guest" in commands.verdicts(host).created) == refused


def test_the_only_agent_is_passed_on_once(commands: Commands, tmp_path: Path) -> None:
    line, bootargs = 'arm_sci = "type=scmi_smc"', f"{BOOTARGS} scmi-smc-passthrough"
    one = write_host(tmp_path, without_agents(line, bootargs), FIRMWARE, "4.22")
    agree(commands, one)
    assert commands.verdicts(one).created == {}
    both = write_host(tmp_path, files("scmi_smc", line, bootargs), FIRMWARE, "4.22")
    agree(commands, both)
    verdicts = commands.verdicts(both)
    assert verdicts.panic_simulated is None
    assert "File exists" in verdicts.created["guest"]


@pytest.mark.parametrize("cells", [(0, 0), (0, 1), (3, 2), (1, 0)])
@pytest.mark.parametrize(
    ("xen", "checks"),
    [("4.20.3", False), ("4.20.4", True), ("4.21.1+sci-ma", False), ("4.21.2+sci-ma", True), ("4.22+sci-ma", True)],
)
def test_cells_of_a_partial_tree(
    commands: Commands, tmp_path: Path, xen: str, checks: bool, cells: tuple[int, int]
) -> None:
    changed = CELLS.replace("<2>", f"<{cells[0]}>", 1).replace("<2>", f"<{cells[1]}>", 1)
    host = write_host(tmp_path, {**FILES, "panel.dts": FILES["panel.dts"].replace(CELLS, changed)}, FIRMWARE, xen)
    agree(commands, host)
    panic = commands.verdicts(host).panic_simulated
    if checks:
        assert panic == "Could not set up domain panel (rc = -22)"
    else:
        assert (panic == "Division by zero in hypervisor.") == (cells == (0, 0))


DOM0_KERNEL = """
		module@50000000 {
			compatible = "multiboot,kernel", "multiboot,module";
			reg = <0x0 0x50000000 0x0 0x1000000>;
		};
"""
HARDWARE = """
		hw {
			compatible = "xen,domain";
			#address-cells = <2>;
			#size-cells = <2>;
			memory = <0x0 0x80000>;
			cpus = <1>;
			capabilities = <0x7>;
			xen,sci_type = "scmi_smc_multiagent";
			xen,sci-agent-id = <2>;

			module@50000000 {
				compatible = "multiboot,kernel", "multiboot,module";
				reg = <0x0 0x50000000 0x0 0x1000000>;
			};
		};
"""
PANEL_NODE = "\t\tpanel {\n"
END = "\t};\n};\n"


def with_hardware_domain(*, first: bool = False, kernel: str = "", node: str = HARDWARE) -> dict[str, str]:
    """Return the example host with a node in dom0's place: behind the other domain, or before it."""
    text = FILES["host.dts"]
    assert text.count(DOM0_KERNEL) == text.count(PANEL_NODE) == 1
    assert text.endswith(END)
    text = text.replace(DOM0_KERNEL, kernel).replace("xen,dom0-sci-agent-id = <2>;", "")
    text = text.replace(PANEL_NODE, f"{node}{PANEL_NODE}") if first else f"{text.removesuffix(END)}{node}{END}"
    return {**FILES, "host.dts": text}


def test_a_node_in_the_place_of_dom0(commands: Commands, tmp_path: Path) -> None:
    """It has what dom0 had: the devices that no guest gets, the agent, and /firmware/scmi."""
    host = write_host(tmp_path, with_hardware_domain(), FIRMWARE)
    agree(commands, host)
    verdicts = commands.verdicts(host)
    assert (verdicts.errors, verdicts.deviations, verdicts.created) == ((), (), {})
    assert verdicts.panic_simulated is None


@pytest.mark.parametrize(
    ("files", "panic"),
    [
        (with_hardware_domain(first=True), '"multiboot,device-tree" incompatible with hardware domain'),
        (with_hardware_domain(kernel=DOM0_KERNEL), "Only 1 hardware domain can be specified! (d0)"),
        (
            with_hardware_domain(node=HARDWARE + HARDWARE.replace("hw", "hv")),
            "Only 1 hardware domain can be specified! (d2)",
        ),
        (with_hardware_domain(node=HARDWARE.replace("0x7", "0x17")), "Invalid capabilities (17)"),
        (
            with_hardware_domain(node=HARDWARE.replace("cpus", 'passthrough = "enabled"; cpus')),
            "Don't specify passthrough for hardware domain",
        ),
        (
            with_hardware_domain(node=HARDWARE.replace("cpus", "nr_spis = <32>; cpus")),
            "nr_spis cannot be specified for hardware domain",
        ),
        (
            {
                name: text.replace("#iommu-cells = <1>;", "").replace("arm,smmu-v3", "lab,smmu")
                for name, text in with_hardware_domain().items()
            },
            "non-direct mapped hardware domain requires iommu",
        ),
        (with_hardware_domain(node=HARDWARE.replace("<2>;\n\n", "<77>;\n\n")), "Error creating domain hw (rc = -2)"),
    ],
)
def test_what_a_hardware_domain_cannot_have(
    commands: Commands, tmp_path: Path, files: dict[str, str], panic: str
) -> None:
    host = write_host(tmp_path, files, FIRMWARE)
    agree(commands, host)
    verdicts = commands.verdicts(host)
    assert verdicts.panic_simulated == panic
    assert any(panic in error for error in verdicts.errors)


def test_capabilities_that_xen_does_not_know(commands: Commands, tmp_path: Path) -> None:
    """Before 4.21 the node is any domain: it has no device tree of the machine, and nobody is dom0."""
    host = write_host(tmp_path, with_hardware_domain(), FIRMWARE, "4.20")
    agree(commands, host)
    assert any("capabilities" in each for each in commands.verdicts(host).milder)


@pytest.mark.parametrize("capabilities", ["0x1", "0x5"])
def test_a_control_domain_has_nothing_of_the_machine_to_give(
    commands: Commands, tmp_path: Path, capabilities: str
) -> None:
    """xl runs there, but registers and interrupts come from the hardware domain, and there is none."""
    host = write_host(tmp_path, with_hardware_domain(node=HARDWARE.replace("0x7", capabilities)), FIRMWARE)
    agree(commands, host)
    verdicts = commands.verdicts(host)
    assert any("no hardware domain" in each for each in verdicts.errors)
    assert verdicts.created


def test_a_domain_of_xl_where_nobody_runs_xl(commands: Commands, tmp_path: Path) -> None:
    text = FILES["host.dts"].replace(DOM0_KERNEL, "")
    host = write_host(tmp_path, {**FILES, "host.dts": text, "guest.cfg": PROBE_CFG}, FIRMWARE)
    agree(commands, host)
    assert any("can run xl" in each for each in commands.verdicts(host).milder)


def test_a_hardware_domain_without_an_agent(commands: Commands, tmp_path: Path) -> None:
    """xen,dom0-sci-agent-id is not for it: the remedy is in its own node."""
    node = HARDWARE.replace('xen,sci_type = "scmi_smc_multiagent";', "").replace("xen,sci-agent-id = <2>;", "")
    host = write_host(tmp_path, with_hardware_domain(node=node), FIRMWARE)
    agree(commands, host)
    _, _, said = commands.run("check", str(host))
    assert "hardware domain hw has no agent" in said
    assert 'add xen,sci_type = "scmi_smc_multiagent"; and xen,sci-agent-id' in said
