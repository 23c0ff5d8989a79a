"""The settings of editors: they can be read, and start the server."""

from __future__ import annotations

import json
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

EDITORS = Path(__file__).parents[2] / "editors"


def test_helix() -> None:
    settings = tomllib.loads((EDITORS / "helix.toml").read_text())
    server = settings["language-server"]["xenscmi"]
    assert [server["command"], *server["args"]] == ["xenscmi", "lsp"]
    assert all(each["language-servers"] == ["xenscmi"] for each in settings["language"])


def test_vs_code() -> None:
    package = json.loads((EDITORS / "vscode" / "package.json").read_text())
    files = [package["main"], *(each.get("configuration", "") for each in package["contributes"]["languages"])]
    assert all((EDITORS / "vscode" / name).exists() for name in files)
    assert package["contributes"]["configuration"]["properties"]["xenscmi.command"]["default"] == "xenscmi"
    json.loads((EDITORS / "vscode" / "language-configuration.json").read_text())


@pytest.mark.skipif(not shutil.which("node"), reason="no node")
def test_the_extension_starts_the_server(tmp_path: Path) -> None:
    """VS Code and its client library are replaced by a few lines that show what they are told."""
    for name, text in (
        (
            "vscode",
            "exports.workspace = { getConfiguration: () => ({ get: () => 'xenscmi' }),"
            " createFileSystemWatcher: () => 0 };",
        ),
        (
            "vscode-languageclient/node",
            "exports.LanguageClient = class { constructor(id, name, run) { this.run = run; }"
            " start() { console.log(JSON.stringify(this.run)); } stop() {} };",
        ),
    ):
        (tmp_path / "node_modules" / name).mkdir(parents=True)
        (tmp_path / "node_modules" / name / "index.js").write_text(text)
    shutil.copy(EDITORS / "vscode" / "extension.js", tmp_path)
    script = "const e = require('./extension.js'); e.activate(); e.deactivate();"
    done = subprocess.run(["node", "-e", script], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(done.stdout) == {"command": "xenscmi", "args": ["lsp"]}


@pytest.mark.skipif(not shutil.which("emacs"), reason="no Emacs")
def test_emacs() -> None:
    found = "(assoc '(xl-cfg-mode conf-toml-mode toml-ts-mode dts-mode) eglot-server-programs)"
    command = ["emacs", "--batch", "--load", str(EDITORS / "xenscmi.el"), "--eval", f"(prin1 {found})"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert '"xenscmi" "lsp"' in done.stdout


@pytest.mark.skipif(not shutil.which("nvim"), reason="no Neovim")
def test_neovim() -> None:
    show = f"lua io.write(table.concat(dofile('{EDITORS / 'neovim.lua'}').cmd, ' '))"
    done = subprocess.run(
        ["nvim", "--headless", "-c", show, "-c", "q"], capture_output=True, text=True, timeout=60, check=True
    )
    assert "xenscmi lsp" in done.stdout + done.stderr
