"""The class and the recipe for BitBake, run by BitBake: by its library, and by the program where it is installed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integrations.conftest import INTEGRATIONS, Product, Result, program

LAYER = INTEGRATIONS / "bitbake"
RECIPE = "recipes-scmi/scmi-host/scmi-host_1.0.bb"

# What the recipe gets from OE-Core.
BASE = """\
addtask unpack
do_unpack[file-checksums] = "${@bb.fetch.get_checksum_file_list(d)}"
do_unpack[cleandirs] = "${WORKDIR}/host"
python do_unpack() {
    bb.fetch2.Fetch(d.getVar("SRC_URI").split(), d).unpack(d.getVar("WORKDIR"))
}
addtask build
do_build[noexec] = "1"
do_build() {
    :
}
"""
LAYERS = """\
BBPATH = "${{TOPDIR}}:{bitbake}"
BBFILES = ""
BBLAYERS = "${{TOPDIR}}/layer"
LAYERSERIES_CORENAMES = "scarthgap"
BB_SIGNATURE_HANDLER = "basichash"
"""


def _task(product: Product, layer: Path = LAYER) -> Result:
    script = Path(__file__).with_name("bitbake_task.py")
    return product.run(
        sys.executable, str(script), str(layer), str(layer / RECIPE), str(product.folder), "do_xenscmi_check"
    )


@pytest.fixture
def library() -> None:
    pytest.importorskip("bb", reason="bitbake-setup is not installed")


@pytest.mark.usefixtures("library")
def test_the_task_checks_the_host(product: Product) -> None:
    finished = _task(product)
    assert finished.returncode == 0, finished.stdout
    assert "after: do_unpack do_patch" in finished.stdout
    report = json.loads((product.folder / "xenscmi" / "scmi-host.sarif").read_text())
    assert report["runs"][0]["tool"]["driver"]["name"] == "xenscmi"


@pytest.mark.usefixtures("library")
def test_the_task_fails_where_check_does(product: Product) -> None:
    product.break_()
    finished = _task(product)
    assert finished.returncode != 0
    assert "host/guest.cfg:" in finished.stdout
    assert "agent 77" in finished.stdout


@pytest.mark.usefixtures("library")
def test_a_recipe_may_say_more(product: Product) -> None:
    layer = product.copy("bitbake", "layer")
    recipe = layer / RECIPE
    recipe.write_text(
        recipe.read_text() + 'XENSCMI_FORMAT = "gitlab"\nXENSCMI_REPORT = "quality.json"\nXENSCMI_FILES = "/a /b"\n'
        "XENSCMI_HOST = \"--hosts '${S}/*.toml'\"\n"
    )
    finished = _task(product, layer)
    assert finished.returncode == 0, finished.stdout
    assert "/a:True /b:True" in finished.stdout
    assert json.loads((product.folder / "xenscmi" / "quality.json").read_text()) == []


@pytest.fixture
def build(product: Product) -> Iterator[Product]:
    """Prepare a build of the layer in the product's folder."""
    if sys.platform != "linux" or b"en_US.utf8" not in subprocess.run(["locale", "-a"], capture_output=True).stdout:
        pytest.skip("BitBake needs the locale en_US.UTF-8")
    folder = Path(program("bitbake")).resolve().parents[1]
    if not (folder / "conf" / "bitbake.conf").exists():
        pytest.skip("the bitbake on PATH is not a checkout: it has no conf/bitbake.conf")
    layer = product.copy("bitbake", "layer")
    shutil.move(product.folder / "host", layer / Path(RECIPE).parent / "files" / "host")
    (product.folder / "host").symlink_to(layer / Path(RECIPE).parent / "files" / "host")
    for name, text in (("conf/bblayers.conf", LAYERS.format(bitbake=folder)), ("classes/base.bbclass", BASE)):
        (product.folder / name).parent.mkdir(exist_ok=True)
        (product.folder / name).write_text(text)
    yield product
    _bitbake(product, "--kill-server")


def _bitbake(build: Product, *arguments: str) -> str:
    return build.run(program("bitbake"), *arguments, env={"LC_ALL": "en_US.UTF-8"}).stdout


@pytest.mark.slow
def test_bitbake_runs_the_task_when_the_host_changes(build: Product) -> None:
    ran = "task do_xenscmi_check: Started"
    assert ran in _bitbake(build, "scmi-host")
    assert (build.folder / "tmp/work/scmi-host-1.0-r0/xenscmi/scmi-host.sarif").exists()
    assert ran not in _bitbake(build, "scmi-host")
    build.change("board.dts")
    assert ran in _bitbake(build, "scmi-host")
    build.break_()
    assert "do_xenscmi_check: Failed" in _bitbake(build, "scmi-host")
