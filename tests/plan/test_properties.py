"""For any plan on any board: the trees compile and apply, the host is clean, the grants are the planned ones, and a
domain more changes nobody else's numbers."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plan.boards import Workplace, merge

from xenscmi.cli.files import load_host
from xenscmi.rules.engine import Selection, check
from xenscmi.simulation.simulate import simulate

_BUSES = ("", "/bus@10000000", "/bus@10000000/bus@0")


@dataclass(frozen=True)
class Block:
    """A device of a board: what it has and what it refers to."""

    name: str
    address: int
    size: int
    irqs: tuple[int, ...]
    clocks: int
    wrapped: bool
    disabled: bool
    iommu: bool
    supply: bool

    @property
    def path(self) -> str:
        return f"/soc/{self.name}@{self.address:x}"

    def source(self) -> str:
        number = int(self.name[3:])
        lines = [f'compatible = "lab,{self.name}", "lab,any";', f"reg = <{_wide(self.address)} 0x0 {self.size:#x}>;"]
        if self.irqs:
            lines.append(f"interrupts = {', '.join(f'<0 {irq} 4>' for irq in self.irqs)};")
        if self.clocks:
            lines.append(f"clocks = {', '.join(f'<&cpg {number} {index}>' for index in range(self.clocks))};")
            lines.append(f"resets = <&cpg {number}>;")
        lines += ['status = "disabled";'] if self.disabled else []
        lines += [f"iommus = <&iommu {number}>;"] if self.iommu else []
        lines += ["vmmc-supply = <&v33>;"] if self.supply else []
        inner = ""
        if self.wrapped:
            inner = (
                "#address-cells = <2>; #size-cells = <2>; ranges;\n"
                f'core@{self.address + 0x100000:x} {{ compatible = "lab,core"; '
                f"reg = <{_wide(self.address + 0x100000)} 0x0 0x1000>; interrupts = <0 {300 + number} 1>; }};"
            )
        return f"{self.name}@{self.address:x} {{ {' '.join(lines)}\n{inner} }};"


def _wide(number: int) -> str:
    return f"{number >> 32:#x} {number & 0xFFFFFFFF:#x}"


@st.composite
def blocks(draw: Callable[..., object], number: int) -> Block:
    base = draw(st.sampled_from([0x0A000000, 0x22000000, 0x38000000, 0x60000000, 0xE6000000, 0x240000000]))
    assert isinstance(base, int)
    irqs = draw(st.sets(st.integers(number * 4 + 1, number * 4 + 4), max_size=3))
    assert isinstance(irqs, set)
    return Block(
        name=f"dev{number}",
        address=base + number * 0x200000 + draw(st.sampled_from([0, 0x40, 0x1000, 0x1080])),  # type: ignore[operator]
        size=draw(st.sampled_from([0x40, 0x1000, 0x1F80, 0x10000])),  # type: ignore[arg-type]
        irqs=tuple(sorted(irqs)),
        clocks=draw(st.integers(0, 3)),  # type: ignore[arg-type]
        wrapped=draw(st.booleans()),  # type: ignore[arg-type]
        disabled=draw(st.booleans()),  # type: ignore[arg-type]
        iommu=draw(st.booleans()),  # type: ignore[arg-type]
        supply=draw(st.booleans()),  # type: ignore[arg-type]
    )


@dataclass(frozen=True)
class Guest:
    """A domain of a plan: its keys, and the numbers of the blocks that it is given."""

    name: str
    dom0less: bool
    memory: int
    agent: int | None
    devices: tuple[int, ...]

    def source(self, board: tuple[Block, ...]) -> str:
        lines = ["[[domain]]", f'name = "{self.name}"', f"memory = {self.memory}"]
        lines += ['kind = "dom0less"'] if self.dom0less else []
        lines += [f"agent = {self.agent}"] if self.agent is not None else []
        lines.append(f"devices = {[board[number].path for number in self.devices]}".replace("'", '"'))
        return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Case:
    """A board and the domains of a plan on it."""

    board: tuple[Block, ...]
    guests: tuple[Guest, ...]
    dom0_rest: bool

    def board_source(self) -> str:
        devices = "\n".join(block.source() for block in self.board)
        return _BOARD.format(devices=devices)

    def map_source(self) -> str:
        lines = ['name = "small"', "[[clocks]]", 'provider = "/soc/clock-controller@f0000000"', "runs = ["]
        lines += [f'    {{ cells = "{n} 0", count = 3, id = {n * 3} }},' for n in range(len(self.board))]
        lines += ["]", "[[resets]]", 'provider = "/soc/clock-controller@f0000000"']
        lines += ['runs = [{ cells = "0", count = 32, id = 7 }]']
        return "\n".join(lines) + "\n"

    def plan(self, guests: tuple[Guest, ...]) -> str:
        rest = '"rest"' if self.dom0_rest else "[]"
        head = f'[board]\ndevice_tree = "board.dts"\n[firmware]\nmap = "small.toml"\n[dom0]\ndevices = {rest}\n'
        return head + "".join(guest.source(self.board) for guest in guests)


@st.composite
def cases(draw: Callable[..., object]) -> Case:
    count = draw(st.integers(1, 6))
    assert isinstance(count, int)
    board = tuple(draw(blocks(number)) for number in range(count))
    owners = draw(st.lists(st.integers(0, 4), min_size=count, max_size=count))
    assert isinstance(owners, list)
    insisted = draw(
        st.lists(
            st.sampled_from([None, None, 10, 11, 12, 13]), min_size=4, max_size=4, unique_by=lambda x: x or object()
        )
    )
    assert isinstance(insisted, list)
    guests = tuple(
        Guest(
            name=f"g{number}",
            dom0less=draw(st.booleans()),  # type: ignore[arg-type]
            memory=draw(st.sampled_from([8, 256, 3000, 9000])),  # type: ignore[arg-type]
            agent=insisted[number],
            devices=tuple(index for index, owner in enumerate(owners) if owner == number),
        )
        for number in range(4)
    )
    return Case(board, guests, bool(draw(st.booleans())))  # type: ignore[arg-type]


_BOARD = """\
/dts-v1/;
/ {{
	#address-cells = <2>;
	#size-cells = <2>;
	interrupt-parent = <&gic>;
	chosen {{ }};
	memory@400000000 {{ device_type = "memory"; reg = <0x4 0x0 0x0 0x40000000>; }};
	memory@80000000 {{ device_type = "memory"; reg = <0x0 0x80000000 0x0 0x40000000>; }};
	v33: regulator-3v3 {{ compatible = "regulator-fixed"; regulator-name = "3v3"; }};
	soc {{
		compatible = "simple-bus";
		#address-cells = <2>;
		#size-cells = <2>;
		ranges;
		gic: interrupt-controller@f1000000 {{
			compatible = "arm,gic-v3";
			#interrupt-cells = <3>;
			#address-cells = <0>;
			interrupt-controller;
			reg = <0x0 0xf1000000 0x0 0x20000>;
		}};
		cpg: clock-controller@f0000000 {{
			compatible = "lab,cpg";
			reg = <0x0 0xf0000000 0x0 0x1000>;
			#clock-cells = <2>;
			#reset-cells = <1>;
		}};
		iommu: iommu@f2000000 {{
			compatible = "arm,smmu-v3";
			reg = <0x0 0xf2000000 0x0 0x20000>;
			#iommu-cells = <1>;
		}};
		{devices}
	}};
}};
"""


def render(place: Workplace, case: Case, guests: tuple[Guest, ...]) -> None:
    place.write(case.plan(guests), case.board_source())
    (place.folder / "small.toml").write_text(case.map_source())
    assert place.plan("render") == 0


@given(cases())
@settings(max_examples=25)
def test_any_plan_is_rendered_to_a_host_that_works_as_planned(case: Case) -> None:
    with TemporaryDirectory() as folder:
        place = Workplace(Path(folder))
        render(place, case, case.guests)
        (place.folder / "blobs").mkdir()
        merge(place.host, place.folder / "blobs")
        before = place.snapshot()
        assert place.plan("render") == 0
        assert place.snapshot() == before
        host = load_host([str(place.host)]).host
        assert [(each.code, each.message) for each in check(host, Selection())] == []
        seen = simulate(host)
        assert seen.panic is None
        assert seen.deviations == ()
        numbers = {device.path: device.entries[0].arguments[0] for device in host.devices}
        planned = {
            guest.name: {numbers[case.board[n].path] for n in guest.devices if case.board[n].clocks}
            for guest in case.guests
        }
        assert {view.name: set(view.given) for view in seen.domains if view.name != "dom0"} == planned


@given(cases(), st.integers(0, 3), st.booleans())
@settings(max_examples=25)
def test_a_domain_more_or_less_changes_nobody_elses_numbers(case: Case, left_out: int, turned: bool) -> None:
    some = tuple(guest for index, guest in enumerate(case.guests) if index != left_out)
    with TemporaryDirectory() as folder:
        place = Workplace(Path(folder))
        for first, then in ((some, case.guests), (case.guests, some)):
            (place.folder / "plan.lock").unlink(missing_ok=True)
            render(place, case, first)
            before, files = _lock(place), place.snapshot()
            render(place, case, then[::-1] if turned else then)
            after = _lock(place)
            for guest in some:
                assert after["agents"][guest.name] == before["agents"][guest.name]
                assert after["guests"].get(guest.name) == before["guests"].get(guest.name)
                for name in (f"{guest.name}.cfg", f"{guest.name}.dts"):
                    assert (place.host / name).read_bytes() == files[name] if name in files else True
            for path, number in before["devices"].items():
                assert after["devices"].get(path, number) == number


def _lock(place: Workplace) -> dict[str, dict[str, object]]:
    return tomllib.loads((place.folder / "plan.lock").read_text())
