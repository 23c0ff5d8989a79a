"""XS122 bad-access-controller-cells."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.names import ACCESS_CONTROLLER_CELLS, ACCESS_CONTROLLERS
from xenscmi.diagnostics import Fix, Safety, Severity
from xenscmi.host.index import Index
from xenscmi.host.types import Dialect, ScmiNode
from xenscmi.rules.editing import dts
from xenscmi.rules.editing.meaning import rename_like
from xenscmi.rules.misspelling import place_in
from xenscmi.rules.rule import Change, Finding, HostRule, also, safe_fix

RULE = HostRule(
    code="XS122",
    name="bad-access-controller-cells",
    severity=Severity.ERROR,
    summary="Xen's scmi node does not have #access-controller-cells = <1>.",
    then="domains do not get their devices",
    xen="Without the property Xen grants no device to any domain and carries on. With 0 it sends a garbage device id: "
    "the firmware refuses it, and Xen panics.",
    fix="add #access-controller-cells = <1>; to Xen's scmi node",
    fixable=(Safety.SAFE,),
    bad=(Change("host.dts", "\t\t\t\t\t#access-controller-cells = <1>;\n", ""),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    own = index.management
    cells = own.access_controller_cells if own else None
    if own is None or (cells is not None and cells.value == 1) or _by_device_ids(index):
        return
    referring = [entry.span for device in index.host.devices for entry in device.entries if entry.target == own.path]
    if cells is None or cells.value is None:
        message = f"could not get #access-controller-cells for {own.path}: no device can be given to a domain"
    elif cells.value == 0:
        message = f"#access-controller-cells of {own.path} is 0: Xen sends a garbage device id"
    else:
        message = f"#access-controller-cells of {own.path} is {cells.value}: Xen uses the first as the device id"
    harmless = not referring or (cells is not None and (cells.value or 0) > 1)
    yield Finding(
        message=message,
        span=cells.span if cells else place_in(index.host.tree, own.path, ACCESS_CONTROLLER_CELLS, own.span),
        related=also("a device refers to it", *referring[:1]),
        severity=Severity.WARNING if harmless else None,
        fix=_fix(index, own),
    )


def _fix(index: Index, own: ScmiNode) -> Fix | None:
    """Return the property that is missing, misspelled or 0, if the devices that refer to it have one cell each."""
    node = index.host.tree.node(own.path) if index.host.tree else None
    referring = [device for device in index.host.devices if any(each.target == own.path for each in device.entries)]
    lists = [dts.property_of(index.host.tree, device.path, ACCESS_CONTROLLERS) for device in referring]
    if node is None or any(each is not None and len(each.value) % 8 for each in lists):
        return None
    statement = f"{ACCESS_CONTROLLER_CELLS} = <1>;"
    if own.access_controller_cells is None:
        return rename_like(node, ACCESS_CONTROLLER_CELLS) or safe_fix(f"Add {statement}", dts.insert(node, statement))
    if own.access_controller_cells.value == 0:
        return safe_fix(f"Write {statement}", dts.cells(node.get(ACCESS_CONTROLLER_CELLS), [1]))
    return None


def _by_device_ids(index: Index) -> bool:
    """Return whether the tree is of a dialect that has no access controllers, which XS103 says."""
    return any(container.dialect is Dialect.DEVICE_IDS for container in index.host.containers)
