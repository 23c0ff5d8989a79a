"""There is one verdict on a host: what one of check, simulate and create refuses, all refuse, in the same words."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from boot_vector import read_firmware
from tests.agreement.folders import Commands, write_host

from xenscmi.rules.example import FILES, FIRMWARE
from xenscmi.rules.registry import host_rules
from xenscmi.rules.rule import HostRule
from xenscmi.source import Source

ROOT = Path(__file__).parents[2]
BOOT = ROOT / "tests" / "vectors" / "boot"

REFUSED = {
    "xl: a transport that it does not know": 'virtio = ["type=virtio,device,transport=pci"]',
    "xl: an agent that cannot be": 'arm_sci = "type=scmi_smc_multiagent,agent_id=255"',
    "xl: a syntax error": "memory = -1",
    "libxl: a mode that Arm does not have": 'passthrough = "sync_pt"',
    "libxl: an interrupt of the vuart's": 'irqs = [ 32 ]\nvuart = "sbsa_uart"',
    "libxl: no such pool": 'pool = "Pool-1"',
    "libxl: no such backend": 'virtio = ["backend=nobody,type=virtio,device,transport=mmio"]',
    "Xen's profile: a flag that it does not have": "altp2m = 2\naltp2m_count = 3",
    "Xen: an interrupt controller that the machine lacks": 'gic_version = "v2"',
    "Xen: a TEE": 'tee = "optee"',
    "Xen: SVE": 'sve = "128"',
    "Xen: more SPIs than a GIC has": "nr_spis = 961",
    "Xen: an agent that is taken": 'arm_sci = "type=scmi_smc_multiagent,agent_id=2"',
    "Xen: an agent that nobody knows": 'arm_sci = "type=scmi_smc_multiagent,agent_id=77"',
    "Xen: a device that is not there": 'dtdev = [ "/soc/nothing" ]',
    "Xen: frames that are not dom0's": 'iomem = [ "12345,1@22001" ]',
}
"""Lines behind the example guest's file, by who refuses them."""


@pytest.fixture
def commands(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Commands:
    return Commands(capsys, tmp_path)


def agree(commands: Commands, host: Path) -> None:
    """Fail where the three commands tell different stories of a host."""
    verdicts = commands.verdicts(host)
    if verdicts.unusable is not None:
        assert verdicts.errors, f"check is silent on {verdicts.unusable}"
        for said in (verdicts.unusable, *verdicts.created.values()):
            assert all(reason in said for reason in verdicts.errors), said
        return
    assert verdicts.panic_created == verdicts.panic_simulated
    if verdicts.panic_simulated is not None:
        assert verdicts.errors, "check is silent on a panic"
        return
    for reason in verdicts.simulated:
        assert any(reason in said for said in verdicts.created.values()), reason
        assert verdicts.errors, f"check is silent on {reason}"
    for said in verdicts.created.values():
        assert any(reason in said for reason in verdicts.simulated), said
    if verdicts.deviations:
        assert verdicts.errors or verdicts.milder, verdicts.deviations


@pytest.mark.parametrize("name", ["spider"])
def test_the_example_hosts(commands: Commands, tmp_path: Path, name: str) -> None:
    host = tmp_path / "host"
    shutil.copytree(ROOT / "examples" / name, host)
    verdicts = commands.verdicts(host)
    assert (verdicts.errors, verdicts.deviations, verdicts.created) == ((), (), {})


def test_the_example_of_the_rules(commands: Commands, tmp_path: Path) -> None:
    verdicts = commands.verdicts(write_host(tmp_path, FILES, FIRMWARE))
    assert (verdicts.errors, verdicts.deviations, verdicts.created) == ((), (), {})


@pytest.mark.parametrize("rule", host_rules(), ids=lambda rule: rule.code)
def test_the_bad_example_of_each_rule(commands: Commands, tmp_path: Path, rule: HostRule) -> None:
    files = dict(FILES)
    for change in rule.bad:
        files[change.file] = files.get(change.file, "").replace(change.good, change.bad)
    files = {name: text for name, text in files.items() if text}
    agree(commands, write_host(tmp_path, files, rule.firmware or FIRMWARE, rule.xen_profile, rule.sci_driver))


@pytest.mark.parametrize("lines", REFUSED.values(), ids=REFUSED)
def test_a_domain_that_is_refused(commands: Commands, tmp_path: Path, lines: str) -> None:
    host = write_host(tmp_path, {**FILES, "guest.cfg": f"{FILES['guest.cfg']}{lines}\n"}, FIRMWARE)
    agree(commands, host)
    verdicts = commands.verdicts(host)
    assert list(verdicts.created) == ["guest"]
    assert any(name.endswith("guest.cfg") for name in verdicts.error_files)


@pytest.mark.parametrize("name", sorted(folder.name for folder in BOOT.iterdir() if folder.is_dir()))
def test_the_boot_vectors(commands: Commands, tmp_path: Path, name: str) -> None:
    files = {path.name: path.read_text() for path in (BOOT / name).glob("*.dts")}
    agree(
        commands,
        write_host(
            tmp_path, files, read_firmware(Source("expected.json", (BOOT / name / "expected.json").read_text()))
        ),
    )


PCI = """
		pcie@d0000000 {
			compatible = "pci-host-ecam-generic";
			device_type = "pci";
			#address-cells = <3>;
			#size-cells = <2>;
			reg = <0x0 0xd0000000 0x0 0x1000000>;
			ranges = <0x02000000 0x0 0xd8000000 0x0 0xd8000000 0x0 0x1000000>;

			pci@0,0 {
				device_type = "pci";
				reg = <0x0 0x0 0x0 0x0 0x0>;
				#address-cells = <3>;
				#size-cells = <2>;
				ranges;

				wifi@0,0 { reg = <0x0 0x0 0x0 0x0 0x0>; };
			};
		};
"""


def test_a_child_of_a_pci_bridge(commands: Commands, tmp_path: Path) -> None:
    """It has no address that Xen would look for: nothing is wrong with it."""
    text = FILES["host.dts"].replace("\t\tmmc@e0000000", f"{PCI}\n\t\tmmc@e0000000")
    verdicts = commands.verdicts(write_host(tmp_path, {**FILES, "host.dts": text}, FIRMWARE))
    assert (verdicts.errors, verdicts.deviations, verdicts.created) == ((), (), {})
