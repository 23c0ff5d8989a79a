"""Writes the files that a command makes, each as a whole or not at all. This is not a command."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from tempfile import NamedTemporaryFile

from xenscmi.diagnostics import Diagnostic, XenscmiError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def write_result(path: str, data: bytes) -> None:
    """Write what a command was told to put in a file, as a whole or not at all. Raises XenscmiError.

    A symlink stays, and the file behind it is written; a device or a pipe, such as /dev/stdout, is written to.
    """
    try:
        mode = Path(path).stat().st_mode
        if not (S_ISREG(mode) or S_ISDIR(mode)):
            with Path(path).open("wb") as file:
                file.write(data)
            return
    except FileNotFoundError:
        pass  # it will be made
    except OSError as error:
        raise XenscmiError(Diagnostic(message=f"cannot write {path}: {error.strerror}")) from None
    if Path(path).is_symlink():
        path = os.path.realpath(path)
    write_files({path: data})


def write_files(files: Mapping[str, bytes]) -> None:
    """Write files, each as a whole or not at all: first temporary files, and if all of them are there, rename them.

    A file keeps its mode, and its owner as far as that may be given. Raises XenscmiError. Before the first is renamed,
    a full disk leaves every file as it was.
    """
    written: dict[Path, Path] = {}
    path = ""
    try:
        for path, data in files.items():
            target = Path(path)
            with NamedTemporaryFile("wb", dir=target.parent, prefix=f".{target.name}.", delete=False) as file:
                written[target] = Path(file.name)
                file.write(data)
            _take_over(target, written[target])
        for target, temporary in written.items():
            path = str(target)
            temporary.replace(target)
    except OSError as error:
        raise XenscmiError(Diagnostic(message=f"cannot write {path}: {error.strerror}")) from None
    finally:
        for temporary in written.values():
            temporary.unlink(missing_ok=True)  # nothing is there if it was renamed


def _take_over(target: Path, new: Path) -> None:
    """Give a new file the mode and the owner of the one that it replaces, or a new file's mode."""
    try:
        status = target.stat()
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        new.chmod(0o666 & ~mask)
        return
    with suppress(PermissionError):  # only root may give a file away
        os.chown(new, status.st_uid, status.st_gid)
    new.chmod(status.st_mode & 0o777)
