"""XS229 refused-by-libxl."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from xenscmi.config.capabilities import DEFAULT_HOST
from xenscmi.config.errors import ConfigError
from xenscmi.diagnostics import Diagnostic, Severity
from xenscmi.domctl.profiles import DEFAULT_PROFILE, PROFILES
from xenscmi.host.configuration import Configuration
from xenscmi.rules.rule import Change, Finding, HostRule
from xenscmi.toolstack.prepare import prepare

TYPE_CHECKING = False
if TYPE_CHECKING:
    from xenscmi.host.index import Index

RULE = HostRule(
    code="XS229",
    name="refused-by-libxl",
    severity=Severity.ERROR,
    summary="xl can read an xl.cfg file, but libxl refuses to make its domain on this host.",
    then="`xl create` fails",
    xen="libxl says so before it asks Xen: the hypercall is never made. `xl -N create` does not get this far.",
    fix="write what libxl accepts: see xl.cfg(5)",
    bad=(Change("guest.cfg", "vcpus = 1\n", 'vcpus = 1\npassthrough = "sync_pt"\n'),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    from xenscmi.toolstack.hosts import prepare_host

    for prepared in index.once(prepare_host):
        if prepared.domain is not None:
            yield from _findings(prepared.diagnostics)


def check_alone(configuration: Configuration) -> Iterator[Finding]:
    """Yield what libxl refuses of an xl.cfg file without a host: on the host that `domctl` assumes."""
    if configuration.parsed is None:
        return
    try:
        prepare(configuration.parsed, DEFAULT_HOST, PROFILES[DEFAULT_PROFILE])
    except ConfigError as error:
        yield from _findings(error.diagnostics)


def _findings(diagnostics: Iterable[Diagnostic]) -> Iterator[Finding]:
    for error in diagnostics:
        if error.severity is Severity.ERROR:
            yield Finding(message=error.message, span=error.span, related=error.related, help=error.help or None)
