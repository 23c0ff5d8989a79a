"""The error for configurations that xl or libxl refuses, and the exit codes of xl."""

from __future__ import annotations

from xenscmi.diagnostics import Diagnostic, XenscmiError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from xenscmi.xlcfg import Settings

EXIT_FAILURE, EXIT_ERROR_FAIL, EXIT_ERROR_INVAL = 1, 3, 6


class ConfigError(XenscmiError):
    """xl or libxl refuses the configuration; `exit_code` is xl's.

    It is 1 for most errors in the file; 3 for a file that cannot be read, for a few options and for libxl's ERROR_FAIL;
    6 for a bad PCI address and for ERROR_INVAL. The diagnostics include the warnings that came before the error.

    `field` is libxl's path of the field that libxl refuses (`b_info.arch_arm.nr_spis`), empty if xl already refuses the
    file. `settings` are the file's settings if xl refuses one of them, None if the file could not be parsed.
    """

    def __init__(
        self, diagnostics: Iterable[Diagnostic], exit_code: int, *, field: str = "", settings: Settings | None = None
    ) -> None:
        super().__init__(*diagnostics)
        self.exit_code = exit_code
        self.field = field
        self.settings = settings
