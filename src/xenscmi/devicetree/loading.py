"""Files and texts to trees: the one way in, by kind.

What runs dtc is imported when a source is compiled: a command that meets no DTS does not pay for it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

from xenscmi.devicetree import dtb
from xenscmi.devicetree.includes import LARGEST_SOURCE, Watch
from xenscmi.devicetree.tree import DeviceTreeError, Tree
from xenscmi.diagnostics import Diagnostic
from xenscmi.source import Source, Span


def load(path: str | Path, include: Sequence[Path] = ()) -> Tree:
    """Return the tree in a file: a DTB where it starts as one, a DTS otherwise; overlays (.dtbo, .dtso) included.

    Raises DeviceTreeError for a file that cannot be read or is not a device tree.
    """
    return parse_tree(_read(Path(path)), Path(path), include)


def parse_tree(
    data: bytes, path: Path, include: Sequence[Path] = (), within: Path | None = None, watch: Watch | None = None
) -> Tree:
    """Return the tree in the bytes of a file at `path`, by the same rules as `load`. Raises DeviceTreeError.

    What a source includes must lie below its own folder, below one of `include`, or below `within`; `watch` is told of
    each file that it looks for.
    """
    if len(data) > LARGEST_SOURCE:
        raise _too_large(Source(str(path), ""), len(data))
    if data.startswith(dtb.MAGIC):
        return dtb.read_dtb(data, str(path))
    if path.suffix in (".dtb", ".dtbo") and not data.lstrip().startswith(b"/dts-v1/"):
        begins = data[:4].hex() or "nothing"
        message = f"{path} is not a device tree blob: it begins with {begins}, not {dtb.MAGIC.hex()}"
        raise DeviceTreeError(Diagnostic(message=message, span=Span(Source(str(path), ""), 0, 0)))
    return parse_dts(data, name=str(path), directory=path.parent, include=include, within=within, watch=watch)


def parse_trees(
    files: Sequence[tuple[Path, bytes, Path]],
    include: Sequence[Path] = (),
    parse: Callable[[bytes, Path, Sequence[Path], Path], Tree] = parse_tree,
) -> list[Tree | DeviceTreeError]:
    """Return, for each file in order, what `parse` returns or raises; dtc runs for several of them at a time.

    A file is its path, its bytes, and the folder `within` which it may include others.
    """

    def attempt(file: tuple[Path, bytes, Path]) -> Tree | DeviceTreeError:
        path, data, within = file
        try:
            return parse(data, path, include, within)
        except DeviceTreeError as error:
            return error

    if len(files) < 2:
        return [attempt(file) for file in files]
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(min(8, 1 + (os.cpu_count() or 1))) as executor:
        return list(executor.map(attempt, files))


def parse_dts(
    text: bytes,
    *,
    name: str,
    directory: Path,
    include: Sequence[Path] = (),
    within: Path | None = None,
    watch: Watch | None = None,
) -> Tree:
    """Return the tree in a DTS text that is shown as `name` and whose relative includes start in `directory`.

    Raises DeviceTreeError as `parse_tree` does.
    """
    from xenscmi.devicetree.annotated import Places
    from xenscmi.devicetree.compiler import Files, compile_dts, decode

    files = Files(Source(name, decode(text)), directory, include, within, watch)
    compiled = compile_dts(files, text)
    builder = dtb.build(compiled.dtb, files.main, Places(compiled.annotated, files))
    return builder.finish(sources=files.sources, warnings=compiled.warnings)


def _read(path: Path) -> bytes:
    source = Source(str(path), "")
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise _unreadable(source, "it is not a regular file")
        if status.st_size > LARGEST_SOURCE:
            raise _too_large(source, status.st_size)
        with path.open("rb") as file:
            return file.read(LARGEST_SOURCE + 1)
    except (OSError, ValueError) as error:
        raise _unreadable(source, getattr(error, "strerror", None) or str(error)) from None


def _too_large(source: Source, size: int) -> DeviceTreeError:
    return _unreadable(source, f"it has {size} bytes; a device tree has at most {LARGEST_SOURCE}")


def _unreadable(source: Source, reason: str) -> DeviceTreeError:
    return DeviceTreeError(Diagnostic(message=f"cannot read {source.name}: {reason}", span=Span(source, 0, 0)))
