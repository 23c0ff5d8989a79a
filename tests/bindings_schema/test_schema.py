"""The dt-schema bindings, used by the real dt-validate on the example host, and on mistakes in it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from xenscmi.bindings import names

ROOT = Path(__file__).parents[2]
SCHEMAS = ROOT / "bindings-schema"
SPIDER = ROOT / "examples" / "spider"
FILES = sorted(SCHEMAS.glob("xen/*.yaml"))
# Xen makes the GIC, which partial trees name by its phandle; dt-validate stops at a phandle that no node has.
GIC = "\n/ { gic { phandle = <65000>; interrupt-controller; #interrupt-cells = <3>; #address-cells = <0>; }; };\n"

needs_dt_validate = pytest.mark.skipif(
    not shutil.which("dt-validate"), reason="no dt-validate (pip install dtschema, which needs swig and a compiler)"
)


def run(*command: str | Path, text: str | None = None) -> str:
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=120, check=False)
    return done.stdout + done.stderr


@pytest.fixture(scope="session")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("schema") / "schema.json"
    done = subprocess.run(["dt-mk-schema", "-j", SCHEMAS], capture_output=True, text=True, check=True)
    found.write_text(done.stdout)
    return found


def validate(text: str, schema: Path, folder: Path) -> str:
    """Return what dt-validate says of a source."""
    blob = folder / "tree.dtb"
    subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", blob, "-"], input=text, text=True, check=True)
    return run("dt-validate", "-s", schema, "-l", "xen/", blob)


def host(xen: str, folder: Path) -> str:
    """Return the source of the example's host tree, with this text of the overlay."""
    (folder / "xen.dtso").write_text(xen)
    for name, source in (("board.dtb", SPIDER / "board.dts"), ("xen.dtbo", folder / "xen.dtso")):
        subprocess.run(["dtc", "-q", "-@", "-I", "dts", "-O", "dtb", "-o", folder / name, source], check=True)
    base, whole, overlay = (str(folder / name) for name in ("board.dtb", "host.dtb", "xen.dtbo"))
    subprocess.run(["fdtoverlay", "-i", base, "-o", whole, overlay], check=True)
    return run("dtc", "-q", "-I", "dtb", "-O", "dts", folder / "host.dtb")


def test_the_names_are_those_that_xenscmi_reads() -> None:
    known = {value for value in vars(names).values() if isinstance(value, str)}
    for file in FILES:
        written = set(re.findall(r"^ +\"?(#?(?:xen|scmi)[,-][\w-]+)\"?:", file.read_text(), re.MULTILINE))
        assert written - {"xen,uefi-binary"} <= known
        assert file.stem in written | known


@needs_dt_validate
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_schema_is_one_and_its_example_fits_it(file: Path, schema: Path, tmp_path: Path) -> None:
    assert run("dt-doc-validate", "-u", SCHEMAS, file) == ""
    assert validate(run("dt-extract-example", file), schema, tmp_path) == ""


@needs_dt_validate
@pytest.mark.parametrize("name", ["panel.dts", "domd.dts", "guest.dts"])
def test_the_partial_trees_of_the_example_fit(name: str, schema: Path, tmp_path: Path) -> None:
    assert validate((SPIDER / name).read_text() + GIC, schema, tmp_path) == ""


@needs_dt_validate
@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        ("", "", ""),
        ("#scmi-secondary-agents-cells = <3>;", "#scmi-secondary-agents-cells = <4>;", "4 is not one of [2, 3]"),
        ("xen,dom0-sci-agent-id = <1>;", "xen,dom0-sci-agent-id = <256>;", "256 is greater than the maximum"),
        ("xen,dom0-sci-agent-id = <1>;", "xen,dom0-sci-agent = <1>;", "xen,dom0-sci-agent"),
        ("#access-controller-cells = <1>;", "#access-controller-cells = <0>;", "1 was expected"),
        ("arm,smc-id = <0x82000002>;\n", "", "'arm,smc-id' is a required property"),
        ("xen,sci-agent-id = <3>;", "", "'xen,sci-agent-id' is a required property"),
        ("xen,sci-agent-id = <3>;", "xen,sci-agent-id = <255>;", "255 is greater than the maximum"),
        ('xen,sci_type = "scmi_smc_multiagent";', 'xen,sci_type = "scmi_multi";', "'scmi_multi' is not one of"),
        ("\txen,passthrough;\n", '\txen,passthrough = "yes";\n', "is not of type 'boolean'"),
    ],
)
def test_mistakes_in_the_host_tree(good: str, bad: str, said: str, schema: Path, tmp_path: Path) -> None:
    text = (SPIDER / "xen.dtso").read_text()
    assert good in text
    found = validate(host(text.replace(good, bad, 1), tmp_path), schema, tmp_path)
    assert said in found if said else found == ""


@needs_dt_validate
@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        ('xen,path = "/soc/can@e6660000";', 'xen,path = "can0";', "does not match"),
        ("xen,reg = <0x0 0x47ff3000 0x0 0x1000 0x0 0x22001000>;", "", "'xen,reg' is a dependency"),
        ("\t\t\txen,force-assign-without-iommu;\n", "", "'xen,path' is a required property"),
    ],
)
def test_mistakes_in_a_partial_tree(good: str, bad: str, said: str, schema: Path, tmp_path: Path) -> None:
    text = (SPIDER / "panel.dts").read_text()
    assert good in text
    assert said in validate(text.replace(good, bad, 1) + GIC, schema, tmp_path)
