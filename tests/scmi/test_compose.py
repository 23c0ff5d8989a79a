"""Requests from words."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xenscmi.scmi.codec import Structure
from xenscmi.scmi.compose import ComposeError, compose, fields_of, find_command, find_protocol
from xenscmi.scmi.header import ProtocolId
from xenscmi.scmi.message import Command
from xenscmi.scmi.protocols import protocol

COMMANDS = [command for each in ProtocolId if (known := protocol(each)) for command in known.commands]


@pytest.mark.parametrize("name", ["clock", "CLOCK", "0x14", "20"])
def test_protocols_by_name_and_number(name: str) -> None:
    assert find_protocol(name).id == 0x14


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: f"{command.name} {command.since:#x}")
def test_every_command_by_every_name(command: Command) -> None:
    known = find_protocol(ProtocolId(command.protocol_id).name.replace("_", "-"))
    names = (command.name, command.name.lower(), command.name.lower().replace("_", "-"), hex(command.id))
    assert [find_command(known, name, command.since) for name in names] == [command] * 4


def test_values() -> None:
    clock = find_protocol("clock")
    request = compose(
        find_command(clock, "rate_set"), ["clock_id=0x10", "rate=24_000_000", "flags.round_up=yes", "flags=1"]
    )
    assert request.encode().hex(" ", -4) == "05000000 10000000 00366e01 00000000"
    config = find_command(clock, "config_set")
    assert compose(config, ["attributes.state=unchanged"]).encode().hex() == "000000000300000000000000"


def test_lists_count_themselves() -> None:
    pins = find_protocol("pin_control")
    configure = find_command(pins, "settings_configure")
    request: Any = compose(configure, ["configs[1].config_value=7", "configs[0].config_value=5", "identifier=3"])
    assert request.attributes.num_configs == 2
    assert [each.config_value for each in request.configs] == [5, 7]
    with pytest.raises(ComposeError, match=r"num_configs is 9"):
        compose(configure, ["configs[0].config_value=5", "attributes.num_configs=9"])


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: f"{command.name} {command.since:#x}")
def test_every_field_that_is_taught_can_be_set(command: Command) -> None:
    for each in fields_of(command.request):
        # A count goes with its list.
        value = each.values[0] if each.values else "0" if each.path.endswith("num_configs") else "1"
        assert isinstance(compose(command, [f"{each.path}={value}"]), Structure)


@given(st.sampled_from(COMMANDS), st.lists(st.text(max_size=12), max_size=3), st.data())
def test_any_words_make_a_request_or_a_compose_error(command: Command, words: list[str], data: st.DataObject) -> None:
    paths = [each.path for each in fields_of(command.request)]
    if paths:
        words = [f"{data.draw(st.sampled_from(paths))}={word}" for word in words]
    with suppress(ComposeError):
        compose(command, words).encode()
