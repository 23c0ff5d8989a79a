"""A configuration together with the places in the file that its fields came from."""

from __future__ import annotations

from xenscmi.config.spans import Spans
from xenscmi.config.types.domain import DomainConfig
from xenscmi.record import Record
from xenscmi.source import Source
from xenscmi.xlcfg.values import Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from xenscmi.diagnostics import Diagnostic
    from xenscmi.source import Span

_NO_SETTINGS = Settings(Source("", ""), [])
_NO_SPANS = Spans()


class Parsed(Record):
    """A configuration before libxl's defaults, and where its values came from.

    `spans` has the span that set each field, by libxl's path of the field (`c_info.name`, `b_info.iomem[1]`,
    `b_info.arch_arm.arm_sci.agent_id`). `settings` has every setting of the file, those that xl ignores too.
    `diagnostics` are xl's warnings and remarks, in xl's order. All three are empty for a configuration that was read
    from libxl's JSON.
    """

    config: DomainConfig
    settings: Settings = _NO_SETTINGS
    spans: Spans = _NO_SPANS
    diagnostics: tuple[Diagnostic, ...] = ()

    def place(self, path: str) -> Span | None:
        """Return the span that set a field, named by its path; None if nothing in the file did.

        A field that was not set by itself has the place of the first of its parts that was set, else the place of the
        nearest structure or list around it.
        """
        if path not in self.spans:
            inside = (f"{path}.", f"{path}[")
            for other, span in self.spans.items():
                if other.startswith(inside):
                    return span
        while path and path not in self.spans:
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return self.spans.get(path)
