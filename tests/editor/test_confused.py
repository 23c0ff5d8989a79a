"""A killed or confused client, and a killed server, cost no file: the server writes none, and says no traceback."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.editor.client import Client

pytest.importorskip("pygls", reason="pygls is not installed (xenscmi[editor])")

EXAMPLE = Path(__file__).parents[2] / "examples" / "spider"
DEEP = b"[" * 100_000 + b"]" * 100_000


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    """A client that has changed an open file, on a copy of the example host; whatever happens, the files stay."""
    found = Client(shutil.copytree(EXAMPLE, tmp_path / "spider"))
    before = files(found.folder)
    found.open("guest.cfg")
    found.change("guest.cfg", "agent_id=4", "agent_id=2")
    yield found
    found.kill()
    assert files(found.folder) == before


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def frame(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


GARBAGE = (
    b"hello\r\n\r\n",
    b"\n\n\n",
    b"Content-Length: abc\r\n\r\n",
    b"Content-Length: -5\r\n\r\n",
    frame(b'{"a":'),
    frame(b"\xff\xfe\x00\x01"),
    frame(b"[]"),
    frame(b"7"),
    frame(b'{"jsonrpc":"2.0"}'),
    frame(b'{"jsonrpc":"2.0","id":null,"method":"textDocument/hover","params":null}'),
    frame(b'{"jsonrpc":"2.0","id":77,"method":"textDocument/rename","params":{"nonsense":1}}'),
    frame(b'{"jsonrpc":"2.0","method":"textDocument/didChange","params":{"textDocument":{"uri":"x:","version":-1}}}'),
    frame(DEEP),
)


def test_garbage_is_passed_over(client: Client) -> None:
    for data in GARBAGE:
        client.send_bytes(data)
        found = client.request("textDocument/hover", client.at("guest.cfg", "arm_sci"))
        assert "The domain's SCMI agent" in found["contents"]["value"], data
    client.until_findings(lambda found: any(each.get("code") == "XS201" for each in found.get("guest.cfg", [])))


def test_a_message_larger_than_any_memory_ends_the_server(client: Client) -> None:
    client.send_bytes(b"Content-Length: 99999999999999999999\r\n\r\n")
    assert client.process.wait(30) == 2


def test_places_that_are_not_there(client: Client) -> None:
    nowhere = {"textDocument": {"uri": client.uri("guest.cfg")}, "position": {"line": 9999, "character": 9999}}
    assert client.request("textDocument/hover", nowhere) is None
    other = {"textDocument": {"uri": "untitled:1"}, "position": {"line": 0, "character": 0}}
    assert client.request("textDocument/hover", other) is None
    absent = {"textDocument": {"uri": client.uri("none.cfg")}, "position": {"line": 0, "character": 0}}
    client.answer("textDocument/definition", absent)
    assert "error" in client.answer("no/such/method", {})
    client.notify("textDocument/didChange", {"textDocument": {"uri": client.uri("none.cfg"), "version": 3}})
    assert client.request("textDocument/hover", client.at("guest.cfg", "arm_sci")) is not None


def test_a_client_that_is_gone_ends_the_server(client: Client) -> None:
    assert client.process.stdin
    client.process.stdin.close()
    assert client.process.wait(30) == 0


def test_a_client_that_is_killed_while_the_server_answers(client: Client) -> None:
    for number in range(20):
        client.notify("textDocument/didSave", {"textDocument": {"uri": client.uri("guest.cfg")}})
        client.send({"id": 1000 + number, "method": "textDocument/rename", "params": {}})
    client.vanish()
    assert client.process.wait(30) in (0, 1)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_server_that_is_killed_mid_edit(client: Client, number: signal.Signals) -> None:
    client.notify("textDocument/didSave", {"textDocument": {"uri": client.uri("guest.cfg")}})
    client.send({"id": 1000, "method": "textDocument/rename", "params": client.at("guest.cfg", "agent_id=2", 9)})
    client.process.send_signal(number)
    client.process.wait(30)
