"""Explain a rule: what it finds, what Xen does, how to fix it, with an example.

examples:
  xenscmi explain XS201
  xenscmi explain duplicate-agent-id
"""

from __future__ import annotations

import sys

from xenscmi.cli.files import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from xenscmi.rules.rule import Rule


_WIDTH = 100


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "rules", nargs="+", metavar="CODE | NAME", help="name the rules to explain, as `xenscmi rules` lists them"
    )


def run(arguments: Namespace) -> int:
    """Run the command."""
    from xenscmi.rules.engine import find, nearest

    exit_code = 0
    for number, name in enumerate(arguments.rules):
        rule = find(name)
        if rule is None:
            say(f"xenscmi explain: error: there is no rule `{name}'; {nearest(name)}")
            exit_code = 2
        else:
            print(("\n" if number else "") + _text(rule), end="")
    return exit_code


def _text(rule: Rule) -> str:
    from textwrap import indent

    from xenscmi.cli.terminal import width_of
    from xenscmi.report.wrapping import fold

    width = min(width_of(sys.stdout) or _WIDTH, _WIDTH)

    def paragraph(title: str, text: str) -> str:
        return "".join(f"{line}\n" for line in ("", title, *fold(f"  {text}", width, "  ")))

    text = "".join(
        f"{line}\n" for line in (f"{rule.code} {rule.name} ({rule.severity.value})", *fold(rule.summary, width))
    )
    text += paragraph("What Xen does", rule.xen) + paragraph("How to fix it", rule.fix)
    for change in rule.bad:
        for title, sample in (("Bad", change.bad), ("Good", change.good)):
            shown = indent(sample.strip("\n").expandtabs(4), "  ") if sample.strip() else "  (nothing)"
            text += f"\n{title}, in {change.file}\n{shown}\n"
    return text
