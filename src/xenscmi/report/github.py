"""Findings as workflow commands of GitHub Actions, which become annotations of a pull request."""

from __future__ import annotations

from collections.abc import Sequence

from xenscmi.diagnostics import Diagnostic, Severity

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render(diagnostics: Sequence[Diagnostic]) -> str:
    """Return a line `::error file=…,line=…,col=…,title=…::message` for each finding."""
    return "".join(_line(each) for each in diagnostics)


def _line(diagnostic: Diagnostic) -> str:
    properties = {}
    if diagnostic.span:
        properties["file"] = diagnostic.span.source.name
        if diagnostic.span.source.text:
            line, column = diagnostic.span.source.position(diagnostic.span.start)
            properties |= {"line": str(max(line, 1)), "col": str(column)}
    if diagnostic.code:
        properties["title"] = f"{diagnostic.code} {diagnostic.name}"
    shown = ",".join(f"{key}={_escape(value, ':,')}" for key, value in properties.items())
    message = f"{diagnostic.message}\n{diagnostic.help}" if diagnostic.help else diagnostic.message
    return f"::{_COMMANDS[diagnostic.severity]} {shown}::{_escape(message)}\n"


def _escape(text: str, further: str = "") -> str:
    """Return text with the characters that would end it written as %XX, as the runner expects."""
    for character in "%\r\n" + further:
        text = text.replace(character, f"%{ord(character):02X}")
    return text
