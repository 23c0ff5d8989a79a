"""Properties as Xen reads them, with what is wrong kept beside the value."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from xenscmi.devicetree.tree import Node, Property, ShapeError
from xenscmi.host.types import Stated

T = TypeVar("T")


def stated(prop: Property | None, read: Callable[[Property], T]) -> Stated[T] | None:
    """Return what a property says by one of its views; None where there is no property."""
    if prop is None:
        return None
    try:
        return Stated(value=read(prop), span=prop.span)
    except ShapeError as error:
        return Stated(value=None, span=error.diagnostic.span or prop.span, problem=error.diagnostic)


def u32(node: Node, name: str) -> Stated[int] | None:
    """Return a number as `dt_property_read_u32` takes it: the first cell, whatever follows it."""
    prop = node.get(name)
    found = stated(prop, Property.u32)
    if prop is not None and found is not None and found.value is None and len(prop.value) >= 4:
        return Stated(value=int.from_bytes(prop.value[:4], "big"), span=found.span, problem=found.problem)
    return found


def string(node: Node, name: str) -> Stated[str] | None:
    """Return a string as `dt_property_read_string` takes it: up to the first zero byte."""
    return stated(node.get(name), lambda prop: prop.strings()[0])


def compatible(node: Node) -> tuple[str, ...]:
    """Return the strings of `compatible`, terminated or not.

    In lower case, for neither Xen (dt_compat_cmp) nor Linux looks at it.
    """
    prop = node.get("compatible")
    parts = prop.value.split(b"\0") if prop else ()
    return tuple(part.decode("ascii", "backslashreplace").lower() for part in parts if part)


def available(node: Node) -> bool:
    """Return whether Xen takes a node for available: no `status`, or "okay" or "ok"."""
    status = string(node, "status")
    return status is None or status.value in ("okay", "ok")
