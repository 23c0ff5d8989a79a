"""Every fix is judged by what it leads to: the host is checked again, and run on the model."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from boot_vector import boot_vector, read_firmware
from tests.rules.judge import went_wrong
from tests.rules.more_slips import MORE_SLIPS
from tests.rules.slips import SLIPS

from xenscmi.diagnostics import Diagnostic, Safety, Severity
from xenscmi.host.load import load_host
from xenscmi.host.parsed import ParsedFiles
from xenscmi.host.types import Host, HostFirmware
from xenscmi.rules.engine import check
from xenscmi.rules.example import FIRMWARE
from xenscmi.rules.fixing import next_pass
from xenscmi.rules.registry import UNUSED_SUPPRESSION, all_rules
from xenscmi.rules.rule import Change, Rule
from xenscmi.rules.trial import example_files, host_of
from xenscmi.simulation.simulate import simulate
from xenscmi.source import Source

RANK = {Severity.INFO: 0, Severity.WARNING: 1, Severity.ERROR: 2}
RULES = {rule.name: rule for rule in all_rules() if rule is not UNUSED_SUPPRESSION}
MOST_PASSES = 20


@dataclass
class Outcome:
    """What became of a host: the texts, the fixes in their order, and what is still found."""

    files: dict[str, str]
    fixed: list[Diagnostic]
    left: tuple[Diagnostic, ...]
    host: Host


def fix(
    read: Callable[..., Host],
    files: Mapping[str, str],
    firmware: HostFirmware | None = None,
    profile: str | None = None,
    safeties: Iterable[Safety] = Safety,
) -> Outcome:
    """Apply every fix of these safeties until none is left."""
    texts = dict(files)
    fixed: list[Diagnostic] = []
    for _ in range(MOST_PASSES):
        host = read(texts, firmware, profile)
        left = check(host)
        step = next_pass(left, safeties)
        if step is None:
            return Outcome(texts, fixed, left, host)
        fixed += step.fixed
        texts |= {source.name if source.name in texts else Path(source.name).name: text for source, text in step.texts}
    raise AssertionError(f"still not done: {[each.fix for each in fixed[-3:]]}")


EXAMPLES = [rule for rule in RULES.values() if rule.bad]


@pytest.mark.parametrize("rule", EXAMPLES, ids=lambda rule: rule.name)
def test_a_fix_leaves_nothing_of_its_rule_and_brings_nothing_as_bad(rule: Rule) -> None:
    files = example_files(rule.bad)
    before = check(host_of(files, rule.firmware, rule.xen_profile))
    done = fix(host_of, files, rule.firmware, rule.xen_profile)
    assert {each.fix.safety for each in before if each.fix} <= set(rule.fixable)
    if not any(each.fix for each in before):
        assert done.files == files
        return
    assert not [each for each in done.left if each.code == rule.code]
    assert not [each for each in done.left if RANK[each.severity] >= RANK[rule.severity]]
    again = fix(host_of, done.files, rule.firmware, rule.xen_profile)
    assert (again.fixed, again.files) == ([], done.files)
    if rule.severity is Severity.ERROR:
        run = simulate(done.host)
        assert (run.panic, run.refusals, run.deviations) == (None, (), ())


# Fixes that no example shows, and what they write


@dataclass
class Case:
    """Changes of the example host after which a rule has a fix, which undoes them or writes what `writes` says."""

    name: str
    changes: tuple[Change, ...]
    writes: str = ""
    safety: Safety = Safety.SAFE
    firmware: HostFirmware | None = None


CFG, HOST, PANEL, GUEST = "guest.cfg", "host.dts", "panel.dts", "guest.dts"
UNSAFE = Safety.UNSAFE
CASES = (
    # xl.cfg
    Case("refused-value", (Change(CFG, "type=scmi_smc_multiagent", "type=scmi_smc_multi_agent"),)),
    Case("refused-value", (Change(CFG, "type=scmi_smc_multiagent", "type=scmi-smc-multiagent"),)),
    Case("refused-value", (Change(CFG, "multiagent,agent_id", "multiagent;agent_id"),)),
    Case("agent-not-listed", (Change(CFG, ",agent_id=4", ""),)),
    Case("foreign-page", (Change(PANEL, "0x47ff3000 0x0 0x1000", "0x47ff3000 0x0 0x2000"),)),
    Case("wrong-value-type", (Change(CFG, '[ "/soc/audio@e0002000" ]', '"/soc/audio@e0002000"'),)),
    Case("wrong-value-type", (Change(CFG, '"/boot/guest.dtb"', '[ "/boot/guest.dtb" ]'),)),
    Case("unknown-key", (Change(CFG, "device_tree =", "devicetree ="),)),
    Case("unknown-key", (Change(CFG, "irqs =", "iqrs ="),)),
    Case("unknown-key", (Change(CFG, "vcpus =", "maxvcpu ="),), "maxvcpus = 1"),
    Case("ignored-arm-sci-part", (Change(CFG, ",agent_id=4", ", agent_id=4"),)),
    Case("ignored-arm-sci-part", (Change(CFG, ",agent_id=4", ",agentid=4"),)),
    Case("ignored-arm-sci-part", (Change(CFG, ",agent_id=4", ",agent_id =4"),)),
    Case("non-decimal-agent-id", (Change(CFG, "agent_id=4", "agent_id=0x4"),)),
    Case("non-decimal-agent-id", (Change(CFG, "agent_id=4", "agent_id=+004"),)),
    Case("repeated-key", (Change(CFG, "vcpus = 1\n", "vcpus = 1\nvcpus = 1\n"),)),
    Case(
        "arm-sci-list",
        (Change(CFG, '"type=scmi_smc_multiagent,agent_id=4"', "[ 'type=scmi_smc_multiagent,agent_id=4' ]"),),
    ),
    # Agents
    Case("missing-agent-list", (Change(HOST, "scmi-secondary-agents = <", "scmi-secondary-agent = <"),)),
    Case("dangling-page", (Change(HOST, "-agents-cells = <3>", "-agents-cells = <2>"),)),
    Case("bad-agent-cells", (Change(HOST, "-agents-cells = <3>", "-agents-cells = <0x04>"),), "-cells = <0x03>"),
    Case("untranslatable-page", (Change(HOST, "0x0 0x47ff5000 0x0 0x1000", "0x47ff5000 0x1000"),)),
    Case("duplicate-listed-agent", (Change(HOST, "&page_5 5", "&page_5 3"),), firmware=FIRMWARE),
    Case("listed-agent-out-of-range", (Change(HOST, "&page_5 5", "&page_5 255"),), firmware=FIRMWARE),
    Case("shared-func-id", (Change(HOST, "0x82000007 &page_5", "0x82000006 &page_5"),), firmware=FIRMWARE),
    Case("firmware-mismatch", (Change(HOST, "&page_5 5", "&page_4 5"),), firmware=FIRMWARE),
    Case("firmware-mismatch", (Change(HOST, "0x47ff5000 0x0 0x1000", "0x47ff7000 0x0 0x1000"),), firmware=FIRMWARE),
    Case(
        "incomplete-management-node", (Change(HOST, "\t\t\t\t\tarm,smc-id = <0x82000003>;\n", ""),), firmware=FIRMWARE
    ),
    Case("incomplete-management-node", (Change(HOST, "shmem = <&page_1>", "shmmem = <&page_1>"),)),
    Case("management-mismatch", (Change(HOST, "shmem = <&page_1>", "shmem = <&page_5>"),), firmware=FIRMWARE),
    Case(
        "bad-access-controller-cells",
        (Change(HOST, "#access-controller-cells", "#access-controllers-cells"),),
    ),
    # Domains
    Case("duplicate-agent-id", (Change(HOST, "xen,sci-agent-id = <3>", "xen,sci-agent-id = <2>"),)),
    Case("wrong-guest-func-id", (Change(GUEST, "arm,smc-id = <0x82000006>", "arm,smc-ids = <0x82000006>"),)),
    Case("wrong-guest-func-id", (Change(CFG, "agent_id=4", "agent_id=5"),)),
    Case("unmapped-page", (Change(CFG, '"47ff4,1@22001", ', ""),), '[ "e0002,1", "47ff4,1@22001" ]'),
    Case("wrong-page", (Change(CFG, "47ff4,1@22001", "4ff74,1@22001"),)),
    Case("foreign-page", (Change(CFG, "47ff4,1@22001", "47ff3,1@22001"),)),
    Case("wrong-guest-address", (Change(CFG, "47ff4,1@22001", "47ff4,1@22010"),)),
    Case("wrong-guest-address", (Change(GUEST, "0x0 0x22001000 0x0 0x1000", "0x0 0x22010000 0x0 0x1000"),)),
    Case("missing-passthrough", (Change(GUEST, "\tpassthrough {", "\tpass-through {"),)),
    Case("wrong-dom0-channel", (Change(HOST, "shmem = <&dom0_page>", "shmem = <&page_2>"),)),
    Case("wrong-dom0-channel", (Change(HOST, "0x47ff2000 0x0 0x1000>;\n\t};", "0x47ff8000 0x0 0x1000>;\n\t};"),)),
    Case("dom0-without-agent", (Change(HOST, "xen,dom0-sci-agent-id", "xen,dom0-sci-agentid"),)),
    Case("single-agent-type", (Change(CFG, "type=scmi_smc_multiagent", "type=scmi_smc"),)),
    Case(
        "channel-without-agent", (Change(CFG, 'arm_sci = "type=scmi_smc_multiagent,agent_id=4"\n', ""),), safety=UNSAFE
    ),
    Case("unusable-guest-shmem", (Change(GUEST, '"arm,scmi-shmem"', '"arm,scmi-shm"'),)),
    Case("unusable-guest-shmem", (Change(GUEST, "0x0 0x22001000 0x0 0x1000", "0x0 0x22001000 0x0 0x10"),)),
    Case("unusable-guest-shmem", (Change(GUEST, "shmem = <&", "shmme = <&"),)),
    Case(
        "unusable-guest-shmem",
        (Change(GUEST, 'compatible = "arm,scmi-shmem"', 'cmopatible = "arm,scmi-shmem"'),),
        'compatible = "arm,scmi-shmem"',
    ),
    Case("unprobed-scmi-node", (Change(PANEL, "passthrough {\n\t\tcompatible", "passthrough {\n\t\tcopmatible"),)),
    Case("unmapped-page", (Change(PANEL, "xen,reg = <0x0 0x47ff3000", "xenr,eg = <0x0 0x47ff3000"),)),
    Case("wrong-guest-func-id", (Change(GUEST, "<0x82000006>", "<6>"),), "arm,smc-id = <0x82000006>"),
    Case("unmapped-dom0-page", (Change(HOST, "0x47ff2000 0x0 0x1000>;\n\t};", "0x47ff2000 0x0 0x0>;\n\t};"),)),
    Case("missing-agent-id", (Change(HOST, "xen,sci-agent-id = <3>", "xen,sci-agent-ids = <3>"),)),
    Case("unknown-sci-type", (Change(HOST, '"scmi_smc_multiagent"', '"scmi_smc_multi-agent"'),)),
    # Devices
    Case("unknown-device-path", (Change(CFG, "/soc/audio@e0002000", "/audio@e0002000"),)),
    Case("unknown-device-path", (Change(CFG, "/soc/audio@e0002000", "/soc/audio@e0020000"),)),
    Case("unassigned-device", (Change(CFG, 'dtdev = [ "/soc/audio@e0002000" ]\n', ""),)),
    Case("foreign-access-controller", (Change(HOST, "<&scmi_xen 2>", "<&{/firmware/scmi} 2>"),)),
    Case("shared-device-id", (Change(HOST, "<&scmi_xen 2>", "<&scmi_xen 1>"),), firmware=FIRMWARE),
    Case("unknown-device-id", (Change(HOST, "<&scmi_xen 2>", "<&scmi_xen 22>"),), firmware=FIRMWARE),
    Case(
        "ungranted-resource", (Change(HOST, "access-controllers = <&scmi_xen 2>", "access-controller = <&scmi_xen 2>"),)
    ),
    Case(
        "ungranted-resource",
        (Change(HOST, "\t\t\taccess-controllers = <&scmi_xen 2>;\n", ""),),
        "access-controllers = <&scmi_xen 2>;",
        UNSAFE,
        FIRMWARE,
    ),
    Case("unmapped-registers", (Change(CFG, '"e0002,1"', '"e0002,1@30000"'),), '"e0002,1@e0002"'),
    Case(
        "unmapped-registers",
        (Change(PANEL, "0xe0001000 0x0 0x1000 0x0 0xe0001000", "0xe0001000 0x0 0x1000 0x0 0xe1001000"),),
    ),
    Case("unmapped-registers", (Change(PANEL, "reg = <0x0 0xe0001000 0x0 0x1000>", "reg = <0xe0001000 0x1000>"),)),
    Case("wrong-guest-interrupt", (Change(GUEST, "interrupts = <0 50 4>", "interrupts = <0 82 4>"),)),
    Case("wrong-guest-interrupt", (Change(GUEST, "interrupts = <0 50 4>", "interrupts = <1 50 4>"),)),
    Case("wrong-guest-interrupt", (Change(GUEST, "interrupts = <0 50 4>", "interrupts = <0 50 1>"),)),
    Case("missing-interrupt", (Change(CFG, "[ 82 ]", "[ ]"),)),
    Case("unknown-irq", (Change(CFG, "[ 82 ]", "[ 50 ]"),)),
    Case("unknown-irq", (Change(CFG, "[ 82 ]", "[ '84' ]"),), "[ '82' ]"),
    Case("wrong-protocol", (Change(PANEL, "\t\t\t\treg = <0x14>;\n", ""),), "reg = <0x14>;"),
    Case(
        "wrong-protocol",
        (Change(GUEST, "#clock-cells", "#reset-cells"), Change(GUEST, "\t\t\tclocks = <&scmi_clock 20>;\n", "")),
        "\t\t\t\t#clock-cells = <1>;\n",
    ),
    Case(
        "wrong-cells",
        (
            Change(
                GUEST,
                '\tpassthrough {\n\t\tcompatible = "simple-bus";\n\t\t#address-cells = <2>',
                '\tpassthrough {\n\t\tcompatible = "simple-bus";\n\t\t#address-cells = <1>',
            ),
        ),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name}-{CASES.index(case)}")
def test_what_a_fix_writes(case: Case) -> None:
    files = example_files(case.changes)
    found = check(host_of(files, case.firmware))
    fixes = [each.fix for each in found if each.fix and each.name == case.name]
    assert fixes, found
    assert {each.safety for each in fixes} == {case.safety}
    done = fix(host_of, files, case.firmware)
    if case.writes:
        assert case.writes in "".join(done.files.values())
    else:
        assert done.host == host_of(example_files(()), case.firmware)
    assert [each for each in done.left if each.severity is not Severity.INFO] == []


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        # The guest's node has more registers than the device: its mapping is not to grow.
        ("unmapped-registers", Change(GUEST, "0x0 0xe0002000 0x0 0x1000", "0x0 0xe0002000 0x0 0x2000")),
        (
            "unmapped-registers",
            Change(PANEL, "\treg = <0x0 0xe0001000 0x0 ", "\treg = <0x0 0xe0001000 0x9 "),
        ),
        # The host's node has another address in its name: its mapping is not to follow.
        ("unmapped-registers", Change(HOST, "reg = <0x0 0xe0002000 0x0 0x1000>", "reg = <0x0 0xe0902000 0x0 0x1000>")),
        # The GIC has no SPI without a trigger.
        ("wrong-guest-interrupt", Change(HOST, "interrupts = <0 50 4>", "interrupts = <0 50 0>")),
    ],
)
def test_where_another_file_is_wrong_there_is_no_fix(rule: str, change: Change) -> None:
    found = [each for each in check(host_of(example_files((change,)))) if each.name == rule]
    assert found
    assert [each.fix for each in found if each.fix] == []


@pytest.mark.parametrize(("iomem", "safety"), [("e0002,1", Safety.SAFE), ("e0001,2", Safety.UNSAFE)])
def test_a_mapping_grows_unseen_only_from_the_first_page_of_the_registers(iomem: str, safety: Safety) -> None:
    """One that begins a page early may have been meant to begin later."""
    larger = [
        Change(file, "0x0 0xe0002000 0x0 0x1000", "0x0 0xe0002000 0x0 0x2000") for file in ("host.dts", "guest.dts")
    ]
    found = check(host_of(example_files((*larger, Change(CFG, '"e0002,1"', f'"{iomem}"')))))
    (fix_of,) = [each.fix for each in found if each.name == "unmapped-registers" and each.fix]
    assert (fix_of.title, fix_of.safety) == (
        "Map 0x2000 bytes" if safety is Safety.SAFE else "Map 0x3000 bytes",
        safety,
    )


@pytest.mark.parametrize(("func_id", "kinds"), [(0x82000016, [Safety.UNSAFE]), (0x82000005, [])])
def test_a_firmware_table_that_is_alone_is_not_followed(func_id: int, kinds: list[Safety]) -> None:
    """The list and the guest agree on another function id; the second is that of another agent, too."""
    agents = tuple(replace(each, func_id=func_id) if each.agent_id == 4 else each for each in FIRMWARE.agents or ())
    found = check(host_of(example_files(()), replace(FIRMWARE, agents=agents)))
    assert [each.fix.safety for each in found if each.fix and each.name == "firmware-mismatch"] == kinds


@pytest.mark.parametrize("agent", [1, 5])
def test_a_firmware_table_that_contradicts_itself_is_not_followed(agent: int) -> None:
    """A page that two agents have is a slip in host.toml; the trees are right."""
    page = next(each.shmem for each in FIRMWARE.agents or () if each.agent_id == 4)
    agents = tuple(replace(each, shmem=page) if each.agent_id == agent else each for each in FIRMWARE.agents or ())
    found = check(host_of(example_files(()), replace(FIRMWARE, agents=agents, trusted_agent=1)))
    mismatches = [each for each in found if each.name in ("firmware-mismatch", "management-mismatch")]
    assert mismatches
    assert [each.fix for each in mismatches if each.fix] == []


def test_every_rule_with_a_fix_shows_one() -> None:
    """A rule says what kind of fixes it has; the examples and cases here have each of these kinds."""
    found: dict[str, set[Safety]] = {}
    seen = [(example_files(rule.bad), rule.firmware, rule.xen_profile) for rule in EXAMPLES]
    seen += [(example_files(case.changes), case.firmware, None) for case in CASES]
    for files, firmware, profile in seen:
        for each in check(host_of(files, firmware, profile)):
            if each.fix:
                found.setdefault(each.name, set()).add(each.fix.safety)
    declared = {name: set(rule.fixable) for name, rule in RULES.items() if rule.fixable}
    assert {name: kinds for name, kinds in found.items() if not kinds <= declared.get(name, set())} == {}
    assert declared.keys() - found.keys() == ON_A_BOARD


ON_A_BOARD = {"unknown-trusted-agent", "unowned-resource"}  # they need a host.toml: see below
BOARDS = Path(__file__).parent / "boards"
# What a safe fix writes where a person slipped means what the board meant before, except for these.
OTHERWISE = {
    ("missing-interrupt", "irqs = [ 53, 54, 55 ]"): "the order of irqs",
    ("unmapped-page", '    "47ff3,1@22001",\n'): "the order of iomem",
    ("device-left-to-dom0", "<&scmi_xen 13>;\n\t\t\txen,passthrough;"): "the slip writes a status, too",
    ("unknown-device-path", "mmc@ee140000 {"): "the host's node has a new name: dtdev follows",
}


def read_board(board: str, texts: Mapping[str, str], parsed: ParsedFiles) -> Host:
    folder = BOARDS / board

    def read(path: Path) -> bytes:
        if path.name not in texts:
            raise FileNotFoundError(path)
        return texts[path.name].encode()

    def list_folder(path: Path) -> list[Path]:
        return [path / name for name in sorted(texts)]

    return load_host([str(folder)], read=read, list_folder=list_folder, parsed=parsed).host


def test_a_safe_fix_undoes_the_slip_of_a_person() -> None:
    """On the boards, after each slip: what safe fixes leave is clean, and means what it meant before."""
    parsed = ParsedFiles()
    boards = {path.name: {each.name: each.read_text() for each in path.iterdir()} for path in BOARDS.iterdir()}
    undone, kinds = 0, set[tuple[str, Safety]]()
    for slip in (*SLIPS, *MORE_SLIPS):
        files = boards[slip.board]
        text = files.get(slip.file, "")
        start = {**files, slip.file: text.replace(slip.good, slip.bad) if text else slip.bad}
        found = check(read_board(slip.board, start, parsed))
        kinds |= {(each.name, each.fix.safety) for each in found if each.fix}
        if next_pass(found, [Safety.SAFE]) is None:
            continue
        done = fix(lambda texts, *_, board=slip.board: read_board(board, texts, parsed), start, safeties=[Safety.SAFE])
        assert [each for each in done.left if each.severity is not Severity.INFO] == [], slip
        if done.host == read_board(slip.board, files, parsed):
            undone += 1
        else:
            assert (slip.name, slip.good) in OTHERWISE, (slip, done.fixed)
    assert undone > 120
    assert {(name, Safety.UNSAFE) for name in ON_A_BOARD} <= kinds
    declared = {(rule.name, kind) for rule in RULES.values() for kind in rule.fixable}
    assert kinds <= declared


BOOT = Path(__file__).parents[1] / "vectors" / "boot"
CHANGES = tomllib.loads((Path(__file__).parent / "changes.toml").read_text())["case"]
STILL_WRONG = {  # the fix is a good one, and something else is wrong
    "two-containers": "of two containers Xen takes the one without a list",
    "two-mgmt-before": "there are two scmi nodes for Xen",
}


def booted() -> Iterator[tuple[str, dict[str, str], str]]:
    """Yield hosts with what a real Xen did with them, and the good one of them with changes: names, texts, firmware."""
    for folder in sorted(path for path in BOOT.iterdir() if path.is_dir()):
        files = {path.name: path.read_text() for path in folder.glob("*.dts")}
        yield folder.name, files, (folder / "expected.json").read_text()
    good = BOOT / "good-default"
    for case in CHANGES:
        files = {name: (good / name).read_text() for name in ("host.dts", "domU1.dts")}
        for key, name in (("host", "host.dts"), ("guest", "domU1.dts")):
            for old, new in case.get(key, ()):
                files[name] = files[name].replace(old, new)
        yield case["name"], files, (good / "expected.json").read_text()


def test_no_host_is_worse_for_safe_fixes() -> None:
    """Before and after, the hosts run on the model, which does on each of vectors/boot what the real Xen did."""
    righted = 0
    for name, files, expected in booted():
        firmware = read_firmware(Source("expected.json", expected))
        done = fix(host_of, files, firmware, safeties=[Safety.SAFE])
        if not done.fixed:
            continue
        wrong = went_wrong(done.host, dict(boot_vector(done.host)))
        assert wrong == [] or name in STILL_WRONG, (name, wrong, done.fixed)
        before = host_of(files, firmware)
        righted += bool(not wrong and went_wrong(before, dict(boot_vector(before))))
    assert righted > 80
