"""The language server over standard input and output: the editor's requests, answered from the view of a host.

Every change is checked at once, in a thread. A request waits for the view of the texts that it is about. The server
only answers: it writes no file.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterable
from pathlib import Path, PurePath

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer
from pygls.workspace import PositionCodec

from xenscmi import filesystem
from xenscmi.diagnostics import XenscmiError
from xenscmi.editor.actions import FIX_ALL, KINDS, asks_for, has_safe_fixes, quick_fixes
from xenscmi.editor.checks import Checks
from xenscmi.editor.completion import suggestions
from xenscmi.editor.edits import workspace_edit
from xenscmi.editor.homes import Homes, spread_hosts
from xenscmi.editor.hover import about, about_key
from xenscmi.editor.planning import about_planned
from xenscmi.editor.positions import to_diagnostic, to_location, to_offset, to_path, to_range, to_uri
from xenscmi.editor.rename import rename_agent
from xenscmi.editor.views import View
from xenscmi.host.manifest import NAME
from xenscmi.host.occurrences import Occurrence, Subject
from xenscmi.source import Source, Span
from xenscmi.version import __version__

_SWITCH = 0.0005
"""Seconds that the check of a host may keep a request waiting for the interpreter."""
_WATCHED = "**/*.{cfg,toml,dts,dtso,dtsi,dtb,dtbo}"

Shown = list[types.Diagnostic]


class HostServer(LanguageServer):
    """The server, with the last good view of each home, and the findings that the editor shows."""

    def __init__(self) -> None:
        # Whole texts: pygls takes a form feed, too, for the end of a line, and edits of later lines would go astray.
        super().__init__("xenscmi", __version__, text_document_sync_kind=types.TextDocumentSyncKind.Full)
        self.checks = Checks(self.texts, self.show)
        self.homes = Homes()
        self.good: dict[Path, View] = {}
        self.opened: dict[Path, Path] = {}
        self.shown: dict[Path, dict[Path, Shown]] = {}
        self.stale: set[Path] = set()
        sys.setswitchinterval(_SWITCH)

    @property
    def codec(self) -> PositionCodec:
        return self.workspace.position_codec

    def texts(self) -> dict[Path, bytes]:
        """Return the texts that the editor has open."""
        found = {}
        for uri, document in self.workspace.text_documents.items():
            path = to_path(uri)
            if path is not None:
                found[path] = document.source.encode("utf-8", "surrogateescape")
        return found

    def source(self, uri: str) -> Source:
        """Return the text of a document as it is now; an empty one where there is none."""
        path, document = to_path(uri), self.workspace.text_documents.get(uri)
        if document is not None:
            return Source(str(path or uri), document.source)
        try:
            text = filesystem.read_file(path).decode("utf-8", "surrogateescape") if path else ""
        except (OSError, ValueError):
            text = ""
        return Source(str(path or uri), text)

    def version_of(self, uri: str) -> int | None:
        """Return the version of a document that is open."""
        document = self.workspace.text_documents.get(uri)
        return document.version if document else None

    def changed(self, uri: str) -> None:
        """Check what a file belongs to anew."""
        path = to_path(uri)
        if path is not None:
            self.stale.add(path)
            for home in self.homes.all_of(path):
                self.look(home, path)

    def look(self, home: Path, path: Path) -> None:
        """Check a home anew, for the sake of one of its files."""
        self.opened[home] = path
        self.checks.changed(home)

    async def view(self, uri: str) -> View | None:
        """Return the view of what a document belongs to as it is now; None if it is not a file."""
        path = to_path(uri)
        return None if path is None else await self.checks.current(self.homes.of(path))

    async def last_good(self, uri: str) -> View | None:
        """Return the view of a document's host as it was when its files last made one."""
        now = await self.view(uri)
        return None if now is None else self.good.get(now.home)

    async def at(self, uri: str, position: types.Position) -> tuple[View, Occurrence] | None:
        """Return what stands at a place, and the view; None where nothing does, or the files do not make a host."""
        view = await self.view(uri)
        source = self.source(uri)
        offset = to_offset(source, position, self.codec)
        for each in view.found if view else ():
            place = each.place
            if place.source.name == source.name and place.start <= offset <= place.end:
                return (view, each) if view else None
        return None

    def show(self, view: View) -> None:
        """Show the findings of a view: in the files where they differ from what is shown, and where the text does."""
        if view.is_good:
            self.good[view.home] = view
        self._take_over(view.home, self.homes.learn(view))
        before, now = self.shown.get(view.home, {}), dict[Path, Shown]()
        for each in view.findings:
            path = Path(each.span.source.name) if each.span else self.opened.get(view.home)
            if path is not None and self.homes.shows(view.home, path):
                now.setdefault(path, []).append(to_diagnostic(each, self.codec))
        self.shown[view.home] = now
        for path in dict.fromkeys((self.opened.get(view.home), *now, *before)):
            if path is not None and (path in self.stale or now.get(path) != before.get(path)):
                self.stale.discard(path)
                self._publish(path)

    def _take_over(self, home: Path, paths: list[Path]) -> None:
        """Hide what their folders say of files that now belong to a host elsewhere; look at those that are open."""
        opened = self.texts() if paths else ()
        for path in paths:
            for other, shown in self.shown.items():
                if path in shown and not self.homes.shows(other, path):
                    del shown[path]
                    self._publish(path)
            if path in opened:  # it may have changed when nobody knew that it matters to this host
                asyncio.get_running_loop().call_soon(self.look, home, path)

    def _publish(self, path: Path) -> None:
        """Show the findings of a file, which may belong to more than one home."""
        found = [each for shown in self.shown.values() for each in shown.get(path, ())]
        uri = to_uri(path)
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, found, self.version_of(uri)))

    def edit(self, edits: Iterable[tuple[Span, str]]) -> types.WorkspaceEdit:
        """Return edits of any files in the form that the editor understands."""
        workspace = self.client_capabilities.workspace
        known = workspace.workspace_edit if workspace else None
        return workspace_edit(edits, self.codec, self.version_of, versioned=bool(known and known.document_changes))


