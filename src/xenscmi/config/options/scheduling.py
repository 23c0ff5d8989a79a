"""Scheduling of the domain's virtual CPUs."""

from __future__ import annotations

from xenscmi.config.options.table import number

_SCHED = "b_info.sched_params"

OPTIONS = (
    number(
        "cpu_weight", f"{_SCHED}.weight", "Share of CPU time relative to other domains (credit, credit2). Default: 256."
    ),
    number("cap", f"{_SCHED}.cap", "Limit of the domain's CPU time, in percent of one CPU; 0 means no limit."),
    number("period", f"{_SCHED}.period", "Length of a scheduling period (rtds), in microseconds."),
    number("slice", f"{_SCHED}.slice", "No effect: the SEDF scheduler was removed."),
    number("latency", f"{_SCHED}.latency", "No effect: the SEDF scheduler was removed."),
    number("extratime", f"{_SCHED}.extratime", "Whether the domain may use spare CPU time (rtds)."),
)
