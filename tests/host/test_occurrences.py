"""The places that name the same thing, in all files of a host."""

from __future__ import annotations

from pathlib import Path

from xenscmi.api import load_host
from xenscmi.host.occurrences import Occurrence, Subject, occurrences
from xenscmi.source import Source, Span

EXAMPLE = Path(__file__).parents[2] / "examples" / "spider"


def places(subject: Subject, value: int | str) -> list[tuple[str, int, str, bool]]:
    found = [each for each in occurrences(load_host(EXAMPLE).host) if (each.subject, each.value) == (subject, value)]
    return [(Path(each.span.source.name).name, each.place.line, each.place.text, each.defines) for each in found]


def test_an_agent() -> None:
    assert places(Subject.AGENT, 3) == [
        ("xen.dtso", 48, "3", True),
        ("xen.dtso", 104, "3", False),
        ("host.toml", 26, "3", False),
    ]


def test_a_page() -> None:
    assert places(Subject.PAGE, 0x47FF2000) == [
        ("xen.dtso", 67, "0x47ff2000", True),
        ("xen.dtso", 47, "&page_2", False),
        ("domd.cfg", 12, '"47ff2,1@22001"', False),
        ("host.toml", 25, "0x47ff2000", False),
    ]


def test_a_function_id_a_domain_and_a_device() -> None:
    assert [each[:2] for each in places(Subject.FUNC_ID, 0x82000004)] == [
        ("xen.dtso", 47),
        ("domd.dts", 24),
        ("host.toml", 25),
    ]
    assert [each[:2] for each in places(Subject.DOMAIN, "panel")] == [("xen.dtso", 96), ("host.toml", 17)]
    assert [each[:2] for each in places(Subject.DEVICE, "/soc/mmc@ee140000")] == [("board.dts", 153), ("domd.cfg", 11)]


def literal(text: str, value: int) -> str | None:
    source = Source("f", text)
    found = Occurrence(Subject.AGENT, value, Span(source, 0, len(text))).literal
    return found.text if found else None


def test_the_number_itself() -> None:
    assert literal("xen,dom0-sci-agent-id = <0x3>;", 3) == "0x3"
    assert literal("agent_id=12", 12) == "12"
    assert literal("agent_id=12", 1) is None
    assert literal("xen,sci-agent-id = <AGENT>;", 3) is None
    assert literal("a = <3 3>;", 3) is None
    assert literal("a = <010>;", 8) is None
    assert literal("dev@3 { a = <3>; }", 3) == "3"
