"""The component for moulin: its script as moulin runs it, and all of it by moulin where that is installed."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.integrations.conftest import INTEGRATIONS, Product, program

SNIPPET = INTEGRATIONS / "moulin" / "xenscmi.yaml"


def test_the_script(product: Product) -> None:
    yaml = pytest.importorskip("yaml", reason="pyyaml is not installed")
    config = yaml.safe_load(SNIPPET.read_text())
    builder = config["components"]["scmi-host"]["builder"]
    script = product.folder / "script"
    script.write_text(builder["inline_script"].replace("%{HOST}", config["variables"]["HOST"]))
    script.chmod(0o755)
    (product.folder / builder["work_dir"]).mkdir()
    for _ in range(2):
        assert product.run("./script", "xenscmi/conf-scmi-host.yaml").returncode == 0
        assert all((product.folder / target).stat().st_size for target in builder["target_images"])
    product.break_()
    finished = product.run("./script", "xenscmi/conf-scmi-host.yaml")
    assert finished.returncode == 1
    assert "host/guest.cfg:" in finished.stdout


def test_moulin_builds_it(product: Product) -> None:
    moulin, ninja = program("moulin"), program("ninja")
    product.copy("moulin/xenscmi.yaml", "xenscmi.yaml")
    for command in ([moulin, "xenscmi.yaml"], [ninja]):
        finished = product.run(*command)
        assert finished.returncode == 0, finished.stdout
    assert Path(product.folder, "xenscmi", "check.sarif").exists()
    assert "no work to do" in product.run(ninja).stdout
    product.change("host.toml")
    assert "Running inline custom script" in product.run(ninja).stdout