def _opened(server: HostServer, params: types.DidOpenTextDocumentParams) -> None:
    server.changed(params.text_document.uri)


def _changed(server: HostServer, params: types.DidChangeTextDocumentParams) -> None:
    server.changed(params.text_document.uri)


def _saved(server: HostServer, params: types.DidSaveTextDocumentParams) -> None:
    server.changed(params.text_document.uri)


def _closed(server: HostServer, params: types.DidCloseTextDocumentParams) -> None:
    server.changed(params.text_document.uri)


def _changed_on_disk(server: HostServer, params: types.DidChangeWatchedFilesParams) -> None:
    for each in params.changes:
        server.changed(each.uri)


async def _started(server: HostServer, _: types.InitializedParams) -> None:
    """Look at the hosts over several trees; ask the editor to tell of changes on the disk, if it can be asked."""
    roots = [to_path(each) for each in (*server.workspace.folders, server.workspace.root_uri) if each]
    for home in {home for root in roots if root for home in spread_hosts(root)}:
        server.look(home, home / NAME)
    files = server.client_capabilities.workspace and server.client_capabilities.workspace.did_change_watched_files
    if files and files.dynamic_registration:
        watchers = types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher(_WATCHED)])
        method = types.WORKSPACE_DID_CHANGE_WATCHED_FILES
        await server.client_register_capability_async(
            types.RegistrationParams([types.Registration("files", method, watchers)])
        )


async def _hover(server: HostServer, params: types.HoverParams) -> types.Hover | None:
    uri = params.text_document.uri
    found = await server.at(uri, params.position)
    if found is not None:
        view, occurrence = found
        place = to_range(occurrence.place, server.codec)
        text = about_planned(occurrence, view.project) if view.project else ""
        text = about(occurrence, view.loaded.host) if view.loaded else text
        return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text), place)
    source = server.source(uri)
    text = about_key(source, to_offset(source, params.position, server.codec))
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text)) if text else None


async def _completion(server: HostServer, params: types.CompletionParams) -> types.CompletionList:
    uri = params.text_document.uri
    known = await server.last_good(uri)
    source = server.source(uri)
    before = source.text[: to_offset(source, params.position, server.codec)]
    found = suggestions(PurePath(source.name), before, known)
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


async def _definition(server: HostServer, params: types.DefinitionParams) -> list[types.Location]:
    return await _places(server, params, lambda each: each.defines)


async def _references(server: HostServer, params: types.ReferenceParams) -> list[types.Location]:
    declared = params.context.include_declaration
    return await _places(server, params, lambda each: declared or not each.defines)


async def _places(
    server: HostServer, params: types.DefinitionParams | types.ReferenceParams, chosen: Callable[[Occurrence], bool]
) -> list[types.Location]:
    at = await server.at(params.text_document.uri, params.position)
    if at is None:
        return []
    host, here = at
    same = [each for each in host.found if (each.subject, each.value) == (here.subject, here.value) and chosen(each)]
    return [to_location(each.place, server.codec) for each in same]


async def _prepare_rename(server: HostServer, params: types.PrepareRenameParams) -> types.Range | None:
    at = await server.at(params.text_document.uri, params.position)
    if at is None or at[1].subject is not Subject.AGENT or at[1].literal is None:
        return None
    return to_range(at[1].literal, server.codec)


async def _rename(server: HostServer, params: types.RenameParams) -> types.WorkspaceEdit:
    server.changed(params.text_document.uri)  # edits of files that are not open must fit them as they are now
    at = await server.at(params.text_document.uri, params.position)
    if at is None or at[1].subject is not Subject.AGENT:
        raise JsonRpcInvalidParams("only an agent's id can be renamed, and only while the files make a host")
    host, here = at
    assert isinstance(here.value, int)
    try:
        places = rename_agent(host.found, here.value, params.new_name)
    except XenscmiError as error:
        raise JsonRpcInvalidParams(str(error)) from None
    return server.edit((place, params.new_name) for place in places)


async def _code_actions(server: HostServer, params: types.CodeActionParams) -> list[types.CodeAction]:
    path, view = to_path(params.text_document.uri), await server.view(params.text_document.uri)
    if path is None or view is None:
        return []
    actions: list[types.CodeAction] = []
    if asks_for(types.CodeActionKind.QuickFix.value, params.context):
        actions += quick_fixes(view, path, params.range, server.codec, server.edit)
    if view.loaded and asks_for(FIX_ALL, params.context) and has_safe_fixes(view.findings):
        try:
            edits = await server.checks.fixes(view.home)
        except XenscmiError:  # of a file on the disk that is broken by now
            edits = ()
        if edits:
            title = "Fix all that is safe, in every file"
            actions.append(types.CodeAction(title=title, kind=FIX_ALL, edit=server.edit(edits)))
    return actions


def make_server() -> HostServer:
    """Return the server with all that it answers."""
    server = HostServer()
    characters = types.CompletionOptions(trigger_characters=['"', "'", "=", "<", "/"])
    server.feature(types.INITIALIZED)(_started)
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
    server.feature(types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(code_action_kinds=KINDS))(_code_actions)
    return server
