"""Requirements and tests in the Markdown of OpenFastTrace: a feature, what it needs, and what covers it.

Each rule is a requirement, covered by the test that its bad example is found. What keeps agents apart are requirements,
covered by the campaign. A test that did not pass is left out, so that a trace shows its requirement as uncovered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from xenscmi.diagnostics import Diagnostic
from xenscmi.rules.rule import Rule
from xenscmi.scmi.status import Status
from xenscmi.simulation.campaign import Campaign, Trial
from xenscmi.simulation.simulate import Simulation

_FILES_AGREE = "feat~host-files-agree~1"
_KEPT_APART = "feat~agents-are-kept-apart~1"

_KEEPING_APART: Mapping[str, tuple[str, str]] = {
    "permission.refused": (
        "Others' resources are refused",
        "An agent's message about a resource that the host's files do not give to it is refused with the status that "
        "the firmware's profile has for this, and with nothing behind the status.",
    ),
    "permission.no-effect": (
        "What is refused changes nothing",
        "A message that is to be refused changes neither a resource, nor a permission, nor a subscription.",
    ),
    "permission.given": (
        "What is given is answered",
        "An agent's message with legal arguments about a resource that the host's files give to it is answered as the "
        "resource's declaration asks for.",
    ),
    "permission.trusted": (
        "Only trusted agents set permissions",
        "A message that sets permissions or resets an agent is refused, unless the host's files trust its sender.",
    ),
    "channel.identity": (
        "An agent is who its channel says",
        "The platform tells each agent the id that the host's files give to its domain.",
    ),
    "channel.others": (
        "Others' channels are out of reach",
        "A domain neither reaches another agent's page nor is its call of another agent's function id forwarded.",
    ),
}
"""What keeps agents apart, by the name of the requirement: its title, and what it asks for."""


def requirements(rules: Iterable[Rule]) -> str:
    """Return the features and the requirements."""
    return _document("Requirements", _requirements(rules))


def _requirements(rules: Iterable[Rule]) -> Iterator[str]:
    yield _item(_FILES_AGREE, "The files of a host agree", "Mistakes in the files of a host are found.", needs="req")
    yield _item(_KEPT_APART, "Agents are kept apart", "An agent uses what the files give to its domain.", needs="req")
    for name, (title, text) in _KEEPING_APART.items():
        yield _item(f"req~{name}~1", title, text, covers=_KEPT_APART, needs="itest")
    for rule in rules:
        yield _item(
            f"req~{_name(rule)}~1",
            f"{rule.code} {rule.name}",
            f"`xenscmi check` reports this as {_severity(rule)}: {rule.summary}",
            rationale=rule.xen,
            comment=f"To fix it, {rule.fix}.",
            covers=_FILES_AGREE,
            needs="utest",
        )


def tests(
    examples: Iterable[tuple[Rule, Sequence[Diagnostic]]], simulation: Simulation, campaign: Campaign | None
) -> str:
    """Return the tests that passed: the rules with what they found on their examples, and the campaign's."""
    return _document("Tests", _tests(examples, simulation, campaign))


def _tests(
    examples: Iterable[tuple[Rule, Sequence[Diagnostic]]], simulation: Simulation, campaign: Campaign | None
) -> Iterator[str]:
    for name, shown in _shown(simulation, campaign):
        yield _item(f"itest~{name}~1", _KEEPING_APART[name][0], shown, covers=f"req~{name}~1")
    for rule, found in examples:
        changed = ", ".join(dict.fromkeys(change.file for change in rule.bad)) or "no file, but another firmware or Xen"
        yield _item(
            f"utest~{_name(rule)}~1",
            f"{rule.code} finds its example",
            f"The example host has no finding. Its bad example for this rule changes {changed}; it has "
            f"{len(found)} {'finding' if len(found) == 1 else 'findings'}, of this rule alone. This was tried when the "
            "evidence was made.",
            comment=f"tests/rules/test_examples.py tries it, too; docs/rules/{rule.code}.md has the example.",
            covers=f"req~{_name(rule)}~1",
        )


def _shown(simulation: Simulation, campaign: Campaign | None) -> Iterator[tuple[str, str]]:
    """Yield the names of what keeps agents apart and was shown, each with what was tried."""
    if campaign is None:
        return
    refused = [each for each in campaign.trials if each.expected.refused]
    of_trusted = [each for each in refused if "trusted" in each.expected.reason]
    others = [each for each in refused if each not in of_trusted]
    given = [each for each in campaign.trials if not each.expected.refused]
    identity = [
        each for each in given if each.message == "BASE_DISCOVER_AGENT" and each.expected.status == Status.SUCCESS
    ]
    effects = [each for each in refused if each.fault and not each.answer]
    if _passed(others):
        yield "permission.refused", f"{_tries(others)} messages were refused, to the byte."
    if refused and not effects:
        yield "permission.no-effect", f"After the refusal of {_tries(refused)} messages the platform was as before."
    if _passed(given):
        yield "permission.given", f"{_tries(given)} messages were answered as expected."
    if _passed(of_trusted):
        yield "permission.trusted", f"{_tries(of_trusted)} messages were refused."
    if _passed(identity) and all(view.agent_id == view.wanted for view in simulation.domains):
        yield "channel.identity", f"{_tries(identity)} agents were told their own id."
    attempts = [attempt for view in simulation.domains for attempt in view.forbidden if attempt.expected != "refused"]
    if attempts and all(attempt.seen == attempt.expected for attempt in attempts):
        yield "channel.others", f"{len(attempts)} function ids and pages of others were tried, and none was reached."


def _passed(trials: Sequence[Trial]) -> bool:
    return bool(trials) and not any(each.fault for each in trials)


def _tries(trials: Iterable[Trial]) -> int:
    return sum(len(each.resources) for each in trials)


def _severity(rule: Rule) -> str:
    return f"{'an' if rule.severity.value[0] in 'aeio' else 'a'} {rule.severity.value}"


def _name(rule: Rule) -> str:
    return f"{rule.code.lower()}.{rule.name}"


def _document(title: str, items: Iterable[str]) -> str:
    return "\n".join((f"# {title}\n", *items))


def _item(
    id: str, title: str, text: str, *, rationale: str = "", comment: str = "", covers: str = "", needs: str = ""
) -> str:
    """Return a specification item."""
    parts = [f"## {title}\n`{id}`\n\n{text}\n"]
    if rationale:
        parts.append(f"Rationale:\n\n{rationale}\n")
    if comment:
        parts.append(f"Comment:\n\n{comment}\n")
    if covers:
        parts.append(f"Covers:\n\n- `{covers}`\n")
    if needs:
        parts.append(f"Needs: {needs}\n")
    return "\n".join(parts)
