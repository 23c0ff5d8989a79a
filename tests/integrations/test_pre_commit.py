"""The hooks for other repositories, run by pre-commit in one."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from tests.integrations.conftest import INTEGRATIONS, ROOT, Product, program

GIT = ["git", "-c", "user.name=n", "-c", "user.email=e@example.com", "-c", "commit.gpgsign=false"]


@pytest.fixture
def repository(product: Product) -> Product:
    """A repository whose hooks come from another, as pre-commit clones it.

    The other has the definition of the hooks alone, and the hooks run what is installed here: installing xenscmi
    would need a network.
    """
    program("git")
    program("pre-commit")
    hooks = product.folder / "xenscmi"
    hooks.mkdir()
    shutil.copy(ROOT / ".pre-commit-hooks.yaml", hooks)
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "hooks"], ["tag", "v0.1.0"]):
        assert product.run(*GIT, "-C", "xenscmi", *command).returncode == 0
    config = (INTEGRATIONS / "pre-commit" / ".pre-commit-config.yaml").read_text()
    config = re.sub(r"repo: \S+.*", f"repo: {hooks}", config).replace("variants/*/host.toml", "host/host.toml")
    config = config.replace("stages: [pre-push]", "stages: [pre-push]\n        language: system")
    config = config.replace("      - id: xenscmi-check\n", "      - id: xenscmi-check\n        language: system\n")
    (product.folder / ".pre-commit-config.yaml").write_text(config)
    (product.folder / ".gitignore").write_text("xenscmi\n")
    for command in (["init", "-q"], ["add", "."]):
        assert product.run(*GIT, *command).returncode == 0
    return product


def _run(repository: Product, *arguments: str) -> tuple[int, str]:
    home = str(repository.folder)
    env = {"PRE_COMMIT_HOME": f"{home}/.cache", "PRE_COMMIT_COLOR": "never", "HOME": home}
    finished = repository.run(program("pre-commit"), "run", *arguments, env=env)
    return finished.returncode, finished.stdout


def test_a_clean_commit_passes(repository: Product) -> None:
    code, said = _run(repository, "--verbose")
    assert (code, "check SCMI hosts" in said, "1 host: nothing found" in said) == (0, True, True), said
    assert (repository.folder / ".git" / "xenscmi-cache" / "runs").is_dir()


def test_a_commit_that_breaks_a_host_fails(repository: Product) -> None:
    assert repository.run(*GIT, "commit", "-q", "-m", "good").returncode == 0
    repository.break_()
    assert repository.run("git", "add", ".").returncode == 0
    code, said = _run(repository)
    assert code == 1
    assert re.search(r"check SCMI hosts\.+Failed", said)
    assert "host/guest.cfg:" in said


def test_a_commit_of_other_files_is_not_checked(repository: Product) -> None:
    assert repository.run(*GIT, "commit", "-q", "-m", "good").returncode == 0
    (repository.folder / "README").write_text("text")
    assert repository.run("git", "add", "README").returncode == 0
    code, said = _run(repository)
    assert (code, "no files to check" in said) == (0, True)


def test_the_simulation_is_for_a_push(repository: Product) -> None:
    code, said = _run(repository, "--hook-stage", "pre-push", "--all-files", "--verbose")
    assert (code, "simulate SCMI hosts" in said, "1 host: no deviation" in said) == (0, True, True), said
    repository.break_()
    assert repository.run("git", "add", ".").returncode == 0
    assert _run(repository, "--hook-stage", "pre-push", "--all-files")[0] == 1


def test_the_files_are_as_pre_commit_wants_them(repository: Product) -> None:
    for command, path in (
        ("validate-manifest", ROOT / ".pre-commit-hooks.yaml"),
        ("validate-config", INTEGRATIONS / "pre-commit" / ".pre-commit-config.yaml"),
    ):
        finished = repository.run(program("pre-commit"), command, str(path))
        assert (finished.returncode, finished.stdout) == (0, "")


def test_the_hooks_ask_for_commands_that_there_are(repository: Product) -> None:
    listed = repository.run(program("xenscmi"), "--help").stdout
    for entry in re.findall(r"entry: xenscmi (\w+)", (ROOT / ".pre-commit-hooks.yaml").read_text()):
        assert f"  {entry} " in listed
    assert json.loads(repository.run(program("xenscmi"), "check", "--format", "json", "host").stdout)


def test_the_version_is_that_of_the_package() -> None:
    from xenscmi import __version__

    config = Path(INTEGRATIONS, "pre-commit", ".pre-commit-config.yaml").read_text()
    assert f"rev: v{__version__}\n" in config
