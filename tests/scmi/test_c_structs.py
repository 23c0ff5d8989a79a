"""Offsets and sizes of every message are those of C structs that a compiler lays out without being told to pack."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from xenscmi.scmi.codec import IntegerList, OptionalRecord, RecordList, Structure
from xenscmi.scmi.header import ProtocolId
from xenscmi.scmi.message import Response
from xenscmi.scmi.protocols import protocol
from xenscmi.scmi.shmem import ChannelHeader

INTEGERS = {"B": "uint8_t", "H": "uint16_t", "I": "uint32_t", "i": "int32_t"}


def messages() -> dict[str, type[Structure]]:
    """Every message and every record in one, records before what holds them."""
    found: dict[str, type[Structure]] = {}

    def add(kind: type[Structure]) -> None:
        for each in kind.codec.fields.values():
            if isinstance(each, RecordList | OptionalRecord):
                add(each.element)
        found.setdefault(kind.__name__, kind)

    add(ChannelHeader)
    for number in ProtocolId:
        known = protocol(number)
        assert known is not None
        for notification in known.notifications:
            add(notification.message)
        for command in known.commands:
            for kind in (command.request, command.response, *([command.delayed] if command.delayed else [])):
                add(kind)
    return found


def members(kind: type[Structure]) -> Iterator[str]:
    """The members in C; 64 bits are a pair of words, as the specification writes them."""
    if issubclass(kind, Response):
        yield "int32_t status_word;"
    for name, each in kind.codec.head.items():
        if each.code.endswith("s"):
            yield f"char {name}[{each.code[:-1]}];"
        elif each.code in "Qq":
            yield f"uint32_t {name}; uint32_t {name}_high;"
        else:
            yield f"{INTEGERS[each.code]} {name};"
    for name, tail in kind.codec.tail.items():
        if isinstance(tail, IntegerList):
            member = f"uint32_t {name}[][2];" if tail.code in "Qq" else f"{INTEGERS[tail.code]} {name}[];"
        else:
            member = f"struct {tail.element.__name__} {name}[];"
        yield member
        break  # what follows a member of any size has no offset in C


def program(found: dict[str, type[Structure]]) -> str:
    lines = ["#include <stddef.h>", "#include <stdint.h>", "#include <stdio.h>"]
    lines += [f"struct {name} {{ {' '.join(members(kind)) or 'char nothing[0];'} }};" for name, kind in found.items()]
    lines += ["int main(void) {", 'puts("{");']
    for name, kind in found.items():
        fields = [*kind.codec.head, *list(kind.codec.tail)[:1]]
        offsets = ", ".join(f'\\"{each}\\": %zu' for each in fields)
        values = "".join(f", offsetof(struct {name}, {each})" for each in fields)
        text = f'\\"{name}\\": {{\\"size\\": %zu, \\"offsets\\": {{{offsets}}}}},\\n'
        lines.append(f'printf("{text}", sizeof(struct {name}){values});')
    return "\n".join([*lines, 'puts("\\"\\": {}}"); return 0; }'])


@pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
def test_messages_are_laid_out_as_c_structs(tmp_path: Path) -> None:
    found = messages()
    source, binary = tmp_path / "structs.c", tmp_path / "structs"
    source.write_text(program(found))
    subprocess.run(["gcc", "-Wall", "-Wno-pedantic", "-o", binary, source], check=True, timeout=120)
    table = json.loads(subprocess.run([binary], check=True, capture_output=True, timeout=60).stdout)
    assert len(found) > 180
    for name, kind in found.items():
        status = 4 if issubclass(kind, Response) else 0
        expected = {field: offset + status for field, offset in kind.codec.offsets().items()}
        expected |= dict.fromkeys(list(kind.codec.tail)[:1], kind.codec.size + status)
        assert table[name]["offsets"] == expected, name
        assert table[name]["size"] == kind.codec.size + status, name
