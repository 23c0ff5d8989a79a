"""The language server over standard input and output: the editor's requests, answered from the view of a host.

A change is shown twice: what the file alone says at once (an xl.cfg), what the whole host says when the typing pauses,
from a thread, so that no request waits for it. The server only answers: it writes no file.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer
from pygls.workspace import PositionCodec

from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.editor.buffers import HostView, host_folder, view
from xenscmi.editor.completion import suggestions
from xenscmi.editor.hover import about, about_key
from xenscmi.editor.positions import to_diagnostic, to_location, to_offset, to_path, to_range, to_uri
from xenscmi.editor.rename import rename_agent
from xenscmi.host.configuration import read_configuration
from xenscmi.host.occurrences import Occurrence, Subject
from xenscmi.rules.engine import check_files
from xenscmi.source import Source
from xenscmi.version import __version__

_PAUSE = 0.1
"""Seconds without a change after which the host is checked."""
_SWITCH = 0.0005
"""Seconds that the check of a host may keep a request waiting for the interpreter."""


class HostServer(LanguageServer):
    """The server, with the last view of each host, and the files of each for which findings are shown."""

    def __init__(self) -> None:
        super().__init__("xenscmi", __version__)
        self.views: dict[Path, HostView] = {}
        self.good: dict[Path, HostView] = {}
        self.shown: dict[Path, set[Path]] = {}
        self.waiting: dict[Path, asyncio.Task[None]] = {}
        # One check at a time; one that waits is dropped when a newer change comes.
        self.checker = ThreadPoolExecutor(max_workers=1)
        sys.setswitchinterval(_SWITCH)

    @property
    def codec(self) -> PositionCodec:
        return self.workspace.position_codec

    def buffers(self) -> dict[Path, bytes]:
        """Return the texts that the editor has open."""
        found = {}
        for uri, document in self.workspace.text_documents.items():
            path = to_path(uri)
            if path is not None:
                found[path] = document.source.encode("utf-8", "surrogateescape")
        return found

    def source(self, uri: str) -> Source:
        """Return the text of a document as it is now."""
        path = to_path(uri)
        return Source(str(path) if path else uri, self.workspace.get_text_document(uri).source)

    def view_now(self, uri: str) -> HostView | None:
        """Return the host of a document as it is now; None if it has none."""
        path = to_path(uri)
        if path is None:
            return None
        folder = host_folder(path)
        known = self.views.get(folder)
        if known is None:
            known = self.views[folder] = view(folder, self.buffers())
            self.remember(known)
        return known

    def forget(self, uri: str) -> None:
        """Drop the view of a document's host, whose files may have changed on the disk."""
        path = to_path(uri)
        if path is not None:
            self.views.pop(host_folder(path), None)

    def last_good(self, uri: str) -> HostView | None:
        """Return the host of a document as it was when its files last made one."""
        now = self.view_now(uri)
        return None if now is None else self.good.get(now.folder)

    def remember(self, found: HostView) -> None:
        self.views[found.folder] = found
        if found.loaded is not None:
            self.good[found.folder] = found

    def at(self, uri: str, position: types.Position) -> tuple[HostView, Occurrence] | None:
        """Return what stands at a place, and the host; None where nothing does, or the files do not make a host."""
        found = self.view_now(uri)
        source = self.source(uri)
        offset = to_offset(source, position, self.codec)
        for each in found.found if found else ():
            place = each.place
            if place.source.name == source.name and place.start <= offset <= place.end:
                return (found, each) if found else None
        return None

    # Diagnostics

    def changed(self, uri: str, *, alone: bool = True) -> None:
        """Show what the file alone says, and check its host when the typing pauses."""
        path = to_path(uri)
        if path is None:
            return
        folder = host_folder(path)
        self.views.pop(folder, None)
        if alone and path.suffix == ".cfg":
            known = self.good.get(folder)
            others = [each for each in known.findings if _file(each) == path and each.code] if known else []
            own_findings = check_files([read_configuration(self.source(uri))])
            own = {each.code for each in own_findings}
            self.publish(
                path, [*own_findings, *(each for each in others if each.code not in own and _fits(each, self, uri))]
            )
        if (task := self.waiting.get(folder)) is not None:
            task.cancel()
        self.waiting[folder] = asyncio.get_running_loop().create_task(self.check_later(folder, path))

    async def check_later(self, folder: Path, opened: Path) -> None:
        await asyncio.sleep(_PAUSE)
        found = await asyncio.get_running_loop().run_in_executor(self.checker, view, folder, self.buffers())
        self.remember(found)
        by_file: dict[Path, list[Diagnostic]] = {}
        for each in found.findings:
            by_file.setdefault(_file(each) or opened, []).append(each)
        for path in {*by_file, *self.shown.get(folder, ())}:
            self.publish(path, by_file.get(path, []))
        self.shown[folder] = {*by_file}

    def publish(self, path: Path, findings: Iterable[Diagnostic]) -> None:
        shown = [to_diagnostic(each, self.codec) for each in findings]
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri=to_uri(path), diagnostics=shown))
        self.shown.setdefault(host_folder(path), set()).add(path)


def _file(diagnostic: Diagnostic) -> Path | None:
    return Path(diagnostic.span.source.name) if diagnostic.span else None


def _fits(diagnostic: Diagnostic, server: HostServer, uri: str) -> bool:
    """Return whether the text at the place of an earlier finding is still the same."""
    span, text = diagnostic.span, server.source(uri).text
    return span is not None and text[: span.end] == span.source.text[: span.end]


