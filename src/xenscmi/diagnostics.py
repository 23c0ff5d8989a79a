"""Diagnostics as values: what is wrong, where, why, and how to fix it. Nothing here prints, raises or sets policy."""

from __future__ import annotations

from enum import Enum

from xenscmi.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from xenscmi.source import Span


class Severity(Enum):
    """How bad a finding is: an error breaks the host or a domain, a warning probably does, an info is worth knowing."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Annotation(Record):
    """Another place that belongs to a diagnostic, with what it shows ("first claimed here")."""

    span: Span
    label: str


class Edit(Record):
    """What stands at `span` becomes `text`: an empty span inserts, an empty text removes."""

    span: Span
    text: str


class Safety(Enum):
    """Whether a fix may be applied unseen.

    SAFE: the files leave no doubt about what was meant, or Xen does the same afterwards. UNSAFE: a person should look.
    """

    SAFE = "safe"
    UNSAFE = "unsafe"


class Fix(Record):
    """The remedy of a finding as edits, `title` says in the imperative what they do.

    The edits are applied all or not at all. They may be of several files, and do not overlap.
    """

    title: str
    edits: tuple[Edit, ...]
    safety: Safety = Safety.SAFE


class Diagnostic(Record):
    """One finding.

    `message` keeps xl's and Xen's own wording where there is one; `code` and `name` are the rule's (`XS201`,
    `duplicate-agent-id`), empty for errors of reading; `span` is None where no place is known; `label` is the short
    text next to the caret; `help` is one line that says how to fix it; `fix` does it, where the files show how.
    """

    message: str
    severity: Severity = Severity.ERROR
    span: Span | None = None
    label: str = ""
    related: tuple[Annotation, ...] = ()
    help: str = ""
    code: str = ""
    name: str = ""
    fix: Fix | None = None


class XenscmiError(Exception):
    """Base of the errors that xenscmi raises for bad input: it carries the diagnostics, in the order of the input.

    One way out for every reader: a caller either gets a whole result or this.
    """

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__(*diagnostics)
        self.diagnostics = diagnostics

    def __str__(self) -> str:
        return "; ".join(diagnostic.message for diagnostic in self.diagnostics)
