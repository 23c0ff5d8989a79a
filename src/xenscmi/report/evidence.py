"""The evidence of a run: the files of its folder, as bytes that depend on the host's files and the tool alone.

There is no time, no machine and no path in them: the same host and the same tool make the same bytes, in any folder.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from xenscmi.diagnostics import Diagnostic, Severity
from xenscmi.host.types import Host
from xenscmi.report import matrix
from xenscmi.report.assumptions import assumptions
from xenscmi.report.evidence_tables import agents_table, messages_table, numbers_in_ranges, permissions_table
from xenscmi.report.json import render as findings_document
from xenscmi.report.json import to_text
from xenscmi.report.limits import limits
from xenscmi.report.requirements import requirements, tests
from xenscmi.rules.rule import Rule
from xenscmi.scmi.header import ProtocolId
from xenscmi.simulation.campaign import Campaign
from xenscmi.simulation.simulate import Simulation

MANIFEST, SUMS = "manifest.json", "SHA256SUMS"
FORMAT = 1
_SHOWN_FAULTS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFile:
    """A file that was read: its name relative to the host's folder, its size in bytes, and its SHA-256."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolIdentity:
    """What made the evidence: xenscmi's version, the SHA-256 over its sources, and the versions of what it runs on."""

    version: str
    sources: str
    programs: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A host, and what was found out about it.

    `campaign` is None if Xen did not boot. `examples` has what was found on each rule's bad example. `silenced` says
    which rules the host's files silence, and where.
    """

    inputs: Sequence[InputFile]
    tool: ToolIdentity
    host: Host
    findings: Sequence[Diagnostic]
    simulation: Simulation
    campaign: Campaign | None
    examples: Sequence[tuple[Rule, tuple[Diagnostic, ...]]]
    silenced: Sequence[str] = ()

    @property
    def errors(self) -> int:
        """How many errors check finds."""
        return sum(each.severity is Severity.ERROR for each in self.findings)

    @property
    def clean(self) -> bool:
        """Whether nothing is wrong: no error, no deviation, no fault, and each rule finds its example."""
        return (
            not self.errors
            and not self.simulation.deviations
            and self.campaign is not None
            and not self.campaign.faults
            and all(finds(rule, found) for rule, found in self.examples)
        )


def finds(rule: Rule, found: Sequence[Diagnostic]) -> bool:
    """Return whether a rule, and no other, found its bad example."""
    return {each.code for each in found} == {rule.code}


def files(evidence: Evidence) -> Mapping[str, bytes]:
    """Return the files of the folder, by their names in it."""
    run = matrix.document(evidence.simulation, *matrix.device_labels(evidence.host))
    texts = {
        "README.md": _readme(evidence),
        MANIFEST: _manifest(evidence),
        "findings.json": findings_document(evidence.findings),
        "matrix.json": json.dumps(run, indent=2) + "\n",  # as `simulate --json` has it
        "agents.csv": agents_table(evidence.campaign),
        "messages.csv": messages_table(evidence.campaign),
        "permissions.csv": permissions_table(evidence.campaign),
        "assumptions.md": assumptions(evidence.host, evidence.findings, evidence.simulation),
        "coverage.md": limits(evidence.host, evidence.campaign, evidence.silenced),
        "trace/requirements.md": requirements([rule for rule, _ in evidence.examples]),
        "trace/tests.md": tests(
            [(rule, found) for rule, found in evidence.examples if finds(rule, found)],
            evidence.simulation,
            evidence.campaign,
        ),
    }
    written = {name: text.encode("utf-8", "surrogateescape") for name, text in texts.items()}
    sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(written.items()))
    return {**written, SUMS: sums.encode()}


def _manifest(evidence: Evidence) -> str:
    document = {
        "xenscmi-evidence": FORMAT,
        "tool": {
            "version": evidence.tool.version,
            "sources_sha256": evidence.tool.sources,
            "programs": dict(evidence.tool.programs),
        },
        "inputs": [{"name": each.name, "bytes": each.size, "sha256": each.sha256} for each in evidence.inputs],
        "firmware_profile": evidence.host.firmware.profile,
        "xen_profile": evidence.host.xen_profile,
        "result": result_of(evidence),
    }
    return to_text(document)


def result_of(evidence: Evidence) -> dict[str, object]:
    """Return the result in numbers, as the manifest has it."""
    campaign = evidence.campaign
    return {
        "clean": evidence.clean,
        "errors": evidence.errors,
        "warnings": sum(each.severity is Severity.WARNING for each in evidence.findings),
        "boots": evidence.simulation.panic is None,
        "deviations": len(evidence.simulation.deviations),
        "messages_possible": campaign.possible if campaign else 0,
        "messages_sent": campaign.sent if campaign else 0,
        "permission_faults": sum(len(each.resources) for each in campaign.faults) if campaign else 0,
        "rules": len(evidence.examples),
        "rules_that_find_their_example": sum(finds(rule, found) for rule, found in evidence.examples),
    }


_CONTENT = """\
| File | What is in it |
| --- | --- |
| `manifest.json` | the tool, the input files and their SHA-256, the result as numbers |
| `findings.json` | what `xenscmi check` finds |
| `matrix.json` | as `xenscmi simulate --json`: who reaches which device, and others' function ids and pages |
| `agents.csv` | the agents, whose they are, the way of their messages (through Xen, or rung at EL3), their devices |
| `messages.csv` | each message as it was sent, for each resource |
| `permissions.csv` | what each agent was answered, for each message and resource, with the bytes |
| `assumptions.md` | what Xen and this use of SCMI assume: shown here, or open |
| `coverage.md` | what was not tried, and what the model does not cover |
| `trace/` | requirements and tests in OpenFastTrace's form: `oft trace trace/` |
| `SHA256SUMS` | of all other files: `sha256sum -c SHA256SUMS` |
"""

_READING = """\
A row of `permissions.csv` is for one agent, one message, and all resources for which the answer had the same bytes:
`0-3 7` are resources 0, 1, 2, 3 and 7. `expected` is the status that the host's files ask for, `answer` the payload
that came, in hexadecimal, its status first (little-endian); `verdict` is `ok`, or says what is wrong. What was sent
is in `messages.csv`, in the row of the same protocol, message and resource; `{agent}` stands there for the sender's
id, as four bytes. A row without an answer whose verdict is not `ok` says either that none came, or that the messages
of that row changed something.
"""


def _readme(evidence: Evidence) -> str:
    return "\n".join(_readme_parts(evidence))


def _readme_parts(evidence: Evidence) -> Iterator[str]:
    campaign, result = evidence.campaign, result_of(evidence)
    tool = evidence.tool
    yield "# Evidence of an SCMI multi-agent host\n"
    yield "**Nothing is wrong with what was tried.**\n" if evidence.clean else "**Something is wrong: see below.**\n"
    yield f"- `check`: errors {result['errors']}, warnings {result['warnings']}."
    if evidence.simulation.panic is not None:
        yield f"- `simulate`: Xen panics at boot: {evidence.simulation.panic}. No message was tried."
    else:
        yield f"- `simulate`: deviations from the assignments: {result['deviations']}."
    if campaign is not None:
        yield (
            f"- Permissions: {campaign.sent} messages of {campaign.possible} possible ones from "
            f"{len(campaign.speakers)} agents; {result['permission_faults']} were not answered as the files ask for."
        )
    yield (
        f"- Rules: {result['rules_that_find_their_example']} of {result['rules']} find the mistake of their own "
        "example, with this tool on this machine."
    )
    yield "- [assumptions.md](assumptions.md) and [coverage.md](coverage.md) say what this does not show.\n"
    yield f"Made by xenscmi {tool.version} (sources {tool.sources[:16]}…) from {len(evidence.inputs)} files.\n"
    yield _CONTENT
    yield "## How to read permissions.csv\n"
    yield _READING
    if campaign is not None and campaign.faults:
        yield "## Faults of permissions\n"
        for each in campaign.faults[:_SHOWN_FAULTS]:
            protocol = ProtocolId(each.protocol).name.lower().replace("_", " ")
            about = numbers_in_ranges(each.resources)
            yield f"- agent {each.agent}, {protocol}, {each.message}, {about}: {each.fault} ({each.expected.reason})"
        more = len(campaign.faults) - _SHOWN_FAULTS
        yield f"- and {more} more rows of permissions.csv\n" if more > 0 else ""
    if evidence.simulation.deviations:
        yield "## Deviations\n"
        for deviation in evidence.simulation.deviations[:_SHOWN_FAULTS]:
            yield f"- {deviation.domain}: {deviation.subject}: expected {deviation.expected}, seen {deviation.seen}"
        more = len(evidence.simulation.deviations) - _SHOWN_FAULTS
        yield f"- and {more} more in matrix.json\n" if more > 0 else ""
