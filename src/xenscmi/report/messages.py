"""SCMI messages as JSON: numbers as numbers, bit fields by their parts."""

from __future__ import annotations

from xenscmi.scmi.bitfields import BitFields
from xenscmi.scmi.codec import Structure
from xenscmi.scmi.describe import Decoded
from xenscmi.scmi.message import Refusal, Response
from xenscmi.scmi.status import Status, status_name


def message(decoded: Decoded) -> dict[str, object]:
    """Return a message: its name (null if unknown), header, payload in hexadecimal, status and fields."""
    found: dict[str, object] = {
        "message": decoded.row.name if decoded.row else None,
        "direction": decoded.direction.value,
        "protocol_id": decoded.header.protocol_id,
        "message_id": decoded.header.message_id,
        "token": decoded.header.token,
        "header": f"{decoded.header:#010x}",
        "payload": decoded.payload.hex(),
    }
    if decoded.channel is not None:
        found["channel"] = _fields(decoded.channel)
    if isinstance(decoded.message, Refusal):
        found |= {"status": decoded.message.status, "status_name": _name(decoded.message.status)}
    elif decoded.message is not None:
        if isinstance(decoded.message, Response):
            found |= {"status": Status.SUCCESS.value, "status_name": Status.SUCCESS.name}
        found["fields"] = _fields(decoded.message)
    if decoded.event:
        found["event"] = decoded.event
    if decoded.problem:
        found["problem"] = decoded.problem
    return found


def _name(status: int) -> str:
    return status_name(status).rpartition(" (")[0]


def _fields(record: Structure) -> dict[str, object]:
    return {name: _value(getattr(record, name)) for name in record.codec.fields}


def _value(value: object) -> object:
    if isinstance(value, Structure):
        return _fields(value)
    if isinstance(value, tuple):
        return [_value(each) for each in value]
    if isinstance(value, BitFields):
        parts: dict[str, object] = {part.name: each for part, each in value.items()}
        return {"value": int(value), **parts}
    return value
