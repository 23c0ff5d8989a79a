"""The HTML page of a host, for `check` and `simulate`. This is not a command."""

from __future__ import annotations

from pathlib import Path

from xenscmi.cli.files import load_host, put

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from xenscmi.diagnostics import Diagnostic
    from xenscmi.host.load import LoadedHost
    from xenscmi.report.html import HostReport
    from xenscmi.simulation.simulate import Simulation


def host_report(
    paths: Sequence[str], loaded: LoadedHost, findings: Sequence[Diagnostic], simulation: Simulation | None = None
) -> HostReport:
    """Return what the page shows of the host that the user named with `paths`."""
    from xenscmi.report.html import HostReport

    return HostReport(name=_name(paths), host=loaded.host, findings=findings, simulation=simulation)


def other_host(folder: str, select: Sequence[str] = (), ignore: Sequence[str] = (), *, run: bool = False) -> HostReport:
    """Return what the page shows of the host to compare with. Raises XenscmiError where it cannot be used."""
    from xenscmi.api import check, simulate

    loaded = load_host([folder])
    found = check(loaded, select=select, ignore=ignore)
    return host_report([folder], loaded, found, simulate(loaded) if run else None)


def put_page(shown: HostReport, against: HostReport | None = None) -> None:
    """Print the page to standard output."""
    from xenscmi.report.html import render

    put(render(shown, against))


def put_unusable(paths: Sequence[str], diagnostics: Sequence[Diagnostic]) -> None:
    """Print the page of files that do not make a host: what is wrong with them."""
    from xenscmi.host.types import Host
    from xenscmi.report.html import HostReport

    put_page(HostReport(name=_name(paths), host=Host(), findings=diagnostics, usable=False))


def _name(paths: Sequence[str]) -> str:
    """Return what to call a host: the paths as given; for the current folder, the folder's name."""
    return ", ".join(path for path in paths if path != ".") or Path.cwd().name
