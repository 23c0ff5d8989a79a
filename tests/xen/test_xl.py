"""Beside the real xl: the same xl.cfg gives the same domain, xl sees ours, and xenscmi sees xl's."""

from __future__ import annotations

import json
import re

import pytest
from tests.xen.machine import Machine

CFGS = {
    "plain": 'kernel = "/guest/tiny"\nmemory = 16\n',
    "all": (
        'kernel = "/guest/Image"\nramdisk = "/guest/initrd"\ndevice_tree = "/guest/partial.dtb"\nmemory = 160\n'
        'vcpus = 3\nmaxvcpus = 4\nvuart = "sbsa_uart"\nnr_spis = 40\ncmdline = "console=ttyAMA0"\n'
        'iomem = [ "9010,1@22001", "9020,2@48000" ]\n'
    ),
}
# The bit of PSTATE with which Xen since 4.20.3 masks debug exceptions at a guest's start.
_DEBUG_MASK = 0x200
_STATE = """
import struct
from inside import store
from xenscmi.devicetree import read_dtb, write_dts

def state(xen, domid):
    record = xen._domctls.getdomaininfo(domid)
    with xen._hypercalls.buffer(bytes(352)) as context:
        xen._domctls._domctl("getvcpucontext", 13, domid, struct.pack("<I4xQ", 0, context.address))
        registers = list(struct.unpack("<I4x31Q3Q4I3QQ3Q", context.read()))
    frame = registers[1] >> 12
    with xen._memory.pages(domid, [frame]) as page:
        size = int.from_bytes(page[4:8], "big")
    with xen._memory.pages(domid, range(frame, frame + (size + 4095) // 4096)) as pages:
        tree = write_dts(read_dtb(bytes(pages[:size]), "guest"))
    entries = sorted(line for line in store() if f"/{domid}/" in line or "/vm/" in line)
    return {
        "record": [record.flags, record.tot_pages, record.max_pages, record.nr_online_vcpus, record.max_vcpu_id,
                   record.handle.hex(), record.cpupool],
        "registers": registers, "tree": tree, "entries": entries,
    }
"""


def plain(text: str, domid: int) -> str:
    """Return an entry, or a tree, without what differs from domain to domain and from run to run."""
    text = re.sub(rf"(/domain|/console|/vuart|/libxl)/{domid}\b", r"\1/N", text)
    text = re.sub(rf"\(n{domid}\b", "(nN", re.sub(rf",r{domid}\)", ",rN)", text))
    text = re.sub(rf'(domid|frontend-id) = "{domid}"', r'\1 = "N"', text)
    text = re.sub(r'start_time = "[0-9]+\.[0-9]{2}"', 'start_time = "TIME"', text)
    text = re.sub(r'tty = "/dev/pts/\d+"', 'tty = "PTY"', text)
    return re.sub(r"rng-seed = <[^>]*>", "rng-seed = <RANDOM>", text)


@pytest.mark.parametrize("cfg", CFGS)
def test_the_same_domain(dom0: Machine, cfg: str) -> None:
    """By getdomaininfo, the first vCPU's registers, the guest's device tree, and all of xenstore with permissions."""
    head = 'name = "twin"\nuuid = "01234567-89ab-cdef-0123-456789abcdef"\n'
    found = dom0.run(
        _STATE
        + """
import time
from pathlib import Path
from inside import alone, command
from xenscmi.hypercall.xen import Xen
Path("/tmp/twin.cfg").write_text(cfg)
result = []
for program in (("python3", "-m", "xenscmi"), ("xl",)):
    made = command("create", "-p", "/tmp/twin.cfg", program=program)
    assert made["code"] == 0, made
    time.sleep(0.5)  # for xenconsoled to write its terminals
    with Xen() as xen:
        (domid,) = [info.domid for info in xen.getdomaininfolist() if info.domid]
        result.append([domid, state(xen, domid)])
        xen.destroydomain(domid)
        assert alone(xen)
""",
        cfg=head + CFGS[cfg],
        limit=120,
    )
    (our_domid, ours), (xl_domid, xls) = found
    assert ours["record"] == xls["record"]
    assert plain(ours["tree"], our_domid) == plain(xls["tree"], xl_domid)
    cpsr = 33
    for registers in (ours["registers"], xls["registers"]):
        registers[cpsr] |= _DEBUG_MASK
    assert ours["registers"] == xls["registers"]
    our_entries = sorted(plain(each, our_domid) for each in ours["entries"])
    assert our_entries == sorted(plain(each, xl_domid) for each in xls["entries"])


def test_each_sees_the_others_domains(dom0: Machine) -> None:
    found = dom0.run(
        """
        from pathlib import Path
        from inside import alone, command
        from xenscmi.hypercall.xen import Xen
        xl = ("xl",)
        for name in ("ours", "xls"):
            text = f'name = "{name}"\\nkernel = "/guest/tiny"\\nmemory = 16\\n'
            Path(f"/tmp/{name}.cfg").write_text(text)
        made = [command("create", "-p", "/tmp/ours.cfg"), command("create", "-p", "/tmp/xls.cfg", program=xl)]
        result = {
            "made": [each["code"] for each in made],
            "list": [command("list")["out"], command("list", program=xl)["out"]],
            "long": [command("list", "-l")["out"], command("list", "-l", "ours", program=xl)["out"]],
            "taken": command("create", "/tmp/xls.cfg"),
            "taken by xl": command("create", "/tmp/ours.cfg", program=xl),
        }
        result["domid"] = command("domid", "ours", program=xl)["out"]
        result["destroyed"] = [
            command("destroy", "xls")["code"], command("destroy", "ours", program=xl)["code"],
        ]
        with Xen() as xen:
            result["alone"] = alone(xen)
        """,
        limit=150,
    )
    assert found["made"] == [0, 0]
    ours, by_xl = ([line.split()[:5] for line in text.splitlines()] for text in found["list"])
    assert ours == by_xl
    assert [row[0] for row in ours] == ["Name", "Domain-0", "ours", "xls"]
    names = [each["config"]["c_info"]["name"] for each in json.loads(found["long"][0])]
    assert names == ["Domain-0", "ours", "xls"]
    assert json.loads(found["long"][1])[0]["config"]["b_info"]["kernel"] == "/guest/tiny"
    assert found["domid"].strip() == ours[2][1]
    assert found["taken"]["code"] == 3
    assert 'Domain with name "xls" already exists' in found["taken"]["err"]
    assert found["taken by xl"]["code"] != 0
    assert found["destroyed"] == [0, 0]
    assert found["alone"]
