"""How to fix what libxlu does not understand."""

from __future__ import annotations

import pytest

from xenscmi.diagnostics import XenscmiError
from xenscmi.source import Source
from xenscmi.xlcfg import parse

NOT_A_TREE = "name the domain's xl.cfg file; its device_tree names the tree"


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("memory = -1\n", "xl.cfg has no negative numbers; remove the setting to get the default"),
        (
            "arm_sci = type=scmi_smc_multiagent,agent_id=2 # two\n",
            'put the value in quotes: "type=scmi_smc_multiagent,agent_id=2"',
        ),
        ("uuid = 5b9e83c3-54d0\n", 'put the value in quotes: "5b9e83c3-54d0"'),
        ("vcpus = 2.5\n", 'put the value in quotes: "2.5"'),
        ('extra = a "b"\n', "put the value in quotes: 'a \"b\"'"),
        ("memory = 1G\n", "write the number without a unit: memory, for example, is in MiB"),
        ("Memory = 1\n", "write KEY = VALUE, with the key in lower case"),
        ('{ "c_info": 1 }\n', "this looks like JSON; `xenscmi domctl` reads libxl's JSON"),
        ("/dts-v1/;\n", "this is a device tree source: " + NOT_A_TREE),
        ("\ufeffname = 1\n", "remove the byte order mark at the beginning of the file"),
        ("\udcd0\r\udcfe\udced\0\0", "this is a device tree (DTB), not an xl.cfg file: name it in device_tree"),
        ("\x7fELF\x02", "this is an ELF program, not an xl.cfg file: name it in kernel"),
        ("\x1f\udc8b\x08", "this is a compressed file (gzip), not an xl.cfg file"),
        (f"MZ{chr(0) * 54}ARMd\0", "this is an arm64 kernel (Image), not an xl.cfg file: name it in kernel"),
        ("x = 1 # end", "a comment must end with a newline: add a newline at the end of the file"),
    ],
)
def test_the_first_error_says_how_to_fix_it(text: str, advice: str) -> None:
    with pytest.raises(XenscmiError) as raised:
        parse(Source("f", text))
    assert raised.value.diagnostics[0].help == advice


@pytest.mark.parametrize("begins", ["\udcd0\r\udcfe\udced", "\x7fELF", "\x1f\udc8b"])
def test_a_binary_file_is_one_error(begins: str) -> None:
    """xl prints an error for each of its lines."""
    with pytest.raises(XenscmiError) as raised:
        parse(Source("f", begins + "\0\n\1 bad\n" * 500))
    (error,) = raised.value.diagnostics
    assert error.message == "config parsing error in a binary file"
    assert error.span
    assert error.span.source.name == "f"


def test_a_long_bad_piece_does_not_fill_the_screen() -> None:
    with pytest.raises(XenscmiError) as raised:
        parse(Source("f", "\0\1" * 1000 + "\n"))
    assert len(raised.value.diagnostics[0].message) < 200
    assert raised.value.diagnostics[0].message.endswith("…': lexical error")


def test_the_warning_of_python_points_at_what_looks_like_it() -> None:
    with pytest.raises(XenscmiError) as raised:
        parse(Source("f", "x =\n\n\n\nfoo = (1)\n"))
    span = raised.value.diagnostics[-1].span
    assert span is not None
    assert (span.line, span.column) == (5, 7)
