"""Every rule is judged by its example: the bad one brings exactly it; the good one brings nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from xenscmi.host.types import Host
from xenscmi.rules.engine import check
from xenscmi.rules.example import FIRMWARE
from xenscmi.rules.registry import all_rules
from xenscmi.rules.rule import Rule
from xenscmi.rules.trial import findings_on_bad_example

RULES = all_rules()


def test_the_example_host_is_clean(read_example: Callable[..., Host]) -> None:
    assert check(read_example()) == check(read_example(firmware=FIRMWARE)) == ()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_bad_example_brings_exactly_its_rule(rule: Rule) -> None:
    found = findings_on_bad_example(rule)
    assert {(each.code, each.name) for each in found} == {(rule.code, rule.name)}, found
    assert all(each.span and each.message and each.help for each in found)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_explains_itself(rule: Rule) -> None:
    assert rule.summary.endswith(".")
    assert rule.xen.endswith((".", '."'))
    assert rule.fix
    assert rule.bad or rule.firmware or rule.xen_profile or rule.sci_driver


def test_codes_and_names_are_unique() -> None:
    assert max(Counter(rule.code for rule in RULES).values()) == 1
    assert max(Counter(rule.name for rule in RULES).values()) == 1
