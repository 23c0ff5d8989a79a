"""The matrix of domains and devices: every kind of cell."""

from __future__ import annotations

import json
from dataclasses import replace

from xenscmi.report.matrix import document, render
from xenscmi.simulation.simulate import Access, Deviation, DomainView, Simulation

VIEW = DomainView(
    name="DomD",
    domid=1,
    offer=None,
    wanted=2,
    agent_id=2,
    given=frozenset((0, 1, 4)),
    devices={0: Access.ALL, 1: Access.SOME, 2: Access.NONE, 3: Access.ALL},
)
RUN = Simulation(
    panic=None,
    domains=(VIEW,),
    deviations=(Deviation(domain="DomD", subject="device 3", expected="none", seen="all"),),
    log=("a line",),
)


def test_each_cell_says_what_was_given_and_what_was_reached() -> None:
    text = render(RUN, {0: ("/soc/a",), 3: ("/soc/b", "/soc/c")})
    lines = text.splitlines()
    assert lines[:2] == ["DOMAIN  ID  AGENT  0  1  2  3  4", "DomD    1   2      +  ?  .  !  ?"]
    assert "  1: (no node)" in lines
    assert "  3: /soc/b, /soc/c" in lines
    assert lines[-3:] == [
        "deviations (1, of 4 things tried)",
        "DOMAIN  WHAT      EXPECTED  SEEN",
        "DomD    device 3  none      all",
    ]


def test_a_name_does_not_control_the_terminal() -> None:
    """A tree's paths and a domain's name come from files that others wrote."""
    hostile = "D\x1b[31m\nomD"
    view = replace(VIEW, name=hostile, hears={0: ("NOTIFY",)})
    deviation = Deviation(domain=hostile, subject="device 3", expected="none", seen="\x9b2J")
    text = render(replace(RUN, domains=(view,), deviations=(deviation,)), {0: ("/soc/\x07a",)})
    assert [character for character in text if not character.isprintable() and character != "\n"] == []
    assert "D\\x1b[31m\\x0aomD" in text


def test_json_has_the_same() -> None:
    found = json.loads(json.dumps(document(RUN, {0: ("/soc/a",)})))
    (domain,) = found["domains"]
    assert (domain["expected"], domain["reached"], domain["partly_reached"]) == ([0, 1, 4], [0, 3], [1])
    assert found["deviations"] == [{"domain": "DomD", "subject": "device 3", "expected": "none", "seen": "all"}]
    assert (found["boots"], found["devices"], found["xen"]) == (True, {"0": ["/soc/a"]}, ["a line"])
