"""A client of the language server, over its standard input and output, as an editor is one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from time import monotonic
from typing import Any


def apply(edit: dict[str, Any], texts: dict[str, str]) -> dict[str, str]:
    """Return the new texts of the files that a workspace edit changes, given those of all files by name."""
    changes = {each["textDocument"]["uri"]: each["edits"] for each in edit.get("documentChanges", ())}
    changed = {}
    for uri, edits in (changes or edit["changes"]).items():
        name = Path(uri).name
        lines = texts[name].splitlines(keepends=True)

        def offset(position: dict[str, int], lines: list[str] = lines) -> int:
            line = lines[position["line"]] if position["line"] < len(lines) else ""
            before = line.encode("utf-16-le")[: 2 * position["character"]].decode("utf-16-le")
            return sum(map(len, lines[: position["line"]])) + len(before)

        text = texts[name]
        for each in sorted(edits, key=lambda each: offset(each["range"]["start"]), reverse=True):
            start, end = offset(each["range"]["start"]), offset(each["range"]["end"])
            text = text[:start] + each["newText"] + text[end:]
        changed[name] = text
    return changed


class Client:
    """Starts the server; sends requests and changes, and keeps the findings that it publishes, by file name."""

    def __init__(self, folder: Path, capabilities: dict[str, Any] | None = None) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-m", "xenscmi", "lsp", "--stdio"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.received: Queue[dict[str, Any]] = Queue()
        self.findings: dict[str, list[dict[str, Any]]] = {}
        self.texts: dict[str, str] = {}
        self.versions: dict[str, int] = {}
        self._number = 0
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()
        if capabilities is None:
            capabilities = {"workspace": {"workspaceEdit": {"documentChanges": True}}}
        started = self.request(
            "initialize", {"processId": None, "rootUri": folder.as_uri(), "capabilities": capabilities}
        )
        self.capabilities = started["capabilities"]
        self.notify("initialized", {})

    def _read(self) -> None:
        stream = self.process.stdout
        assert stream
        while header := stream.readline():
            length = 0
            while header.strip():
                name, _, value = header.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
                header = stream.readline()
            self.received.put(json.loads(stream.read(length)))

    def send(self, message: dict[str, Any]) -> None:
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.send_bytes(b"Content-Length: %d\r\n\r\n%s" % (len(data), data))

    def send_bytes(self, data: bytes) -> None:
        assert self.process.stdin
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def notify(self, method: str, params: object) -> None:
        self.send({"method": method, "params": params})

    def answer(self, method: str, params: object) -> dict[str, Any]:
        """Return the response of a request: its result, or its error."""
        self._number += 1
        self.send({"id": self._number, "method": method, "params": params})
        return self._until(lambda message: message.get("id") == self._number and "method" not in message)

    def request(self, method: str, params: object) -> Any:
        response = self.answer(method, params)
        assert "error" not in response, response
        return response["result"]

    def _until(self, wanted: Any, seconds: float = 60) -> dict[str, Any]:
        end = monotonic() + seconds
        while True:
            try:
                message = self.received.get(timeout=max(end - monotonic(), 0.01))
            except Empty:
                raise AssertionError(f"the server says nothing more; findings: {self.findings}") from None
            if message.get("method") == "textDocument/publishDiagnostics":
                path = Path(message["params"]["uri"].removeprefix("file://"))
                self.findings[path.name] = message["params"]["diagnostics"]
            if wanted(message):
                return message

    def until_findings(self, wanted: Any) -> None:
        """Read what the server publishes until the findings are as wanted."""
        if not wanted(self.findings):
            self._until(lambda _: wanted(self.findings))

    def until(self, wanted: Callable[[], bool]) -> None:
        """Read what the server says until something is so."""
        while not wanted():
            self._until(lambda _: True)

    # Documents

    def uri(self, name: str) -> str:
        return (self.folder / name).as_uri()

    def open(self, name: str) -> None:
        self.texts[name], self.versions[name] = (self.folder / name).read_text(), 1
        document = {"uri": self.uri(name), "languageId": "xl", "version": 1, "text": self.texts[name]}
        self.notify("textDocument/didOpen", {"textDocument": document})

    def change(self, name: str, old: str, new: str) -> None:
        """Change the buffer of an open file; the file itself stays."""
        assert old in self.texts[name]
        self.texts[name] = self.texts[name].replace(old, new, 1)
        self.versions[name] += 1
        document = {"uri": self.uri(name), "version": self.versions[name]}
        changes = [{"text": self.texts[name]}]
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": changes})

    def at(self, name: str, piece: str, into: int = 0) -> dict[str, Any]:
        """Return the parameters of a request about the first place of a text in an open file."""
        offset = self.texts[name].index(piece) + into
        before = self.texts[name][:offset]
        column = len(before[before.rfind("\n") + 1 :].encode("utf-16-le")) // 2
        return {"textDocument": {"uri": self.uri(name)}, "position": {"line": before.count("\n"), "character": column}}

    def vanish(self) -> None:
        """Close both ends, as the death of an editor does."""
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (self.process.stdin, self.process.stdout):
            assert stream
            os.dup2(nowhere, stream.fileno())
        os.close(nowhere)

    def kill(self) -> None:
        """Kill the server."""
        self.process.kill()
        self.process.wait(20)
        self._close()

    def stop(self) -> int:
        if self.process.poll() is None:
            self.request("shutdown", None)
            self.notify("exit", None)
        code = self.process.wait(20)
        self._close()
        return code

    def _close(self) -> None:
        self._reader.join(5)
        for stream in (self.process.stdin, self.process.stdout):
            if stream:
                with suppress(BrokenPipeError):
                    stream.close()
