"""Run all benchmarks, or those named: `python -m bench [toolstack …]`."""

import sys
from importlib import import_module

NAMES = ("toolstack", "host", "scmi", "simulate")

for name in sys.argv[1:] or NAMES:
    print(f"{name}:")
    import_module(f"bench.{name}").run()
