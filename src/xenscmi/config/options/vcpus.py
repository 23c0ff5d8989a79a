"""The domain's virtual CPUs: their number, affinity and virtual NUMA nodes."""

from __future__ import annotations

from xenscmi.config.constants import MEMKB_DEFAULT
from xenscmi.config.options.table import Build, custom
from xenscmi.config.options.text import Text
from xenscmi.xlcfg import ListValue, StringValue
from xenscmi.xlcfg.numbers import ULONG_MAX, signed, strtoul

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# xl allocates and prints a list of any length; Xen accepts 128 on Arm.
MOST_VCPUS = 1 << 16
_MOST_VNODES = 256


@custom("vcpus", "number", "b_info.avail_vcpus", "Number of virtual CPUs that are online at the start. Default: 1.")
def _vcpus(build: Build) -> None:
    vcpus = max(build.reader.long("vcpus") or 0, 1)
    if vcpus > MOST_VCPUS:
        message = f"{vcpus} virtual CPUs are more than xenscmi accepts ({MOST_VCPUS})"
        build.fail(message, build.span("vcpus"), "write at most 128, the limit of Xen on Arm")
    build.set("b_info.avail_vcpus", (1 << vcpus) - 1, build.span("vcpus"))


@custom("maxvcpus", "number", "b_info.max_vcpus", "Most virtual CPUs that the domain may ever have. Default: `vcpus`.")
def _maxvcpus(build: Build) -> None:
    found = build.reader.long("maxvcpus")
    if found is not None:
        build.set("b_info.max_vcpus", signed(found, 32), build.span("maxvcpus"))


@custom(
    "vnuma",
    "list of lists",
    "b_info.vnuma_nodes",
    "Virtual NUMA nodes, each with `pnode`, `size`, `vcpus` and `vdistances`.",
)
def _vnuma(build: Build) -> None:
    found = build.reader.list_value("vnuma", quiet=True)
    if found is not None and len(found.items) > _MOST_VNODES:
        message = f"{len(found.items)} virtual nodes are more than xenscmi accepts ({_MOST_VNODES})"
        build.fail(message, found.span, "write fewer nodes")
    if found is not None and found.items:
        nodes = [_vnode(build, found, index) for index in range(len(found.items))]
        _apply_vnuma(build, found, nodes)
    _settle_defaults(build)


def _vnode(build: Build, vnuma: ListValue, index: int) -> dict[str, Any]:
    spec = vnuma.items[index]
    if not isinstance(spec, ListValue):
        build.warn("value is not a list", spec.span, "put the strings of a virtual node in brackets")
        build.fail("xl: cannot get vnode config option list", spec.span, "write each virtual node as a list of strings")
    node: dict[str, Any] = {"distances": [0] * len(vnuma.items), "vcpus": 0, "count": 0, "sizes": 0}
    for item in spec.items:
        if not isinstance(item, StringValue):
            continue
        text = Text(item)
        parts = text.split("=")
        if parts is None or not parts[1].text:
            build.fail(f'xl: failed to split "{text.text}" into pair', text.span, "write it as NAME=VALUE")
        _vnode_option(build, node, parts[0].strip().text, parts[1].strip())
    return node


def _vnode_option(build: Build, node: dict[str, Any], option: str, value: Text) -> None:
    if option == "pnode":
        pnode = build.parse_ulong(value)
        if pnode >= len(build.host.nodes):
            message = f"xl: invalid pnode number: {pnode}"
            build.fail(message, value.span, f"the host has {len(build.host.nodes)} nodes")
        node["pnode"] = pnode
        build.set("b_info.numa_placement", False, value.span)
    elif option == "size":
        node["memkb"] = build.parse_ulong(value) * 1024
        node["sizes"] += node["memkb"]
    elif option == "vcpus":
        for piece in value.tokens(","):
            first, last, _ = _range(piece.text)  # xl uses what it has read, good or bad
            if last < first:
                continue
            node["count"] += last - first + 1
            if node["count"] > MOST_VCPUS:
                build.fail(
                    f"Invalid vcpu range: {piece.text}", piece.span, "write at most 128, the limit of Xen on Arm"
                )
            if last < MOST_VCPUS:
                node["vcpus"] |= (1 << last + 1) - (1 << first)
    elif option == "vdistances":
        pieces = list(value.tokens(","))
        if len(pieces) > len(node["distances"]):
            build.fail("xl: too many vdistances", value.span, "write one distance for each virtual node")
        for at, piece in enumerate(pieces):
            node["distances"][at] = build.parse_ulong(piece)


def _apply_vnuma(build: Build, vnuma: ListValue, nodes: list[dict[str, Any]]) -> None:
    vcpus = sum(node.pop("count") for node in nodes)
    memkb = sum(node.pop("sizes") for node in nodes) & MEMKB_DEFAULT
    given = build.get("b_info.max_vcpus")
    if given and given != vcpus:
        build.fail("xl: vnuma vcpus and maxvcpus= mismatch", vnuma.span, f"maxvcpus is {given}, vnuma has {vcpus}")
    if not given and build.host.nr_cpus < vcpus:
        message = "xl: vnuma specifies more vcpus than pcpus, use maxvcpus= to override this check."
        build.fail(message, vnuma.span, f"the host has {build.host.nr_cpus} CPUs")
    maxmem = build.get("b_info.max_memkb")
    if maxmem is not None and maxmem & MEMKB_DEFAULT != memkb:
        build.fail("xl: maxmem and vnuma memory size mismatch", vnuma.span, f"the sizes add up to {memkb // 1024} MiB")
    bits = ((given or 0) + 7) // 8 * 8 or build.host.cpu_bits
    width = (1 << min(bits, MOST_VCPUS)) - 1
    for node in nodes:
        node["vcpus"] &= width
    build.set("b_info.max_vcpus", vcpus, vnuma.span)
    build.set("b_info.max_memkb", memkb, vnuma.span)
    build.set("b_info.vnuma_nodes", nodes, vnuma.span)
    for index, item in enumerate(vnuma.items):
        build.locate(f"b_info.vnuma_nodes[{index}]", item.span)


