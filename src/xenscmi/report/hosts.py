"""The findings on many hosts as one text or document. Hosts share trees: what two of them have is shown once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from xenscmi.diagnostics import Diagnostic, Severity
from xenscmi.report.json import finding, to_text
from xenscmi.report.json import summary as counts
from xenscmi.report.text import counted, render, tally, visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from xenscmi.report.junit import JUnitCase


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFindings:
    """What was found on the host of this name, or why it cannot be used."""

    name: str
    findings: Sequence[Diagnostic]
    usable: bool = True


def distinct(hosts: Iterable[HostFindings]) -> list[Diagnostic]:
    """Return the findings of all hosts, each once."""
    return list(dict.fromkeys(each for host in hosts for each in host.findings))


def as_text(hosts: Sequence[HostFindings], *, colour: bool = False, width: int | None = None) -> str:
    """Return the findings below the names of their hosts, and how many there are."""
    seen: set[Diagnostic] = set()
    text = ""
    for host in hosts:
        if host.findings:
            new = [each for each in host.findings if each not in seen]
            seen.update(new)
            others = len(host.findings) - len(new)
            also = f", {'all' if not new else others} of them shown above" if others else ""
            unusable = "" if host.usable else "cannot be used: "
            text += f"{visible(host.name)}: {unusable}{tally(host.findings)}{also}\n"
            text += render(new, "xenscmi", colour=colour, width=width)
    return text + total(len(hosts), _with_findings(hosts), _unusable(hosts), what="findings", nothing="nothing found")


def _with_findings(hosts: Iterable[HostFindings]) -> int:
    return sum(bool(host.findings) and host.usable for host in hosts)


def _unusable(hosts: Iterable[HostFindings]) -> int:
    return sum(not host.usable for host in hosts)


def one_as_text(host: HostFindings) -> str:
    """Return the findings on one host that was checked alone, and how many there are."""
    return f"{render(host.findings, 'xenscmi')}{tally(host.findings)}\n"


def total(hosts: int, found: int, unusable: int, *, what: str, nothing: str) -> str:
    """Return how many hosts there are, how many of them have `what`, and how many cannot be used, as a line."""
    parts = [f"{found} with {what}"] if found else []
    parts += [f"{unusable} that cannot be used"] if unusable else []
    return f"{counted(hosts, 'host')}: {', '.join(parts) or nothing}\n"


def as_json(hosts: Sequence[HostFindings]) -> str:
    """Return `{"hosts": [{"host": …, "usable": …, "diagnostics": […], "summary": {…}}], "summary": {…}}`."""
    document = {
        "hosts": [
            {
                "host": host.name,
                "usable": host.usable,
                "diagnostics": [finding(each) for each in host.findings],
                "summary": counts(host.findings),
            }
            for host in hosts
        ],
        "summary": {
            "hosts": len(hosts),
            "with_findings": _with_findings(hosts),
            "unusable": _unusable(hosts),
        },
    }
    return to_text(document)


def host_case(host: HostFindings, command: str, failing: Collection[Severity]) -> JUnitCase:
    """Return a host as a test, which fails by findings of these severities."""
    from xenscmi.report.junit import JUnitCase  # brings XML along

    if not host.usable:
        kind, shown = "error", list(host.findings)
    else:
        shown = [each for each in host.findings if each.severity in failing]
        kind = "failure" if shown else ""
    return JUnitCase(
        group=f"xenscmi.{command}",
        name=host.name,
        kind=kind,
        type=(shown[0].code or "unusable") if shown else "",
        message=tally(shown) if shown else "",
        text=render(shown, host.name) if shown else "",
    )
