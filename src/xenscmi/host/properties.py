"""Properties as Xen reads them, with what is wrong kept beside the value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from xenscmi.bindings.properties import read_u32
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
    found = stated(node.get(name), Property.u32)
    return replace(found, value=read_u32(node, name)) if found is not None and found.problem else found


def string(node: Node, name: str) -> Stated[str] | None:
    """Return a string as `dt_property_read_string` takes it: up to the first zero byte."""
    return stated(node.get(name), lambda prop: prop.strings()[0])