def _online(build: Build) -> int:
    vcpus: int = build.get("b_info.avail_vcpus").bit_length()
    return vcpus


def _settle_defaults(build: Build) -> None:
    """Set the memory and vCPU limits that the file does not set to memory and vcpus, before the affinities are read."""
    target = build.get("b_info.target_memkb")
    if target is not None and build.get("b_info.max_memkb") is None:
        build.set("b_info.max_memkb", target, build.span("memory"))
    vcpus = _online(build)
    if not build.get("b_info.max_vcpus"):
        build.set("b_info.max_vcpus", vcpus, build.span("vcpus"))
    if build.get("b_info.max_vcpus") < vcpus:
        build.fail("xl: maxvcpus < vcpus", build.spans.get("b_info.max_vcpus"), f"make maxvcpus at least {vcpus}")


@custom("cpus", "CPU range, or a list of them", "b_info.vcpu_hard_affinity", "CPUs on which the virtual CPUs may run.")
def _cpus(build: Build) -> None:
    _affinity(build, "cpus", "b_info.vcpu_hard_affinity")


@custom(
    "cpus_soft",
    "CPU range, or a list of them",
    "b_info.vcpu_soft_affinity",
    "CPUs on which the virtual CPUs preferably run.",
)
def _cpus_soft(build: Build) -> None:
    _affinity(build, "cpus_soft", "b_info.vcpu_soft_affinity")


def _affinity(build: Build, key: str, sets: str) -> None:
    """Read one CPU range for all virtual CPUs, or a list with a range for each."""
    most = build.get("b_info.max_vcpus") or _online(build)
    ranges = build.reader.list_value(key, quiet=True)
    if ranges is not None:
        wanted = min(len(ranges.items), most)
        items = list(ranges.leading_strings())[:wanted]
        if len(items) < wanted:
            build.fail(f"{key}: a CPU range is a string", ranges.items[len(items)].span, 'write a string such as "0-3"')
        maps = [parse_cpurange(build, Text(item)) for item in items]
        build.set_items(sets, maps, ranges.span, ranges.items)
        build.set("b_info.numa_placement", False, ranges.span)
    else:
        text = build.text(key)
        if text is None:
            return
        if most > MOST_VCPUS:
            build.fail(
                f"{key}: too many virtual CPUs ({most})", text.span, "write at most 128, the limit of Xen on Arm"
            )
        build.set(sets, [parse_cpurange(build, text)] * most, text.value.span)
        if key == "cpus_soft":
            build.set("b_info.numa_placement", False, text.value.span)


def check_affinity(build: Build) -> None:
    """Refuse a virtual CPU without any CPU to run on, as xl does at the end (xl_vmcontrol.c)."""
    if any(cpus == 0 for cpus in build.get("b_info.vcpu_hard_affinity") or ()):
        build.fail("vcpu hard affinity map is empty", build.span("cpus"), "name at least one CPU that the host has")


def parse_cpurange(build: Build, text: Text) -> int:
    """Return the bitmap of a CPU range such as `0-3,^1`, `all` or `nodes:0`. Raises OptionError."""
    cpus = 0
    for piece in text.tokens(","):
        cpus = _update(build, piece, cpus)
    return cpus


def _update(build: Build, piece: Text, cpus: int) -> int:
    text = piece.text
    remove = text.startswith("^")
    text = text.removeprefix("^")
    nodes = text.startswith(("node:", "nodes:"))
    if nodes:
        text = text[text.index(":") + 1 :]
    bits = build.host.cpu_bits
    if text == "all":
        if remove:
            build.fail('Can\'t combine "^" and "all".', piece.span, "write all, or list the CPUs")
        return (1 << bits) - 1
    first, last, good = _range(text)
    if not good:
        build.fail(f"Invalid pcpu range: {text}.", piece.span, 'write "3", "0-3", "^2", "nodes:0" or "all"')
    if nodes:
        named = 0
        for node in build.host.nodes[first : last + 1]:
            named |= node
        # xl collects the CPUs in a bitmap with a bit for each node, not CPU, and loses those that do not fit.
        named &= (1 << (len(build.host.nodes) + 7) // 8 * 8) - 1
    else:
        named = sum(1 << cpu for cpu in range(first, min(last, bits - 1) + 1))
    return cpus & ~named if remove else cpus | named


def _range(text: str) -> tuple[int, int, bool]:
    """Read `N` or `N-M`; return both ends as far as they were read, and whether all is good (xl's parse_range)."""
    first, end, _ = strtoul(text, 10)
    if end == 0 or first == ULONG_MAX:
        return first, first, False
    if text[end : end + 1] != "-":
        return first, first, end == len(text)
    last, after, _ = strtoul(text, 10, end + 1)
    good = after > end + 1 and last != ULONG_MAX and last >= first and after == len(text)
    return first, last, good


COUNTS = (_vcpus, _maxvcpus)
AFFINITY = (_vnuma, _cpus, _cpus_soft)
