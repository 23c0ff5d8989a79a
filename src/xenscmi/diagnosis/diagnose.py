"""The cause of what a log shows: from the log alone the candidates, with a host the findings that explain it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from xenscmi.diagnosis.log import LogLine, lines
from xenscmi.diagnosis.symptoms import SYMPTOMS, Before, Symptom
from xenscmi.diagnostics import Annotation, Diagnostic, Severity
from xenscmi.record import Record
from xenscmi.rules.engine import find
from xenscmi.source import Source, Span

# Findings that explain others come first, whichever line names them; those that no line of a log ever shows, last.
_ROOTS = ("XS103", "XS105", "XS119")
_UNSEEN = ("XS130", "XS116")
_MOST_PLACES = 3

# Only lines with one of these words can be a symptom, or tell what another means.
_WORDS = re.compile(
    "scmi|sci_type|SCI|name=|DT:|host_dt|access-controller|phandle|SMC/HVC|evice|omain|Could|libxl|vIRQ|capabilities|cells|Division"
)
# Xen's banner, and what it prints when the boot is done.
_START, _END = re.compile(r"Xenversion\d"), re.compile(r"Freed\w+initmemory|\*\*\*Serialinput|Std\.Loglevel")


class Seen(Record):
    """A symptom and its place in the log. `names` are the domains, paths and numbers in the line."""

    symptom: Symptom
    span: Span
    names: tuple[str, ...]


def diagnose(log: Source, findings: Sequence[Diagnostic] | None = None) -> tuple[Diagnostic, ...]:
    """Return what is wrong, the cause first; nothing for a log, and a host, on which all went well.

    `findings` are those of `check` on the host that wrote the log. Without them, the result are the candidates: one
    for each rule that explains a line, placed at the line. With them, it is the errors of the host, those that the log
    shows first, each with its place in the host's files and the lines of the log that it explains.
    """
    seen = tuple(_symptoms(log))
    if findings is None:
        return tuple(_candidates(seen)) or tuple(_silence(log))
    explained = [each for each in findings if each.severity is Severity.ERROR or _rank(each, seen)[0] < len(seen)]
    ranked = sorted(explained, key=lambda each: (each.code not in _ROOTS, *_rank(each, seen), *_stage(each)))
    causes = tuple(each.replace(related=(*each.related, *_shown(each, seen))) for each in ranked)
    if any(_rank(each, seen)[0] < len(seen) for each in ranked):
        return causes
    return (*causes, *_candidates(seen))


def _symptoms(log: Source) -> Iterator[Seen]:
    """Yield the symptoms of a log in its order, each once for the same names; and of consequences
    only the first, if there is nothing else."""
    found: dict[tuple[str, tuple[str, ...]], Seen] = {}
    before = Before()
    for line, follower in pairwise((*lines(log), None)):
        assert line is not None
        rest = follower.text if follower and follower.span.line == line.span.line + 1 else ""
        if _WORDS.search(line.text + rest):
            for one in _of_line(line, rest, before):
                found.setdefault((one.symptom.line, one.names), one)
            before.read(line.text)
    all_seen = list(found.values())
    strong = [each for each in all_seen if not each.symptom.consequence]
    yield from strong or [each for each in all_seen if each.symptom is all_seen[0].symptom]


def _of_line(line: LogLine, rest: str, before: Before) -> Iterator[Seen]:
    """Yield the symptoms of a line, and of one whose `rest` is wrapped into the next; of one text, the first that fits.

    What the next line shows by itself is that line's.
    """
    for text, least in ((line.text, 0), (line.text + rest, len(line.text))):
        taken: list[tuple[int, int]] = []
        for symptom in SYMPTOMS:
            match = symptom.match(text, before)
            if match is None or match.end() <= least or match.start() >= (least or len(text)):
                continue
            if least and symptom.match(rest, before):
                continue
            if any(match.start() < end and start < match.end() for start, end in taken):
                continue
            taken.append(match.span())
            yield Seen(symptom=symptom, span=line.span, names=tuple(filter(None, match.groups())))


def _candidates(seen: Sequence[Seen]) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each rule that explains a symptom: the first is the likeliest cause."""
    given = set()
    for each in seen:
        for number, code in enumerate(each.symptom.causes):
            rule = find(code)
            assert rule is not None, f"{code} of the symptoms is not a rule"
            if code not in given:
                given.add(code)
                yield Diagnostic(
                    message=each.symptom.words if number == 0 else f"or: {rule.summary[0].lower()}{rule.summary[1:-1]}",
                    severity=Severity.ERROR if number == 0 else Severity.INFO,
                    span=each.span,
                    help=rule.fix,
                    code=code,
                    name=rule.name,
                )


def _silence(log: Source) -> Iterator[Diagnostic]:
    """Yield a note on the whole log of a boot in which Xen says nothing of SCMI, good or bad."""
    banner = end = None
    for line in lines(log):
        if "scmi:" in line.text or re.search(r"id=0x[0-9a-f]+name=", line.text):
            return
        banner = banner or (line.span if _START.search(line.text) else None)
        end = end or (line.span if banner and _END.search(line.text) else None)
    if banner and end:
        yield Diagnostic(
            message="Xen boots without a word about SCMI: its mediator is not built in, or finds no scmi node for its "
            "own channel below a container (XS101, XS118, XS120), or cannot translate that node's page (XS109)",
            severity=Severity.INFO,
            span=banner,
            help="give the host as well: xenscmi diagnose LOG HOST",
        )


def _rank(finding: Diagnostic, seen: Sequence[Seen]) -> tuple[int, int, int]:
    """Return how well a finding explains the log: by the symptom, by its likelihood there, by the names they share."""
    for number, each in enumerate(seen):
        if finding.code in each.symptom.causes:
            shared = sum(bool(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", finding.message)) for name in each.names)
            return number, each.symptom.causes.index(finding.code), -shared
    return len(seen), 0, 0


def _stage(finding: Diagnostic) -> tuple[bool, bool, str]:
    """Return how early Xen meets a mistake that no line names: first what every domain depends on."""
    return finding.code in _UNSEEN, not finding.code.startswith("XS1"), finding.code


def _shown(finding: Diagnostic, seen: Sequence[Seen]) -> tuple[Annotation, ...]:
    """Return the lines of the log that a finding explains."""
    spans = [each.span for each in seen if finding.code in each.symptom.causes]
    return tuple(Annotation(span=span, label="the log shows it here") for span in spans[:_MOST_PLACES])
