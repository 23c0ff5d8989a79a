"""Compiles sources with dtc and the C preprocessor, and turns what they say into diagnostics with their place.

Both read the source from standard input, in the source's folder, so that a file is read once and relative includes are
found.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePath

from xenscmi.devicetree.includes import Included, Watch, without_line_markers
from xenscmi.devicetree.program import run
from xenscmi.devicetree.tree import DeviceTreeError
from xenscmi.diagnostics import Annotation, Diagnostic, Severity
from xenscmi.source import Source, Span

_PREPROCESSED = re.compile(
    r"^[ \t]*#[ \t]*(?:include[ \t]*[\"<]|(?:define|undef|if|ifdef|ifndef)[ \t]+\w)", re.MULTILINE
)
_CPP = ("cpp", "-nostdinc", "-undef", "-D__DTS__", "-x", "assembler-with-cpp")
# The run for the places leaves it to the other one to find errors: two checks that take time in the square of the
# nodes are off, as is `-@`, so that what dtc adds to the tree (/__symbols__) is missing.
_ANNOTATE = ("-q", "-O", "dts", "-T", "-T", "-W", "no-unique_unit_address", "-E", "no-duplicate_label")

_PLACE = r"(?P<file>[^:]+):(?P<line>\d+)[.:](?P<column>\d+)(?:-(?:(?P<end_line>\d+)\.)?(?P<end_column>\d+))?"
_MESSAGE = re.compile(
    r"(?P<first_kind>(?:FATAL ERROR|ERROR|WARNING|Error|Warning): )?"
    rf"(?:{_PLACE}:? |<stdout>: )?"
    r"(?P<second_kind>(?:fatal error|error|warning|ERROR|Warning)\b:? ?)?"
    r"(?:\((?P<check>\w+)\): )?(?P<text>.*)"
)
_INCLUDE = re.compile(r'/include/\s*"([^"]+)"')
_NAMED = re.compile(r"""(?:Reference to non-existent node or label|Couldn't open) "(?P<name>[^"]+)\"""")
_ALSO = re.compile(rf"\s+also defined at {_PLACE}")
# Said after the error that matters, and without a place.
_ECHOES = ("Unable to parse input tree", "Syntax error parsing input tree", "Input tree has errors, aborting")
# What to do about messages of dtc that do not say it, by what is in them.
_ADVICE = (
    ("syntax error", "look here and just before: a property ends in `;', a node in `};', a list of cells in `>'"),
    ("No such file or directory", "copy it beside the device tree, or name its folder with --include"),
    ("Reference to non-existent node or label", "correct the name, or give the node meant this label"),
)
# A check that did not run because the one before it has warned already.
_SKIPPED = "Failed prerequisite "


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """What dtc made of a source: the blob, the annotated text, and the warnings."""

    dtb: bytes
    annotated: str
    warnings: tuple[Diagnostic, ...]


class Files:
    """The sources behind the names in dtc's and cpp's output: the main one, and those that it includes.

    Names are shown as the user would write them: from where the main source's name, or a given folder's, starts. A name
    of any other file, which a line marker may have brought in, has no text: it is never opened.
    """

    def __init__(
        self,
        main: Source,
        directory: Path,
        include: Sequence[Path],
        within: Path | None = None,
        watch: Watch | None = None,
    ) -> None:
        self.main = main
        self.directory = directory
        self.include = include
        self.included = Included(main, directory, include, within, watch)
        self._sources = {"<stdin>": main}

    @property
    def sources(self) -> tuple[Source, ...]:
        """All sources that were named so far, the main one first."""
        return tuple(self._sources.values())

    def __call__(self, name: str) -> Source:
        if name not in self._sources:
            path = self.directory / name
            for folder in self.include:
                if path.is_relative_to(folder.absolute()):
                    path = folder / path.relative_to(folder.absolute())
            text = self.included.texts.get(Path(os.path.realpath(path)), b"")
            self._sources[name] = Source(str(path), decode(text))
        return self._sources[name]


def decode(data: bytes) -> str:
    """Return a source's text: UTF-8, or else Latin-1, which every byte sequence is."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def compile_dts(files: Files, text: bytes) -> Compiled:
    """Return what dtc, after cpp where the source needs it, makes of the main source `text`.

    Raises DeviceTreeError with dtc's or cpp's errors, all of them, at their places, or for a file that the source may
    not include.
    """
    text = without_line_markers(text)
    folders = [str(folder.absolute()) for folder in (files.directory, *files.include)]
    warnings: tuple[Diagnostic, ...] = ()
    if _PREPROCESSED.search(files.main.text):
        files.included.for_cpp(text)
        options = [option for folder in folders for option in ("-I", folder)]
        text, warnings = _run([*_CPP, *options, "-"], text, files)
    files.included.for_dtc(text)
    dtc = ["dtc", "-I", "dts", *(option for folder in folders for option in ("-i", folder))]
    with ThreadPoolExecutor(2) as executor:
        annotated = executor.submit(_run, [*dtc, *_ANNOTATE, "-"], text, files)
        dtb, said = _run([*dtc, "-@", "-O", "dtb", "-"], text, files)
        return Compiled(dtb=dtb, annotated=decode(annotated.result()[0]), warnings=warnings + said)


def _run(command: list[str], text: bytes, files: Files) -> tuple[bytes, tuple[Diagnostic, ...]]:
    """Run a program on `text` and return its output and its warnings."""
    program, whole = command[0], Span(files.main, 0, 0)
    finished = run(command, text, files.directory, whole)
    said = diagnostics(decode(finished.complaints), files)
    if finished.status:
        errors = [each for each in said if each.severity is Severity.ERROR]
        last = decode(finished.complaints).strip().rpartition("\n")[2] or "without a word"
        died = Diagnostic(message=f"{program} failed with status {finished.status}: {last}", span=whole)
        raise DeviceTreeError(*(errors or [died]))
    return finished.output, tuple(each for each in said if each.severity is Severity.WARNING)


def diagnostics(complaints: str, files: Callable[[str], Source]) -> list[Diagnostic]:
    """Return what dtc or cpp wrote to stderr as diagnostics, in order."""
    found: list[Diagnostic] = []
    for line in complaints.split("\n"):
        also = _ALSO.match(line)
        match = _MESSAGE.fullmatch(line)
        kind = match and (match["first_kind"] or match["second_kind"])
        if also and found:
            place = Annotation(span=_span(also, files), label="also defined here")
            found[-1] = found[-1].replace(related=(*found[-1].related, place))
        elif match and kind and not match["text"].startswith((*_ECHOES, _SKIPPED)):
            check = f" ({match['check']})" if match["check"] else ""
            severity = Severity.ERROR if "error" in kind.lower() else Severity.WARNING
            span = _narrowed(_span(match, files) if match["file"] else None, match["text"], files)
            help = next((advice for said, advice in _ADVICE if said in match["text"]), "")
            found.append(Diagnostic(message=match["text"] + check, severity=severity, span=span, help=help))
    return found


def _span(match: re.Match[str], files: Callable[[str], Source]) -> Span:
    source, line = files(match["file"]), int(match["line"])
    start = source.offset(line, int(match["column"]))
    end = source.offset(int(match["end_line"] or line), int(match["end_column"] or match["column"]))
    return Span(source, start, max(start, end))


def _narrowed(span: Span | None, message: str, files: Callable[[str], Source]) -> Span:
    """Return where the reference or file that a message names was written: within `span`, or in any source."""
    named = _NAMED.search(message)
    if named:
        name = re.escape(named["name"])
        written = re.compile(rf'&{name}\b|&\{{{name}\}}|"{name}"')
        for place in [span] if span else _including(files):
            found = written.search(place.source.text, place.start, place.end)
            if found:
                return Span(place.source, found.start(), found.end())
    return span or Span(files("<stdin>"), 0, 0)


def _including(files: Callable[[str], Source]) -> Iterator[Span]:
    """Yield the whole of the main source, and of those that it includes as far as they can be found beside it."""
    names = ["<stdin>"]
    for name in names:
        source = files(name)
        yield Span(source, 0, len(source.text))
        included = (os.path.normpath(PurePath(name).parent / each) for each in _INCLUDE.findall(source.text))
        names += [each for each in included if each not in names]
