"""Alternate page tables and tracing."""

from __future__ import annotations

from xenscmi.config.options.table import Build, custom, one_of
from xenscmi.config.types.enums import Altp2mMode

_UINT16 = (1 << 16) - 1


@custom("altp2m", "`disabled`, `mixed`, `external`, `limited`", "b_info.altp2m", "Alternate page tables of the domain.")
def _altp2m(build: Build) -> None:
    given = build.reader.long("altp2m", quiet=True)
    text = build.text("altp2m", quiet=given is not None)
    if text is None:
        return
    mode = next((m for m in Altp2mMode if m.value == given), None) if given is not None else None
    if given is None:
        mode = Altp2mMode.from_string(text.text)
    if mode is None:
        shown = f'"{text.text}"' if given is None else str(given)
        build.fail(f'ERROR: invalid value {shown} for "altp2m"', text.span, one_of(m.text for m in Altp2mMode))
    build.set("b_info.altp2m", mode, text.value.span)


@custom("altp2m_count", "number", "b_info.altp2m_count", "Number of alternate page tables, at most 65535.")
def _altp2m_count(build: Build) -> None:
    count = build.reader.long("altp2m_count", quiet=True)
    if count is None:
        return
    if not 0 <= count <= _UINT16:
        message = f'ERROR: invalid value {count} for "altp2m_count"'
        build.fail(message, build.span("altp2m_count"), f"write a number in 0..{_UINT16}")
    build.set("b_info.altp2m_count", count, build.span("altp2m_count"))


@custom("vmtrace_buf_kb", "number", "b_info.vmtrace_buf_kb", "Size of the trace buffer of each virtual CPU, in KiB.")
def _vmtrace(build: Build) -> None:
    size = build.reader.long("vmtrace_buf_kb", quiet=True)
    if size:
        build.set("b_info.vmtrace_buf_kb", size, build.span("vmtrace_buf_kb"))


OPTIONS = (_altp2m, _altp2m_count, _vmtrace)
