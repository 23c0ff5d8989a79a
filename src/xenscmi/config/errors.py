"""How the making of a configuration fails."""

from __future__ import annotations

from xenscmi.diagnostics import Diagnostic, XenscmiError

EXIT_FAILURE, EXIT_ERROR_FAIL, EXIT_ERROR_INVAL = 1, 3, 6


class ConfigError(XenscmiError):
    """xl or libxl refuses the configuration; `exit_code` is what xl ends with.

    1 for most errors in the file; 3 for a file that cannot be read, for a few options and for libxl's ERROR_FAIL; 6 for
    a bad PCI address and for ERROR_INVAL. The diagnostics have the warnings that came before, too.
    """

    def __init__(self, diagnostics: list[Diagnostic], exit_code: int) -> None:
        super().__init__(*diagnostics)
        self.exit_code = exit_code
