"""How a test ends, and what ends it."""

from __future__ import annotations

from enum import Enum

from xenscmi.diagnostics import Diagnostic, XenscmiError


class Verdict(Enum):
    """How a test ended."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    NOT_SUPPORTED = "not supported"


class ConformanceFailure(Exception):
    """The platform did what the specification forbids; the text says what."""


class Unsupported(Exception):
    """The platform does not have what the test is about; the text says what."""


class PlatformGone(XenscmiError):
    """The platform cannot be reached, now or any more: there is nothing left to test."""

    def __init__(self, reason: str, help: str = "") -> None:
        super().__init__(Diagnostic(message=reason, help=help))
