"""Run all benchmarks, or those named: `python -m bench [toolstack …]`; exit with 1 where a figure is out of bounds."""

import sys
from importlib import import_module

from bench.measure import Figure

NAMES = ("toolstack", "host", "scmi", "simulate", "plan", "editor", "growth")

outside = []
for name in sys.argv[1:] or NAMES:
    print(f"{name}:")
    figures = import_module(f"bench.{name}").run()
    for figure in figures:
        assert isinstance(figure, Figure)
        print(figure.line(), flush=True)
        if not figure.inside:
            outside.append(figure)
if outside:
    print(f"{len(outside)} out of bounds:", *(figure.line() for figure in outside), sep="\n", file=sys.stderr)
sys.exit(bool(outside))
