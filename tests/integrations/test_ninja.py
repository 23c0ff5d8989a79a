"""The example of ninja, run by ninja."""

from __future__ import annotations

import json
from pathlib import Path
from time import sleep

import pytest
from tests.integrations.conftest import Product, program


@pytest.fixture
def build(product: Product) -> Product:
    path = product.copy("ninja/build.ninja", "build.ninja")
    path.write_text(path.read_text().replace("../../examples/spider/", "host/"))
    return product


def _steps(build: Product) -> set[str]:
    """Run ninja; return which of the two commands ran."""
    sleep(0.02)  # a change is one if its time is another
    finished = build.run(program("ninja"), "-v")
    assert finished.returncode == 0, finished.stdout
    return {command for command in ("check", "simulate") if f"xenscmi {command}" in finished.stdout}


def test_the_reports_are_made_once(build: Product) -> None:
    assert _steps(build) == {"check", "simulate"}
    assert json.loads(Path(build.folder, "build", "spider.sarif").read_text())["runs"]
    assert "<testsuite" in Path(build.folder, "build", "spider.xml").read_text()
    assert _steps(build) == set()


@pytest.mark.parametrize("changed", ["host.toml", "board.dts", "xen.dtso", "guest.cfg", "panel.dts"])
def test_a_change_of_any_file_makes_them_anew(build: Product, changed: str) -> None:
    _steps(build)
    sleep(0.02)
    build.change(changed)
    assert _steps(build) == {"check", "simulate"}
    assert _steps(build) == set()


def test_a_file_that_appears_makes_them_anew(build: Product) -> None:
    _steps(build)
    sleep(0.02)
    Path(build.folder, "host", "more.cfg").write_text('name = "more"\nkernel = "/k"\nmemory = 64\n')
    assert _steps(build) == {"check", "simulate"}
    assert _steps(build) == set()


def test_a_mistake_fails_the_build(build: Product) -> None:
    build.break_()
    finished = build.run(program("ninja"))
    assert finished.returncode != 0
    assert "host/guest.cfg:" in finished.stdout
    assert "agent 77" in finished.stdout
