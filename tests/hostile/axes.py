"""The axes along which inputs grow: for each, the files of a host at a size, and the command that reads them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Files = dict[str, str | bytes]


@dataclass(frozen=True)
class Axis:
    """One axis: the files at a size, three sizes, each four times the last, and the command."""

    files: Callable[[int], Files]
    sizes: tuple[int, int, int]
    command: tuple[str, ...] = ("check", "--exit-zero", ".")


def _tree(body: str) -> str:
    return f"/dts-v1/;\n/ {{ #address-cells = <1>; #size-cells = <1>; {body} }};\n"


def _container(rows: str, nodes: str = "") -> str:
    return _tree(
        "chosen { #address-cells = <1>; #size-cells = <1>; ranges; scmi { "
        'compatible = "xen,sci"; #address-cells = <1>; #size-cells = <1>; ranges; xen,dom0-sci-agent-id = <1>; '
        f"scmi-secondary-agents = <{rows}>; "
        'page: sram@1000 { compatible = "arm,scmi-shmem"; reg = <0x1000 0x1000>; }; '
        'xen_scmi: scmi { compatible = "arm,scmi-smc"; arm,smc-id = <0x82000002>; shmem = <&page>; '
        "#access-controller-cells = <1>; }; }; };"
        f" {nodes}"
    )


def _agents(size: int) -> Files:
    return {"host.dts": _container(" ".join(f"{0x82000003 + n:#x} &page {n}" for n in range(size)))}


def _access_controllers(size: int) -> Files:
    entries = " ".join(f"&xen_scmi {n}" for n in range(size))
    return {"host.dts": _container("0x82000003 &page 1", f"d {{ access-controllers = <{entries}>; }};")}


def _one_line(wide: str) -> Callable[[int], Files]:
    def files(size: int) -> Files:
        nodes = " ".join(f'n{n} {{ p{n} = "{wide}", <{n}>; }};' for n in range(size))
        return {"host.dts": _tree(nodes)}

    return files


def _host_toml(text: str) -> Files:
    return {"host.dts": _tree(""), "a.cfg": 'name = "a"\n', "host.toml": f'device_tree = "host.dts"\n{text}'}


def _device(number: int, clock: int) -> str:
    return f"[[firmware.devices]]\nid = {number}\nclocks = [{clock}]\n"


CHECK, SIMULATE = ("check", "--exit-zero", "."), ("simulate", ".")
AXES = {
    "a suppression behind a long line": Axis(
        lambda n: {"a.cfg": f'name = "a"\nx = "{"#/ " * n}" # xenscmi: ignore[XS004]\n'}, (12_500, 50_000, 200_000)
    ),
    "suppressions": Axis(
        lambda n: {"a.cfg": 'name = "a"\n' + "# xenscmi: ignore[XS004]\n" * n + "\n" * n}, (500, 2000, 8000)
    ),
    "a tree on one line": Axis(_one_line("a"), (250, 1000, 4000)),
    "a tree on one line with wide characters": Axis(_one_line("žluťoučký 🐎"), (250, 1000, 4000)),
    "a tree on one line behind macros": Axis(
        lambda n: {"host.dts": "#define A <1>\n" + _tree(" ".join(f"n{i} {{ a = A; p{i} = A; }};" for i in range(n)))},
        (250, 1000, 4000),
    ),
    "rows in the list of agents": Axis(_agents, (60, 250, 1000)),
    "rows in the list of agents, simulated": Axis(_agents, (60, 250, 1000), SIMULATE),
    "access controllers": Axis(_access_controllers, (250, 1000, 4000)),
    "access controllers, simulated": Axis(_access_controllers, (250, 1000, 4000), SIMULATE),
    "errors of dtc": Axis(
        lambda n: {"host.dts": _tree(f"a = {', '.join(f'&gone{i}' for i in range(n))};")}, (250, 1000, 4000)
    ),
    "settings": Axis(lambda n: {"a.cfg": "".join(f'k{i} = "v"\n' for i in range(n))}, (500, 2000, 8000)),
    "domains of one configuration": Axis(lambda n: _host_toml('[[domain]]\nconfig = "a.cfg"\n' * n), (50, 200, 800)),
    "devices in host.toml": Axis(lambda n: _host_toml("".join(_device(i, i) for i in range(n))), (250, 1000, 4000)),
    "clocks up to the highest id, simulated": Axis(
        lambda n: _host_toml(_device(1, n)), (4000, 16_000, 64_000), SIMULATE
    ),
    "lines of a dump": Axis(lambda n: {"t": "00000001\n" * n}, (1000, 4000, 16_000), ("decode", "t")),
}
