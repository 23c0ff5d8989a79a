"""Files and texts to trees: the one way in, by kind."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from pathlib import Path

from xenscmi.devicetree import annotated, dtb
from xenscmi.devicetree.compiler import Files, compile_dts, decode
from xenscmi.devicetree.tree import DeviceTreeError, Tree
from xenscmi.diagnostics import Diagnostic
from xenscmi.source import Source, Span

SIZE_LIMIT = 64 << 20
"""Bytes that a device tree file may have."""


def load(path: str | Path, include: Sequence[Path] = ()) -> Tree:
    """Return the tree in a file: a DTB where it starts as one, a DTS otherwise; overlays (.dtbo, .dtso) included.

    Raises DeviceTreeError for a file that cannot be read or is no device tree.
    """
    data = _read(Path(path))
    if data.startswith(dtb.MAGIC):
        return dtb.read_dtb(data, str(path))
    return parse_dts(data, name=str(path), directory=Path(path).parent, include=include)


def read_dts(path: str | Path, include: Sequence[Path] = ()) -> Tree:
    """Return the tree in a DTS file; `include` are folders for its includes, after the file's own."""
    return parse_dts(_read(Path(path)), name=str(path), directory=Path(path).parent, include=include)


def parse_dts(text: bytes, *, name: str, directory: Path, include: Sequence[Path] = ()) -> Tree:
    """Return the tree in a DTS text that is shown as `name` and whose relative includes start in `directory`."""
    files = Files(Source(name, decode(text)), directory)
    compiled = compile_dts(files, text, include)
    tree = dtb.build(compiled.dtb, files.main, annotated.places(compiled.annotated, files))
    tree.warnings = compiled.warnings
    return tree


def _read(path: Path) -> bytes:
    span = Span(Source(str(path), ""), 0, 0)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise DeviceTreeError(Diagnostic(message=f"{path} is not a regular file", span=span))
        if status.st_size > SIZE_LIMIT:
            message = f"{path} has {status.st_size} bytes; a device tree has at most {SIZE_LIMIT}"
            raise DeviceTreeError(Diagnostic(message=message, span=span))
        return path.read_bytes()
    except OSError as error:
        raise DeviceTreeError(Diagnostic(message=f"cannot read {path}: {error.strerror}", span=span)) from None
