"""How the domain's virtual CPUs share the real ones."""

from __future__ import annotations

from xenscmi.config.options.table import number

_SCHED = "b_info.sched_params"

OPTIONS = (
    number("cpu_weight", f"{_SCHED}.weight", "Share of CPU time relative to other domains (credit, credit2; 256)."),
    number("cap", f"{_SCHED}.cap", "Most CPU time that the domain may take, in percent of one CPU; 0 is no limit."),
    number("period", f"{_SCHED}.period", "Length of a scheduling period (rtds), in microseconds."),
    number("slice", f"{_SCHED}.slice", "Without effect: the SEDF scheduler is gone."),
    number("latency", f"{_SCHED}.latency", "Without effect: the SEDF scheduler is gone."),
    number("extratime", f"{_SCHED}.extratime", "Whether the domain may take spare time (rtds)."),
)
