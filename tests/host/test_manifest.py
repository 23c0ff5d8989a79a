"""host.toml: what it says, and where it is wrong."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xenscmi.diagnostics import XenscmiError
from xenscmi.host.firmware import firmware_of
from xenscmi.host.manifest import Manifest, check_path, read_manifest
from xenscmi.host.toml_places import TomlPlaces
from xenscmi.host.types import FirmwareAgent, FirmwareDevice
from xenscmi.source import Source

TEXT = """\
device_tree = "board.dts"
overlays = ["xen.dtso"]

[xen]
profile = "4.22+sci-ma"

[firmware]
profile = "tfa-rpi5"

[[firmware.agents]]
id = 1
func_id = 0x82000003
page = 0x47ff1000

[[firmware.devices]]
id = 3
clocks = [1, 2]

[[domain]]
config = "guest.cfg"

[[domain]]
name = "panel"
device_tree = "panel.dts"

[rules]
ignore = ["XS128"]
severity = { XS204 = "warning" }
"""


def _read(text: str) -> Manifest:
    return read_manifest(Source("host.toml", text))


def test_a_manifest_says_which_files_and_which_firmware() -> None:
    source = Source("host.toml", TEXT)
    manifest = read_manifest(source)
    assert (manifest.device_tree, manifest.overlays) == ("board.dts", ("xen.dtso",))
    firmware = firmware_of(manifest.firmware, TomlPlaces(source))
    assert firmware.agents == (FirmwareAgent(agent_id=1, func_id=0x82000003, shmem=0x47FF1000),)
    assert firmware.devices == (FirmwareDevice(device_id=3, clocks=frozenset((1, 2))),)
    assert firmware.trusted_agent == 0, "the profile says who is trusted"
    assert firmware.agents[0].span
    assert firmware.agents[0].span.line == 10


@pytest.mark.parametrize(
    ("good", "bad", "message", "line"),
    [
        ("id = 1", 'id = "one"', "firmware.agents[0].id: Expected `int`, got `str`", 11),
        ("id = 1", "id = 255", "firmware.agents[0].id: Expected `int` <= 254", 11),
        ("page = 0x47ff1000", "pages = 1", "there is no key `pages' in firmware.agents[0]", 13),
        ('"tfa-rpi5"', "7", "firmware.profile: Expected `str`, got `int`", 8),
        ('device_tree = "board.dts"\n', "", "the key `device_tree' is missing", 1),
        ("[xen]", '[paths]\n"a b" = "x"\n[xen]', "paths has a key that does not fit", 4),
        (
            'name = "panel"',
            'name = "panel"\n[[domain]]\nname = "panel"',
            "domain[2].name: domain[1] names the same",
            25,
        ),
        ('name = "panel"', 'name = "panel"\nconfig = "a"', "domain[1]: give either config", 22),
        ("[xen]", "[xen", "Expected ']' at the end of a table declaration", 4),
    ],
)
def test_an_error_names_the_key_and_its_line(good: str, bad: str, message: str, line: int) -> None:
    with pytest.raises(XenscmiError) as caught:
        _read(TEXT.replace(good, bad, 1))
    (found,) = caught.value.diagnostics
    assert message in found.message
    assert found.span
    assert found.span.line == line


@pytest.mark.parametrize(
    ("good", "bad", "help"),
    [
        ("page = 0x47ff1000", "pages = 1", "did you mean `page'?"),
        ("[firmware]", "[firmwares]", "did you mean `firmware'?"),
        ("[xen]", "[xen]\nzzz = 1", "the keys here are profile, sci_driver"),
        ('device_tree = "board.dts"\n', "", "add device_tree = …"),
        (
            'device_tree = "board.dts"\noverlays = ["xen.dtso"]\n',
            '[paths]\ndevice_tree = "b"\n',
            "move it out of [paths], above the first [table]",
        ),
        ('"warning"', '"bad"', "write one of error, warning, info"),
    ],
)
def test_an_error_says_what_to_write(good: str, bad: str, help: str) -> None:
    with pytest.raises(XenscmiError) as caught:
        _read(TEXT.replace(good, bad, 1))
    assert [each.help for each in caught.value.diagnostics] == [help]


@given(st.text(max_size=200) | st.binary(max_size=100).map(lambda raw: raw.decode("utf-8", "surrogateescape")))
def test_any_text_is_a_manifest_or_an_error(text: str) -> None:
    for each in (text, TEXT + text):
        with suppress(XenscmiError):
            _read(each)


@pytest.mark.parametrize("path", ["/etc/passwd", "../other/host.dts", "a/../../b", "a\0b"])
def test_a_path_may_not_leave_the_folder(path: str) -> None:
    with pytest.raises(XenscmiError, match="outside the host's folder"):
        check_path(path, None)


def test_a_firmware_profile_that_there_is_not() -> None:
    source = Source("host.toml", 'device_tree = "a.dts"\n[firmware]\nprofile = "tfa-rpi6"\n')
    with pytest.raises(XenscmiError, match="there is no firmware profile tfa-rpi6") as caught:
        firmware_of(read_manifest(source).firmware, TomlPlaces(source))
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.span is not None
    assert (diagnostic.span.line, diagnostic.help.split(", ")[0]) == (3, "profiles are generic")
