"""Layouts derived from header texts of our own making: the tool, gcc's offsetof and the shipped profiles agree."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import xen_layouts
from xen_layouts import ARCH_H, DOMCTL_H, Header, HeaderError, Layout, read_layout

from xenscmi.domctl.layouts import LAYOUTS
from xenscmi.domctl.profiles import PROFILES

_BEGINNING = """\
    uint32_t ssidref;
    xen_domain_handle_t handle; /* a UUID */
    uint32_t flags;
    uint32_t iommu_opts;
#define XEN_DOMCTL_IOMMU_MAX 1
    uint32_t max_vcpus, max_evtchn_port;
    int32_t max_grant_frames;
    int32_t max_maptrack_frames;
    uint32_t grant_opts;
"""
_MIDDLE = {
    "none": "",
    "word": "    uint32_t altp2m_opts; // one word\n",
    "struct": "    struct {\n#define XEN_DOMCTL_ALTP2M_mixed \\\n  (1U)\n        uint16_t opts;\n"
    "        uint16_t nr;\n    } altp2m;\n",
}
_END = "    uint32_t vmtrace_size;\n    uint32_t cpupool_id;\n    struct xen_arch_domainconfig arch;\n"
_ARCH = (
    "    uint8_t gic_version;\n{sve}    uint16_t tee_type;\n    uint32_t nr_spis;\n    uint32_t clock_frequency;\n{sci}"
)
_SCI = {
    "": "",
    "4.21": "    uint8_t arm_sci_type;\n",
    "4.21+sci-ma": "    uint8_t arm_sci_type;\n    uint8_t arm_sci_agent_id;\n",
    "4.22": "    uint8_t arm_sci_type;\n    uint8_t v8r_el1_msa;\n    uint16_t pad;\n",
    "4.22+sci-ma": "    uint8_t arm_sci_type, arm_sci_agent_id;\n    uint8_t v8r_el1_msa;\n    uint8_t pad[1];\n",
    "4.22+sci-ma-pad": "    uint8_t arm_sci_type, v8r_el1_msa;\n    uint8_t arm_sci_agent_id;\n    uint8_t pad;\n",
}
_VERSIONS = {"4.17": 0x15, "4.18": 0x16, "4.19": 0x17, "4.20": 0x17, "4.21": 0x17, "4.22": 0x18}


def headers(profile: str) -> tuple[str, str]:
    """Return texts that declare what the headers of this profile's Xen declare: domctl.h and arch-arm.h."""
    release = profile.partition("+")[0]
    minor = int(release[2:])
    altp2m = "none" if minor < 19 else "word" if minor < 21 else "struct"
    flags = "#define _XEN_DOMCTL_CDF_hvm 0\n#define XEN_DOMCTL_CDF_hvm (1U<<_XEN_DOMCTL_CDF_hvm)\n"
    flags += "".join(f"#define XEN_DOMCTL_CDF_flag{bit} (1U << {bit})\n" for bit in range(1, 9 if minor > 20 else 8))
    domctl = (
        f"#define XEN_DOMCTL_INTERFACE_VERSION {_VERSIONS[release]:#010x}\n{flags}"
        f"struct xen_domctl_createdomain {{\n{_BEGINNING}{_MIDDLE[altp2m]}{_END}}};\n"
    )
    sve = "    uint8_t sve_vl;\n" if minor > 17 else ""
    arch = _ARCH.format(sve=sve, sci=_SCI.get(profile, ""))
    return domctl, f"struct xen_arch_domainconfig {{ /* IN {'{'} OUT */\n{arch}}};\n"


def derive(domctl: str, arch: str) -> tuple[Layout, int]:
    return read_layout(Header(domctl, DOMCTL_H), Header(arch, ARCH_H), "a test")


@pytest.mark.parametrize("profile", LAYOUTS)
def test_the_tool_derives_the_shipped_layout(profile: str) -> None:
    layout, size = derive(*headers(profile))
    assert layout._replace(source=LAYOUTS[profile][1]) == LAYOUTS[profile]
    assert size == PROFILES[profile].size


