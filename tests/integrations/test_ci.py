"""The job for GitLab and the action for GitHub: as their schemas say, and their scripts as their runners run them."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from tests.integrations.conftest import INTEGRATIONS, Product, Result, program

JOB = INTEGRATIONS / "gitlab" / "xenscmi.gitlab-ci.yml"
ACTION = INTEGRATIONS / "github" / "action.yml"


@pytest.mark.parametrize(("schema", "path"), [("vendor.gitlab-ci", JOB), ("vendor.github-actions", ACTION)])
def test_the_schema(product: Product, schema: str, path: Path) -> None:
    finished = product.run(program("check-jsonschema"), "--builtin-schema", schema, str(path))
    assert finished.returncode == 0, finished.stdout


def _load(path: Path) -> Any:
    return pytest.importorskip("yaml", reason="pyyaml is not installed").safe_load(path.read_text())


def _gitlab(product: Product, hosts: str) -> Result:
    """Run the script of the job as the runner does: with bash, the variables expanded, and each line to succeed."""
    job = _load(JOB)["xenscmi"]
    variables = {**job["variables"], "XENSCMI_HOSTS": hosts, "CI_PROJECT_DIR": str(product.folder)}
    variables["XENSCMI_CACHE"] = variables["XENSCMI_CACHE"].replace("$CI_PROJECT_DIR", str(product.folder))
    script = "umask 0000; set -eo pipefail\n" + "\n".join(job["script"])
    return product.run("bash", "-c", script, env=variables)


@pytest.fixture
def checkout(product: Product) -> Product:
    """A branch, as the runner checks it out."""
    program("git")
    for command in (["init", "-q"], ["add", "host"]):
        assert product.run("git", *command).returncode == 0
    return product


def test_the_job_of_gitlab(checkout: Product) -> None:
    product = checkout
    reports = _load(JOB)["xenscmi"]["artifacts"]["reports"]
    for _ in range(2):  # the second time with what the cache has kept
        finished = _gitlab(product, "*/host.toml")
        assert finished.returncode == 0, finished.stdout
        assert json.loads((product.folder / reports["codequality"]).read_text()) == []
        suite = ElementTree.parse(product.folder / reports["junit"]).getroot()
        assert (suite.get("tests"), suite.get("failures")) == ("1", "0")
    product.break_()
    finished = _gitlab(product, "*/host.toml")
    assert finished.returncode == 1
    issues = json.loads((product.folder / reports["codequality"]).read_text())
    assert "host/guest.cfg" in {issue["location"]["path"] for issue in issues}


def test_a_branch_does_not_bring_its_results_along(checkout: Product) -> None:
    """The author of a broken host commits a cache in which it passes."""
    report = checkout.folder / "gl-code-quality-report.json"
    cache = checkout.folder / ".xenscmi-cache" / "results"
    _gitlab(checkout, "*/host.toml")
    passing = {path.name for path in cache.rglob("*") if path.is_file()}
    checkout.break_()
    _gitlab(checkout, "*/host.toml")
    assert json.loads(report.read_text())
    (broken,) = (path for path in cache.rglob("*") if path.is_file() and path.name not in passing)
    broken.write_bytes(_forged(broken))
    _gitlab(checkout, "*/host.toml")
    assert json.loads(report.read_text()) == []  # what whoever writes the cache can do
    assert checkout.run("git", "add", "-f", ".xenscmi-cache").returncode == 0
    assert _gitlab(checkout, "*/host.toml").returncode == 1
    assert json.loads(report.read_text())  # and a branch cannot


def _forged(path: Path) -> bytes:
    """Return a result without findings, in the form of the cache."""
    document = json.loads(path.read_bytes().partition(b"\n")[2])
    document["outcome"]["findings"] = []
    content = json.dumps(document).encode()
    return b"xenscmi-cache-1 " + sha256(content).hexdigest().encode() + b"\n" + content


def test_the_action_of_github(product: Product) -> None:
    action = _load(ACTION)
    (step,) = (step for step in action["runs"]["steps"] if step.get("name") == "Check")
    inputs = {name: value["default"] for name, value in action["inputs"].items()} | {"hosts": "*/host.toml"}
    env = {name: _filled(value, inputs) for name, value in step["env"].items()}
    env["RUNNER_TEMP"] = str(product.folder)

    def run() -> Result:
        return product.run("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"], env=env)

    finished = run()
    assert finished.returncode == 0, finished.stdout
    product.break_()
    finished = run()
    assert finished.returncode == 1
    assert "::error file=host/guest.cfg,line=" in finished.stdout
    assert json.loads((product.folder / inputs["sarif"]).read_text())["runs"][0]["results"]


def _filled(text: str, inputs: dict[str, str]) -> str:
    for name, value in inputs.items():
        text = text.replace(f"${{{{ inputs.{name} }}}}", value)
    assert "${{" not in text
    return text


def test_no_input_is_pasted_into_a_script() -> None:
    """It would run what is in it."""
    for step in _load(ACTION)["runs"]["steps"]:
        assert "${{" not in step.get("run", "")
