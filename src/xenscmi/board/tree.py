"""The device tree of the board: what qemu's `virt` machine has, as a normal world may see it, and the SCMI agents.

Made as DTS, so that people can read it (`xenscmi board tree`), and compiled as any other tree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import NamedTuple

from xenscmi.board.layout import CONSUMER_SIZE, CONSUMERS, HOLE, HOLE_SIZE, PAGE_SIZE, RAM
from xenscmi.devicetree import Tree, parse_dts


class Consumer(NamedTuple):
    """A device that is none: a clock, a reset domain and a power domain that Linux is to switch on for it, or None.

    `device_id` is the id under which the firmware knows it, for Xen to ask permission; None if it is not asked.
    """

    clock: int | None = None
    reset: int | None = None
    power: int | None = None
    device_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentNode:
    """An SCMI agent of the operating system: its channel, and the protocols that it is to use.

    `rtc` is the number of the clock, reset domain and power domain of the machine's PL031, for the agent that has it.
    Each of the `consumers` is a serial port that is none (its registers are a piece of the hole): Linux binds its
    built-in driver to it, or says why it cannot.
    """

    func_id: int
    page: int
    protocols: Sequence[int]
    rtc: int | None = None
    consumers: Sequence[Consumer] = ()


class ChannelRow(NamedTuple):
    """An agent's channel: its SMC function id, its page, its agent id."""

    func_id: int
    page: int
    agent_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class XenContainer:
    """What a multi-agent Xen is told: the agents that it may give to domains, its own channel, dom0's agent."""

    agents: Sequence[ChannelRow]
    management: ChannelRow
    dom0_agent: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """A boot module of Xen's: what it is (`multiboot,kernel` …), where it stands, and its command line."""

    compatible: str
    address: int
    size: int
    bootargs: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What the boot loader tells: command lines and what it loaded. With `modules`, Xen's; else Linux's.

    `container` is for a Xen with the multi-agent series; others do not look at it.
    """

    bootargs: str = ""
    initrd: tuple[int, int] | None = None
    xen_bootargs: str = ""
    modules: Sequence[Module] = ()
    container: XenContainer | None = None


_CELLS = {
    0x11: "#power-domain-cells",
    0x13: "#power-domain-cells",
    0x14: "#clock-cells",
    0x15: "#thermal-sensor-cells",
    0x16: "#reset-cells",
}


def board_dts(*, cpus: int, memory: int, agents: Sequence[AgentNode], chosen: Chosen) -> str:
    """Return the board's tree as DTS. `memory` is the RAM in bytes; the hole for the pages is taken out of it."""
    parts = [
        _BASE % {"memory": _memory(memory), "cpus": _cpus(cpus)},
        "".join(_rtc(number, agent.rtc) for number, agent in enumerate(agents) if agent.rtc is not None),
        _consumers(
            [(number, consumer) for number, agent in enumerate(agents) for consumer in agent.consumers],
            asked=chosen.container is not None,
        ),
        "".join(_page(number, agent) for number, agent in enumerate(agents)),
        "\tfirmware {\n",
        "".join(_agent(number, agent) for number, agent in enumerate(agents)),
        "\t};\n",
        chosen_dts(chosen, '\t\tstdout-path = "/serial@9000000";\n'),
        "};\n",
    ]
    return "".join(parts)


def compile_board(dts: str) -> Tree:
    """Return the tree of a board's DTS."""
    return parse_dts(dts.encode(), name="board.dts", directory=Path())