@pytest.mark.parametrize("profile", LAYOUTS)
def test_gcc_has_the_shipped_layout(profile: str, tmp_path: Path) -> None:
    gcc = shutil.which("gcc")
    if gcc is None:
        pytest.skip("no gcc here")
    domctl, arch = headers(profile)
    names = [each.name for each in PROFILES[profile].layout]
    structure = "struct xen_domctl_createdomain"
    rows = "".join(
        f'    printf("{name} %zu %zu\\n", offsetof({structure}, {name}), sizeof((({structure} *)0)->{name}));\n'
        for name in names
    )
    program = tmp_path / "offsets.c"
    program.write_text(
        "#include <stddef.h>\n#include <stdint.h>\n#include <stdio.h>\ntypedef uint8_t xen_domain_handle_t[16];\n"
        f'{arch}{domctl}int main(void)\n{{\n{rows}    printf("size %zu\\n", sizeof({structure}));\n    return 0;\n}}\n'
    )
    subprocess.run([gcc, "-o", tmp_path / "offsets", program], check=True, timeout=60)
    printed = subprocess.run([tmp_path / "offsets"], check=True, capture_output=True, text=True, timeout=60).stdout
    shipped = [f"{each.name} {each.offset} {each.size}" for each in PROFILES[profile].layout]
    assert printed.splitlines() == [*shipped, f"size {PROFILES[profile].size}"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("uint32_t ssidref", "uint33_t ssidref", r"domctl.h:\d+: type uint33_t is not known"),
        ("uint32_t ssidref;", "#ifdef __XEN__\n    uint32_t ssidref;", r"domctl.h:\d+: cannot read `#ifdef __XEN__'"),
        ("uint32_t ssidref;", "uint32_t ssidref", r"domctl.h:\d+: `;' expected, not `xen_domain_handle_t'"),
        ("uint32_t ssidref;", "uint32_t ssidref : 3;", r"domctl.h:\d+: cannot read `:'"),
        ("uint32_t ssidref;", "uint32_t ssidref[COUNT];", r"domctl.h:\d+: array length COUNT is not a number"),
        ("struct xen_arch_domainconfig arch", "struct other arch", r"domctl.h:\d+: struct other is not known"),
        ("struct xen_domctl_createdomain", "struct something", r"domctl.h: no struct xen_domctl_createdomain"),
        ("INTERFACE_VERSION", "NUMBER", r"domctl.h: no XEN_DOMCTL_INTERFACE_VERSION"),
        ("XEN_DOMCTL_CDF", "CDF", r"domctl.h: no XEN_DOMCTL_CDF_\*"),
        ("};\n", "", r"domctl.h:\d+: `more' expected"),
    ],
)
def test_what_it_does_not_understand_is_an_error_with_its_line(old: str, new: str, message: str) -> None:
    domctl, arch = headers("4.22")
    assert old in domctl
    with pytest.raises(HeaderError, match=message):
        derive(domctl.replace(old, new), arch)


def test_the_line_is_where_it_stands() -> None:
    domctl, arch = headers("4.22")
    broken = domctl.replace("int32_t max_grant_frames", "bool max_grant_frames")
    line = broken[: broken.index("bool")].count("\n") + 1
    with pytest.raises(HeaderError, match=rf"domctl.h:{line}: type bool is not known: add it to TYPES"):
        derive(broken, arch)


def checkout(folder: Path, profile: str) -> Path:
    for name, text in zip((DOMCTL_H, ARCH_H), headers(profile), strict=True):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_the_next_xen_is_one_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    domctl, arch = headers("4.22")
    xen = checkout(tmp_path, "4.22")
    (xen / DOMCTL_H).write_text(domctl.replace("00018", "00019"))
    (xen / ARCH_H).write_text(arch.replace("uint16_t pad", "uint16_t new_number"))
    written = tmp_path / "layouts.py"
    monkeypatch.setattr(xen_layouts, "LAYOUTS", written)
    assert xen_layouts.main([str(xen), "--profile", "4.23", "--source", "a Xen to come"]) == 0
    namespace: dict[str, dict[str, Layout]] = {}
    exec(written.read_text(), namespace)
    made = namespace["LAYOUTS"]
    assert {name: made[name] for name in LAYOUTS} == LAYOUTS
    version, source, _, fields = made["4.23"]
    assert (version, source, fields[-1]) == (0x19, "a Xen to come", ("arch.new_number", 74, "uint16_t"))
    assert "CreateDomain has no field for arch.new_number yet" in capsys.readouterr().err


def test_the_shipped_file_is_what_the_tool_writes() -> None:
    text = xen_layouts.render({name: Layout(*each) for name, each in LAYOUTS.items()})
    assert text == xen_layouts.LAYOUTS.read_text()


def test_print_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(xen_layouts, "LAYOUTS", tmp_path / "layouts.py")
    assert xen_layouts.main([str(checkout(tmp_path, "4.17")), "--profile", "4.17", "--print"]) == 0
    printed = capsys.readouterr().out
    assert "interface 0x15, 68 bytes, flags 0xff" in printed
    assert re.search(r"^  56  uint8_t +arch.gic_version$", printed, re.MULTILINE)
    assert not (tmp_path / "layouts.py").exists()


def test_no_checkout(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert xen_layouts.main([str(tmp_path), "--profile", "4.23"]) == 1
    assert "No such file or directory" in capsys.readouterr().err
