"""How a domain is created: libxl_domain_create_info."""

from __future__ import annotations

from xenscmi.config.idl import kinds as f
from xenscmi.config.idl.struct import Struct
from xenscmi.config.types.enums import DomainType, Passthrough


class DomainCreateInfo(Struct):
    """What the domain is called and how it is created (libxl_domain_create_info)."""

    type: DomainType = f.enum(DomainType.INVALID)
    hap: bool | None = f.defbool()
    oos: bool | None = f.defbool()
    ssidref: int = f.uint32()
    ssid_label: str | None = f.string()
    name: str | None = f.string()
    domid: int = f.domid()
    uuid: bytes = f.uuid()
    xsdata: tuple[tuple[str, str | None], ...] = f.key_value_list()
    platformdata: tuple[tuple[str, str | None], ...] = f.key_value_list()
    poolid: int = f.uint32()
    pool_name: str | None = f.string()
    run_hotplug_scripts: bool | None = f.defbool()
    driver_domain: bool | None = f.defbool()
    passthrough: Passthrough = f.enum(Passthrough.DEFAULT)
    xend_suspend_evtchn_compat: bool | None = f.defbool()