_BASE = """\
/dts-v1/;

/ {
	model = "xenscmi virtual board";
	compatible = "linux,dummy-virt";
	interrupt-parent = <&gic>;
	#address-cells = <2>;
	#size-cells = <2>;

	memory@40000000 {
		device_type = "memory";
		reg = %(memory)s;
	};

	psci {
		compatible = "arm,psci-1.0", "arm,psci-0.2";
		method = "smc";
	};

	cpus {
		#address-cells = <1>;
		#size-cells = <0>;
%(cpus)s	};

	timer {
		compatible = "arm,armv8-timer";
		interrupts = <1 13 4>, <1 14 4>, <1 11 4>, <1 10 4>;
		always-on;
	};

	gic: interrupt-controller@8000000 {
		compatible = "arm,gic-v3";
		reg = <0x0 0x8000000 0x0 0x10000>, <0x0 0x80a0000 0x0 0xf60000>;
		interrupts = <1 9 4>;
		interrupt-controller;
		#interrupt-cells = <3>;
		#address-cells = <0>;
		#redistributor-regions = <1>;
	};

	clk24: apb-pclk {
		compatible = "fixed-clock";
		#clock-cells = <0>;
		clock-frequency = <24000000>;
	};

	uart: serial@9000000 {
		compatible = "arm,pl011", "arm,primecell";
		reg = <0x0 0x9000000 0x0 0x1000>;
		interrupts = <0 1 4>;
		clocks = <&clk24>, <&clk24>;
		clock-names = "uartclk", "apb_pclk";
	};

"""

_RTC = """\
	rtc@9010000 {
		compatible = "arm,pl031", "arm,primecell";
		reg = <0x0 0x9010000 0x0 0x1000>;
		interrupts = <0 2 4>;
"""


def _memory(size: int) -> str:
    below, above = (RAM, HOLE - RAM), (HOLE + HOLE_SIZE, RAM + size - HOLE - HOLE_SIZE)
    return ", ".join(f"<0x0 {start:#x} 0x0 {length:#x}>" for start, length in (below, above))


def _cpus(count: int) -> str:
    return "".join(
        f"\t\tcpu@{number} {{\n"
        '\t\t\tdevice_type = "cpu";\n'
        '\t\t\tcompatible = "arm,cortex-a57";\n'
        f"\t\t\treg = <{number}>;\n"
        '\t\t\tenable-method = "psci";\n'
        "\t\t};\n"
        for number in range(count)
    )


def _rtc(agent: int, resource: int) -> str:
    return _RTC + _controlled(agent, Consumer(resource, resource, resource), "apb_pclk") + "\t};\n\n"


def _consumers(owned: Sequence[tuple[int, Consumer]], *, asked: bool) -> str:
    """Return the nodes of devices that are none, each with the number of its agent; `asked`: with who controls it."""
    return "".join(
        f"\tserial@{address:x} {{\n"
        '\t\tcompatible = "ns16550a";\n'
        f"\t\treg = <0x0 {address:#x} 0x0 {CONSUMER_SIZE:#x}>;\n"
        + ("" if consumer.clock is not None else "\t\tclock-frequency = <24000000>;\n")
        + (
            f"\t\taccess-controllers = <&scmi_xen {consumer.device_id}>;\n"
            if asked and consumer.device_id is not None
            else ""
        )
        + f"{_controlled(agent, consumer, '')}\t}};\n\n"
        for address, (agent, consumer) in zip(count(CONSUMERS, CONSUMER_SIZE), owned, strict=False)
    )


def _controlled(agent: int, consumer: Consumer, clock_name: str) -> str:
    """Return the properties of a device that is under an agent's control."""
    references = (("clocks", "clock", consumer.clock), ("resets", "reset", consumer.reset))
    lines = [
        f"\t\t{name} = <&scmi{agent}_{kind} {number}>;\n"
        for name, kind, number in (*references, ("power-domains", "power", consumer.power))
        if number is not None
    ]
    named = f'\t\tclock-names = "{clock_name}";\n' if clock_name else ""
    return "".join(lines) + named


def _page(number: int, agent: AgentNode) -> str:
    return (
        f"\tscmi{number}_shmem: sram@{agent.page:x} {{\n"
        '\t\tcompatible = "arm,scmi-shmem";\n'
        f"\t\treg = <0x0 {agent.page:#x} 0x0 {PAGE_SIZE:#x}>;\n"
        "\t};\n\n"
    )


