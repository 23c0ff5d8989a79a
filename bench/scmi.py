"""SCMI the whole way (page, SMC, mediator, firmware, page), with few agents and with as many as there can be."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from bench.measure import Figure, best
from xenscmi.config.constants import PAGE_SHIFT, PAGE_SIZE
from xenscmi.devicetree import Tree, parse_dts
from xenscmi.firmware import PROFILES, Firmware, PlatformAgent, uniform_platform
from xenscmi.model.boot import start
from xenscmi.model.guest import Guest
from xenscmi.model.sanitise import boot_config
from xenscmi.model.xen import Model
from xenscmi.scmi.protocols.clock import ClockConfig, ClockConfigSetRequest, ClockState

FUNC_ID, PAGES, WINDOW = 0x8200_0002, 0x4700_0000, 0x2200_1000
XEN = 254
CONFIG_SET = 0x7
MESSAGES = 20_000


def run() -> Iterator[Figure]:
    """Measure, and yield the figures."""
    few, many = _agents(2), _agents(254)
    short, long = best(partial(_talk, few), partial(_talk, many), times=5)
    yield Figure("messages a second, 2 agents", MESSAGES / short / 1000, "k/s", least=40)
    yield Figure("messages a second, 254 agents", MESSAGES / long / 1000, "k/s", least=40)
    yield Figure("one message with 254 agents against 2", long / short, "×", most=1.5, remark="about 1")


def _talk(agents: list[tuple[Guest, bytes]]) -> None:
    """Have the agents switch on their clocks, in turns."""
    for _ in range(MESSAGES // len(agents)):
        for guest, payload in agents:
            guest.exchange(0x14, CONFIG_SET, payload)


def _agents(count: int) -> list[tuple[Guest, bytes]]:
    """Boot a host and make `count` domains, each with an agent that owns one clock."""
    own = [
        PlatformAgent(agent_id=n, func_id=FUNC_ID + n, shmem=PAGES + n * PAGE_SIZE, devices=frozenset({n}))
        for n in range(count)
    ]
    xen_agent = PlatformAgent(agent_id=XEN, func_id=FUNC_ID + XEN, shmem=PAGES + XEN * PAGE_SIZE, trusted=True)
    firmware = Firmware(uniform_platform((*own, xen_agent), count), PROFILES["generic"])
    xen = Model(_tree(count), firmware)
    start(xen, {})
    made = []
    for agent in own:
        domid = xen.createdomain(boot_config(2, agent.agent_id, 0))
        memory = xen.domain(domid).memory
        memory.map(WINDOW >> PAGE_SHIFT, agent.shmem >> PAGE_SHIFT)
        on = ClockConfigSetRequest(agent.agent_id, ClockConfig.of(state=ClockState.ENABLE), 0)
        made.append((Guest(xen, domid, memory, agent.func_id, WINDOW), on.encode()))
    return made


def _tree(count: int) -> Tree:
    """Return a host with that many agents beside Xen's, and a dom0 without SCMI."""
    numbers = [*range(count), XEN]
    pages = "".join(
        f'page{n}: sram@{PAGES + n * PAGE_SIZE:x} {{ compatible = "arm,scmi-shmem"; '
        f"reg = <{PAGES + n * PAGE_SIZE:#x} {PAGE_SIZE:#x}>; }};\n"
        for n in numbers
    )
    rows = " ".join(f"{FUNC_ID + n:#x} &page{n} {n}" for n in range(count))
    text = f"""/dts-v1/;
/ {{
    #address-cells = <1>;
    #size-cells = <1>;
    chosen {{
        #address-cells = <1>;
        #size-cells = <1>;
        ranges;
        module@0 {{ compatible = "multiboot,kernel", "multiboot,module"; reg = <0 0x1000>; }};
        xen_scmi_config {{
            compatible = "xen,sci";
            #address-cells = <1>;
            #size-cells = <1>;
            ranges;
            scmi-secondary-agents = <{rows}>;
            {pages}
            scmi {{ compatible = "arm,scmi-smc"; arm,smc-id = <{FUNC_ID + XEN:#x}>; shmem = <&page{XEN}>; }};
        }};
    }};
}};
"""
    return parse_dts(text.encode(), name="bench.dts", directory=Path())
