"""A test of the suite: what it is called, and what of the specification it tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from xenscmi.conformance.tester import Tester
from xenscmi.scmi.message import Protocol

DOCUMENT = "DEN0056E"


Test = Callable[[Tester], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A test. `command` is the command that it is about, or the topic; `title` what must hold, in a sentence.

    `changes`: it changes the state of resources, and puts it back. `since` is the first version of the protocol to
    which it applies.
    """

    name: str
    title: str
    protocol: Protocol
    command: str
    test: Test
    changes: bool = False
    since: int = 0

    @property
    def section(self) -> str:
        """Where the specification says so: the document, the section on the protocol's commands, the command."""
        return f"{DOCUMENT} {self.protocol.section}.2, {self.command}"


class Cases:
    """The tests of one protocol, in order; `test` adds one."""

    def __init__(self, protocol: Protocol) -> None:
        self.protocol = protocol
        self.all: list[Case] = []

    def test(self, command: str, *, changes: bool = False, since: int = 0) -> Callable[[Test], Test]:
        """Make a function a test. Its name becomes the test's, its docstring the title."""

        def add(function: Test) -> Test:
            title = " ".join((function.__doc__ or "").split())
            self.add(function.__name__, title, command, function, changes=changes, since=since)
            return function

        return add

    def add(
        self, name: str, title: str, command: str, function: Test, *, changes: bool = False, since: int = 0
    ) -> None:
        """Add a test that is made from a table."""
        prefix = self.protocol.name.replace(" ", "-")
        self.all.append(
            Case(
                name=f"{prefix}.{name.replace('_', '-')}",
                title=title,
                protocol=self.protocol,
                command=command,
                test=function,
                changes=changes,
                since=since,
            )
        )