def _agent(number: int, agent: AgentNode) -> str:
    names = {0x11: "power", 0x14: "clock", 0x16: "reset"}
    protocols = "".join(
        f"\t\t\tscmi{number}_{names.get(protocol, f'{protocol:x}')}: protocol@{protocol:x} {{\n"
        f"\t\t\t\treg = <{protocol:#x}>;\n"
        + (f"\t\t\t\t{_CELLS[protocol]} = <1>;\n" if protocol in _CELLS else "")
        + "\t\t\t};\n"
        for protocol in agent.protocols
    )
    return (
        f"\t\tscmi{f'-{number}' if number else ''} {{\n"
        '\t\t\tcompatible = "arm,scmi-smc";\n'
        f"\t\t\tarm,smc-id = <{agent.func_id:#x}>;\n"
        f"\t\t\tshmem = <&scmi{number}_shmem>;\n"
        "\t\t\t#address-cells = <1>;\n"
        "\t\t\t#size-cells = <0>;\n"
        f"{protocols}"
        "\t\t};\n"
    )


def chosen_dts(chosen: Chosen, before: str = "") -> str:
    """Return the node as DTS, with further properties `before` its own."""
    lines = [before]
    if chosen.bootargs:
        lines.append(f"\t\tbootargs = {_quoted(chosen.bootargs)};\n")
    if chosen.initrd:
        start, size = chosen.initrd
        lines.append(f"\t\tlinux,initrd-start = <0x0 {start:#x}>;\n\t\tlinux,initrd-end = <0x0 {start + size:#x}>;\n")
    if chosen.xen_bootargs:
        lines.append(f"\t\txen,xen-bootargs = {_quoted(chosen.xen_bootargs)};\n")
    if chosen.modules or chosen.container:
        lines.append("\t\t#address-cells = <2>;\n\t\t#size-cells = <2>;\n\t\tranges;\n")
    for module in chosen.modules:
        lines.append(
            f"\t\tmodule@{module.address:x} {{\n"
            f'\t\t\tcompatible = "{module.compatible}", "multiboot,module";\n'
            f"\t\t\treg = <0x0 {module.address:#x} 0x0 {module.size:#x}>;\n"
            + (f"\t\t\tbootargs = {_quoted(module.bootargs)};\n" if module.bootargs else "")
            + "\t\t};\n"
        )
    if chosen.container:
        lines.append(_container(chosen.container))
    return f"\tchosen {{\n{''.join(lines)}\t}};\n"


def _quoted(text: str) -> str:
    """Return a text as a DTS string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    return f'"{escaped}"'


def _container(container: XenContainer) -> str:
    """Return the node as the series has it since v8: `ranges` on the way down, or Xen cannot translate the pages."""
    rows = " ".join(f"{each.func_id:#x} &xen_shmem{each.agent_id} {each.agent_id}" for each in container.agents)
    pages = "".join(
        f"\t\t\txen_shmem{each.agent_id}: sram@{each.page:x} {{\n"
        '\t\t\t\tcompatible = "arm,scmi-shmem";\n'
        f"\t\t\t\treg = <0x0 {each.page:#x} 0x0 {PAGE_SIZE:#x}>;\n"
        "\t\t\t};\n"
        for each in (*container.agents, container.management)
    )
    dom0 = "" if container.dom0_agent is None else f"\t\t\txen,dom0-sci-agent-id = <{container.dom0_agent}>;\n"
    return (
        "\t\txen_scmi_config {\n"
        '\t\t\tcompatible = "xen,sci";\n'
        "\t\t\t#address-cells = <2>;\n\t\t\t#size-cells = <2>;\n\t\t\tranges;\n"
        f"\t\t\t#scmi-secondary-agents-cells = <3>;\n\t\t\tscmi-secondary-agents = <{rows}>;\n{dom0}{pages}"
        "\t\t\tscmi_xen: scmi {\n"
        '\t\t\t\tcompatible = "arm,scmi-smc";\n'
        f"\t\t\t\tarm,smc-id = <{container.management.func_id:#x}>;\n"
        f"\t\t\t\tshmem = <&xen_shmem{container.management.agent_id}>;\n"
        "\t\t\t\t#address-cells = <1>;\n\t\t\t\t#size-cells = <0>;\n\t\t\t\t#access-controller-cells = <1>;\n"
        "\t\t\t};\n"
        "\t\t};\n"
    )
