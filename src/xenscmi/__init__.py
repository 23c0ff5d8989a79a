"""xenscmi: a toolstack for SCMI multi-agent on Xen/Arm.

The names in `__all__` are the Python API, described in docs/api.md; all else may change from one version to the next.
Everything raised for bad input is an XenscmiError. A name's module is imported when the name is first used.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from xenscmi.api import boot, check, diagnose, load_host, read_source, simulate
    from xenscmi.config.capabilities import HostCapabilities
    from xenscmi.config.errors import ConfigError
    from xenscmi.config.parse import parse_xlcfg
    from xenscmi.diagnostics import Diagnostic, Severity, XenscmiError
    from xenscmi.domctl.createdomain import decode, encode
    from xenscmi.domctl.profiles import PROFILES
    from xenscmi.report.text import render
    from xenscmi.source import Source
    from xenscmi.toolstack.create import create
    from xenscmi.toolstack.prepare import prepare
    from xenscmi.version import __version__

__all__ = [
    "PROFILES",
    "ConfigError",
    "Diagnostic",
    "HostCapabilities",
    "Severity",
    "Source",
    "XenscmiError",
    "__version__",
    "boot",
    "check",
    "create",
    "decode",
    "diagnose",
    "encode",
    "load_host",
    "parse_xlcfg",
    "prepare",
    "read_source",
    "render",
    "simulate",
]

_HOMES = {
    "api": ("boot", "check", "diagnose", "load_host", "read_source", "simulate"),
    "config.capabilities": ("HostCapabilities",),
    "config.errors": ("ConfigError",),
    "config.parse": ("parse_xlcfg",),
    "diagnostics": ("Diagnostic", "Severity", "XenscmiError"),
    "domctl.createdomain": ("decode", "encode"),
    "domctl.profiles": ("PROFILES",),
    "report.text": ("render",),
    "source": ("Source",),
    "toolstack.create": ("create",),
    "toolstack.prepare": ("prepare",),
    "version": ("__version__",),
}


if not TYPE_CHECKING:  # a type checker would take it for every name there may be

    def __getattr__(name: str) -> object:
        """Import a name of the API when it is first used: a command that needs none of them imports none."""
        from importlib import import_module

        for home, names in _HOMES.items():
            if name in names:
                value = globals()[name] = getattr(import_module(f"{__name__}.{home}"), name)
                return value
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
