"""The rules for Bazel, run by Bazel in its sandbox."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integrations.conftest import PATH, Product, Result, program

HOST = """\
exports_files(["host.toml"])
filegroup(
    name = "files",
    srcs = glob(["*"], exclude = ["host.toml"]),
    visibility = ["//visibility:public"],
)
"""


@pytest.fixture
def workspace(product: Product) -> Iterator[Product]:
    """A workspace as the example assumes it."""
    program("bazel")
    for name in ("xenscmi.bzl", "BUILD.bazel"):
        product.copy(f"bazel/{name}", f"scmi/{name}")
    (product.folder / "host" / "BUILD.bazel").write_text(HOST)
    (product.folder / "WORKSPACE").write_text("")
    (product.folder / "MODULE.bazel").write_text('module(name = "product")\n')
    yield product
    _bazel(product, "shutdown")


def _bazel(workspace: Product, *arguments: str) -> Result:
    root = f"--output_user_root={workspace.folder.parent / 'bazel'}"
    return workspace.run(program("bazel"), root, *arguments, timeout=300)


def _build(workspace: Product) -> Result:
    return _bazel(workspace, "build", f"--action_env=PATH={PATH}", "//scmi:all")


@pytest.mark.slow
def test_reports_are_actions_that_bazel_caches(workspace: Product) -> None:
    first = _build(workspace)
    assert first.returncode == 0, first.stdout
    report = json.loads(Path(workspace.folder, "bazel-bin", "scmi", "check.sarif").read_text())
    assert report["runs"][0]["results"] == []
    assert "<testsuite" in Path(workspace.folder, "bazel-bin", "scmi", "simulate.junit").read_text()
    again = _build(workspace)
    assert "1 process: 1 internal." in again.stdout, again.stdout
    workspace.break_()
    broken = _build(workspace)
    assert broken.returncode != 0
    assert "host/guest.cfg:" in broken.stdout
