"""What `check --from A --to B` says: each change of Xen's behaviour for a host that it touches, and for no other."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rules.conftest import ReadExample

from xenscmi.cli import main
from xenscmi.config.types.enums import ArmSciType
from xenscmi.diagnostics import Severity, XenscmiError
from xenscmi.domctl.releases import CHANGES, Release
from xenscmi.host.types import Host
from xenscmi.rules.example import FILES
from xenscmi.rules.rule import Change
from xenscmi.rules.upgrade import REPORTS, find_release, upgrade

ARM_SCI = 'arm_sci = "type=scmi_smc_multiagent,agent_id=4"\n'
PANEL_TYPE = 'xen,sci_type = "scmi_smc_multiagent";\n\t\t\txen,sci-agent-id = <3>;'
NO_SCI = (Change("guest.cfg", ARM_SCI, ""), Change("host.dts", PANEL_TYPE, ""))
CELLS = "#address-cells = <2>;\n\t\t#size-cells = <2>;"


def changed(host: Host, before: str, after: str) -> dict[str, str]:
    """Return what changes: name → the file in which it is found."""
    found = upgrade(host, find_release(before), find_release(after))
    return {each.name: each.span.source.name for each in found if each.span}


def test_a_host_with_agents(read_example: ReadExample) -> None:
    names = changed(read_example(), "4.20", "4.22")
    assert set(names) == {"sci-without-driver", "arm-sci-key", "createdomain-layout"}
    assert names["arm-sci-key"] == names["createdomain-layout"] == "guest.cfg"


def test_a_host_that_no_change_touches(read_example: ReadExample) -> None:
    """A dom0less host: no toolstack, and so no createdomain; none of its domains asks for SCI."""
    host = read_example((Change("host.dts", PANEL_TYPE, ""), Change("guest.cfg", FILES["guest.cfg"], "")))
    assert changed(host, "4.20", "4.22") == {}
    assert changed(read_example(), "4.22", "4.22") == {}


def test_a_type_in_a_node_is_read_since_4_21(read_example: ReadExample) -> None:
    host = read_example((Change("guest.cfg", ARM_SCI, ""),))
    assert changed(host, "4.20", "4.21.1")["arm-sci-key"] == "host.dts"
    assert "arm-sci-key" not in changed(host, "4.21", "4.22")


@pytest.mark.parametrize(
    ("before", "after", "refused"),
    [
        ("4.21", "4.21.1", False),
        ("4.21.1", "4.21.2", True),
        ("4.21.1", "4.22", True),
        ("4.21.2", "4.22", False),
        ("4.20.9", "4.22", True),
        ("4.22", "4.21.1", True),
    ],
)
def test_requests_for_sci(before: str, after: str, refused: bool, read_example: ReadExample) -> None:
    assert ("sci-without-driver" in changed(read_example(), before, after)) == refused
    assert "sci-without-driver" not in changed(read_example(NO_SCI), before, after)


@pytest.mark.parametrize(
    ("before", "after", "fixed"),
    [
        ("4.20.3", "4.20.4", True),
        ("4.20.4", "4.22", False),
        ("4.20.4", "4.21.1", True),  # back to the panic
        ("4.21.2", "4.22", False),
        ("4.19", "4.22", True),
        ("4.19", "4.20.3", False),
    ],
)
def test_a_partial_tree_of_zero_cells(before: str, after: str, fixed: bool, read_example: ReadExample) -> None:
    assert FILES["panel.dts"].count(CELLS) == 1
    host = read_example((Change("panel.dts", CELLS, CELLS.replace("<2>", "<0>")),))
    names = changed(host, before, after)
    assert ("zero-cells" in names) == fixed
    assert names.get("zero-cells", "panel.dts") == "panel.dts"
    assert "zero-cells" not in changed(read_example(), before, after)


@pytest.mark.parametrize(
    ("driver", "panel_type", "touched"),
    [
        (None, "scmi_smc_multiagent", True),
        (ArmSciType.NONE, "scmi_smc_multiagent", True),
        (ArmSciType.SCMI_SMC_MULTIAGENT, "scmi_smc_multiagent", False),
        (ArmSciType.SCMI_SMC_MULTIAGENT, "scmi_smc", True),  # Xen now looks whether that driver is built in
        (ArmSciType.SCMI_SMC_MULTIAGENT, "none", False),
    ],
)
def test_a_host_that_says_which_driver_its_xen_has(
    driver: ArmSciType | None, panel_type: str, touched: bool, read_example: ReadExample
) -> None:
    changes = (Change("host.dts", '"scmi_smc_multiagent"', f'"{panel_type}"'),)
    host = read_example(changes, sci_driver=driver)
    assert ("sci-without-driver" in changed(host, "4.21.1+sci-ma", "4.21.2+sci-ma")) == touched


def test_every_change_is_reported() -> None:
    assert tuple(report.change for report in REPORTS) == CHANGES


@pytest.mark.parametrize(("cells", "touched"), [("<3>", True), ("<1>", False), ("<2>", False)])
def test_cells_that_xen_came_to_refuse(cells: str, touched: bool, read_example: ReadExample) -> None:
    host = read_example((Change("panel.dts", CELLS, CELLS.replace("<2>", cells)),))
    assert ("zero-cells" in changed(host, "4.21.1", "4.21.2")) == touched


def test_an_empty_release_is_not_a_check_without_releases(capsys: pytest.CaptureFixture[str]) -> None:
    """A variable of a CI that is not set."""
    assert main(["check", "--from", "", "--to", "4.22", str(Path(__file__).parents[2] / "examples" / "spider")]) == 2
    assert "`' is not a release of Xen" in capsys.readouterr().err


def test_capabilities_of_a_domain(read_example: ReadExample) -> None:
    host = read_example((Change("host.dts", "cpus = <1>;", "cpus = <1>;\n\t\t\tcapabilities = <0x3>;"),))
    assert changed(host, "4.20", "4.21")["domain-capabilities"] == "host.dts"
    assert "domain-capabilities" not in changed(host, "4.21", "4.22")


def test_the_layout_says_both_versions_and_the_fields(read_example: ReadExample) -> None:
    found = upgrade(read_example(), find_release("4.20"), find_release("4.22"))
    (layout,) = (each for each in found if each.name == "createdomain-layout")
    assert "0x18" in layout.message
    assert "0x17" in layout.message
    assert "+arch.arm_sci_type" in layout.message
    assert "createdomain-layout" not in changed(read_example(), "4.22", "4.22.3")


@pytest.mark.parametrize("text", ["", "4", "4.x", "3.4", "4.99", "4.22.1.2", "4.22-rc1", "\u0664.22"])
def test_other_releases_are_refused(text: str) -> None:
    with pytest.raises(XenscmiError, match="is not a release of Xen"):
        find_release(text)


RELEASES = st.builds(Release, st.just(4), st.integers(16, 24), st.integers(0, 6))


@given(RELEASES, RELEASES)
def test_a_change_stays(one: Release, other: Release) -> None:
    """Later point releases of a branch, and the first releases of later branches than all, keep a change."""
    for change in CHANGES:
        if one <= other and one[:2] == other[:2] and change.is_in(one):
            assert change.is_in(other)
        assert change.is_in(Release(4, change.since[-1][1] + 1))


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    assert main(["check", "--from", "4.20", "--to", "4.22", str(tmp_path)]) == 1
    assert "ignores the request" in capsys.readouterr().err
    assert main(["check", "--from", "4.22", "--to", "4.22.1", str(tmp_path)]) == 0
    assert main(["check", "--from", "4.20", str(tmp_path)]) == 2
    assert main(["check", "--from", "4.2O", "--to", "4.22", str(tmp_path)]) == 2
    assert "write one of 4.17" in capsys.readouterr().err


def test_what_breaks_is_a_warning(read_example: ReadExample) -> None:
    found = upgrade(read_example(), find_release("4.20"), find_release("4.22"))
    assert {each.severity for each in found if each.name == "sci-without-driver"} == {Severity.WARNING}