def _opened(server: HostServer, params: types.DidOpenTextDocumentParams) -> None:
    server.changed(params.text_document.uri)


def _changed(server: HostServer, params: types.DidChangeTextDocumentParams) -> None:
    server.changed(params.text_document.uri)


def _saved(server: HostServer, params: types.DidSaveTextDocumentParams) -> None:
    server.changed(params.text_document.uri)


def _closed(server: HostServer, params: types.DidCloseTextDocumentParams) -> None:
    server.changed(params.text_document.uri, alone=False)


def _changed_on_disk(server: HostServer, params: types.DidChangeWatchedFilesParams) -> None:
    for each in params.changes:
        server.changed(each.uri, alone=False)


def _hover(server: HostServer, params: types.HoverParams) -> types.Hover | None:
    uri = params.text_document.uri
    found = server.at(uri, params.position)
    if found is not None and (loaded := found[0].loaded) is not None:
        occurrence = found[1]
        text, place = about(occurrence, loaded.host), to_range(occurrence.place, server.codec)
        return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text), place)
    source = server.source(uri)
    text = about_key(source, to_offset(source, params.position, server.codec))
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text)) if text else None


def _completion(server: HostServer, params: types.CompletionParams) -> types.CompletionList:
    uri = params.text_document.uri
    source, known = server.source(uri), server.last_good(uri)
    before = source.text[: to_offset(source, params.position, server.codec)]
    found = suggestions(source.name, before, known.loaded.host if known and known.loaded else None)
    items = [
        types.CompletionItem(
            label=each.text.rstrip("= "),
            insert_text=each.text,
            detail=each.detail or None,
            documentation=each.doc or None,
            sort_text=f"{number:05}",
            text_edit=_replacing(each.text, before, params.position),
        )
        for number, each in enumerate(found)
    ]
    return types.CompletionList(is_incomplete=False, items=items)


def _replacing(text: str, before: str, position: types.Position) -> types.TextEdit | None:
    """Return the edit that replaces the part of a path that is begun; editors know where other words begin."""
    if not text.startswith("/"):
        return None
    begun = len(before) - max(before.rfind(quote) for quote in "\"'") - 1
    start = types.Position(position.line, position.character - begun)
    return types.TextEdit(types.Range(start, position), text)


def _definition(server: HostServer, params: types.DefinitionParams) -> list[types.Location]:
    return _places(server, params, lambda each: each.defines)


def _references(server: HostServer, params: types.ReferenceParams) -> list[types.Location]:
    declared = params.context.include_declaration
    return _places(server, params, lambda each: declared or not each.defines)


def _places(
    server: HostServer, params: types.DefinitionParams | types.ReferenceParams, chosen: Callable[[Occurrence], bool]
) -> list[types.Location]:
    at = server.at(params.text_document.uri, params.position)
    if at is None:
        return []
    host, here = at
    same = [each for each in host.found if (each.subject, each.value) == (here.subject, here.value) and chosen(each)]
    return [to_location(each.place, server.codec) for each in same]


def _prepare_rename(server: HostServer, params: types.PrepareRenameParams) -> types.Range | None:
    at = server.at(params.text_document.uri, params.position)
    if at is None or at[1].subject is not Subject.AGENT or at[1].literal is None:
        return None
    return to_range(at[1].literal, server.codec)


def _rename(server: HostServer, params: types.RenameParams) -> types.WorkspaceEdit:
    server.forget(params.text_document.uri)  # edits of files that are not open must fit them as they are now
    at = server.at(params.text_document.uri, params.position)
    if at is None or at[1].subject is not Subject.AGENT:
        raise JsonRpcInvalidParams("only an agent's id can be renamed, and only while the files make a host")
    host, here = at
    assert isinstance(here.value, int)
    try:
        places = rename_agent(host.found, here.value, params.new_name)
    except XenscmiError as error:
        raise JsonRpcInvalidParams(str(error)) from None
    edits: dict[str, list[types.TextEdit]] = {}
    for place in places:
        uri = to_uri(Path(place.source.name))
        edits.setdefault(uri, []).append(types.TextEdit(to_range(place, server.codec), params.new_name))
    open_documents = server.workspace.text_documents
    return types.WorkspaceEdit(
        document_changes=[
            types.TextDocumentEdit(
                types.OptionalVersionedTextDocumentIdentifier(
                    uri, open_documents[uri].version if uri in open_documents else None
                ),
                list(each),
            )
            for uri, each in edits.items()
        ]
    )


def make_server() -> HostServer:
    """Return the server with all that it answers."""
    server = HostServer()
    characters = types.CompletionOptions(trigger_characters=['"', "'", "=", "<", "/"])
    server.feature(types.TEXT_DOCUMENT_DID_OPEN)(_opened)
    server.feature(types.TEXT_DOCUMENT_DID_CHANGE)(_changed)
    server.feature(types.TEXT_DOCUMENT_DID_SAVE)(_saved)
    server.feature(types.TEXT_DOCUMENT_DID_CLOSE)(_closed)
    server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)(_changed_on_disk)
    server.feature(types.TEXT_DOCUMENT_HOVER)(_hover)
    server.feature(types.TEXT_DOCUMENT_COMPLETION, characters)(_completion)
    server.feature(types.TEXT_DOCUMENT_DEFINITION)(_definition)
    server.feature(types.TEXT_DOCUMENT_REFERENCES)(_references)
    server.feature(types.TEXT_DOCUMENT_RENAME, types.RenameOptions(prepare_provider=True))(_rename)
    server.feature(types.TEXT_DOCUMENT_PREPARE_RENAME)(_prepare_rename)
    return server
