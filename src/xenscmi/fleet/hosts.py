"""Which hosts a user means by patterns such as `variants/*/host.toml`."""

from __future__ import annotations

from glob import glob

from xenscmi.diagnostics import Diagnostic, XenscmiError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def find_hosts(patterns: Iterable[str]) -> list[str]:
    """Return the paths of hosts that match, sorted, each once. Raises XenscmiError for a pattern without any.

    `*`, `?` and `[…]` stand for parts of a name, `**` for any number of folders.
    """
    found: set[str] = set()
    nothing = []
    for pattern in patterns:
        matches = glob(pattern, recursive=True)  # noqa: PTH207 (Path.glob takes no absolute patterns)
        found.update(matches)
        if not matches:
            help = "write the pattern as seen from here, in quotes: 'variants/*/host.toml'"
            nothing.append(Diagnostic(message=f"no host matches {pattern}", help=help))
    if nothing:
        raise XenscmiError(*nothing)
    return sorted(found)
