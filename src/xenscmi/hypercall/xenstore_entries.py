"""What a toolstack writes to xenstore of a domain, as libxl does, so that xl and xenconsoled find it.

After libxl__domain_make, libxl__build_post, libxl__device_console_add and libxl__device_vuart_add; and what is removed
when a domain is destroyed (devices_destroy_cb). Beside libxl's entries stands the domain's SCMI agent, which nothing
else in dom0 tells.
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Mapping

from xenscmi.config.types.domain import DomainConfig
from xenscmi.hypercall import guest_layout as layout
from xenscmi.hypercall.build import BuiltGuest
from xenscmi.hypercall.xenstore import Xenstore, owned_by, readable_by

_GUESTS_OWN = (
    "device/suspend/event-channel",
    "control/shutdown",
    "control/feature-poweroff",
    "control/feature-reboot",
    "control/feature-suspend",
    "control/sysrq",
    "data",
    "drivers",
    "feature",
    "attr",
    "error",
)
_GUEST_READS = ("cpu", "memory", "device", "control")
_INITIALISING = "1"  # XenbusStateInitialising
_PROTOCOL, _LIMIT = "vt100", "1048576"
_NUMBER = re.compile(r"[0-9]{1,5}\Z")


def domain_path(domid: int) -> str:
    """Return where xenstore has a domain."""
    return f"/local/domain/{domid}"


def service_domid(store: Xenstore, service: str) -> int:
    """Return the id of the domain in which "xenstored" or "xenconsoled" runs: dom0 unless xenstore names another."""
    text = store.read(f"/tool/{service}/domid") or "0"
    return int(text) if _NUMBER.match(text) else 0


def names(store: Xenstore) -> dict[int, str]:
    """Return the names of the domains that have one."""
    found = {}
    for number in store.directory("/local/domain"):
        name = store.read(f"/local/domain/{number}/name") if _NUMBER.match(number) else None
        if name is not None:
            found[int(number)] = name
    return found


def agents(store: Xenstore) -> dict[int, int]:
    """Return the SCMI agents of the domains that have one, by domain id, as far as xenscmi made them."""
    found = {}
    for number in store.directory("/libxl"):
        agent = store.read(f"/libxl/{number}/xenscmi/agent_id") if _NUMBER.match(number) else None
        if agent is not None and _NUMBER.match(agent):
            found[int(number)] = int(agent)
    return found


def console_tty(store: Xenstore, domid: int, kind: str) -> str | None:
    """Return where xenconsoled serves a console, "pv" or "vuart"; None if it does not, or not yet."""
    path = store.read(f"{domain_path(domid)}/{'vuart/0' if kind == 'vuart' else 'console'}/tty")
    return path if path and path.startswith("/dev/") else None


def write_domain(store: Xenstore, domid: int, name: str, handle: bytes, agent_id: int | None) -> None:
    """Write that there is a domain, before it is built; `handle` is its UUID."""
    path, vm_path, libxl_path = domain_path(domid), f"/vm/{uuid.UUID(bytes=handle)}", f"/libxl/{domid}"

    def work(store: Xenstore) -> None:
        for each in (path, vm_path, libxl_path):
            store.remove(each)
        for each in (path, vm_path):
            store.make(each, readable_by(domid))
        for each in (libxl_path, f"{libxl_path}/device"):
            store.make(each, owned_by(0))
        store.write(f"{path}/vm", vm_path)
        store.write(f"{path}/name", name)
        for each in _GUEST_READS:
            store.make(f"{path}/{each}", readable_by(domid))
        for each in _GUESTS_OWN:
            store.make(f"{path}/{each}", owned_by(domid))
        store.write(f"{vm_path}/uuid", str(uuid.UUID(bytes=handle)))
        store.write(f"{vm_path}/name", name)
        for feature in ("multiprocessor-suspend", "xs_reset_watches"):
            store.write(f"{path}/control/platform-feature-{feature}", "1")
        store.write(f"{libxl_path}/type", "pvh")
        store.write(f"{libxl_path}/dm-version", "qemu_xen")
        if agent_id is not None:
            store.write(f"{libxl_path}/xenscmi/agent_id", str(agent_id))

    store.transact(work)


def write_guest(store: Xenstore, domid: int, config: DomainConfig, guest: BuiltGuest, console_domid: int) -> None:
    """Write what a built guest, and those who serve it, look for; tell xenstored of it, and xenconsoled."""
    info, path = config.b_info, domain_path(domid)
    entries: dict[str, object] = {
        "memory/static-max": info.max_memkb,
        "memory/target": info.target_memkb,
        "memory/videoram": info.video_memkb,
        "domid": domid,
        "store/port": guest.store_port,
        "store/ring-ref": layout.XENSTORE_GFN,
    }
    for vcpu in range(info.max_vcpus):
        entries[f"cpu/{vcpu}/availability"] = "online" if info.avail_vcpus >> vcpu & 1 else "offline"
    vm_path = store.read(f"{path}/vm")
    now = time.time_ns()

    def work(store: Xenstore) -> None:
        for name, value in entries.items():
            store.write(f"{path}/{name}", str(value))
        if vm_path is not None:
            store.write(f"{vm_path}/start_time", f"{now // 10**9}.{now % 10**9 // 10**7:02}")

    store.transact(work)
    store.introduce_domain(domid, layout.XENSTORE_GFN, guest.store_port)
    if guest.vuart_port is not None:
        front = {"port": guest.vuart_port, "ring-ref": layout.VUART_GFN, "limit": _LIMIT, "type": "xenconsoled"}
        _add_console(store, domid, "vuart", f"{path}/vuart/0", console_domid, front)
    front = {
        "backend-id": console_domid,
        "limit": _LIMIT,
        "type": "xenconsoled",
        "output": "pty",
        "tty": "",
        "port": guest.console_port,
        "ring-ref": layout.CONSOLE_GFN,
    }
    _add_console(store, domid, "console", f"{path}/console", console_domid, front)
    store.permit(f"{path}/console/backend-id", readable_by(console_domid, domid))


def _add_console(
    store: Xenstore, domid: int, kind: str, front_path: str, back_domid: int, front: Mapping[str, object]
) -> None:
    """Write both ends of a console, and libxl's copy (libxl__device_generic_add). The guest may only read."""
    back_path = f"{domain_path(back_domid)}/backend/{kind}/{domid}/0"
    libxl_path = f"/libxl/{domid}/device/{kind}/0"
    back = {"frontend-id": str(domid), "online": "1", "state": _INITIALISING, "protocol": _PROTOCOL}
    permissions = readable_by(domid, back_domid)

    def work(store: Xenstore) -> None:
        for path, other, entries in (
            (front_path, ("backend", back_path), front),
            (back_path, ("frontend", front_path), back),
        ):
            store.remove(path)
            store.make(path, permissions)
            store.write(f"{path}/{other[0]}", other[1])
            for name, value in entries.items():
                store.write(f"{path}/{name}", str(value))
        store.remove(libxl_path)
        for name, text in {"frontend": front_path, "backend": back_path, **back}.items():
            store.write(f"{libxl_path}/{name}", text)

    store.transact(work)


def remove_domain(store: Xenstore, domid: int) -> None:
    """Remove all that is written of a domain."""
    vm_path = store.read(f"{domain_path(domid)}/vm")
    console_domid = service_domid(store, "xenconsoled")
    for kind in ("console", "vuart"):
        store.remove(f"{domain_path(console_domid)}/backend/{kind}/{domid}")
    if vm_path is not None and vm_path.startswith("/vm/"):
        store.remove(vm_path)
    store.remove(domain_path(domid))
    store.remove(f"/libxl/{domid}")
