"""List the rules of `xenscmi check`: code, name, severity, and what each finds.

examples:
  xenscmi rules
  xenscmi rules --json
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--json", action="store_true", help="print a JSON array")


def run(arguments: Namespace) -> int:
    """Run the command."""
    from xenscmi.rules.registry import all_rules

    rules = all_rules()
    if arguments.json:
        from xenscmi.report.json import to_text

        rows = [
            {"code": rule.code, "name": rule.name, "severity": rule.severity.value, "summary": rule.summary}
            for rule in rules
        ]
        sys.stdout.write(to_text(rows))
        return 0
    from xenscmi.cli.terminal import width_of
    from xenscmi.report.table import aligned

    shown = [(rule.code, rule.name, rule.severity.value, rule.summary) for rule in rules]
    sys.stdout.write(aligned(shown, width_of(sys.stdout)))
    return 0
