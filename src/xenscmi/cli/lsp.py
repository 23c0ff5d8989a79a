"""Serve an editor over standard input and output (Language Server Protocol): all files of a host, and its plan.

Findings as you type, over unsaved files, of the whole host that a file belongs to, or of a plan.toml; their fixes; what
a key means, who has an agent, whose page an address is; completion; definitions and references across files; renaming
an agent in all of them. docs/editor.md says how to set up an editor. The server needs pygls, which the extra `editor`
of xenscmi brings.

exit codes: 0; 2 without pygls, or for a client that does not speak the protocol

examples:
  xenscmi lsp
"""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec

from xenscmi.cli.files import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXIT_UNUSABLE = 2


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments: there is only what editors add."""
    parser.add_argument("--stdio", action="store_true", help="use standard input and output; this is the default")


def run(arguments: Namespace) -> int:
    """Run the command."""
    if find_spec("pygls") is None:
        say(f"xenscmi lsp: error: pygls is missing: {sys.executable} -m pip install 'pygls>=2.0'")
        return EXIT_UNUSABLE
    from xenscmi.editor.server import make_server

    # pygls closes its streams at the end; ours stay open for the rest of the process.
    with open(os.dup(0), "rb") as requests, open(os.dup(1), "wb") as answers:  # noqa: PTH123
        try:
            make_server().start_io(requests, answers)
        except (OverflowError, MemoryError):
            say("xenscmi lsp: error: the client announces a message that is larger than any memory")
            return EXIT_UNUSABLE
    return 0
